"""What the simulator chooses for a seed: rare paths in the code, odd knobs, any fault."""

from __future__ import annotations

from dataclasses import dataclass

from .. import _core
from .base import Injection, Nemesis


@dataclass(frozen=True)
class Swarm(Nemesis):
    """The simulator's own choice of faults for a seed; made by `swarm`."""

    families: tuple[str, ...]
    beyond_budget: bool
    code_only: bool = False

    def inject(self, setting, rng):
        shape = _core.PlanShape(nodes=setting.nodes, time=setting.time, faults=self.families,
                                options=setting.options, beyond_budget=self.beyond_budget)
        plan = _core.generate_plan(setting.seed, shape)
        faults = [] if self.code_only else [
            action.replace(lasting=min(action.lasting, setting.until - action.at))
            for action in plan.faults if action.at < setting.until]
        return Injection(faults, dict(plan.buggify), dict(plan.options), self.beyond_budget)


def buggify() -> Nemesis:
    """Named sites in the engine take their rare path, drawn for the seed.

    >>> buggify().faults(nodes=3, until=10)
    []
    """
    return Swarm(("buggify",), False, code_only=True)


def knobs() -> Nemesis:
    """Tuning knobs take odd values, drawn for the seed; what the test fixes stays.

    >>> knobs()
    Swarm(families=('knobs',), beyond_budget=False, code_only=True)
    """
    return Swarm(("knobs",), False, code_only=True)


def swarm(*families: str, beyond_budget: bool = False) -> Nemesis:
    """What the simulator would do of itself: each fault is left out with p = 1/2, what remains
    strikes at odd times and in storms. `families`: only from these families, names or first words
    (`"network"`, `"crash"`, `"partition"`); none: from all.

    >>> swarm("network", "process")
    Swarm(families=('network', 'process'), beyond_budget=False, code_only=False)
    """
    _core.PlanShape(faults=families)
    return Swarm(families, beyond_budget)
