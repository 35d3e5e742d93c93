"""A campaign's worker process: takes seeds, gives rows.

Started as `python3 -m synchrodb.worker` rather than through multiprocessing, which would run the
caller's main program again. The subject comes first, by pickle, then lines of seeds; each row goes
out as a line of JSON on the process's first standard output, and whatever user code prints goes to
standard error.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from typing import Any

from . import _core
from .run import Run, simulate


def plan_of(subject: Any, seed: int) -> _core.Plan:
    """What a campaign's subject runs for a seed.

    >>> plan_of(_core.PlanShape(nodes=3, time=5), 7).seed
    7
    """
    if isinstance(subject, _core.PlanShape):
        return _core.generate_plan(seed, subject)
    return subject.with_noise(seed) if isinstance(subject, _core.Plan) else subject.plan(seed)


def run_of(subject: Any, seed: int) -> Run:
    """One seed of a campaign.

    >>> run_of(_core.PlanShape(nodes=3, time=5), 7).verdict
    'ok'
    """
    if not isinstance(subject, (_core.Plan, _core.PlanShape)):
        return subject.simulate(seed)
    made = simulate(plan_of(subject, seed))
    if isinstance(subject, _core.PlanShape):
        made._reproduce = _core.reproduce_command(seed, subject)
    return made


def run_batch(payload: bytes, seeds: list[int]) -> list[dict[str, Any]]:
    """Several seeds of a pickled subject; for a distributed scheduler.

    >>> [row["seed"] for row in run_batch(pickle.dumps(_core.PlanShape(nodes=3, time=5)), [1, 2])]
    [1, 2]
    """
    subject = pickle.loads(payload)
    return [run_or_report(subject, seed) for seed in seeds]


def run_or_report(subject: Any, seed: int) -> dict[str, Any]:
    """One seed of a campaign, as its row; an exception out of user code is a finding of it.

    >>> class Broken:
    ...     def simulate(self, seed):
    ...         raise KeyError("k")
    >>> row = run_or_report(Broken(), 3)
    >>> row["violated"], row["detail"].splitlines()[-1]
    ('exception', "KeyError: 'k'")
    """
    try:
        return {**run_of(subject, seed).row(), "seed": seed}
    except Exception:
        import traceback

        return {"seed": seed, "verdict": "violation", "violated": "exception",
                "detail": traceback.format_exc().rstrip()}


def main() -> None:
    """The process's body; ends when its input does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    commands = os.fdopen(os.dup(0), "rb")
    rows = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    size = int(commands.readline())
    subject = pickle.loads(commands.read(size))
    for line in commands:
        for seed in json.loads(line):
            rows.write(json.dumps(run_or_report(subject, seed)) + "\n")
            rows.flush()


if __name__ == "__main__":
    sys.exit(main())
