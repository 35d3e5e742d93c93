"""Queues: what goes in comes out, once."""

from __future__ import annotations

from collections import Counter

from .base import Checker, Verdict, operations, shown


class QueueChecker(Checker):
    """Every element that was certainly enqueued is dequeued or drained, once, and nothing else is.

    An operation whose outcome is unknown may have dequeued one element more.

    >>> events = [{"type": "invoke", "process": 0, "f": "enqueue", "value": 1},
    ...           {"type": "ok", "process": 0, "f": "enqueue", "value": 1},
    ...           {"type": "invoke", "process": 0, "f": "drain"},
    ...           {"type": "ok", "process": 0, "f": "drain", "value": []}]
    >>> QueueChecker().check(events).detail
    'lost: 1'
    """

    name = "queue"

    def check(self, history):
        """Invalid: lost, unexpected or repeated elements; unknown: the queue was not drained."""
        attempts, enqueued, out = set(), set(), Counter()
        unknown, drained = 0, False
        for op in operations(history):
            if op.f == "enqueue" and op.type != "fail":
                attempts.add(op.value)
                if op.type == "ok":
                    enqueued.add(op.value)
            elif op.f == "dequeue" and op.type == "ok":
                out[op.value] += 1
            elif op.f == "drain" and op.completion is not None:
                out.update(op.completion.get("value") or ())
                drained = drained or op.type == "ok"
            if op.f in ("dequeue", "drain") and op.type == "info":
                unknown += 1
        lost = sorted(enqueued - set(out))
        unexpected = sorted(set(out) - attempts, key=repr)
        repeated = sorted((e for e, count in out.items() if count > 1), key=repr)
        found = [f"{what}: {shown(which)}"
                 for what, which in (("unexpected", unexpected), ("repeated", repeated)) if which]
        if drained and len(lost) > unknown:
            found.insert(0, f"lost: {shown(lost)}" + (
                f" ({unknown} of them may have been dequeued unseen)" if unknown else ""))
        facts = {"enqueued": len(enqueued), "dequeued": sum(out.values()), "lost": len(lost),
                 "unexpected": len(unexpected), "repeated": len(repeated)}
        if not found and not drained:
            return Verdict(self.name, None, "the queue was not drained", facts)
        return Verdict(self.name, not found, "; ".join(found), facts)
