"""Sets, queues, counters and banks, each by what its operations may show (sim/check/objects)."""

from __future__ import annotations

import json

from .. import _core
from .base import Checker, Verdict

VALID = {"valid": True, "invalid": False}


class ObjectChecker(Checker):
    """Judges each object of a history, told apart by the events' key, on its own.

    The verdict's ``detail`` is the first contradiction in words; its ``facts`` have how often each
    kind was found and what there was, added up over all objects.
    """

    initial: int | None = None

    def _value_of(self, event):
        """What the checker is told of an event's value."""
        return event.get("value")

    def check(self, history):
        """Invalid: a contradiction; unknown: nothing was asked that could show one."""
        lines = {}
        for index, event in enumerate(history):
            lines.setdefault(event.get("key"), []).append(json.dumps({
                "type": event["type"], "process": event["process"], "f": event["f"],
                "value": self._value_of(event), "time": event.get("time", index)}))
        facts, found, unknown = {}, [], []
        for events in lines.values():
            told = json.loads(_core.check_object("\n".join(events) + "\n", self.name, self.initial))
            for what, count in {**told["statistics"], **told["findings"]}.items():
                facts[what] = facts.get(what, 0) + count
            found += [example["words"] for example in told["examples"]]
            if told["verdict"] == "unknown":
                unknown.append(told.get("exhausted", ""))
        if found:
            return Verdict(self.name, False, found[0], facts)
        if unknown:
            return Verdict(self.name, None, unknown[0], facts)
        return Verdict(self.name, True, "", facts)


class SetChecker(ObjectChecker):
    """What was added is there from then on, once, and nothing else is.

    >>> events = [{"type": "invoke", "process": 0, "f": "add", "value": 1},
    ...           {"type": "ok", "process": 0, "f": "add", "value": 1},
    ...           {"type": "invoke", "process": 0, "f": "read"},
    ...           {"type": "ok", "process": 0, "f": "read", "value": []}]
    >>> SetChecker().check(events).facts["lost"]
    1
    """

    name = "set"


class QueueChecker(ObjectChecker):
    """What was certainly enqueued comes out, once, and nothing else does.

    >>> events = [{"type": "invoke", "process": 0, "f": "enqueue", "value": 1},
    ...           {"type": "ok", "process": 0, "f": "enqueue", "value": 1},
    ...           {"type": "invoke", "process": 0, "f": "drain"},
    ...           {"type": "ok", "process": 0, "f": "drain", "value": []}]
    >>> QueueChecker().check(events).facts["lost"]
    1
    """

    name = "queue"

    def check(self, history):
        """Invalid: a contradiction; unknown: none, but the queue was not drained either."""
        events = list(history)
        verdict = super().check(events)
        drained = any(event["f"] == "drain" and event["type"] == "ok" for event in events)
        if verdict and not drained:
            return Verdict(self.name, None, "the queue was not drained", verdict.facts)
        return verdict


class CounterChecker(ObjectChecker):
    """Each read is at least what had certainly been added when it was asked, and at most what had
    possibly been added when it was answered.

    >>> events = [{"type": "invoke", "process": 0, "f": "add", "key": "c", "value": 2},
    ...           {"type": "ok", "process": 0, "f": "add", "key": "c", "value": 2},
    ...           {"type": "invoke", "process": 0, "f": "read", "key": "c"},
    ...           {"type": "ok", "process": 0, "f": "read", "key": "c", "value": 1}]
    >>> CounterChecker().check(events).facts["out-of-bounds"]
    1
    """

    name = "counter"


class BankChecker(ObjectChecker):
    """Every read of all accounts, a list of balances, adds up to ``total``, and no account is
    overdrawn.

    >>> events = [{"type": "invoke", "process": 0, "f": "read"},
    ...           {"type": "ok", "process": 0, "f": "read", "value": [3, 4]}]
    >>> BankChecker(total=10).check(events).facts["wrong-total"]
    1
    """

    name = "bank"

    def __init__(self, total: int):
        self.initial = total

    def _value_of(self, event):
        """Balances as a map from accounts."""
        value = event.get("value")
        if event["f"] != "read" or not isinstance(value, list):
            return value
        return {str(account): balance for account, balance in enumerate(value)}
