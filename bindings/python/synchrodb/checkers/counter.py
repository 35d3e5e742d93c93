"""Counters: every read within the bounds of what may have been added by then."""

from __future__ import annotations

from collections import defaultdict

from .base import Checker, Verdict, shown


class CounterChecker(Checker):
    """Each read is at least what had certainly been added when it was asked, and at most what had
    possibly been added when it was answered. Additions are positive.

    >>> events = [{"type": "invoke", "process": 0, "f": "add", "key": "c", "value": 2},
    ...           {"type": "ok", "process": 0, "f": "add", "key": "c", "value": 2},
    ...           {"type": "invoke", "process": 0, "f": "read", "key": "c"},
    ...           {"type": "ok", "process": 0, "f": "read", "key": "c", "value": 1}]
    >>> CounterChecker().check(events).detail
    "a read of 'c' saw 1, which is not within 2 to 2"
    """

    name = "counter"

    def check(self, history):
        """Invalid: a read out of bounds."""
        lower, upper = defaultdict(int), defaultdict(int)
        open_reads, found, reads = {}, [], 0
        for event in history:
            key, process, kind = event.get("key"), event["process"], event["type"]
            if event["f"] == "add":
                if kind == "invoke":
                    upper[key] += event["value"]
                elif kind == "ok":
                    lower[key] += event["value"]
                elif kind == "fail":
                    upper[key] -= event["value"]  # it never happened
            elif event["f"] == "read":
                if kind == "invoke":
                    open_reads[process] = lower[key]
                elif kind == "ok":
                    reads += 1
                    least = open_reads[process]
                    if not least <= event["value"] <= upper[key]:
                        found.append(f"a read of {key!r} saw {event['value']}, which is not within "
                                     f"{least} to {upper[key]}")
        detail = "" if not found else found[0] + (
            f" ({len(found)} reads out of bounds: {shown(found[1:], 2)})" if len(found) > 1 else "")
        return Verdict(self.name, not found, detail, {"reads": reads, "wrong": len(found)})
