"""Windows: parts of a run."""

from __future__ import annotations

from typing import Any

from .. import _core


def checked_window(window: Any, otherwise: tuple[float, float]) -> tuple[float, float]:
    """From and to in seconds, of what a user gave: a pair of seconds or texts.

    >>> checked_window(("500ms", 2), (0, 60)), checked_window(None, (0, 60))
    ((0.5, 2.0), (0, 60))
    """
    if window is None:
        return otherwise
    if isinstance(window, str) or not hasattr(window, "__len__") or len(window) != 2:
        raise TypeError(f"window: must be a pair such as (12, '12.5s'), not {window!r}")
    begin, end = (_core.seconds(moment) for moment in window)
    if not begin < end:
        raise _core.InvalidInput(f"window: {window[0]!r} is not before {window[1]!r}")
    return begin, end
