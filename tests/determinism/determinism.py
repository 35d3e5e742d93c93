#!/usr/bin/python3
"""The same seed gives the same run: in another process, in another build.

usage: determinism.py SIM OTHER_SIM [--first SEED] [--count N] [--jobs N]

Runs each seed once with either binary, each in a process of its own, and compares what the run
reports. Seeds must also differ from one another, or the digest would prove nothing.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

# All that a run reports, but for how long it took and which binary ran it.
COMPARED = ("digest", "verdict", "violated", "events", "virtual_seconds", "operations", "faults",
            "marks")


def run(binary, seed):
    finished = subprocess.run(
        [binary, "run", "--seed", str(seed), "--json"], capture_output=True, text=True
    )
    if finished.returncode not in (0, 1, 3):
        raise RuntimeError(f"{binary} --seed {seed}: exit {finished.returncode}\n{finished.stderr}")
    report = json.loads(finished.stdout)
    return {field: report[field] for field in COMPARED}


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("binaries", nargs=2)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    seeds = range(options.first, options.first + options.count)
    digests, different = {}, 0
    with ThreadPoolExecutor(options.jobs) as pool:
        both = (pool.map(lambda seed, b=binary: run(b, seed), seeds) for binary in options.binaries)
        for seed, one, other in zip(seeds, *both):
            digests.setdefault(one["digest"], []).append(seed)
            fields = [field for field in COMPARED if one[field] != other[field]]
            if fields:
                different += 1
                print(f"seed {seed} differs in {', '.join(fields)}: {one['digest']} and "
                      f"{other['digest']}")
    alike = [same for same in digests.values() if len(same) > 1]
    for same in alike:
        print(f"seeds {same} have the same digest")
    print(f"{options.count} seeds, {different} differ between the builds, "
          f"{len(digests)} distinct digests")
    return 1 if different or alike else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RuntimeError) as failure:
        sys.exit(f"determinism.py: {failure}")
