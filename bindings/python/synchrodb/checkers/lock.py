"""Locks with expiry: no two holders at once."""

from __future__ import annotations

from .base import Checker, Verdict


class LockChecker(Checker):
    """Who has acquired the lock holds it until it asks for the release, or for ``lease`` seconds
    from when it asked for the lock, whatever comes first. Holders may not overlap.

    >>> second = 1_000_000_000
    >>> events = [{"type": "invoke", "process": 0, "f": "acquire", "time": 0},
    ...           {"type": "ok", "process": 0, "f": "acquire", "time": 0},
    ...           {"type": "invoke", "process": 1, "f": "acquire", "time": 0},
    ...           {"type": "ok", "process": 1, "f": "acquire", "time": second}]
    >>> LockChecker(lease=2).check(events).detail
    'process 1 acquired the lock at 1.000 s, while process 0 held it until 2.000 s'
    """

    name = "lock"

    def __init__(self, lease: float):
        self.lease = round(lease * 1e9)

    def check(self, history):
        """Invalid: two holders at one time."""
        asked, held = {}, {}  # held: process -> until
        found, acquired = [], 0
        for event in history:
            process, kind, time = event["process"], event["type"], event["time"]
            if kind == "invoke":
                if event["f"] == "acquire":
                    asked[process] = time
                else:
                    held.pop(process, None)
            elif event["f"] == "acquire" and kind == "ok":
                acquired += 1
                until = asked[process] + self.lease
                for other, end in held.items():
                    if other != process and time < min(end, until):
                        found.append(
                            f"process {process} acquired the lock at {time / 1e9:.3f} s, while "
                            f"process {other} held it until {end / 1e9:.3f} s")
                held[process] = until
        facts = {"acquired": acquired, "overlaps": len(found)}
        return Verdict(self.name, not found, found[0] if found else "", facts)
