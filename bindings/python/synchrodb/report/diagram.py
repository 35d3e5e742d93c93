"""The interactive space-time diagram: a page that needs no network. It is C++'s too:
`sim/explain/page/`, whose README has its JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from .. import _core
from ..anomaly import anomaly
from ..lanes import spans
from ..plot.data import end_of
from ..plot.spacetime import FIRST_CLIENT, interesting, type_colour
from ..plot.style import OUTCOMES, ROLES, node_name
from ..plot.windows import checked_window

VERSION = 1

#: Events that say nothing which the messages do not.
_NOISE = ("appended", "committed", "lease-served", "fault-begins", "fault-ends")


def spacetime_html(run: Any, path: str | os.PathLike, *, window: Any = None) -> Path:
    """Writes the space-time diagram of a run as one HTML page, to look at in any browser: zoom,
    filters by node and by type of message, what was lost, elections, crashes, faults, operations,
    and the anomaly.

    `window`: from and to, in seconds or texts such as `"12.3s"`; without it the whole run. Gives
    the path.

    >>> import tempfile
    >>> import synchrodb as sdb
    >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    >>> page = spacetime_html(run, tempfile.mkdtemp() + "/run.html", window=("2s", "4s"))
    >>> page.read_text()[:15]
    '<!DOCTYPE html>'
    """
    made = Path(path)
    made.write_text(page(diagram(run, window=window)), encoding="utf-8")
    return made


def page(data: dict[str, Any]) -> str:
    """The page, of the JSON that `sim/explain/page/README.md` describes.

    >>> "<script>alert" in page({"title": "<script>alert(1)</script>"})
    False
    """
    return _core.spacetime_page(json.dumps({"synchrodb-spacetime": VERSION, **data},
                                           separators=(",", ":"), default=str))


def diagram(run: Any, *, window: Any = None) -> dict[str, Any]:
    """What the page shows, as JSON's values; times are nanoseconds.

    >>> import synchrodb as sdb
    >>> shown = diagram(sdb.Test(nodes=3, time_limit=10).simulate(seed=1), window=(2, 3))
    >>> shown["window"], [lane["name"] for lane in shown["lanes"]][:3]
    ([2000000000, 3000000000], ['n1', 'n2', 'n3'])
    """
    begin, end = (round(moment * 1e9)
                  for moment in checked_window(window, (0.0, max(end_of(run) * 1.005, 0.001))))
    messages, types, fates = _messages(run, begin, end)
    events, names = _events(run, begin, end)
    found = [span for span in spans(run) if span.end >= begin and span.begin <= end]
    wrong = anomaly(run)
    operations = _operations(run, begin, end, wrong)
    lanes = _lanes(messages, found, operations)
    first = [round(moment * 1e9) for moment in interesting(run)]
    return {
        "title": f"Seed {run.seed}" if run.seed is not None else "Run",
        "verdict": run.verdict, "violated": run.violated, "detail": run.detail,
        "reproduce": run.reproduce, "window": [begin, end],
        "first": first if begin <= first[0] and first[1] <= end else [begin, end],
        "lanes": lanes, "roles": ROLES, "outcomes": OUTCOMES,
        "types": types, "fates": fates, "messages": messages,
        "eventNames": names, "events": events, "faults": _faults(run, begin, end),
        "spans": [{"node": span.node + 1, "role": span.role, "term": span.term,
                   "begin": span.begin, "end": span.end} for span in found],
        "operations": operations,
        "anomaly": None if wrong is None else {
            "name": run.violated or "violation", "time": wrong.time, "begin": wrong.begin},
    }


def _messages(run: Any, begin: int, end: int) -> tuple[dict, list, list]:
    """As columns, by when they were sent. `fate`: 0 delivered, -1 still under way, else why it was
    lost: a position in the third."""
    try:
        table = run.messages
    except AttributeError:
        return {name: [] for name in ("sent", "end", "from", "to", "type", "fate")}, [], [""]
    sent, delivered, lost = (table[name] for name in ("sent", "delivered", "lost"))
    over = np.where(delivered >= 0, delivered, np.where(lost >= 0, lost, end))
    over = np.maximum(over, sent)
    rows = np.flatnonzero((sent <= end) & (over >= begin))
    rows = rows[np.argsort(sent[rows], kind="stable")]
    words, whys = table.categories("type"), table.categories("why")
    fate = np.where(delivered >= 0, 0, np.where(lost >= 0, table.codes("why").astype(int) + 1, -1))
    columns = {"sent": sent, "end": over, "from": table["from"], "to": table["to"],
               "type": table.codes("type"), "fate": fate}
    types = [{"name": word or "unreadable", "colour": type_colour(word)} for word in words]
    return ({name: column[rows].tolist() for name, column in columns.items()}, types,
            ["", *(why or "lost" for why in whys)])


def _events(run: Any, begin: int, end: int) -> tuple[dict, list]:
    try:
        trace = run.trace
    except AttributeError:
        return {name: [] for name in ("time", "node", "event", "term", "index", "note")}, []
    times, words = trace["time"], trace.categories("event")
    noise = [code for code, word in enumerate(words) if word in _NOISE]
    rows = np.flatnonzero((times >= begin) & (times <= end)
                          & ~np.isin(trace.codes("event"), noise))
    used, codes = np.unique(trace.codes("event")[rows], return_inverse=True)
    return ({"time": times[rows].tolist(), "node": (trace["node"][rows] + 1).tolist(),
             "event": codes.tolist(), "term": trace["term"][rows].tolist(),
             "index": trace["index"][rows].tolist(), "note": trace["subject"][rows].tolist()},
            [words[code] for code in used.tolist()])


def _faults(run: Any, begin: int, end: int) -> list[dict[str, Any]]:
    try:
        intervals = run.intervals
    except AttributeError:
        return []
    return [{**each, "node": each["node"] + 1} for each in intervals
            if each["end"] >= begin and each["begin"] <= end]


def _operations(run: Any, begin: int, end: int, wrong: Any) -> list[dict[str, Any]]:
    table = run.history.operations
    framed = set(wrong.operations) if wrong is not None else set()
    columns = (table[name].tolist() for name in ("invoke_time", "complete_time", "process", "type",
                                                 "f", "key", "value", "result"))
    clients = run.plan.workload.clients if run.plan is not None else None
    made = []
    for row, (start, over, process, kind, f, key, value, result) in enumerate(
            zip(*columns, strict=True)):
        until = over if over >= 0 else end
        if start > end or until < begin:
            continue
        words = " ".join(str(part) for part in (f, key, value) if part is not None)
        made.append({"node": _lane_of(process, clients),
                     "begin": start, "end": until, "type": kind, "wrong": row in framed,
                     "words": words if result is None else f"{words} → {result}"})
    return made


def _lane_of(process: Any, clients: int | None) -> int | str:
    """A client whose operation had no answer goes on as another process, as Jepsen's do."""
    if not isinstance(process, int):
        return str(process)
    return FIRST_CLIENT + (process % clients if clients else process)


def _lanes(messages: dict, found: list, operations: list) -> list[dict[str, Any]]:
    ids = {*messages["from"], *messages["to"], *(span.node + 1 for span in found)}
    nodes = sorted(number for number in ids if number < FIRST_CLIENT)
    clients = sorted({number for number in ids if number >= FIRST_CLIENT}
                     | {operation["node"] for operation in operations},
                     key=lambda number: (isinstance(number, str), number))
    return ([{"id": number, "name": node_name(number - 1)} for number in nodes]
            + [{"id": number, "name": _client(number)} for number in clients])


def _client(number: Any) -> str:
    return f"client {number - FIRST_CLIENT}" if isinstance(number, int) else number
