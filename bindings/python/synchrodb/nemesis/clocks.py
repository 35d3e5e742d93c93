"""Clocks that are wrong."""

from __future__ import annotations

from typing import Any

from .arguments import refuse
from .base import Nemesis, Stack
from .faults import fault


def clock(*, offset_ms: int | None = None, drift_ppm: int | None = None,
          step_ms: int | None = None, strobe_ms: int | None = None, period_ms: int | None = None,
          freeze: bool = False, **when: Any) -> Nemesis:
    """Clocks that are wrong: off by `offset_ms`, fast by `drift_ppm` (negative: slow), jumping once
    by `step_ms` or to and fro by `strobe_ms` each `period_ms`, or standing still. Several at once
    add up. Drift strikes all nodes unless told otherwise, each other kind a random one.

    >>> clock(drift_ppm=300) + clock(step_ms=-500, every=10, targets="leader")
    fault('clock-drift', ppm=300) + fault('clock-step', step_ms=-500, every=10.0, targets='leader')
    """
    made = []
    if offset_ms is not None:
        made.append(fault("clock-offset", offset_ms=offset_ms, **when))
    if drift_ppm is not None:
        made.append(fault("clock-drift", ppm=drift_ppm, **when))
    if step_ms is not None:
        made.append(fault("clock-step", step_ms=step_ms, **when))
    if strobe_ms is not None:
        period = {} if period_ms is None else {"period_ms": period_ms}
        made.append(fault("clock-strobe", step_ms=strobe_ms, **period, **when))
    elif period_ms is not None:
        refuse("period_ms", "belongs to strobe_ms")
    if freeze:
        made.append(fault("clock-freeze", **when))
    if not made:
        raise TypeError("clock: needs offset_ms, drift_ppm, step_ms, strobe_ms or freeze")
    return made[0] if len(made) == 1 else Stack(tuple(made))
