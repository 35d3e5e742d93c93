#!/usr/bin/python3
"""Dockerfile and compose.yaml, as far as they can be judged without a container engine.

usage: container_test.py BINARIES_FOLDER
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
# Every image of Debian has these: the C and C++ runtime.
RUNTIME = {"libc6", "libgcc-s1", "libstdc++6"}


def instructions():
    """Each instruction of the Dockerfile: its word and the rest."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M)
    text = text.replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]


def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


class Container(unittest.TestCase):
    binaries = None

    def run_server(self, *arguments):
        return subprocess.run(
            [self.binaries / "synchrodb-server", *arguments], capture_output=True, text=True, timeout=60)

    def environment(self):
        """Every SYNCHRODB_… that is set for a server."""
        names = {name for word, rest in instructions() if word == "ENV"
                 for name in re.findall(r"(\w+)=", rest)}
        for service in compose()["services"].values():
            names |= set(service["environment"])
        return names

    def test_what_is_copied_exists_and_is_not_ignored(self):
        kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
        checked = 0
        for word, rest in instructions():
            if word != "COPY" or rest.startswith("--from") or rest == ". .":
                continue
            for source in rest.split()[:-1]:
                self.assertTrue((ROOT / source).exists(), source)
                self.assertIn(source.split("/")[0], kept)
                checked += 1
        self.assertGreater(checked, 0)

    def test_the_build_has_every_folder_that_it_reads(self):
        kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
        listed = (ROOT / "CMakeLists.txt").read_text()
        folders = set(re.findall(r"add_subdirectory\((\w+)[)/]", listed))
        for switch, folder in [("TESTS", "tests"), ("PYTHON", "bindings")]:
            if f"-DSYNCHRODB_{switch}=OFF" in (ROOT / "Dockerfile").read_text():
                folders.remove(folder)
        self.assertGreater(len(folders), 3)
        self.assertLessEqual(folders | {"CMakeLists.txt", "CMakePresets.json"}, kept)

    def test_setup_finds_the_scripts_that_it_runs(self):
        copied = [rest for word, rest in instructions() if word == "COPY" and ".ci/setup" in rest]
        for script in re.findall(r"\.ci/\w+", (ROOT / ".ci/setup").read_text()):
            self.assertIn(script, copied[0].split() + [".ci/setup"], script)

    def test_every_shared_library_is_installed(self):
        installed = " ".join(rest for word, rest in instructions() if word == "RUN")
        for program in ("synchrodb-server", "synchrodb-cli", "synchrodb-sim"):
            path = self.binaries / program
            if not path.exists():
                continue
            linked = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
            for library in re.findall(r"=> (/\S+)", linked):
                # dpkg knows files by the name that their package gave them.
                names = {library, str(Path(library).resolve()), library.replace("/lib/", "/usr/lib/", 1),
                         re.sub("^/usr/lib/", "/lib/", str(Path(library).resolve()))}
                owner = subprocess.run(
                    ["dpkg-query", "--search", *names], capture_output=True, text=True).stdout
                package = owner.split(":")[0]
                self.assertTrue(
                    package in RUNTIME or re.search(rf"\b{re.escape(package)}\s", installed),
                    f"{program} needs {library} of package {package!r}")

    def test_does_not_run_as_root(self):
        last = [rest for word, rest in instructions() if word == "USER"][-1]
        self.assertNotIn(last, ("root", "0"))

    def test_only_options_of_the_server_are_set(self):
        manual = self.run_server("--help").stdout
        names = self.environment()
        self.assertGreater(len(names), 3)
        for name in names:
            option = name.removeprefix("SYNCHRODB_").lower().replace("_", "-")
            self.assertRegex(manual, rf"--{option}\b", name)

    def test_three_nodes_know_each_other(self):
        services = compose()["services"]
        founders = {f"{service['environment']['SYNCHRODB_NODE_ID']}={name}:17379"
                    for name, service in services.items()}
        self.assertEqual(len(founders), 3)
        published = [port for service in services.values() for port in service["ports"]]
        self.assertEqual(len(published), len(set(published)))
        for service in services.values():
            listed = set(service["environment"]["SYNCHRODB_INITIAL_CLUSTER"].split(","))
            self.assertEqual(listed, founders)
            self.assertTrue(all(port.startswith("127.0.0.1:") for port in service["ports"]))
            volume, folder = service["volumes"][0].split(":")
            self.assertIn(volume, compose()["volumes"])
            self.assertEqual(folder, "/data")


if __name__ == "__main__":
    Container.binaries = Path(sys.argv.pop(1)).resolve(strict=True)
    unittest.main()
