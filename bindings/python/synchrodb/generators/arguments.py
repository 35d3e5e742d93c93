"""The arguments of generators, checked."""

from __future__ import annotations

from typing import Any

from .base import NANOSECONDS


def nanoseconds(name: str, value: Any) -> int:
    """An argument in seconds, as nanoseconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: must be seconds as a number, not {type(value).__name__}")
    if not 0 <= value < 9e9:
        raise ValueError(f"{name}: {value} is not a time in seconds of at least 0")
    return round(value * NANOSECONDS)


def count_of(name: str, value: Any) -> int:
    """An argument that says how many."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: must be an integer, not {type(value).__name__}")
    if value < 0:
        raise ValueError(f"{name}: {value} is negative")
    return value
