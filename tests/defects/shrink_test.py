#!/usr/bin/python3
"""`synchrodb-sim shrink`: what a deliberate defect's failing seed becomes.

usage: shrink_test.py SIM SIM_WITH_DEFECTS
"""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

from defects import RANGES, first_violation

CLEAN, DEFECTS = sys.argv[1:3]
CONVICTED = ["read-without-quorum-check", "vote-not-persisted", "duplicate-command-applied"]


def shrink(*arguments, binary=DEFECTS):
    return subprocess.run([binary, "shrink", "--quiet", *map(str, arguments)],
                          capture_output=True, text=True, timeout=300)


def failing_seed(defect):
    return first_violation(DEFECTS, defect, RANGES[0], 1)["seed"]


def run(plan, folder, binary):
    """What `run --json` tells of a plan."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    done = subprocess.run([binary, "run", "--plan", path, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)


class Explain(unittest.TestCase):
    """What is known of a defect is what the story of its smallest plan tells."""

    def chain(self, defect):
        done = subprocess.run([DEFECTS, "explain", "--seed", str(failing_seed(defect)), "--defect",
                               defect, "--shrink", "--quiet", "--json"],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [step["words"] for step in json.loads(done.stdout)["chain"]]

    def assertTold(self, chain, *words):
        """In this order."""
        steps = iter(chain)
        for word in words:
            self.assertTrue(any(word in step for step in steps), f"{word}, in {chain}")

    def test_a_vote_that_was_forgotten(self):
        self.assertTold(self.chain("vote-not-persisted"), "vote-request", " votes for ",
                        " starts (life 2)", " has read its disk")

    def test_a_deposed_leader_that_serves_on(self):
        self.assertTold(self.chain("read-without-quorum-check"), "becomes the leader",
                        " asks: ", ": request", ": reply", " is answered: ")


class Shrink(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "min.json"

    def test_a_failing_seed_becomes_a_few_faults_that_fail_the_same_way(self):
        for defect in CONVICTED:
            with self.subTest(defect):
                done = shrink("--seed", failing_seed(defect), "--defect", defect, "--json",
                              "--out", self.out)
                self.assertEqual(done.returncode, 0, done.stderr)
                told = json.loads(done.stdout)
                plan = told["plan"]
                self.assertTrue(told["complete"])
                self.assertGreater(told["before"]["faults"], 20)
                self.assertLessEqual(told["after"]["faults"], told["before"]["faults"] // 5)
                self.assertEqual(told["path"][0]["what"], "faults")
                self.assertEqual(json.loads(self.out.read_text()), plan)
                self.assertEqual(run(plan, self.out.parent, DEFECTS)["violated"], told["property"])
                # The defect is to blame, and nothing else.
                without = {**plan, "defect": ""}
                self.assertEqual(run(without, self.out.parent, CLEAN)["verdict"], "ok")
                # No fault is left that could go.
                for i in range(len(plan["faults"])):
                    fewer = {**plan, "faults": plan["faults"][:i] + plan["faults"][i + 1:]}
                    self.assertNotEqual(run(fewer, self.out.parent, DEFECTS)["violated"],
                                        told["property"], plan["faults"][i])

    def test_the_same_seed_gives_the_same_plan(self):
        seed = failing_seed("vote-not-persisted")
        first, second = (shrink("--seed", seed, "--defect", "vote-not-persisted") for _ in "ab")
        self.assertEqual(first.stdout, second.stdout)
        self.assertIn('"defect": "vote-not-persisted"', first.stdout)

    def test_a_budget_keeps_the_best_so_far(self):
        seed = failing_seed("vote-not-persisted")
        done = shrink("--seed", seed, "--defect", "vote-not-persisted", "--max-runs", 8, "--json")
        told = json.loads(done.stdout)
        self.assertEqual((done.returncode, told["complete"], told["runs"]), (0, False, 8))
        self.assertLess(told["after"]["faults"], told["before"]["faults"])

    def test_ctrl_c_keeps_the_best_so_far(self):
        seed = failing_seed("duplicate-command-applied")
        process = subprocess.Popen(
            [DEFECTS, "shrink", "--seed", str(seed), "--defect", "duplicate-command-applied",
             "--out", str(self.out)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stderr.readline()  # the first progress
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertIn(", interrupted\n", out)
        self.assertEqual(process.returncode, 3)
        again = subprocess.run([DEFECTS, "run", "--plan", self.out, "--json"],
                               capture_output=True, text=True)
        self.assertEqual(json.loads(again.stdout)["verdict"], "violation")

    def test_bad_input(self):
        self.out.write_text("{}")
        for arguments, text in [
            (["--seed", "1"], "the plan violates nothing (its verdict is ok)"),
            ([], "needs either --seed N or --plan FILE"),
            (["--seed", "1", "--plan", self.out], "needs either --seed N or --plan FILE"),
            (["--plan", self.out], "version: is missing"),
            (["--plan", self.out, "--nodes", "3"], "nodes: the plan decides that"),
            (["--seed", "x"], 'seed: "x" is no whole number'),
            (["--seed", "1", "--max-runs", "0"], "max-runs: must be 1 or more"),
            (["--seed", "1", "--defect", "vote-not-persisted"], "this build contains no defects"),
        ]:
            with self.subTest(arguments):
                done = shrink(*arguments, binary=CLEAN)
                self.assertEqual(done.returncode, 2)
                self.assertIn(text, done.stderr)
                self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
