#!/usr/bin/env python3
"""Runs fuzz targets, two at a time, and says in one line how to repeat what they find.

    run.py BIN [--seconds S] [--jobs N] [--keep FOLDER] [TARGET ...]

BIN holds fuzz_*; without TARGET all of them run, S seconds each. Seeds are read from corpus/<target>/
beside this file. What a run finds new is kept in FOLDER/corpus/<target>/, and serves the next; inputs
that fail go to FOLDER/failures/<target>/. A failure that has been mended becomes a seed.
"""

import argparse
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent

# An input is at most LARGEST_INPUT bytes. No single allocation may be far beyond what that can ask
# for, and no input may take long: claims on memory and on time are failures like crashes.
LARGEST_INPUT = 16 * 1024
OPTIONS = ["-malloc_limit_mb=64", "-rss_limit_mb=1024", "-timeout=20", f"-max_len={LARGEST_INPUT}",
           "-print_final_stats=1", "-verbosity=1"]


def command(options, target):
    keep = options.keep / "corpus" / target
    failures = options.keep / "failures" / target
    for folder in (keep, failures):
        folder.mkdir(parents=True, exist_ok=True)
    words = [str(options.bin / f"fuzz_{target}"), *OPTIONS, f"-max_total_time={options.seconds}",
             f"-artifact_prefix={failures}/"]
    if options.seed is not None:
        words.append(f"-seed={options.seed}")
    if options.runs is not None:
        words.append(f"-runs={options.runs}")
    dictionary = HERE / "dictionaries" / f"{target}.dict"
    if dictionary.exists():
        words.append(f"-dict={dictionary}")
    return [*words, str(keep), str(HERE / "corpus" / target)]


def number(name, log):
    found = re.search(rf"^stat::{name}:\s+(\d+)", log, re.MULTILINE)
    return int(found.group(1)) if found else 0


def run(options, target):
    """True if nothing was found."""
    done = subprocess.run(command(options, target), capture_output=True, text=True,
                          errors="replace", check=False)
    log = done.stderr
    if done.returncode == 0:
        runs = number("number_of_executed_units", log)
        coverage = re.findall(r"cov: (\d+)", log)
        print(f"{target}: {runs:,} inputs, {coverage[-1] if coverage else '?'} edges, "
              f"{number('peak_rss_mb', log)} MiB", flush=True)
        return True
    found = re.search(r"Test unit written to (\S+)", log)
    print("\n".join(log.splitlines()[-60:]))
    again = [str(options.bin / f"fuzz_{target}")]
    if found:
        again.append(found.group(1))
    print(f"{target}: FAILED; to repeat: {shlex.join(again)}", flush=True)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=Path)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, help="inputs for each target, if they come before the time")
    parser.add_argument("--seed", type=int, help="of libFuzzer; without it a new one each time")
    parser.add_argument("--keep", type=Path, default=HERE.parents[1] / "build" / "fuzz" / "found")
    options = parser.parse_intermixed_args()
    options.bin = options.bin.resolve()

    there = sorted(path.name.removeprefix("fuzz_") for path in options.bin.glob("fuzz_*"))
    if not there:
        sys.exit(f"run.py: no fuzz_* in {options.bin}; build the preset `fuzz`")
    if unknown := sorted(set(options.targets) - set(there)):
        sys.exit(f"run.py: no such target: {', '.join(unknown)}; there are {', '.join(there)}")
    targets = options.targets or there
    if bare := [name for name in targets if not any((HERE / "corpus" / name).glob("*"))]:
        sys.exit(f"run.py: no seeds for {', '.join(bare)}")

    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        sound = list(pool.map(lambda target: run(options, target), targets))
    sys.exit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
