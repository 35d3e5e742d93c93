"""How much of its service does a cluster lose in a partition, of which kind?

Five nodes, clients that reach all of them, and half a minute of each kind of partition that the
simulator knows; with pre-vote and check-quorum, as servers have them, and without, as in the Raft
paper. What should be lost is the time until the next leader, and only where the partition took the
old one away; more only where no node sees a majority, or where leaders follow one another.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import synchrodb as sdb
from common import (Findings, Settings, Table, answered, elections, leave, longest_gap, mean, play,
                    service, spread_pairs, violations)

#: Of each run, seconds: the partition begins and ends.
BEGIN, END, TIME = 10.0, 40.0, 60.0
QUICK_SEEDS, SEEDS = 5, 100

#: Name, what it is, its nemesis.
KINDS = {
    "none": None,
    "halves": sdb.nemesis.partition("halves", at=BEGIN, lasting=END - BEGIN),
    "majority and minority": sdb.nemesis.partition("majority-minority", at=BEGIN,
                                                   lasting=END - BEGIN),
    "one node alone": sdb.nemesis.partition("isolate-one", at=BEGIN, lasting=END - BEGIN),
    "the leader alone": sdb.nemesis.partition("isolate-leader", at=BEGIN, lasting=END - BEGIN),
    "each new leader alone": sdb.nemesis.partition("isolate-leader", at=BEGIN, lasting=END - BEGIN,
                                                   follow_ms=1_000),
    "bridge": sdb.nemesis.partition("bridge", at=BEGIN, lasting=END - BEGIN),
    "ring": sdb.nemesis.partition("ring", at=BEGIN, lasting=END - BEGIN),
    "random, 20 % of links": sdb.nemesis.partition("random", percent=20, at=BEGIN,
                                                   lasting=END - BEGIN),
    "random, 40 % of links": sdb.nemesis.partition("random", percent=40, at=BEGIN,
                                                   lasting=END - BEGIN),
    "one node does not hear": sdb.nemesis.one_way_loss(inbound=1, targets="random", at=BEGIN,
                                                       lasting=END - BEGIN),
    "the leader does not hear": sdb.nemesis.one_way_loss(inbound=1, targets="leader", at=BEGIN,
                                                         lasting=END - BEGIN),
}
ENGINES = {"pre-vote, check-quorum": 1, "neither": 0}


def test_of(kind: str, engine: str) -> sdb.Test:
    """One kind of partition as a test."""
    on = ENGINES[engine]
    return sdb.Test(name="availability", nodes=5, time_limit=TIME, nemesis=KINDS[kind],
                    workload=sdb.workloads.register(keys=8, rate=100, clients=20),
                    options={"pre-vote": on, "check-quorum": on, "lease": 0})


class Seen(NamedTuple):
    """What one run showed while the partition lasted."""

    available: float
    gap: float  # seconds, the longest
    elections: int
    verdict: str


def trial(given: tuple[str, str, int]) -> Seen:
    """One run."""
    kind, engine, seed = given
    run = test_of(kind, engine).simulate(seed=seed, trace=True)
    return Seen(answered(run, BEGIN, END), longest_gap(run, BEGIN, END),
                elections(run, BEGIN, END), run.verdict)


def draw(figure: Any, found: dict[tuple[str, str], list[Seen]]) -> None:
    """A pair of box plots a kind: the share that was answered."""
    from synchrodb.plot import COLOURS

    axes = figure.subplots()
    for shift, (engine, colour) in enumerate(zip(ENGINES, ("blue", "orange"), strict=True)):
        boxes = axes.boxplot(
            [[100 * each.available for each in found[kind, engine]] for kind in KINDS],
            positions=[place + 0.36 * shift - 0.18 for place in range(len(KINDS))], vert=False,
            widths=0.3, patch_artist=True, whis=(5, 95), flierprops={"markersize": 2},
            medianprops={"color": "black"})
        for box in boxes["boxes"]:
            box.set_facecolor(COLOURS[colour])
            box.set_alpha(0.6)
        axes.plot([], [], "s", color=COLOURS[colour], alpha=0.6, label=engine)
    axes.set_yticks(range(len(KINDS)), list(KINDS))
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel(f"operations answered within {1:g} s, in 30 s of partition (%)")
    axes.set_title("Availability in partitions (boxes: quarters; whiskers: 5 % and 95 %)")
    axes.legend(loc="upper left")


def experiment(settings: Settings) -> Findings:
    """Each kind, both engines."""
    seeds = range(QUICK_SEEDS if settings.quick else SEEDS)
    table = Table(("partition", "engine", "runs", "answered in 1 s (%)", "worst run (%)",
                   "longest gap (s)", "worst gap (s)", "leaders", "violations"),
                  title="In 30 seconds of partition (means)")
    found = spread_pairs(trial, KINDS, ENGINES, seeds, settings.jobs)
    for pair, several in found.items():
        table.add(*pair, *service(several), mean(several, "gap"),
                  max(each.gap for each in several), mean(several, "elections"),
                  violations(several))
    first = next(iter(ENGINES))
    left = {kind: 100 * mean(found[kind, first], "available") for kind in KINDS}
    worst = min(left, key=lambda kind: left[kind])
    answer = (f"A partition that takes the leader away costs "
              f"{mean(found['the leader alone', first], 'gap'):.1f} s, one that does not, nothing. "
              f"Worst is {worst!r}: {left[worst]:.0f} % of the operations are answered within a "
              f"second.")
    return Findings({"availability": table}, answer, lambda figure: draw(figure, found),
                    (8.0, 5.4))


def main() -> Any:
    return play("availability", __doc__, experiment)


if __name__ == "__main__":
    leave(main())
