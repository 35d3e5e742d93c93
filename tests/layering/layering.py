#!/usr/bin/python3
"""Checks the shape of the source tree and of the binaries built from it.

usage: layering.py includes|banned|names|folders ROOT
       layering.py world|no-defects BINARY...
       layering.py has-defects BINARY...     (the control: the defects build must be told apart)
"""

import sys
from pathlib import Path

import banned
import folders
import includes
import names
import symbols


def has_defects(binary):
    return [] if symbols.check_defects(binary) else [f"{binary}: no defect switch found"]


CHECKS = {
    "includes": includes.check,
    "banned": banned.check,
    "names": names.check,
    "folders": folders.check,
    "world": symbols.check_world,
    "no-defects": symbols.check_defects,
    "has-defects": has_defects,
}


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in CHECKS:
        print(__doc__, file=sys.stderr)
        return 2
    problems = [
        problem for path in arguments[1:] for problem in CHECKS[arguments[0]](Path(path).resolve())
    ]
    for problem in problems:
        print(problem)
    print(f"{arguments[0]}: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
