"""How wrong may a clock be before lease reads are stale, with the bound kept and ignored?

A leader that holds a lease answers reads at once, without asking a majority. That is safe only
while no other leader can have committed something, and how long that is, clocks tell:

- The classical lease (Raft thesis 6.4.1) ends a little before the shortest election timeout, by the
  leader's monotonic clock: by twice the bound that is assumed on a clock's drift. A leader whose
  clock is slower than the bound says trusts its lease for too long.
- The log as the lease (LeaseGuard, arXiv 2512.15659): a new leader commits nothing
  until the old one's lease is certainly over, by wall clocks that know how wrong they may be. Drift
  does not matter, as long as these tell the truth: here they do not, by so many milliseconds.

Each run is one episode: the leader's clock goes wrong, the leader is cut off two seconds later, and
20 clients read by lease and write. Two things are counted:

- reads beyond the lease: the old leader answered by its lease after the new one had committed. The
  world's oracle sees that, and the run goes on (`Test.tolerated`).
- stale reads: what clients got was overwritten before they asked. Their history alone says so.
"""

from __future__ import annotations

import bisect
import itertools
import random
from typing import Any, NamedTuple

import synchrodb as sdb
from common import Findings, Settings, Table, leave, play, spread

#: Election timeouts lie between the first, and this much more, ms: a narrow range, so that the next
#: leader comes soon after the lease should be over. And the heartbeats' interval.
TIMEOUT_MS, SPREAD_MS, HEARTBEAT_MS = 800, 40, 80
#: The leader's clock is so many parts per million slow.
DRIFTS = (0, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000)
QUICK_DRIFTS = (0, 10_000, 100_000)
#: The leader's wall clock is so many ms slow, and claims to be right.
OFFSETS_MS = (0, 100, 400, 800, 1_200)
QUICK_OFFSETS_MS = (0, 1_200)
#: LeaseGuard's lease may be longer than the election timeout.
LOG_LEASE_MS = 1_600
#: What is assumed on drift unless an experiment says otherwise, ppm.
STANDARD_BOUND = 500
QUICK_SEEDS, SEEDS = 25, 400

_CLASSICAL, _LOG = 2, 1
#: What the oracle says of reads beyond a lease; of these, runs shall show what comes of them.
_BEYOND, _MISSED = "lease-disjointness", "stale-read"


class Case(NamedTuple):
    """Runs that differ in the seed alone."""

    lease: int
    bound: int  # ppm that the lease allows for
    drift: int  # ppm that the leader's clock is slow
    offset: int = 0  # ms that its wall clock is slow, without knowing


def test_of(case: Case, seed: int) -> sdb.Test:
    """One episode as a test. When exactly the leader is cut off is drawn, so that it comes at any
    moment between two heartbeats, however the leader's clock runs."""
    cut = 5 + random.Random(f"{case}/{seed}").randrange(0, HEARTBEAT_MS * 1_000) / 1e6
    if case.offset:
        wrong = sdb.nemesis.violate_clock_bound(offset_ms=-case.offset, ppm=-case.drift,
                                                targets="leader", at=3, lasting=4)
    else:
        wrong = sdb.nemesis.fault("clock-drift", ppm=-case.drift, targets="leader", at=3, lasting=4)
    return sdb.Test(
        name="lease-reads", nodes=5, time_limit=12, beyond_budget=True,
        tolerated=(_BEYOND, _MISSED),
        workload=sdb.workloads.builtin("register", keys=1, rate=500, clients=20,
                                       mix={"lease-read": 6, "write": 1}),
        nemesis=wrong + sdb.nemesis.partition("isolate-leader", at=cut, lasting=3),
        options={"lease": case.lease, "clock-drift-bound-ppm": case.bound,
                 "lease-duration-ms": TIMEOUT_MS if case.lease == _CLASSICAL else LOG_LEASE_MS,
                 "election-timeout-ms": TIMEOUT_MS, "heartbeat-ms": HEARTBEAT_MS,
                 "election-spread-ms": SPREAD_MS})


class Episode(NamedTuple):
    """What one run showed."""

    beyond: int  # reads beyond the lease
    stale: int


def stale_reads(history: sdb.History) -> int:
    """How many reads returned a value that had been overwritten before they began. The history is
    of one register, and no value is written twice.

    A value was written at the latest when its write was acknowledged or a read had returned it. It
    was overwritten by a write that began after that and was itself done before the read began. That
    needs no knowledge of the log, and leaves out what happened at the same time.
    """
    table = history.operations
    operations = [row for row in zip(
        table["f"].astype(str).tolist(), table["type"].astype(str).tolist(),
        table["value"].tolist(), table["invoke_time"].tolist(), table["complete_time"].tolist(),
        strict=True) if row[1] in ("ok", "info")]
    begun = {None: -1}  # value: when its write began; None was there from the start
    done = {None: -1}  # value: when it was written at the latest
    for f, kind, value, invoked, completed in operations:
        if f == "write":
            begun[value] = invoked
        if kind == "ok":
            done[value] = min(done.get(value, completed), completed)
    values = sorted(done, key=lambda value: done[value])
    moments = [done[value] for value in values]
    latest = list(itertools.accumulate((begun[value] for value in values), max))
    stale = 0
    for f, kind, value, invoked, _ in operations:
        if f == "read" and kind == "ok":
            before = bisect.bisect_left(moments, invoked)  # so many values were there by then
            stale += latest[before - 1] > done[value]
    return stale


def trial(given: tuple[Case, int]) -> Episode:
    """One run."""
    case, seed = given
    run = test_of(case, seed).simulate(seed=seed)
    episode = Episode(run.tolerated[_BEYOND], stale_reads(run.history))
    # What is stale has no linearization; what has none has to be a matter of leases.
    expected = ("", "linearizability") if episode.beyond else ("",)
    if run.violated not in expected or (episode.stale and not run.violated):
        raise RuntimeError(f"{case}, seed {seed}: {episode}, but {run.violated or run.verdict}")
    return episode


class Point(NamedTuple):
    """Many runs of a case."""

    beyond: sdb.Rate  # of episodes with a read beyond the lease
    stale: sdb.Rate  # … with a stale read
    reads: int  # stale reads in all


def point_of(case: Case, settings: Settings) -> Point:
    """All episodes of a case."""
    seeds = range(QUICK_SEEDS if settings.quick else SEEDS)
    seen = spread(trial, [(case, seed) for seed in seeds], settings.jobs,
                  f"{case.drift:,} ppm, {case.offset:,} ms")
    return Point(sdb.Rate.of(sum(each.beyond > 0 for each in seen), len(seen)),
                 sdb.Rate.of(sum(each.stale > 0 for each in seen), len(seen)),
                 sum(each.stale for each in seen))


def series(settings: Settings) -> dict[str, list[tuple[int, Point]]]:
    """Points by the name of their curve: how wrong the clock was, how often it showed."""
    drifts = QUICK_DRIFTS if settings.quick else DRIFTS
    offsets = QUICK_OFFSETS_MS if settings.quick else OFFSETS_MS
    return {
        "classical lease, bound ignored": [
            (drift, point_of(Case(_CLASSICAL, 0, drift), settings)) for drift in drifts],
        "classical lease, bound kept": [
            (drift, point_of(Case(_CLASSICAL, drift, drift), settings)) for drift in drifts],
        "log lease, drift": [
            (drift, point_of(Case(_LOG, STANDARD_BOUND, drift), settings)) for drift in drifts],
        "log lease, wall clock": [
            (offset, point_of(Case(_LOG, STANDARD_BOUND, 0, offset), settings))
            for offset in offsets],
        "classical lease, wall clock": [
            (offset, point_of(Case(_CLASSICAL, STANDARD_BOUND, 0, offset), settings))
            for offset in offsets],
    }


def draw(figure: Any, found: dict[str, list[tuple[int, Point]]]) -> None:
    """A panel for drift, one for wall clocks; a pair of lines for each curve."""
    from synchrodb.plot import COLOURS

    left, right = figure.subplots(1, 2, sharey=True)
    for name, points in found.items():
        axes = right if name.endswith("wall clock") else left
        colour = COLOURS["green" if name.startswith("log") else
                         "vermillion" if name.endswith("ignored") else "blue"]
        for what, look in (("beyond", {"linestyle": "--", "markerfacecolor": "white"}),
                           ("stale", {"label": name})):
            rates = [getattr(point, what) for _, point in points]
            around = [[100 * (rate.value - rate.low) for rate in rates],
                      [100 * (rate.high - rate.value) for rate in rates]]
            axes.errorbar([at for at, _ in points], [100 * rate.value for rate in rates],
                          yerr=around, marker="o", markersize=4, capsize=3, color=colour, **look)
    left.set_xscale("symlog", linthresh=1_000)
    left.set_xlabel("the leader's clock is slow by (ppm)")
    left.set_ylabel("episodes with a stale read (%)\ndashed: with a read beyond the lease")
    left.set_title("Stale reads by lease: drift")
    right.set_xlabel("its wall clock is off by (ms)")
    right.set_title("… and wall clocks that lie")
    for axes in (left, right):
        axes.legend(loc="upper left")
        axes.set_ylim(-3, 104)


def experiment(settings: Settings) -> Findings:
    """All curves."""
    found = series(settings)
    table = Table(("lease", "wrong by", "episodes", "beyond the lease", "beyond %", "stale",
                   "stale %", "low", "high", "stale reads"),
                  title="Episodes with reads by lease after another leader had committed, and with "
                        "stale ones (95 % confidence)")
    for name, points in found.items():
        unit = "ms" if name.endswith("wall clock") else "ppm"
        for wrong, (beyond, stale, reads) in points:
            table.add(name, f"{wrong:,} {unit}", stale.total, beyond.count, 100 * beyond.value,
                      stale.count, 100 * stale.value, 100 * stale.low, 100 * stale.high, reads)
    ignored = found["classical lease, bound ignored"]
    kept = [point for _, point in found["classical lease, bound kept"]]
    first = next((drift for drift, point in ignored if point.stale.count), None)
    seen = "at no drift that was tried" if first is None else f"from {first:,} ppm on"
    last, worst = ignored[-1]
    answer = (f"With the bound ignored, reads by the classical lease are stale {seen}: at "
              f"{last:,} ppm in {100 * worst.stale.value:.0f} % of the episodes, beyond the lease "
              f"in {100 * worst.beyond.value:.0f} %. With the bound kept, in "
              f"{sum(point.stale.count for point in kept)} of "
              f"{sum(point.stale.total for point in kept):,}, beyond it in "
              f"{sum(point.beyond.count for point in kept)}.")
    return Findings({"lease_reads": table}, answer, lambda figure: draw(figure, found), (9.0, 3.8))


def main() -> Any:
    return play("lease_reads", __doc__, experiment)


if __name__ == "__main__":
    leave(main())
