"""Transactions that write several keys at once are seen whole or not at all."""

from __future__ import annotations

from .base import Checker, Verdict, operations


class unfractured(Checker):  # noqa: N801 (a value's constructor reads like a function)
    """Every read of a group (``all``: the keys' values) sees one value everywhere.

    >>> events = [{"type": "invoke", "process": 0, "f": "read", "key": "g0"},
    ...           {"type": "ok", "process": 0, "f": "read", "key": "g0", "all": [1, 2]}]
    >>> unfractured().check(events).detail
    "a read of 'g0' saw parts of several writes: [1, 2]"
    """

    name = "unfractured"

    def check(self, history):
        """Invalid: a read that saw a part of a write."""
        reads, found = 0, []
        for op in operations(history):
            if op.f != "read" or op.type != "ok":
                continue
            reads += 1
            if len(set(op.completion["all"])) > 1:
                found.append(f"a read of {op.invocation['key']!r} saw parts of several writes: "
                             f"{op.completion['all']}")
        return Verdict(self.name, not found, found[0] if found else "", {"reads": reads})
