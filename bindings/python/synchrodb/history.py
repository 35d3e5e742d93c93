"""Histories: what clients asked, what they were told, and when."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from . import _core
from .checkers.base import Operation, operations
from .table import Table

_COLUMNS = ("invoke_time", "complete_time", "process", "type", "f", "key", "value", "result")


class History:
    """What clients asked, what they were told, and when, in Jepsen's words.

    Iterating gives the events in order: dicts with `index`, `time` (nanoseconds), `type`
    (`"invoke"`, `"ok"`, `"fail"`, `"info"`), `process`, `f`, `key` and `value`. `operations` has a
    row for each operation instead: an invocation with its completion.

    >>> history = History.from_events([
    ...     {"type": "invoke", "process": 0, "f": "write", "value": 3},
    ...     {"type": "ok", "process": 0, "f": "write", "value": 3}])
    >>> len(history), history.operations["type"].tolist()
    (2, ['ok'])
    """

    def __init__(self, core: _core.History | None = None, events: list[dict] | None = None):
        self._core = core
        self._events = events
        self._operations: Table | None = None

    @classmethod
    def from_events(cls, events: Iterable[dict]) -> History:
        """A history of events that somebody recorded, in order. What they lack is filled in."""
        taken = []
        for index, event in enumerate(events):
            for name in ("type", "process", "f"):
                if name not in event:
                    raise _core.InvalidInput(f"events[{index}].{name}: is missing")
            taken.append({"index": index, "time": 0, "key": None, "value": None, **event})
        return cls(events=taken)

    @classmethod
    def parse(cls, text: str | bytes, format: str = "auto") -> History:
        """Reads Jepsen's EDN or log lines, or JSON lines.

        `format`: `"auto"`, `"edn"`, `"jepsen-log"` or `"jsonl"`.

        >>> [event["type"] for event in History.parse(
        ...     "{:process 0 :type :invoke :f :read :value nil}"
        ...     "{:process 0 :type :ok :f :read :value 3}")]
        ['invoke', 'ok']
        """
        return cls(_core.read_history(text, format))

    @property
    def from_core(self) -> bool:
        """Whether C++ recorded or read it."""
        return self._core is not None

    # ---- Events.

    @property
    def events(self) -> list[dict]:
        """All events, in order."""
        if self._events is None:
            self._events = _events_of(self._core)
        return self._events

    def __iter__(self) -> Iterator[dict]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, index: int) -> dict:
        return self.events[index]

    def __eq__(self, other: object) -> bool:
        return self.events == other.events if isinstance(other, History) else NotImplemented

    __hash__ = None

    # ---- Operations.

    @property
    def operations(self) -> Table:
        """A row for each operation: `invoke_time`, `complete_time` (nanoseconds; -1: none),
        `process`, `type`, `f`, `key`, `value`, `result`."""
        if self._operations is None:
            self._operations = Table(
                _columns_of(self._core) if self._core is not None else _paired(self.events))
        return self._operations

    def to_pandas(self) -> Any:
        """The operations as a pandas frame.

        >>> import synchrodb as sdb
        >>> plan = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=5, faults=["none"]))
        >>> frame = sdb.simulate(plan).history.to_pandas()
        >>> sorted(set(frame.columns) & {"f", "key", "process", "type"})
        ['f', 'key', 'process', 'type']
        """
        return self.operations.to_pandas()

    # ---- Files.

    def to_json_lines(self) -> str:
        """An object a line; the C++ tools read it, and `parse` does.

        >>> History.from_events([{"type": "invoke", "process": 0, "f": "read"}]).to_json_lines()
        '{"index": 0, "time": 0, "type": "invoke", "process": 0, "f": "read", "value": null}\\n'
        """
        if self._core is not None:
            return self._core.to_json_lines()
        return "".join(json.dumps(plain_event(event)) + "\n" for event in self.events)

    def to_edn(self) -> str:
        """Jepsen's EDN, a map a line.

        >>> History.from_events([{"type": "invoke", "process": 0, "f": "read"}]).to_edn()
        '{:index 0, :time 0, :type :invoke, :process 0, :f :read, :value nil}\\n'
        """
        if self._core is not None:
            return self._core.to_edn()
        return "".join(_edn_map(plain_event(event)) + "\n" for event in self.events)

    def _as_core(self) -> _core.History:
        """For the C++ checkers."""
        if self._core is not None:
            return self._core
        return _core.read_history(self.to_json_lines(), "jsonl")

    def __repr__(self) -> str:
        if self._core is not None:
            return f"<History of {len(self._core)} operations>"
        return f"<History of {len(self.events)} events>"

    def _repr_html_(self) -> str:
        from . import markup

        return markup.history(self)


def _columns_of(core: _core.History) -> dict[str, Any]:
    import numpy as np

    columns = {**core.columns()}
    for name, items in core.objects().items():
        column = np.empty(len(items), dtype=object)
        column[:] = items
        columns[name] = column
    return {name: columns[name] for name in _COLUMNS}


def _events_of(core: _core.History) -> list[dict]:
    columns, objects = core.columns(), core.objects()
    types, functions = columns["type"], columns["f"]
    events = []
    for i, (key, value, result) in enumerate(
            zip(objects["key"], objects["value"], objects["result"], strict=True)):
        f = functions[1][functions[0][i]]
        kind = types[1][types[0][i]]
        common = {"process": int(columns["process"][i]), "f": f, "key": key}
        asked = None if f == "read" else value
        events.append((int(columns["invoke_order"][i]),
                       {"time": int(columns["invoke_time"][i]), "type": "invoke", **common,
                        "value": asked}))
        completed = int(columns["complete_order"][i])
        if completed < 0:
            continue
        event = {"time": int(columns["complete_time"][i]),
                 "type": "fail" if kind == "refused" else kind, **common,
                 "value": value if kind == "ok" else asked}
        if result is not None:
            event["result"] = result
        if kind == "refused":
            event["error"] = "refused"
        events.append((completed, event))
    events.sort(key=lambda pair: pair[0])
    return [{"index": index, **event} for index, (_, event) in enumerate(events)]


def _row_of(operation: Operation) -> dict[str, Any]:
    asked, told = operation
    row = {name: asked.get(name) for name in ("process", "f", "key", "result")}
    row |= {"invoke_time": asked["time"], "complete_time": -1 if told is None else told["time"],
            "type": operation.type, "value": operation.value}
    return row | {"result": told.get("result")} if operation.type == "ok" else row


def _paired(events: list[dict]) -> dict[str, Any]:
    """Columns of operations from events."""
    import numpy as np

    rows = [_row_of(operation) for operation in operations(events)]
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        items = [row[name] for row in rows]
        if name.endswith("_time"):
            columns[name] = np.array(items, dtype=np.int64)
        elif name == "process" and all(isinstance(item, int) for item in items):
            columns[name] = np.array(items, dtype=np.int32)
        elif name in ("type", "f"):
            words = tuple(dict.fromkeys(items))
            columns[name] = (np.array([words.index(item) for item in items], np.int16), words)
        else:
            columns[name] = np.empty(len(items), dtype=object)
            columns[name][:] = items
    return columns


def plain_event(event: dict) -> dict:
    """As Jepsen writes it: operations on a key have the value [key value]."""
    fields = {name: event[name] for name in ("index", "time", "type", "process", "f")}
    value = event["value"]
    fields["value"] = value if event["key"] is None else [event["key"], value]
    rest = {name: item for name, item in event.items() if name not in fields and name != "key"}
    return {**fields, **rest}


def _edn_map(event: dict) -> str:
    keywords = ("type", "f", "error")
    return "{" + ", ".join(
        f":{name} " + (f":{item}" if name in keywords and isinstance(item, str) and " " not in item
                       else _edn(item))
        for name, item in event.items()) + "}"


def _edn(value: Any) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_edn(k)} {_edn(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(_edn(item) for item in value) + "]"
    return str(value)
