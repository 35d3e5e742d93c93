"""The store: a folder for every run and campaign, which a reader or a web page finds again.

    STORE/
      latest -> cas-register/20240131T120000.000Z
      cas-register/
        latest -> 20240131T120000.000Z
        20240131T120000.000Z/
          entry.json       what it is, in a few words: see `Entry.summary`
          plan.json        what ran; `synchrodb-sim run --plan` takes it
          history.jsonl    what clients asked and were told; `synchrodb-sim check` takes it
          history.edn      the same, for Jepsen's tools
          verdict.json     the verdict, what was violated, what was seen, what each checker said
          trace.npz, samples.npz, messages.npz    the columns that were recorded
          logs/            of real servers: node-1.txt …
          campaign.jsonl   a campaign: a row a seed

An entry appears with all its files or not at all.

>>> import tempfile
>>> import synchrodb as sdb
>>> store = Store(tempfile.mkdtemp())
>>> run = sdb.Test(nodes=3, time_limit=10, name="first").simulate(seed=1)
>>> entry = store.save(run)
>>> entry.name, entry.kind, entry.summary["verdict"]
('first', 'run', 'ok')
>>> again = store.latest.load()
>>> again.digest == run.digest, len(again.history) == len(run.history)
(True, True)
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import _core
from .history import History, plain_event
from .run import Run
from .table import Table

_TABLES = ("trace", "samples", "messages")
_VERSION = 1


class Entry:
    """One run or campaign of a store: a folder.

    `summary` is what `entry.json` says: `kind` (`"run"`, `"campaign"`), `name` (the test's),
    `time` (ISO 8601), `verdict`, `violated`, `detail`, `world` (`"simulated"`, `"real"`), `seed`,
    `digest`, `operations` (counts by type), `reproduce`, `faults`, `tolerated`, `script`; of a campaign:
    `seeds`, `failures`, `unknowns`, `violated` (counts by property), `wall_seconds`.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        try:
            self.summary: dict[str, Any] = json.loads((self.path / "entry.json").read_text())
            version = self.summary["version"]
        except FileNotFoundError:
            raise _core.NotFound(f"path: {self.path} is no folder of a run or campaign: "
                                 "it has no entry.json") from None
        except (ValueError, TypeError, KeyError) as error:
            raise _core.Corrupt(f"{self.path / 'entry.json'}: {error}") from None
        if version != _VERSION:
            raise _core.Unsupported(f"{self.path / 'entry.json'}: version {version}, but this "
                                    f"SynchroDB reads version {_VERSION}")

    @property
    def kind(self) -> str:
        """`"run"` or `"campaign"`."""
        return self.summary["kind"]

    @property
    def name(self) -> str:
        """The test's name."""
        return self.summary["name"]

    @property
    def files(self) -> list[str]:
        """Its files, as paths within `path`, sorted."""
        return sorted(str(file.relative_to(self.path)) for file in self.path.rglob("*")
                      if file.is_file())

    def load(self) -> Any:
        """The `Run` or `Campaign`, as it was stored."""
        return load(self.path)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}, {self.summary['time']}: {self.path}>"


class Store:
    """A folder of runs and campaigns; made when something is first saved. Iterating gives the
    entries, the newest first."""

    def __init__(self, folder: str | os.PathLike = "store"):
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise _core.InvalidInput(f"folder: {self.folder} is no folder")

    def save(self, what: Any, name: str = "") -> Entry:
        """Stores a `Run` or a `Campaign`. `name`: by default the test's, or its workload's."""
        chosen = _slug(name or _name_of(what))
        parent = self.folder / chosen
        parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=parent))
        try:
            made.chmod(0o755)
            when = datetime.now(UTC)
            write(what, made, name=chosen, when=when)
            path = _moved(made, parent, when)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        _point(parent / "latest", path.name)
        _point(self.folder / "latest", f"{chosen}/{path.name}")
        return Entry(path)

    def __iter__(self) -> Iterator[Entry]:
        folders = [path.parent for path in self.folder.glob("*/*/entry.json")
                   if not path.parent.is_symlink() and not path.parent.name.startswith(".")]
        return (Entry(path) for path in sorted(folders, key=lambda path: path.name, reverse=True))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def latest(self) -> Entry | None:
        """What was saved last; None: nothing yet."""
        return next(iter(self), None)

    def __repr__(self) -> str:
        return f"<Store {self.folder}: {len(self)} entries>"


def write(what: Any, folder: Path, *, name: str = "", when: datetime | None = None) -> None:
    """Writes the files of a `Run` or `Campaign` into a folder that is there; `Store.save` does
    this and more."""
    from .campaigns import Campaign

    if isinstance(what, Run):
        summary = _write_run(what, folder)
    elif isinstance(what, Campaign):
        summary = _write_campaign(what, folder)
    else:
        raise TypeError(f"what: must be a Run or a Campaign, not {type(what).__name__}")
    when = when or datetime.now(UTC)
    _write_json(folder / "entry.json", {
        "version": _VERSION, "name": name or _slug(_name_of(what)),
        "time": when.isoformat(timespec="milliseconds"), **summary})


def load(path: str | os.PathLike) -> Any:
    """The `Run` or `Campaign` of a folder that the store, or `write`, has made.

    A stored run has what was recorded; a simulated one without Python code is run again for the
    rest.
    """
    entry = Entry(path)
    return _read_run(entry) if entry.kind == "run" else _read_campaign(entry)


# ---- Runs.


def _write_run(run: Run, folder: Path) -> dict[str, Any]:
    if run.plan is not None:
        (folder / "plan.json").write_text(run.plan.to_json())
    history = run.history
    (folder / "history.jsonl").write_text(_json_lines(history), errors="surrogateescape")
    with contextlib.suppress(TypeError, ValueError):  # values of a kind that EDN has no word for
        (folder / "history.edn").write_text(history.to_edn(), errors="surrogateescape")
    for name, table in run.recorded.items():
        _write_table(folder / f"{name}.npz", table)
    for name, text in run.logs.items():
        (folder / "logs").mkdir(exist_ok=True)
        (folder / "logs" / f"{name}.txt").write_text(text)
    _write_json(folder / "verdict.json", {
        "verdict": run.verdict, "violated": run.violated, "detail": run.detail,
        "checked": _said(run.checked)})
    keyed = {event["f"] for event in history if event["key"] is not None}
    return {"kind": "run", "verdict": run.verdict, "violated": run.violated, "detail": run.detail,
            "world": run.world, "seed": run.seed, "digest": run.digest, "operations": run.counts,
            "reproduce": run.reproduce, "faults": run.faults, "tolerated": run.tolerated,
            "script": run.script,
            "test": repr(run.test or ""),
            "scripted": run.plan is not None and not run.plain, "keyed": sorted(keyed)}


def _read_run(entry: Entry) -> Run:
    said = entry.summary
    path = entry.path
    plan = None
    if (path / "plan.json").exists():
        plan = _core.Plan.from_json((path / "plan.json").read_text())
    recorded = {name: _read_table(path / f"{name}.npz") for name in _TABLES
                if (path / f"{name}.npz").exists()}
    logs = {file.stem: file.read_text(errors="replace") for file in path.glob("logs/*.txt")}
    verdict = json.loads((path / "verdict.json").read_text())
    replay = None
    if plan is not None and said["world"] == "simulated" and not said["scripted"]:
        def replay(**wishes):
            from .run import simulate

            return simulate(plan, **wishes)

    return Run(verdict=verdict["verdict"], violated=verdict["violated"], detail=verdict["detail"],
               history=_read_history(path / "history.jsonl", set(said["keyed"])), plan=plan,
               recorded=recorded, replay=replay, reproduce=said["reproduce"],
               checked=_heard(verdict["checked"]), world=said["world"], logs=logs,
               digest=said["digest"], faults=said["faults"], tolerated=said.get("tolerated"),
               script=said.get("script", ""))


def _json_lines(history: History) -> str:
    if history.from_core:
        return history.to_json_lines()
    return "".join(json.dumps(plain_event(event), default=repr) + "\n" for event in history)


def _read_history(path: Path, keyed: set[str]) -> History:
    lines = path.read_bytes().splitlines()
    if lines and b'"synchrodb-history"' in lines[0]:
        return History.parse(path.read_bytes(), "jsonl")
    events = []
    for line in lines:
        event = json.loads(line)
        if event["f"] in keyed and isinstance(event["value"], list):
            key, value = event["value"]
            event.update(key=key, value=value)
        events.append(event)
    return History.from_events(events)


def _said(verdict: Any) -> Any:
    """A checker's `Verdict`, for JSON."""
    if verdict is None:
        return None
    from .checkers.base import Verdict

    facts = {name: _said(fact) if isinstance(fact, Verdict) else fact
             for name, fact in verdict.facts.items()}
    return {"checker": verdict.checker, "valid": verdict.valid, "detail": verdict.detail,
            "facts": facts}


def _heard(said: Any) -> Any:
    if said is None:
        return None
    from .checkers.base import Verdict

    def fact(item):
        whole = isinstance(item, dict) and item.keys() == {"checker", "valid", "detail", "facts"}
        return _heard(item) if whole else item

    facts = {name: fact(item) for name, item in said["facts"].items()}
    return Verdict(said["checker"], said["valid"], said["detail"], facts)


# ---- Campaigns.


def _write_campaign(campaign: Any, folder: Path) -> dict[str, Any]:
    (folder / "campaign.jsonl").write_text(campaign.to_json_lines())
    subject = campaign.subject
    if isinstance(subject, _core.Plan):
        (folder / "plan.json").write_text(subject.to_json())
    verdict = "violation" if campaign.failures else "unknown" if campaign.unknowns else "ok"
    _write_json(folder / "verdict.json", {"verdict": verdict, "violated": campaign.violated})
    return {"kind": "campaign", "verdict": verdict, "seeds": len(campaign),
            "failures": len(campaign.failures), "unknowns": len(campaign.unknowns),
            "violated": campaign.violated, "wall_seconds": campaign.wall_seconds,
            "world": "simulated", "test": repr(subject)}


def _read_campaign(entry: Entry) -> Any:
    from .campaigns import Campaign

    rows = [json.loads(line) for line in
            (entry.path / "campaign.jsonl").read_text().splitlines()]
    subject = None
    if (entry.path / "plan.json").exists():
        subject = _core.Plan.from_json((entry.path / "plan.json").read_text())
    return Campaign(subject, rows, entry.summary["wall_seconds"])


# ---- Files.


def _write_table(path: Path, table: Table) -> None:
    import numpy as np

    arrays = {}
    for name in table.columns:
        try:
            arrays[f"codes:{name}"] = table.codes(name)
            arrays[f"words:{name}"] = np.array(table.categories(name), dtype=str)
        except TypeError:
            arrays[f"column:{name}"] = table[name]
    np.savez_compressed(path, **arrays)


def _read_table(path: Path) -> Table:
    import numpy as np

    columns: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for field in arrays.files:
            kind, _, name = field.partition(":")
            if kind == "codes":
                columns[name] = (arrays[field], tuple(arrays[f"words:{name}"].tolist()))
            elif kind == "column":
                columns[name] = arrays[field]
    return Table(columns)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, default=repr) + "\n")


def _moved(made: Path, parent: Path, when: datetime) -> Path:
    """Gives a finished folder its name: its time, and a number if that is taken."""
    stamp = when.strftime("%Y%m%dT%H%M%S.") + f"{when.microsecond // 1000:03d}Z"
    for number in range(1, 1000):
        path = parent / (stamp if number == 1 else f"{stamp}-{number}")
        if path.exists():
            continue
        with contextlib.suppress(OSError):  # somebody took it just now
            made.rename(path)
            return path
    raise _core.Error(f"{parent}: a thousand runs in one millisecond")


def _point(link: Path, target: str) -> None:
    """A symbolic link, new or changed, without a moment in which there is none."""
    made = link.with_name(f".{link.name}-{uuid.uuid4().hex}")
    made.symlink_to(target)
    made.replace(link)


def _name_of(what: Any) -> str:
    test = getattr(what, "test", None) or getattr(what, "subject", None)
    workload = getattr(test, "workload", None)
    plan = getattr(what, "plan", None)
    return (getattr(test, "name", "") or getattr(workload, "name", "")
            or getattr(getattr(plan, "workload", None), "name", "") or "test")


def _slug(name: str) -> str:
    """A name that is a folder's.

    >>> _slug("Stale reads / lease")
    'Stale-reads-lease'
    """
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "test"
