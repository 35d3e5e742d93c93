#!/usr/bin/python3
"""The command line as a stranger meets it: reports, exit codes, bad input, Ctrl-C.

usage: cli_test.py SIM [unittest options]
"""

import json
import os
import signal
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SIM = None
OK, VIOLATION, BAD_INPUT, UNKNOWN = 0, 1, 2, 3
EXIT_CODES = {"ok": OK, "violation": VIOLATION, "unknown": UNKNOWN}
RUN_FIELDS = {
    "seed", "verdict", "violated", "digest", "nodes", "virtual_seconds", "wall_seconds", "events",
    "operations", "faults", "marks", "reproduce",
}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def sim(self, *arguments):
        command = [SIM, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)

    def report(self, *arguments):
        finished = self.sim("run", "--json", *arguments)
        report = json.loads(finished.stdout)
        self.assertEqual(finished.returncode, EXIT_CODES[report["verdict"]], finished.stderr)
        return report

    def assert_refused(self, finished, *words):
        """Exit code 2, nothing on standard output, and a message that has these words."""
        self.assertEqual((finished.returncode, finished.stdout), (BAD_INPUT, ""), finished.stderr)
        for word in words:
            self.assertIn(word, finished.stderr)


class Run(Case):
    def test_a_report_has_all_its_fields(self):
        report = self.report("--seed", 7)
        self.assertLessEqual(RUN_FIELDS, report.keys())
        self.assertEqual(report["seed"], 7)
        self.assertLessEqual({"ok", "fail", "info"}, report["operations"].keys())
        for counts in report["faults"].values():
            self.assertLessEqual({"offered", "applied", "effective"}, counts.keys())

    def test_a_seed_s_plan_runs_like_the_seed(self):
        one = self.report("--seed", 11, "--plan", "plan.json")
        other = self.report("--plan", "plan.json")
        self.assertEqual(one["digest"], other["digest"])

    def test_the_line_that_reproduces_a_run_does(self):
        report = self.report("--seed", 5, "--nodes", 3, "--time", "20s", "--workload", "register")
        words = report["reproduce"].split()
        self.assertEqual(words[:2], ["synchrodb-sim", "run"])
        self.assertEqual(self.report(*words[2:])["digest"], report["digest"])

    def test_no_faults_no_harm(self):
        report = self.report("--seed", 3, "--faults", "none", "--time", "20s")
        self.assertEqual(report["verdict"], "ok")
        self.assertFalse(any(counts["effective"] for counts in report["faults"].values()))
        self.assertGreater(report["operations"]["ok"], 0)

    def test_other_seeds_other_runs(self):
        self.assertNotEqual(self.report("--seed", 1)["digest"], self.report("--seed", 2)["digest"])

    def test_the_trace_is_the_same_twice(self):
        traces = [self.sim("run", "--seed", 4, "--time", "5s", "--trace").stdout for _ in "ab"]
        first = [line for line in traces[0].splitlines() if "virtual time" not in line]
        second = [line for line in traces[1].splitlines() if "virtual time" not in line]
        self.assertGreater(len(first), 50)
        self.assertEqual(first, second)


class BadInput(Case):
    def test_arguments(self):
        for arguments, word in [
            (["run"], "--seed"),
            (["run", "--seed", "x"], "seed"),
            (["run", "--seed", "-1"], "seed"),
            (["run", "--seed", "1", "--faults", "gremlins"], "gremlins"),
            (["run", "--seed", "1", "--workload", "chess"], "chess"),
            (["run", "--seed", "1", "--option", "warp-factor=9"], "warp-factor"),
            (["run", "--seed", "1", "--option", "warp-factor"], "option"),
            (["run", "--seed", "1", "--nodes", "0"], "nodes"),
            (["run", "--seed", "1", "--nodes", "1000000"], "nodes"),
            (["run", "--seed", "1", "--time", "soon"], "time"),
            (["run", "--seed", "1", "--defect", "vote-not-persisted"], "defect"),
            (["campaign", "--seeds", "9..3"], "seeds"),
            (["campaign", "--seeds", "0..3", "--jobs", "0"], "jobs"),
            (["check", "missing.edn"], "missing.edn"),
            (["frobnicate"], ""),
            ([], ""),
        ]:
            with self.subTest(arguments=arguments):
                self.assert_refused(self.sim(*arguments), word)

    def test_plans(self):
        self.report("--seed", 1, "--time", "5s", "--plan", "good.json")
        good = (self.folder / "good.json").read_text(encoding="utf-8")
        plan = json.loads(good)
        version = [key for key in plan if "version" in key]
        self.assertTrue(version, "a plan names its version")
        for name, text, word in [
            ("truncated", good[: len(good) // 2], ""),
            ("empty", "", ""),
            ("list", "[]", ""),
            ("version", json.dumps({**plan, version[0]: 999}), "version"),
            ("unknown field", json.dumps({**plan, "gremlins": 1}), "gremlins"),
            ("no nodes", json.dumps({**plan, "nodes": 0}), "nodes"),
        ]:
            with self.subTest(name):
                (self.folder / "bad.json").write_text(text, encoding="utf-8")
                self.assert_refused(self.sim("run", "--plan", "bad.json"), "plan", word)
        self.assert_refused(self.sim("run", "--plan", "missing.json"), "missing.json")

    def test_output_that_cannot_be_written(self):
        for option, value in [("--plan", "no/such/folder/plan.json"), ("--plan", "/dev/full"),
                              ("--history", "no/such/folder/history")]:
            with self.subTest(option=option, value=value):
                self.assert_refused(self.sim("run", "--seed", 1, "--time", "5s", option, value))
        for value in ("no/such/folder/rows", "/dev/full"):
            with self.subTest(value=value):
                finished = self.sim("campaign", "--seeds", "0..2", "--quiet", "--out", value)
                self.assertEqual(finished.returncode, BAD_INPUT)
                self.assertIn("out", finished.stderr)
        self.assertEqual(os.listdir(self.folder), [])


class Campaign(Case):
    def rows(self, text):
        objects = [json.loads(line) for line in text.splitlines()]
        return [row for row in objects if "seed" in row], objects[-1]

    def test_a_row_a_seed_and_a_summary(self):
        finished = self.sim("campaign", "--seeds", "20..24", "--jobs", 2, "--quiet", "--json")
        rows, last = self.rows(finished.stdout)
        self.assertEqual(sorted(row["seed"] for row in rows), [20, 21, 22, 23])
        self.assertNotIn("seed", last)
        for row in rows:
            self.assertLessEqual(RUN_FIELDS, row.keys())
            self.assertEqual(row["digest"], self.report("--seed", row["seed"])["digest"])

    def test_interrupted_it_keeps_its_rows_and_resumes(self):
        command = [SIM, "campaign", "--seeds", "0..100000", "--jobs", "2", "--out", "rows"]
        process = subprocess.Popen(command, cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        rows = self.folder / "rows"
        deadline = time.monotonic() + 60
        while not (rows.exists() and rows.read_bytes().count(b"\n") > 2):
            self.assertLess(time.monotonic(), deadline, "no row within a minute")
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertIn("--resume", out + err)
        done, _ = self.rows(rows.read_text(encoding="utf-8"))
        last = max(row["seed"] for row in done) + 3
        finished = self.sim("campaign", "--seeds", f"0..{last}", "--jobs", 2, "--out", "rows",
                            "--resume", "--quiet")
        self.assertEqual(finished.returncode, OK, finished.stderr)
        after, _ = self.rows(rows.read_text(encoding="utf-8"))
        self.assertEqual(sorted(row["seed"] for row in after), list(range(last)))


class Lists(Case):
    def test_each_table_in_both_forms(self):
        for table in ("faults", "workloads", "defects", "marks", "options"):
            with self.subTest(table):
                listed = json.loads(self.sim("list", table, "--json").stdout)
                text = self.sim("list", table).stdout
                self.assertGreater(len(listed), 3)
                for entry in listed:
                    name = entry if isinstance(entry, str) else entry.get("name")
                    self.assertIn(name, text)


if __name__ == "__main__":
    SIM = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
