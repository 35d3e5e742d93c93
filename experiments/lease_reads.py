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
20 clients read by lease and write. Counted are the runs in which the old leader answered a read by
its lease after the new one had committed: nothing keeps such a read from being stale.
"""

from __future__ import annotations

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
        workload=sdb.workloads.builtin("register", keys=1, rate=500, clients=20,
                                       mix={"lease-read": 6, "write": 1}),
        nemesis=wrong + sdb.nemesis.partition("isolate-leader", at=cut, lasting=3),
        options={"lease": case.lease, "clock-drift-bound-ppm": case.bound,
                 "lease-duration-ms": TIMEOUT_MS if case.lease == _CLASSICAL else LOG_LEASE_MS,
                 "election-timeout-ms": TIMEOUT_MS, "heartbeat-ms": HEARTBEAT_MS,
                 "election-spread-ms": SPREAD_MS})


# What a read beyond its lease violates: the world sees it when it is served, or in the history.
_BEYOND = {"": False, "lease-disjointness": True, "linearizability": True}


def trial(given: tuple[Case, int]) -> bool:
    """Whether one run had such a read."""
    case, seed = given
    violated = test_of(case, seed).simulate(seed=seed).violated
    if violated not in _BEYOND:
        raise RuntimeError(f"{case}, seed {seed}: {violated} has nothing to do with leases")
    return _BEYOND[violated]


def rate_of(case: Case, settings: Settings) -> sdb.Rate:
    """The share of episodes with a read beyond its lease."""
    seeds = range(QUICK_SEEDS if settings.quick else SEEDS)
    beyond = spread(trial, [(case, seed) for seed in seeds], settings.jobs,
                    f"{case.drift:,} ppm, {case.offset:,} ms")
    return sdb.Rate.of(sum(beyond), len(beyond))


def series(settings: Settings) -> dict[str, list[tuple[int, sdb.Rate]]]:
    """Points by the name of their curve: how wrong the clock was, how often it showed."""
    drifts = QUICK_DRIFTS if settings.quick else DRIFTS
    offsets = QUICK_OFFSETS_MS if settings.quick else OFFSETS_MS
    return {
        "classical lease, bound ignored": [
            (drift, rate_of(Case(_CLASSICAL, 0, drift), settings)) for drift in drifts],
        "classical lease, bound kept": [
            (drift, rate_of(Case(_CLASSICAL, drift, drift), settings)) for drift in drifts],
        "log lease, drift": [
            (drift, rate_of(Case(_LOG, STANDARD_BOUND, drift), settings)) for drift in drifts],
        "log lease, wall clock": [
            (offset, rate_of(Case(_LOG, STANDARD_BOUND, 0, offset), settings))
            for offset in offsets],
        "classical lease, wall clock": [
            (offset, rate_of(Case(_CLASSICAL, STANDARD_BOUND, 0, offset), settings))
            for offset in offsets],
    }


def draw(figure: Any, found: dict[str, list[tuple[int, sdb.Rate]]]) -> None:
    """A panel for drift, one for wall clocks."""
    from synchrodb.plot import COLOURS

    left, right = figure.subplots(1, 2, sharey=True)
    for name, points in found.items():
        axes = right if name.endswith("wall clock") else left
        wrong = [at for at, _ in points]
        shares = [100 * rate.value for _, rate in points]
        around = [[100 * (rate.value - rate.low) for _, rate in points],
                  [100 * (rate.high - rate.value) for _, rate in points]]
        colour = COLOURS["green" if name.startswith("log") else
                         "vermillion" if name.endswith("ignored") else "blue"]
        axes.errorbar(wrong, shares, yerr=around, marker="o", markersize=4, capsize=3, label=name,
                      color=colour)
    left.set_xscale("symlog", linthresh=1_000)
    left.set_xlabel("the leader's clock is slow by (ppm)")
    left.set_ylabel("episodes with such a read (%)")
    left.set_title("Reads beyond the lease: drift")
    right.set_xlabel("its wall clock is off by (ms)")
    right.set_title("… and wall clocks that lie")
    for axes in (left, right):
        axes.legend(loc="upper left")
        axes.set_ylim(-3, 104)


def experiment(settings: Settings) -> Findings:
    """All curves."""
    found = series(settings)
    table = Table(("lease", "wrong by", "episodes", "with such a read", "%", "low", "high"),
                  title="Reads by lease after another leader had committed (95 % confidence)")
    for name, points in found.items():
        unit = "ms" if name.endswith("wall clock") else "ppm"
        for wrong, rate in points:
            table.add(name, f"{wrong:,} {unit}", rate.total, rate.count, 100 * rate.value,
                      100 * rate.low, 100 * rate.high)
    ignored = found["classical lease, bound ignored"]
    kept = found["classical lease, bound kept"]
    first = next((drift for drift, rate in ignored if rate.count), None)
    seen = "at no drift that was tried" if first is None else f"from {first:,} ppm on"
    answer = (f"With the bound ignored, reads outlive the classical lease {seen}: at "
              f"{ignored[-1][0]:,} ppm in {100 * ignored[-1][1].value:.0f} % of the episodes. With "
              f"the bound kept, in {sum(rate.count for _, rate in kept)} of "
              f"{sum(rate.total for _, rate in kept):,}.")
    return Findings({"lease_reads": table}, answer, lambda figure: draw(figure, found), (9.0, 3.8))


def main() -> Any:
    return play("lease_reads", __doc__, experiment)


if __name__ == "__main__":
    leave(main())
