#!/usr/bin/python3
"""Tests the tester: each deliberate defect must be found by a plain campaign, and the same seeds
must pass without it.

usage: defects.py table --clean SIM --defects SIM_WITH_DEFECTS [--jobs N] [NAME...]
       defects.py test  --clean SIM --defects SIM_WITH_DEFECTS [--jobs N] NAME...
       defects.py names --defects SIM_WITH_DEFECTS [NAME...]

`table` prints how many seeds each defect survives in three ranges; `test` uses the first of them and
runs the seeds again without the defect; `names` compares the given names with those that the binary
knows. Exit code 0: all as it must be; 1: not so; 2: usage.
"""

import argparse
import json
import subprocess
import sys

# Chosen beforehand, and never moved to where a defect happens to be found.
RANGES = (0, 100_000, 7_000_000)
SEEDS = 1000


class CampaignFailed(Exception):
    pass


def rows(command):
    """The rows of a campaign, as they come; closing the generator ends the campaign."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            row = json.loads(line)
            if "seed" in row:
                yield row
        if process.wait() not in (0, 1, 3):
            raise CampaignFailed(f"exit {process.returncode}: {' '.join(command)}")
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def campaign(binary, first, last, jobs, defect=None):
    command = [binary, "campaign", "--json", "--quiet", "--seeds", f"{first}..{last}", "--jobs", str(jobs)]
    return rows(command + (["--defect", defect] if defect else []))


def first_violation(binary, defect, first, jobs):
    """The row of the lowest seed that convicts the defect, or None. Workers finish out of order:
    a violation counts once all seeds below it have been heard of."""
    seen, violations = set(), {}
    stream = campaign(binary, first, first + SEEDS, jobs, defect)
    for row in stream:
        seen.add(row["seed"])
        if row["verdict"] == "violation":
            violations[row["seed"]] = row
        if violations and all(seed in seen for seed in range(first, min(violations))):
            stream.close()
            break
    return violations[min(violations)] if violations else None


def names_of(binary):
    listed = subprocess.run(
        [binary, "list", "defects", "--json"], check=True, capture_output=True, text=True
    ).stdout
    return [entry["name"] for entry in json.loads(listed)]


def table(options):
    names = options.names or names_of(options.defects)
    width = max(map(len, names))
    header = "".join(f"{f'from {first}':>14}" for first in RANGES)
    print(f"{'seeds until found':<{width}}{header}  violated property", flush=True)
    missed = 0
    for name in names:
        found = [first_violation(options.defects, name, first, options.jobs) for first in RANGES]
        counts = [
            str(row["seed"] - first + 1) if row else f"> {SEEDS}"
            for row, first in zip(found, RANGES)
        ]
        properties = sorted({row["violated"] for row in found if row})
        print(f"{name:<{width}}" + "".join(f"{count:>14}" for count in counts),
              ", ".join(properties), sep="  ", flush=True)
        missed += found.count(None)
    print(f"{len(names)} defects, {missed} of {len(names) * len(RANGES)} searches in vain")
    return 1 if missed else 0


def test(options):
    status = 0
    for name in options.names:
        first = RANGES[0]
        row = first_violation(options.defects, name, first, options.jobs)
        if row is None:
            print(f"{name}: not found in seeds {first}..{first + SEEDS}")
            status = 1
            continue
        print(f"{name}: seed {row['seed']} violates {row['violated']}: {row['reproduce']}")
        last = row["seed"] + 1
        clean = list(campaign(options.clean, first, last, options.jobs))
        guilty = [other for other in clean if other["verdict"] == "violation"]
        if len(clean) != last - first or guilty:
            print(f"{name}: without it, of seeds {first}..{last}: {len(clean)} ran, guilty: {guilty}")
            status = 1
    return status


def names(options):
    known, expected = sorted(names_of(options.defects)), sorted(options.names)
    if known != expected:
        print(f"the binary knows {known}\nthe source names {expected}")
    return 0 if known == expected else 1


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("mode", choices=["table", "test", "names"])
    parser.add_argument("--clean")
    parser.add_argument("--defects", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    return {"table": table, "test": test, "names": names}[options.mode](options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (CampaignFailed, OSError, subprocess.CalledProcessError) as failure:
        sys.exit(f"defects.py: {failure}")
