"""Linearizability, by the C++ checker."""

from __future__ import annotations

import json

from .base import Checker

MODELS = ("register", "cas-register", "mutex", "kv")


class linearizable(Checker):  # noqa: N801 (a value's constructor reads like a function)
    """The history, key by key, could have come from one correct object.

    ``model``: ``"register"``, ``"cas-register"``, ``"mutex"`` or ``"kv"``.

    >>> events = [{"type": "invoke", "process": 0, "f": "read", "key": "k", "value": None},
    ...           {"type": "ok", "process": 0, "f": "read", "key": "k", "value": 3}]
    >>> linearizable("register").check(events).valid
    False
    """

    name = "linearizability"

    def __init__(self, model: str = "cas-register"):
        if model not in MODELS:
            raise ValueError(f"model: {model!r} is none of {', '.join(MODELS)}")
        self.model = model

    def check(self, history):
        """Invalid: with a few operations that contradict each other; unknown: too hard."""
        from .. import judging

        lines = [json.dumps({"synchrodb-history": {
            "version": 1, "model": self.model, "dialect": "jepsen-log", "initial": None}})]
        lines += [json.dumps(_line(event, index)) for index, event in enumerate(history)]
        return judging.check("\n".join(lines) + "\n")


def _line(event, index):
    value = event.get("value")
    if event.get("key") is not None:
        value = [event["key"], value]
    line = {"index": index, "type": event["type"], "process": event["process"], "f": event["f"],
            "value": value, "time": event.get("time", index)}
    if event["type"] == "fail":
        # Only a compare-and-set that found another value tells anything by failing.
        line["error"] = "found-another" if event.get("error") == "another value" else "refused"
    return line
