#!/usr/bin/env python3
"""What Python adds to a simulated run: the same plans by synchrodb-sim and from Python, by turns.

Usage: python_overhead.py [SIM] [--plans N] [--rounds N]; the package must be importable.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import synchrodb as sdb

ROOT = Path(__file__).resolve().parents[2]


def by_command(sim, file):
    done = subprocess.run([sim, "run", "--plan", file, "--json"], capture_output=True, check=True)
    return json.loads(done.stdout)


def from_python(plan):
    began = time.perf_counter()
    run = sdb.simulate(plan)
    return run, time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sim", nargs="?", default=ROOT / "build/release/bin/synchrodb-sim")
    parser.add_argument("--plans", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    shape = sdb.PlanShape(nodes=5, time=600)
    print(f"{'seed':>4}  {'sim s':>8}  {'python s':>8}  {'added':>7}")
    commands, pythons = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(chosen.plans):
            plan = sdb.generate_plan(seed, shape)
            file = Path(folder) / f"{seed}.json"
            file.write_text(plan.to_json())
            theirs, ours = [], []
            for _ in range(chosen.rounds):
                row = by_command(chosen.sim, file)
                run, seconds = from_python(plan)
                assert run.digest == row["digest"], f"seed {seed}: another run"
                theirs.append(row["wall_seconds"])
                ours.append(seconds)
            commands.append(statistics.median(theirs))
            pythons.append(statistics.median(ours))
            print(f"{seed:4}  {commands[-1]:8.4f}  {pythons[-1]:8.4f}  "
                  f"{pythons[-1] / commands[-1] - 1:+7.1%}", flush=True)
    print(f" all  {sum(commands):8.4f}  {sum(pythons):8.4f}  "
          f"{sum(pythons) / sum(commands) - 1:+7.1%}")


if __name__ == "__main__":
    main()
