#!/usr/bin/python3
"""Each check of this folder, shown to convict a planted violation and to acquit a sound neighbour."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import banned
import folders
import includes
import names
import source
import symbols


class TreeCase(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def judge(self, check, name, text):
        """The problems of a tree that holds this one file."""
        path = self.plant(name, text)
        try:
            return [p for p in check(self.root) if not p.endswith("is not needed any more")]
        finally:
            path.unlink()


class Includes(TreeCase):
    GUILTY = [
        ("consensus/a.h", '#include "engine/env/disk.h"'),
        ("consensus/a.h", '#include "sim/plan.h"'),
        ("consensus/a.cc", "#include <boost/fiber/all.hpp>"),
        ("consensus/a.cc", "#include <thread>"),
        ("consensus/a.cc", "#  include <chrono>"),
        ("consensus/a.cc", "#include <unistd.h>"),
        ("consensus/a.cc", '#include "raft.h"'),
        ("consensus/a.cc", "#include <consensus/raft.h>"),
        ("consensus/a.cc", "#include HEADER"),
        ("engine/kv/a.cc", '#include "sim/world.h"'),
        ("engine/kv/a.cc", '#include "net/loop.h"'),
        ("engine/kv/a.cc", "#include <kj/async-io.h>"),
        ("engine/kv/a.cc", "#include <fstream>"),
        ("engine/wire/a.cc", "#include <capnp/rpc-twoparty.h>"),
        ("engine/kv/a.cc", "#include <capnp/message.h>"),
        ("sim/a.cc", '#include "net/loop.h"'),
        ("sim/a.cc", "#include <kj/async-io.h>"),
        ("sim/a.cc", "#include <random>"),
        ("sim/check/a.cc", '#include "sim/plan.h"'),
        ("sim/check/a.cc", '#include "consensus/types.h"'),
        ("sim/check/a.cc", "#include <boost/fiber/all.hpp>"),
        ("net/a.cc", '#include "sim/plan.h"'),
        ("cmd/sim/main.cc", '#include "net/loop.h"'),
        ("cmd/server/main.cc", '#include "sim/plan.h"'),
        ("tests/check/a_test.cc", '#include "sim/plan.h"'),
        ("tests/consensus/a_test.cc", '#include "engine/env/disk.h"'),
        ("tests/elsewhere/a_test.cc", '#include "consensus/raft.h"'),
        ("sim/script/a.cc", "#include <pybind11/pybind11.h>"),
        ("sim/run.cc", '#include "bindings/python/core/errors.h"'),
        ("engine/kv/a.cc", "#include <Python.h>"),
        ("bindings/python/core/a.cc", '#include "cmd/sim/shared.h"'),
        ("bindings/python/core/a.cc", '#include "tests/sim/support/a.h"'),
    ]
    INNOCENT = [
        ("consensus/a.cc", '#include "consensus/raft.h"\n#include <vector>'),
        ("consensus/a.cc", "#include <boost/smart_ptr/intrusive_ptr.hpp>"),
        ("consensus/a.cc", '// #include "engine/env/disk.h"\n/*\n#include <thread>\n*/'),
        ("engine/kv/a.cc", '#include "consensus/raft.h"\n#include "engine/env/disk.h"'),
        ("engine/wire/a.cc", "#include <capnp/message.h>"),
        ("sim/a.cc", '#include "sim/check/history.h"\n#include <boost/fiber/all.hpp>'),
        ("sim/check/a.cc", '#include "sim/check/history.h"\n#include <nlohmann/json.hpp>'),
        ("net/a.cc", '#include "engine/env/disk.h"\n#include <kj/async-io.h>'),
        ("tests/check/a_test.cc", '#include "sim/check/history.h"\n#include <gtest/gtest.h>'),
        ("bindings/python/core/a.cc", '#include "sim/run.h"\n#include <pybind11/pybind11.h>'),
        ("bindings/python/core/client.cc", '#include "net/client/client.h"\n#include <kj/async.h>'),
    ]

    def test_planted(self):
        for name, text in self.GUILTY:
            with self.subTest(name=name, text=text):
                self.assertEqual(len(self.judge(includes.check, name, text)), 1)

    def test_sound(self):
        for name, text in self.INNOCENT:
            with self.subTest(name=name, text=text):
                self.assertEqual(self.judge(includes.check, name, text), [])


class Banned(TreeCase):
    GUILTY = {
        "clock": [
            "auto now = std::chrono::steady_clock::now();", "clock_gettime(CLOCK_REALTIME, &t);",
            "long t = ::time(nullptr);", "long t = time(nullptr);", "auto c = std::clock();",
            "using C = std::chrono::system_clock;", "x = __rdtsc();",
        ],
        "thread": ["std::thread t([] {});", "std::mutex m;", "pthread_create(&t, 0, f, 0);",
                   "std::this_thread::yield();", "usleep(3);", "std::async(f);"],
        "random": ["std::random_device d;", "std::mt19937_64 g;", "int x = rand();",
                   "std::uniform_int_distribution<int> d;", "std::shuffle(a, b, g);"],
        "file": ['std::ofstream out("x");', 'FILE* f = fopen("x", "r");', "::write(fd, p, n);",
                 'std::filesystem::remove("x");', "fdatasync(fd);"],
        "socket": ["int s = ::socket(1, 2, 3);", "epoll_wait(a, b, c, d);", "::connect(s, p, n);"],
        "environment": ['std::getenv("HOME");', "auto p = ::getpid();"],
        "logging": ['std::cerr << "x";', 'printf("x");', 'std::fprintf(stderr, "x");',
                    'spdlog::info("x");'],
        "unordered": ["std::unordered_map<int, int> m;", "absl::flat_hash_set<int> s;"],
        "hash": ["std::hash<int>{}(3);", "absl::HashOf(3);"],
        "address": ["std::map<Node*, int> m;", "std::set<const sim::Node*> s;",
                    "auto x = reinterpret_cast<std::uintptr_t>(p);"],
        "catch-all": ["try { f(); } catch (...) {}", "try { f(); } catch ( ... ) {}"],
        "real-wait": ["boost::this_fiber::sleep_for(x);", "boost::fibers::mutex m;",
                      "boost::fibers::buffered_channel<int> c{8};", "fibers::condition_variable v;"],
    }
    INNOCENT = [
        "// std::thread, rand() and catch (...)\nint x;", "/* steady_clock\n std::mutex */ int x;",
        'const char* text = "std::random_device; \\" catch (...)";',
        'const char* raw = R"x(steady_clock )" std::mutex )x"; int y = 1\'000\'000;',
        "char quote = '\"'; int y = 0; // printf(\"x\")", "Instant now = env.clock.now();",
        "transport.send(peer, m); disk->write(f, 0, b); (void)file.close();",
        "RandomStream& random(Purpose p);", "Clock& clock() const;", "Errors::rename(a, b);",
        "std::map<NodeId, Node*> by_id;", "catch (const Cancelled&) {}", "event.wait_until(deadline);",
        "std::thread::id owner = std::this_thread::get_id();", "HashMap<Key, Value> map;",
        "std::snprintf(buffer, 8, f, 3);",
        "bool ok = reinterpret_cast<std::uintptr_t>(p) % alignof(long) == 0;",
    ]

    def test_every_rule_has_planted_examples(self):
        self.assertEqual(set(self.GUILTY), {rule.name for rule in banned.ALL})

    def test_planted(self):
        for rule, examples in self.GUILTY.items():
            for text in examples:
                for folder in ("consensus", "engine/kv"):
                    with self.subTest(rule=rule, text=text, folder=folder):
                        problems = self.judge(banned.check, f"{folder}/a.cc", f"int x;\n{text}\n")
                        self.assertTrue(problems, "acquitted")
                        self.assertTrue(all(p.startswith(f"{folder}/a.cc:2: ") for p in problems))
                        self.assertIn(f"[{rule}]", " ".join(problems))

    def test_sound(self):
        for text in self.INNOCENT:
            with self.subTest(text=text):
                self.assertEqual(self.judge(banned.check, "engine/kv/a.cc", text), [])

    def test_each_scope_enforces_its_own_rules(self):
        for scope, rules in banned.SCOPES.items():
            for rule in rules:
                text = self.GUILTY[rule.name][0]
                with self.subTest(scope=scope, rule=rule.name):
                    self.assertTrue(self.judge(banned.check, f"{scope}/a.cc", text))

    def test_walking_a_hash_table(self):
        table = "absl::flat_hash_map<std::pair<int, int>, std::vector<int>> seen_;\n"
        for walk in ("for (const auto& [k, v] : seen_) f(k);", "auto it = seen_.begin();",
                     "for (auto& x : this->seen_) f(x);"):
            with self.subTest(walk=walk):
                self.assertTrue(self.judge(banned.check, "sim/check/a.cc", table + walk))
        for use in ("seen_.insert(x);", "for (auto& x : others) seen_.insert(x);"):
            with self.subTest(use=use):
                self.assertEqual(self.judge(banned.check, "sim/check/a.cc", table + use), [])

    def test_an_exception_that_is_not_needed_is_reported(self):
        self.plant("consensus/assert.cc", "int x;")
        self.assertIn("not needed any more", " ".join(banned.check(self.root)))


class Source(unittest.TestCase):
    def test_lines_survive(self):
        text = 'int a; /* one\ntwo */ const char* s = R"(\n\n)";\n// end\nint b;\n'
        self.assertEqual(source.code_only(text).count("\n"), text.count("\n"))
        self.assertIn("int b", source.code_only(text))


class Names(TreeCase):
    def test_planted(self):
        self.plant("sim/a.h", "namespace synchrodb::sim {\nstruct Worker final : Base<int> { int x; };\n}")
        self.plant("sim/b.h", "namespace synchrodb {\nnamespace sim { class Worker {}; }\n}")
        self.assertEqual(names.check(self.root), ["synchrodb::sim::Worker: defined in sim/a.h, sim/b.h"])

    def test_sound(self):
        self.plant("sim/a.h", "namespace synchrodb::sim { struct Worker; struct A { struct Worker {}; };"
                              "enum class Kind : int { kA }; }")
        self.plant("sim/b.h", "namespace synchrodb::sim { class Worker {}; }")
        self.plant("sim/c.cc", "namespace synchrodb::sim { namespace { struct Worker {}; }\n"
                               "struct A::Worker { int x; }; // struct Worker {\n}")
        self.plant("engine/d.h", "namespace synchrodb { struct Worker {}; enum class Kind { kB }; }")
        self.assertEqual(names.check(self.root), [])


class Folders(TreeCase):
    def setUp(self):
        super().setUp()
        for name in folders.READMES:
            self.plant(name, "What lives here, what may not, and where to start reading. " * 5)

    def test_sound(self):
        self.assertEqual(folders.check(self.root, ["consensus/raft.cc", "README.md"]), [])

    def test_planted(self):
        self.assertTrue(folders.check(self.root, ["scripts/build.sh"]))
        self.plant("net/README.md", "")
        self.assertTrue(folders.check(self.root, []))
        self.plant("net/README.md", "a line\n" * (folders.PAGE_LINES + 1))
        self.assertTrue(folders.check(self.root, []))
        self.plant("net/README.md", "many words in one line " * folders.PAGE_WORDS)
        self.assertTrue(folders.check(self.root, []))
        (self.root / "net/README.md").unlink()
        self.assertTrue(folders.check(self.root, []))


class Symbols(TreeCase):
    def build(self, text, *flags):
        text_file, binary = self.plant("a.cc", text), self.root / "a"
        subprocess.run(["g++", text_file, "-o", binary, *flags], check=True)
        return binary

    def test_sound(self):
        binary = self.build("int main() {}")
        self.assertEqual(symbols.check_world(binary), [])
        self.assertEqual(symbols.check_defects(binary), [])

    def test_the_real_world_in_a_binary(self):
        binary = self.build("namespace synchrodb::net { void serve() {} }\nint main() {}")
        self.assertTrue(symbols.check_world(binary))

    def test_a_library_of_the_real_world(self):
        binary = self.build("int main() {}", "-Wl,--no-as-needed", "-lssl")
        self.assertTrue(symbols.check_world(binary))

    def test_the_defect_switch(self):
        binary = self.build("namespace synchrodb { thread_local int active_defect; }\n"
                            "int main() { return synchrodb::active_defect; }")
        self.assertTrue(symbols.check_defects(binary))

    def test_a_stripped_binary_proves_nothing(self):
        binary = self.build("int main() {}", "-s")
        self.assertTrue(symbols.check_world(binary))
        self.assertTrue(symbols.check_defects(binary))


if __name__ == "__main__":
    unittest.main()
