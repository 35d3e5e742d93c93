"""Transactions, after Elle: which anomalies a history has, and which models it cannot be of."""

from __future__ import annotations

import json

from .. import _core
from .base import Checker, Verdict

KINDS = ("list-append", "rw-register")


class transactions(Checker):  # noqa: N801 (a value's constructor reads like a function)
    """Histories of transactions are as a consistency model promises.

    ``kind``: ``"list-append"`` (values ``["append", key, element]`` and ``["r", key, list]``) or
    ``"rw-register"`` (``["w", key, value]`` and ``["r", key, value]``). ``required``: the model,
    such as ``"strict-serializable"`` or ``"snapshot-isolation"``. The verdict's ``detail`` is a
    proof in words, its ``facts`` have the anomalies, their cycles, and what they rule out.

    >>> events = [{"type": "invoke", "process": 0, "f": "txn", "value": [["append", "x", 1]]},
    ...           {"type": "ok", "process": 0, "f": "txn", "value": [["append", "x", 1]]},
    ...           {"type": "invoke", "process": 1, "f": "txn", "value": [["r", "x", None]]},
    ...           {"type": "ok", "process": 1, "f": "txn", "value": [["r", "x", []]]}]
    >>> verdict = transactions("list-append").check(events)
    >>> verdict.valid, list(verdict.facts["anomalies"])
    (False, ['G-single-realtime'])
    """

    def __init__(self, kind: str = "list-append", required: str = "strict-serializable"):
        if kind not in KINDS:
            raise ValueError(f"kind: {kind!r} is none of {', '.join(KINDS)}")
        self.kind = kind
        self.required = required
        self.name = required

    def check(self, history):
        """Invalid: an anomaly that the model rules out; unknown: the search gave up."""
        lines = [
            json.dumps({"index": index, "type": event["type"], "process": event["process"],
                        "f": "txn", "value": event["value"], "time": event.get("time", index)})
            for index, event in enumerate(history)
        ]
        word, words, told = _core.check_transactions(
            "\n".join(lines) + "\n", self.kind, self.required)
        valid = {"valid": True, "invalid": False}.get(word)
        return Verdict(self.name, valid, "" if valid else words.strip(), json.loads(told))


def list_append(required: str = "strict-serializable") -> transactions:
    """`transactions` of the kind ``"list-append"``.

    >>> list_append().name
    'strict-serializable'
    """
    return transactions("list-append", required)
