"""Numbers that only rise."""

from __future__ import annotations

from collections import defaultdict

from .base import Checker, Verdict


class MonotonicChecker(Checker):
    """What an operation sees is not before what was seen when it was asked; no increment makes a
    number that another one made.

    >>> events = [{"type": "invoke", "process": 0, "f": "inc", "key": "m"},
    ...           {"type": "ok", "process": 0, "f": "inc", "key": "m", "value": 2},
    ...           {"type": "invoke", "process": 1, "f": "read", "key": "m"},
    ...           {"type": "ok", "process": 1, "f": "read", "key": "m", "value": 1}]
    >>> MonotonicChecker().check(events).detail
    "process 1: read of 'm' gave 1 after 2 had been seen"
    """

    name = "monotonic"

    def check(self, history):
        """Invalid: a number that went back, or one made twice."""
        highest, made = defaultdict(int), defaultdict(dict)
        floors, found, seen = {}, [], 0
        for event in history:
            process, key, kind = event["process"], event.get("key"), event["type"]
            if kind == "invoke":
                floors[process] = highest[key]
            if kind != "ok":
                continue
            seen += 1
            value, floor, f = event["value"], floors[process], event["f"]
            if value < floor or (f == "inc" and value == floor):
                found.append(
                    f"process {process}: {f} of {key!r} gave {value} after {floor} had been seen")
            if f == "inc":
                if value in made[key]:
                    found.append(f"processes {made[key][value]} and {process} both made {value} of "
                                 f"{key!r}")
                made[key][value] = process
            highest[key] = max(highest[key], value)
        facts = {"operations": seen, "wrong": len(found)}
        return Verdict(self.name, not found, found[0] if found else "", facts)
