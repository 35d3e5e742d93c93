#!/usr/bin/python3
"""The command line of synchrodb-sim: exit codes, messages, JSON, plans, resuming, Ctrl-C.

usage: cli_commands_test.py SIM [unittest arguments]
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SIM = ""
SHORT = ["--time", "2s", "--rate", "20"]
RUN_FIELDS = {
    "seed": int, "verdict": str, "violated": str, "digest": str, "nodes": int,
    "virtual_seconds": (int, float), "wall_seconds": (int, float), "events": int,
    "operations": dict, "faults": dict, "marks": list, "reproduce": str,
}
CODES = {"ok": 0, "violation": 1, "unknown": 3}


def sim(*arguments, **options):
    return subprocess.run([SIM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, **options)


class CliTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def refused(self, message, *arguments):
        """Exit code 2, a message with this text, and nothing else said or written."""
        before = sorted(os.listdir(self.directory))
        for json_flag in ([], ["--json"]):
            with self.subTest(arguments=arguments, json=bool(json_flag)):
                done = sim(*arguments, *json_flag)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(message, done.stderr)
                if json_flag:
                    self.assertIn(message, json.loads(done.stdout)["error"])
                else:
                    self.assertEqual(done.stdout, "")
                self.assertEqual(sorted(os.listdir(self.directory)), before)

    def check_row(self, row):
        for field, kind in RUN_FIELDS.items():
            self.assertIsInstance(row[field], kind, field)
        self.assertRegex(row["digest"], r"^[0-9a-f]{16}$")
        self.assertEqual(set(row["operations"]), {"ok", "fail", "info"})
        for counts in row["faults"].values():
            self.assertEqual(set(counts), {"offered", "applied", "effective"})


class Run(CliTest):
    def test_a_run_reports_itself_as_json_and_to_people(self):
        done = sim("run", "--seed", 7, *SHORT, "--json")
        row = json.loads(done.stdout)
        self.check_row(row)
        self.assertEqual(done.returncode, CODES[row["verdict"]])
        self.assertEqual(row["seed"], 7)
        self.assertEqual(row["nodes"], 5)
        text = sim("run", "--seed", 7, *SHORT).stdout
        self.assertIn(row["digest"], text)
        self.assertIn("reproduce    synchrodb-sim run --seed 7 --time 2s --rate 20\n", text)

    def test_the_reproducing_command_reproduces(self):
        row = json.loads(sim("run", "--seed", 3, *SHORT, "--nodes", 3, "--workload", "kv",
                             "--faults", "crash,partition", "--option", "lease=2", "--option",
                             "compaction-tail=1", "--strategy", "pct", "--clients", 2,
                             "--json").stdout)
        words = row["reproduce"].split()
        self.assertEqual(words[0], "synchrodb-sim")
        again = json.loads(sim(*words[1:], "--json").stdout)
        self.assertEqual(again["digest"], row["digest"])
        self.assertEqual(again["nodes"], 3)

    def test_a_written_plan_is_the_same_run(self):
        plan = self.path("plan.json")
        row = json.loads(sim("run", "--seed", 11, *SHORT, "--plan", plan, "--json").stdout)
        from_plan = json.loads(sim("run", "--plan", plan, "--json").stdout)
        self.assertEqual(from_plan["digest"], row["digest"])
        self.assertEqual(from_plan["reproduce"], f"synchrodb-sim run --plan {plan}")
        other = self.path("other.json")
        sim("run", "--plan", plan, "--write-plan", other)
        with open(plan) as first, open(other) as second:
            self.assertEqual(first.read(), second.read())
        noisy = json.loads(sim("run", "--plan", plan, "--noise-seed", 1, "--json").stdout)
        self.assertNotEqual(noisy["digest"], row["digest"])

    def test_the_trace_has_a_line_an_event_and_does_not_change_the_run(self):
        plain = json.loads(sim("run", "--seed", 5, *SHORT, "--json").stdout)
        done = sim("run", "--seed", 5, *SHORT, "--trace", "--json")
        self.assertEqual(json.loads(done.stdout)["digest"], plain["digest"])
        self.assertGreater(len(done.stderr.splitlines()), 20)
        self.assertGreater(len(sim("run", "--seed", 5, *SHORT, "--trace").stdout.splitlines()), 20)

    def test_the_history_is_written_and_judged_as_the_run(self):
        history = self.path("history.jsonl")
        row = json.loads(sim("run", "--seed", 5, *SHORT, "--workload", "cas-register", "--history",
                             history, "--json").stdout)
        with open(history) as lines:
            operations = [json.loads(line) for line in lines]
        self.assertGreater(len(operations), sum(row["operations"].values()))
        done = sim("check", history, "--model", "cas-register")
        self.assertEqual(done.returncode, CODES[row["verdict"]], done.stdout + done.stderr)

    def test_the_double_run_agrees(self):
        done = sim("run", "--seed", 9, *SHORT, "--check-determinism", "--json")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_bad_input(self):
        table = [
            ("needs --seed N or --plan FILE", []),
            ("seed: \"x\"", ["--seed", "x"]),
            ("seed: \"18446744073709551616\"", ["--seed", 2 ** 64]),
            ("nodes: 0 is outside 1 to 15", ["--seed", 1, "--nodes", 0]),
            ("nodes: 16 is outside 1 to 15", ["--seed", 1, "--nodes", 16]),
            ("nodes: ", ["--seed", 1, "--nodes", "five"]),
            ("nodes: 99999999999", ["--seed", 1, "--nodes", 99999999999]),
            ("time: ", ["--seed", 1, "--time", "0s"]),
            ("time: ", ["--seed", 1, "--time", "60"]),
            ("time: ", ["--seed", 1, "--time", "9999h"]),
            ("workload: unknown workload \"chess\"", ["--seed", 1, "--workload", "chess"]),
            ("workload: is empty", ["--seed", 1, "--workload", ""]),
            ("rate: ", ["--seed", 1, "--rate", "0"]),
            ("rate: ", ["--seed", 1, "--rate", "1.2345"]),
            ("rate: ", ["--seed", 1, "--rate", "fast"]),
            ("clients: ", ["--seed", 1, "--clients", 0]),
            ("faults: unknown fault or family \"meteor\"",
             ["--seed", 1, "--faults", "crash,meteor"]),
            ("faults: \"lying-sync\" exceeds the fault budget; add --beyond-budget",
             ["--seed", 1, "--faults", "lying-sync"]),
            ("options.warp: unknown option", ["--seed", 1, "--option", "warp=1"]),
            ("options.lease: 3 is outside 0 to 2", ["--seed", 1, "--option", "lease=3"]),
            ("option: \"lease\" is no NAME=VALUE", ["--seed", 1, "--option", "lease"]),
            ("option lease: \"x\" is no whole number", ["--seed", 1, "--option", "lease=x"]),
            ("strategy: \"luck\"", ["--seed", 1, "--strategy", "luck"]),
            ("defect: unknown defect \"gremlins\"", ["--seed", 1, "--defect", "gremlins"]),
            ("plan: cannot open", ["--plan", self.path("missing.json")]),
            ("plan: cannot read", ["--plan", self.directory]),
            ("plan: cannot write", ["--seed", 1, "--plan", self.path("no/such/plan.json")]),
            ("plan: cannot write", ["--seed", 1, "--plan", "/dev/full"]),
            ("history: cannot write",
             ["--seed", 1, *SHORT, "--history", self.path("no/such/history")]),
            ("noise-seed: belongs to --plan", ["--seed", 1, "--noise-seed", 2]),
        ]
        for message, arguments in table:
            self.refused(message, "run", *arguments)

    def test_a_defect_needs_a_build_with_defects(self):
        if json.loads(sim("version", "--json").stdout)["defects"]:
            self.skipTest("this build has them")
        self.refused("this build contains no defects; build one that does with", "run", "--seed", 1,
                     "--defect", "vote-not-persisted")

    def test_bad_plans(self):
        good = self.path("good.json")
        sim("run", "--seed", 1, *SHORT, "--plan", good)
        with open(good) as file:
            text = file.read()
        self.refused("--nodes: the plan decides that", "run", "--plan", good, "--nodes", 3)
        plan = json.loads(text)
        spoilt = [
            ("no JSON, or cut off", text[: len(text) // 2]),
            ("no JSON, or cut off", ""),
            ("the plan: must be an object", "[]"),
            ("version: 2 is not 1", json.dumps({**plan, "version": 2})),
            ("nodes: 0 is outside 1 to 15", json.dumps({**plan, "nodes": 0})),
            ("faults[0].fault: unknown fault \"meteor\"",
             json.dumps({**plan, "faults": [{"fault": "meteor", "at": "1s"}]})),
            ("workload.name: unknown workload",
             json.dumps({**plan, "workload": {"name": "chess"}})),
            ("options.warp: unknown option", json.dumps({**plan, "options": {"warp": 1}})),
            ("colour: unknown field", json.dumps({**plan, "colour": "red"})),
        ]
        for message, contents in spoilt:
            bad = self.path("bad.json")
            with open(bad, "w") as file:
                file.write(contents)
            self.refused(message, "run", "--plan", bad)
            self.refused(message, "campaign", "--seeds", "0..2", "--plan", bad)


class Campaign(CliTest):
    def test_rows_and_a_summary(self):
        done = sim("campaign", "--seeds", "0..6", "--jobs", 2, *SHORT, "--json")
        *rows, last = map(json.loads, done.stdout.splitlines())
        self.assertEqual({row["seed"] for row in rows}, set(range(6)))
        for row in rows:
            self.check_row(row)
        summary = last["summary"]
        self.assertEqual(summary["seeds"], 6)
        self.assertEqual(sum(summary["verdicts"].values()), 6)
        self.assertEqual(summary["operations"]["ok"], sum(r["operations"]["ok"] for r in rows))
        self.assertEqual(done.returncode, CODES[summary["verdict"]])
        table = sim("campaign", "--seeds", "0..6", "--jobs", 2, *SHORT).stdout
        self.assertRegex(table, r"seeds +6   ok 6, violation 0, unknown 0")
        self.assertTrue(table.endswith("verdict        ok\n"))

    def test_a_campaigns_row_is_the_run_of_its_seed(self):
        done = sim("campaign", "--seeds", "4", *SHORT, "--json")
        row = json.loads(done.stdout.splitlines()[0])
        run = json.loads(sim("run", "--seed", 4, *SHORT, "--json").stdout)
        for field in RUN_FIELDS:
            if field != "wall_seconds":
                self.assertEqual(row[field], run[field], field)

    def test_an_unfinished_file_is_resumed(self):
        out = self.path("rows.jsonl")
        sim("campaign", "--seeds", "0..4", *SHORT, "--out", out)
        with open(out) as file:
            lines = file.read().splitlines(keepends=True)
        self.assertEqual(len(lines), 5)
        with open(out, "w") as file:
            file.writelines(lines[:2] + [lines[2][:30]])
        self.refused("exists; add --resume", "campaign", "--seeds", "0..4", *SHORT, "--out", out)
        done = sim("campaign", "--seeds", "0..4", *SHORT, "--out", out, "--resume", "--json")
        self.assertEqual(json.loads(done.stdout)["summary"]["seeds"], 4)
        with open(out) as file:
            again = file.read().splitlines(keepends=True)
        self.assertEqual(again[:2], lines[:2])
        self.assertEqual({json.loads(line)["seed"] for line in again[:-1]}, {0, 1, 2, 3})
        self.refused("made with other flags", "campaign", "--seeds", "0..4", "--time", "3s",
                     "--out", out, "--resume")

    def test_ctrl_c_keeps_what_was_done_and_says_how_to_resume(self):
        out = self.path("rows.jsonl")
        # As from a terminal: the whole group gets the signal.
        process = subprocess.Popen(
            [SIM, "campaign", "--seeds", "0..1000000", "--jobs", "2", *SHORT, "--out", out],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if os.path.exists(out) and os.path.getsize(out) > 5000:
                break
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertIn(process.returncode, (1, 3), stderr)
        self.assertIn("interrupted\n", stdout)
        resume = re.search(r"^resume +synchrodb-sim (.*)$", stdout, re.M).group(1).split()
        self.assertEqual(resume, ["campaign", "--seeds", "0..1000000", "--jobs", "2", *SHORT,
                                  "--out", out, "--resume"])
        with open(out) as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(lines[-1]["summary"]["seeds"], len(lines) - 1)
        self.assertFalse(lines[-1]["summary"]["complete"])
        # What it says works, here for a few seeds more.
        done = {line["seed"] for line in lines[:-1]}
        resume[2] = f"0..{max(done) + 3}"
        again = sim(*resume, "--json")
        self.assertEqual(json.loads(again.stdout)["summary"]["seeds"], max(done) + 3)

    def test_bad_input(self):
        file = self.path("occupied")
        with open(file, "w") as handle:
            handle.write("not a directory\n")
        seeds = ["--seeds", "0..2"]
        table = [
            ("campaign: needs --seeds A..B", []),
            ("seeds: \"5..5\" is no range", ["--seeds", "5..5"]),
            ("seeds: \"7..3\" is no range", ["--seeds", "7..3"]),
            ("seeds: \"all\" is no range", ["--seeds", "all"]),
            ("jobs: 0 is outside 1 to 1024", [*seeds, "--jobs", 0]),
            ("jobs: \"many\"", [*seeds, "--jobs", "many"]),
            ("watchdog: must be 1 or more", [*seeds, "--watchdog", 0]),
            ("nodes: 0 is outside 1 to 15", [*seeds, "--nodes", 0]),
            ("resume: needs --out FILE", [*seeds, "--resume"]),
            ("out: cannot create or write", [*seeds, "--out", self.path("no/such/rows")]),
            ("out: cannot create or write", [*seeds, "--out", file + "/rows"]),
            ("out: cannot create or write", [*seeds, "--out", self.directory]),
            ("No space left on device", [*seeds, *SHORT, "--out", "/dev/full"]),
            ("line 1: no JSON object", [*seeds, "--out", file, "--resume"]),
            ("--time: the plan decides that", [*seeds, "--plan", file, "--time", "1s"]),
        ]
        for message, arguments in table:
            self.refused(message, "campaign", *arguments)
        with open(file) as handle:
            self.assertEqual(handle.read(), "not a directory\n")

    def test_a_full_standard_output(self):
        for arguments in (["campaign", "--seeds", "0..2", *SHORT], ["list", "faults"], ["version"],
                          ["run", "--seed", "1", *SHORT]):
            for json_flag in ([], ["--json"]):
                with open("/dev/full", "w") as full:
                    done = subprocess.run([SIM, *arguments, *json_flag], stdout=full,
                                          stderr=subprocess.PIPE, text=True, timeout=120)
                self.assertEqual(done.returncode, 2, arguments)
                self.assertIn("cannot write to standard output", done.stderr)


class Explain(CliTest):
    SHAPE = ["--time", "30s", "--beyond-budget", "--faults", "lying-sync,crash"]

    @classmethod
    def setUpClass(cls):
        cls.seed = next(seed for seed in range(200)
                        if sim("run", "--seed", seed, *cls.SHAPE).returncode == 1)

    def test_the_story_for_people(self):
        done = sim("explain", "--seed", self.seed, *self.SHAPE)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = json.loads(sim("run", "--seed", self.seed, *self.SHAPE, "--json").stdout)
        self.assertIn(f"violated     {row['violated']}\n", done.stdout)
        self.assertIn(row["detail"], done.stdout)
        self.assertIn("The causal chain: each step happens before the next\n", done.stdout)
        self.assertTrue(done.stdout.endswith(f"reproduce    {row['reproduce']}\n"), done.stdout)
        self.assertEqual(done.stdout, sim("explain", "--seed", self.seed, *self.SHAPE).stdout)

    def test_the_files_say_the_same(self):
        html, shiviz, perfetto = map(self.path, ("a.html", "a.log", "a.json"))
        done = sim("explain", "--seed", self.seed, *self.SHAPE, "--json", "--html", html,
                   "--shiviz", shiviz, "--perfetto", perfetto)
        self.assertEqual(done.returncode, 0, done.stderr)
        story = json.loads(done.stdout)
        for before, step in zip(story["chain"], story["chain"][1:]):
            self.assertLessEqual(before["end"], step["begin"])
            self.assertTrue(step.get("by_real_time") or before["to"] == step["from"], step)
        self.assertLessEqual(story["chain"][-1]["end"], story["anomaly"]["time"])
        with open(html) as page:
            data = re.search(r'<script type="application/json" id="data">(.*?)</script>',
                             page.read(), re.DOTALL)[1]
        self.assertEqual([step["words"] for step in json.loads(data)["chain"]],
                         [step["words"] for step in story["chain"]])
        with open(shiviz) as log:
            parser, nothing, *lines = log.read().splitlines()
        # ShiViz' expressions are JavaScript's.
        parser = re.compile(parser.replace("(?<", "(?P<").replace("{.*}", r"\{.*\}"))
        self.assertEqual(nothing, "")
        for pair in zip(lines[::2], lines[1::2], strict=True):
            found = parser.fullmatch("\n".join(pair))
            self.assertGreaterEqual(json.loads(found["clock"])[found["host"]], 1)
        with open(perfetto) as trace:
            phases = {event["ph"] for event in json.load(trace)["traceEvents"]}
        self.assertLessEqual({"M", "X", "i", "s", "f", "b", "e"}, phases)

    def test_the_smallest_plan_is_explained(self):
        out = self.path("min.json")
        done = sim("explain", "--seed", self.seed, *self.SHAPE, "--shrink", "--quiet", "--json",
                   "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        story = json.loads(done.stdout)
        with open(out) as plan:
            self.assertEqual(json.load(plan), story["plan"])
        self.assertLess(len(story["plan"]["faults"]), 6)
        self.assertEqual(story["reproduce"], f"synchrodb-sim run --plan {out}")
        again = sim("run", "--plan", out, "--json")
        self.assertEqual(json.loads(again.stdout)["violated"], story["property"])
        other = sim("explain", "--plan", out, "--json")
        self.assertEqual({**json.loads(other.stdout), "reproduce": ""}, {**story, "reproduce": ""})

    def test_bad_input(self):
        seed = ["explain", "--seed", self.seed, *self.SHAPE]
        nowhere = self.path("none/x")
        for message, *arguments in [
            ("needs either --seed N or --plan FILE", "explain"),
            ("needs either --seed N or --plan FILE", *seed, "--plan", "x"),
            ("seed: ", "explain", "--seed", "-1"),
            ("x.json: No such file", "explain", "--plan", self.path("x.json")),
            ("there is nothing to explain: the run's verdict is ok",
             "explain", "--seed", "1", "--faults", "none", *SHORT),
            ("explain: ", "explain", "--seed", "1", "--faults", "none", *SHORT, "--shrink",
             "--quiet"),
            ("max-runs: belongs to --shrink", *seed, "--max-runs", "3"),
            ("out: belongs to --shrink", *seed, "--out", nowhere),
            ("max-runs: must be 1 or more", *seed, "--shrink", "--max-runs", "0"),
            ("max-runs: ", *seed, "--shrink", "--max-runs", "x"),
            ("html: cannot write " + nowhere, *seed, "--html", nowhere),
            ("shiviz: cannot write " + nowhere, *seed, "--shiviz", nowhere),
            ("perfetto: cannot write " + nowhere, *seed, "--perfetto", nowhere),
            ("out: cannot write " + nowhere, *seed, "--shrink", "--quiet", "--max-runs", "2",
             "--out", nowhere),
        ]:
            self.refused(message, *arguments)


class Lists(CliTest):
    def test_every_table_for_people_and_as_json(self):
        for table in ("faults", "workloads", "defects", "marks", "options", "properties"):
            rows = json.loads(sim("list", table, "--json").stdout)
            self.assertGreater(len(rows), 4, table)
            text = sim("list", table).stdout
            for row in rows:
                self.assertIn(row if isinstance(row, str) else row["name"], text)

    def test_what_the_lists_name_is_accepted(self):
        for fault in json.loads(sim("list", "faults", "--json").stdout):
            self.assertTrue(fault["incident"] and fault["description"], fault)
            for word in (fault["name"], fault["family"]):
                done = sim("run", "--seed", 1, "--time", "10ms", "--beyond-budget", "--faults", word)
                self.assertIn(done.returncode, (0, 1, 3), word + done.stderr)
        for option in json.loads(sim("list", "options", "--json").stdout):
            done = sim("run", "--seed", 1, "--time", "10ms", "--option",
                       f"{option['name']}={option['default']}")
            self.assertIn(done.returncode, (0, 1, 3), option["name"] + done.stderr)
        sim("run", "--seed", 1, *SHORT, "--write-plan", self.path("plan"))
        with open(self.path("plan"), encoding="utf-8") as file:
            plan = json.load(file)
        plan["tolerated"] = [row["name"] for row in
                             json.loads(sim("list", "properties", "--json").stdout)]
        with open(self.path("plan"), "w", encoding="utf-8") as file:
            json.dump(plan, file)
        done = sim("run", "--plan", self.path("plan"))
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        self.assertIn("tolerated    stale-read, contradicted 0 times\n", done.stdout)
        for workload in json.loads(sim("list", "workloads", "--json").stdout):
            done = sim("run", "--seed", 1, *SHORT, "--workload", workload["name"])
            self.assertIn(done.returncode, (0, 1, 3), workload["name"] + done.stderr)


class Usage(CliTest):
    def test_usage_errors_are_2_and_help_is_0(self):
        for arguments in ([], ["dance"], ["run", "--sed", "1"], ["list"], ["list", "moons"],
                          ["run", "--seed"], ["version", "extra"]):
            done = sim(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotEqual(done.stderr, "", arguments)
        for arguments in (["--help"], ["run", "--help"], ["campaign", "--help"]):
            done = sim(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertIn("--help", done.stdout)

    def test_version(self):
        version = json.loads(sim("version", "--json").stdout)
        self.assertIn(version["version"], sim("version").stdout)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    SIM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
