"""Sets: what was added is there in the end."""

from __future__ import annotations

from collections import Counter

from .base import Checker, Verdict, operations, shown


class SetChecker(Checker):
    """Compares the last read with everything that was added.

    >>> events = [{"type": "invoke", "process": 0, "f": "add", "value": 1},
    ...           {"type": "ok", "process": 0, "f": "add", "value": 1},
    ...           {"type": "invoke", "process": 0, "f": "read"},
    ...           {"type": "ok", "process": 0, "f": "read", "value": []}]
    >>> SetChecker().check(events).detail
    'lost: 1'
    """

    name = "set"

    def check(self, history):
        """Invalid: lost, unexpected or repeated elements; unknown: nobody read the set."""
        attempts, added, last = set(), set(), None
        for op in operations(history):
            if op.f == "add" and op.type != "fail":
                attempts.add(op.value)
                if op.type == "ok":
                    added.add(op.value)
            elif op.f == "read" and op.type == "ok":
                last = op.value
        if last is None:
            return Verdict(self.name, None, "no read of the set succeeded")
        times = Counter(last)
        seen = set(times)
        problems = {
            "lost": sorted(added - seen),
            "unexpected": sorted(seen - attempts),
            "repeated": sorted(e for e, count in times.items() if count > 1),
        }
        found = [f"{what}: {shown(which)}" for what, which in problems.items() if which]
        facts = {"added": len(added), "read": len(seen), "recovered": len(seen - added),
                 **{what: len(which) for what, which in problems.items()}}
        return Verdict(self.name, not found, "; ".join(found), facts)
