"""The numbers behind the figures, in seconds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import lanes


class Operations(NamedTuple):
    """The operations of a run, by invocation; times in seconds."""

    invoked: np.ndarray
    #: NaN: never answered.
    completed: np.ndarray
    #: `"ok"`, `"fail"`, `"refused"`, `"info"`.
    type: np.ndarray
    f: np.ndarray
    process: np.ndarray

    @property
    def latency(self) -> np.ndarray:
        """From invocation to answer; NaN: there was none."""
        return self.completed - self.invoked


def operations(run: Any) -> Operations:
    """The operations of a run's history.

    >>> import synchrodb as sdb
    >>> found = operations(sdb.Test(nodes=3, time_limit=10).simulate(seed=1))
    >>> bool((found.latency[found.type == "ok"] > 0).all())
    True
    """
    table = run.history.operations
    completed = table["complete_time"].astype(float)
    completed[completed < 0] = np.nan
    return Operations(table["invoke_time"] / 1e9, completed / 1e9, table["type"].astype(str),
                      table["f"].astype(str), table["process"])


def end_of(run: Any) -> float:
    """When the run was over, in seconds."""
    return lanes.end_of(run) / 1e9


def edges(end: float, every: float | None = None) -> np.ndarray:
    """Windows over a run: their edges. `every`: seconds; without it some sixty of a round length.

    >>> edges(60.0)[:3].tolist(), edges(0.0).tolist()
    ([0.0, 1.0, 2.0], [0.0, 1.0])
    """
    if every is None:
        rough = max(end, 1e-9) / 60
        power = 10.0 ** np.floor(np.log10(rough))
        every = float(min((step * power for step in (1, 2, 5, 10)),
                          key=lambda step: abs(step - rough))) if end > 0 else 1.0
    elif not every > 0:
        raise ValueError(f"every: must be more than 0 seconds, not {every!r}")
    count = max(1, int(np.ceil(end / every - 1e-9)))
    return np.arange(count + 1) * every


class Samples(NamedTuple):
    """One node's samples; `time` in seconds."""

    time: np.ndarray
    rows: dict[str, np.ndarray]


def samples(run: Any, *names: str) -> dict[int, Samples]:
    """The named columns of each node that ever ran, by its index."""
    try:
        table = run.samples
    except AttributeError:
        return {}
    nodes, running = table["node"], table["running"]
    kept = {}
    for node in np.unique(nodes[running]).tolist():
        mine = nodes == node
        kept[node] = Samples(table["time"][mine] / 1e9,
                             {name: table[name][mine] for name in ("running", *names)})
    return kept
