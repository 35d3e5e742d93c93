"""Pages to read and to hand on: they need no network and stand alone.

>>> import synchrodb as sdb
>>> run = sdb.Test(nodes=3, time_limit=8).simulate(seed=1)
>>> report(run).startswith("<!DOCTYPE html>")
True
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .diagram import spacetime_html
from .server import serve

__all__ = ["report", "serve", "spacetime_html"]


def report(what: Any) -> str:
    """One HTML page, complete in itself, of a `Run`, a `Campaign`, a `Store` or one of its entries;
    or of what is in a folder: an entry's, or a store's.

    >>> import synchrodb as sdb
    >>> done = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(4), jobs=1)
    >>> "Verdicts" in report(done)
    True
    """
    from ..campaigns import Campaign
    from ..run import Run
    from ..store import Entry, Store
    from .of_campaign import report_of_campaign
    from .of_run import report_of_run
    from .of_store import report_of_store

    if isinstance(what, (str, os.PathLike)):
        path = Path(what)
        # A folder of runs is a store, even an empty one; a file name that is wrong is said so.
        store = path.is_dir() and not (path / "entry.json").exists()
        what = Store(path) if store else Entry(path)
    title = ""
    if isinstance(what, Entry):
        title = f"{what.name}, {what.summary['time']}"
        what = what.load()
    if isinstance(what, Run):
        return report_of_run(what, title)
    if isinstance(what, Campaign):
        return report_of_campaign(what, title)
    if isinstance(what, Store):
        return report_of_store(what)
    raise TypeError("what: must be a Run, a Campaign, a Store, an Entry or a folder, not "
                    f"{type(what).__name__}")
