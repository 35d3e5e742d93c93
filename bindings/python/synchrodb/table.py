"""Columns of a run: numpy arrays that C++ filled and that nobody copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Table:
    """Rows of a run as columns, each a read-only numpy array: `table["time"]`.

    A column of words is kept as small numbers and the words that they stand for: `codes()` and
    `categories()`; `table["event"]` spells them out.

    >>> import synchrodb as sdb
    >>> plan = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=10, faults=["none"]))
    >>> trace = sdb.simulate(plan, trace=True).trace
    >>> trace.columns
    ('time', 'node', 'event', 'subject', 'term', 'index', 'peer', 'extra')
    >>> [str(event) for event in trace["event"][:2]]
    ['started', 'started']
    >>> trace.where(event="became-leader")["term"].tolist()
    [1, 2]
    >>> str(trace.codes("event").dtype), "started" in trace.categories("event")
    ('int16', True)
    """

    def __init__(self, columns: dict[str, Any], rows: Any = None):
        self._columns = columns
        self._rows = rows

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._columns)

    def _column(self, name: str) -> Any:
        try:
            return self._columns[name]
        except KeyError:
            known = ", ".join(self._columns)
            raise KeyError(f"no column {name!r}; there are {known}") from None

    def _chosen(self, array: Any) -> Any:
        return array if self._rows is None else array[self._rows]

    def codes(self, name: str) -> Any:
        """A column of words as small integers, positions in `categories(name)`."""
        column = self._column(name)
        if not isinstance(column, tuple):
            raise TypeError(f"{name}: a column of numbers, not of words")
        return self._chosen(column[0])

    def categories(self, name: str) -> tuple[str, ...]:
        """The words of a column."""
        self.codes(name)
        return self._columns[name][1]

    def __getitem__(self, name: str) -> Any:
        import numpy as np

        column = self._column(name)
        if isinstance(column, tuple):
            return np.array(column[1], dtype=object)[self.codes(name)]
        return self._chosen(column)

    def __len__(self) -> int:
        first = next(iter(self._columns.values()))
        return len(self._chosen(first[0] if isinstance(first, tuple) else first))

    def where(self, **equal: Any) -> Table:
        """The rows in which the named columns have these values.

        >>> import numpy as np
        >>> t = Table({"node": np.array([0, 1, 1]), "event": (np.array([0, 0, 1]), ("a", "b"))})
        >>> len(t.where(node=1, event="b")), len(t.where(event="never seen"))
        (1, 0)
        """
        import numpy as np

        kept = np.arange(len(self)) if self._rows is None else self._rows
        for name, value in equal.items():
            column = self._column(name)
            if isinstance(column, tuple):
                code = column[1].index(value) if value in column[1] else -1
                kept = kept[column[0][kept] == code]
            else:
                kept = kept[column[kept] == value]
        return Table(self._columns, kept)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows as dicts."""
        names = self.columns
        return (dict(zip(names, row, strict=True))
                for row in zip(*(self[name].tolist() for name in names), strict=True))

    def to_pandas(self) -> Any:
        """A pandas frame; columns of words are categorical.

        >>> import numpy as np
        >>> Table({"node": np.array([0, 1])}).to_pandas().shape
        (2, 1)
        """
        import pandas as pd

        made = {}
        for name, column in self._columns.items():
            if isinstance(column, tuple):
                made[name] = pd.Categorical.from_codes(self.codes(name), list(column[1]))
            else:
                made[name] = self._chosen(column)
        return pd.DataFrame(made, copy=False)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        return self.to_pandas()._repr_html_()
