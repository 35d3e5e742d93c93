"""What a nemesis is, how nemeses add up, and what they bring into a plan."""

from __future__ import annotations

import random as _random
from dataclasses import dataclass, field

from .. import _core
from ..described import described


@dataclass
class Injection:
    """What a nemesis brings into a plan."""

    faults: list[_core.FaultAction] = field(default_factory=list)
    buggify: dict[str, int] = field(default_factory=dict)
    options: dict[str, int] = field(default_factory=dict)
    beyond_budget: bool = False


@dataclass(frozen=True)
class Setting:
    """The plan for which a nemesis makes its faults."""

    nodes: int
    until: float  # seconds: the end of the faulty phase
    time: float
    seed: int
    options: dict[str, int] = field(default_factory=dict)
    damaged: tuple[int, ...] = ()  # who may suffer damage within the fault budget


class Nemesis:
    """What goes wrong in a run: a value. `a + b` is both at once.

    >>> crash(every=5) + loss()
    fault('crash', every=5.0) + fault('loss')
    >>> class NightlyRestart(Nemesis):
    ...     '''One node after the other, a second apart.'''
    ...     def __repr__(self):
    ...         return "NightlyRestart()"
    ...     def inject(self, setting, rng):
    ...         return Injection([_core.FaultAction(fault="restart", at=1 + node, nodes=[node])
    ...                           for node in range(setting.nodes)])
    >>> [(action.at, action.nodes) for action in NightlyRestart().faults(nodes=2, until=10)]
    [(1.0, (0,)), (2.0, (1,))]
    >>> (NightlyRestart() + loss()).parts()
    [NightlyRestart(), fault('loss')]
    """

    def parts(self) -> list[Nemesis]:
        """The nemeses that it is the sum of."""
        return [self]

    def inject(self, setting: Setting, rng: _random.Random) -> Injection:
        """Its faults for a setting; draws from `rng` alone."""
        raise NotImplementedError

    def __add__(self, other: Nemesis) -> Nemesis:
        if not isinstance(other, Nemesis):
            return NotImplemented
        return Stack((*self.parts(), *other.parts()))

    def faults(self, nodes: int, until: float, seed: int = 0) -> list[_core.FaultAction]:
        """What it does to `nodes` nodes in `until` seconds, for a seed.

        >>> [a.at for a in crash(at=[1, 2]).faults(nodes=3, until=10)]
        [1.0, 2.0]
        """
        return compile(self, nodes=nodes, until=until, time=until * 1.5, seed=seed).faults


@dataclass(frozen=True)
class Stack(Nemesis):
    """Several nemeses at once."""

    members: tuple[Nemesis, ...] = ()

    def parts(self):
        return list(self.members)

    def __repr__(self):
        return " + ".join(map(repr, self.members)) or "nothing()"


def nothing() -> Nemesis:
    """No fault at all.

    >>> nothing().faults(nodes=3, until=10)
    []
    """
    return Stack()


def compile(nemesis: Nemesis | None, *, nodes: int, until: float, time: float, seed: int,
            options: dict[str, int] | None = None) -> Injection:
    """All that a nemesis brings into a plan. Each part draws from a stream of its own, by its
    `repr`, so that one moves no other, wherever in the sum it stands.

    >>> compile(crash(at=3), nodes=3, until=10, time=15, seed=1).faults[0].fault
    'crash'
    """
    parts = [] if nemesis is None else nemesis.parts()
    budget = (nodes - 1) // 2
    if any(getattr(part, "name", "") == "membership-change" for part in parts):
        budget = min(budget, 1)
    damaged = _random.Random(f"{seed}/damaged").sample(range(nodes), budget)
    setting = Setting(nodes, until, time, seed, dict(options or {}), tuple(sorted(damaged)))
    whole = Injection()
    said = [described(part) for part in parts]
    for position, part in enumerate(parts):
        alike = said[:position].count(said[position])
        made = part.inject(setting, _random.Random(f"{seed}/{said[position]}/{alike}"))
        whole.faults += made.faults
        whole.buggify.update(made.buggify)
        whole.options.update(made.options)
        whole.beyond_budget |= made.beyond_budget
    whole.faults.sort(key=lambda action: action.at)
    return whole
