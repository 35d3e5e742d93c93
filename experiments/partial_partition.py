"""Does a cluster keep its leader when one follower loses sight of it, but of nobody else?

On 2 November 2020 a switch at Cloudflare failed in part. Of an etcd cluster of three, node 1 could
no longer reach node 3, the leader; node 2 reached both. Node 1 called one election after the other,
node 2 kept voting for node 3, and what needed a leader did not get one; what that set off impaired
the API and the dashboard for more than six hours (Lianza and Snook, A Byzantine failure in the real
world, blog.cloudflare.com, 27 November 2020).

Here: three nodes, a partition whose bridge is a follower, and clients that reach everybody; with
and without pre-vote (a node asks whether it could win before it takes a new term) and check-quorum
(who hears a leader ignores candidates, and a leader without a majority resigns). The bridge is
either a node like the others, then all is well as soon as it leads by chance; or a patient one that
leaves candidacy to the others, as node 2 did.

`python3 -m synchrodb run experiments/partial_partition.py` keeps a run of each in the store.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import synchrodb as sdb
from common import (Findings, Settings, Table, answered, elections, leave, mean, play, service,
                    spread_pairs, violations)

#: Of each run, seconds: the partition begins and ends.
BEGIN, END, TIME = 10.0, 40.0, 60.0
RATE = 100.0
QUICK_SEEDS, SEEDS = 12, 200

MODES = {
    "neither": {"pre-vote": 0, "check-quorum": 0},
    "pre-vote": {"pre-vote": 1, "check-quorum": 0},
    "check-quorum": {"pre-vote": 0, "check-quorum": 1},
    "both": {"pre-vote": 1, "check-quorum": 1},
}


#: How much longer than the others the bridge waits before it campaigns, %.
BRIDGES = {"like the others": 100, "patient": 400}


def test_of(mode: str, bridge: str) -> sdb.Test:
    """The incident as a test: node 0 leads, since it wakes alone, and node 1 is the bridge."""
    faults = (sdb.nemesis.fault("pause-clock-stopped", at=0, lasting=2, targets=(1, 2))
              + sdb.nemesis.fault("reconfigured-restart", at=4, targets=(1,),
                                  timeout_percent=BRIDGES[bridge])
              + sdb.nemesis.partition("bridge", targets=(1,), at=BEGIN, lasting=END - BEGIN))
    return sdb.Test(
        name=f"partial-partition-{mode}-{bridge.replace(' ', '-')}", nodes=3, time_limit=TIME,
        workload=sdb.workloads.register(keys=8, rate=RATE, clients=10), nemesis=faults,
        options={**MODES[mode], "lease": 0})


class Seen(NamedTuple):
    """What one run showed while the partition lasted."""

    available: float  # share of operations that were answered within a second
    elections: int  # leaders that came
    terms: int
    leaderless: float  # share of samples in which nobody led
    verdict: str


def seen(run: sdb.Run) -> Seen:
    """Of a run."""
    samples = run.samples
    during = ((BEGIN * 1e9 <= samples["time"]) & (samples["time"] < END * 1e9)
              & (samples["node"] < 3))
    term = samples["term"][during]
    leads = samples["role"].astype(str)[during] == "leader"
    times = samples["time"][during]
    led = len(set(times[leads].tolist())) / len(set(times.tolist()))
    return Seen(answered(run, BEGIN, END), elections(run, BEGIN, END),
                int(term.max() - term.min()), 1 - led, run.verdict)


def trial(given: tuple[str, str, int]) -> Seen:
    """One run."""
    bridge, mode, seed = given
    return seen(test_of(mode, bridge).simulate(seed=seed, trace=True, sample_every=0.1))


def draw(figure: Any, runs: dict[str, sdb.Run]) -> None:
    """Terms over time, of one run a mode."""
    from synchrodb.plot import COLOURS

    all_axes = figure.subplots(len(runs), 1, sharex=True)
    for axes, (mode, run) in zip(all_axes, runs.items(), strict=True):
        samples = run.sampled(0.1)
        axes.axvspan(BEGIN, END, color=COLOURS["orange"], alpha=0.15, linewidth=0)
        for node, name in enumerate(COLOURS):
            mine = (samples["node"] == node) & samples["running"]
            if node >= 3:
                break
            axes.step(samples["time"][mine] / 1e9, samples["term"][mine], where="post",
                      color=COLOURS[name], label=f"n{node + 1}")
            leads = mine & (samples["role"].astype(str) == "leader")
            axes.plot(samples["time"][leads] / 1e9, samples["term"][leads], ".",
                      color=COLOURS[name], markersize=4)
        axes.set_ylabel("term")
        axes.set_title({"neither": "neither pre-vote nor check-quorum",
                        "both": "pre-vote and check-quorum"}.get(mode, f"{mode} only"))
    all_axes[0].legend(loc="upper left", ncols=3, title="dots: leads; shaded: partition",
                       title_fontsize=8)
    all_axes[-1].set_xlabel("time (s)")
    all_axes[-1].set_xlim(BEGIN - 5, END)


def experiment(settings: Settings) -> Findings:
    """All modes."""
    seeds = range(QUICK_SEEDS if settings.quick else SEEDS)
    table = Table(("bridge", "mode", "runs", "answered in 1 s (%)", "worst run (%)",
                   "without leader (%)", "leaders", "terms", "violations"),
                  title="Means of 30 seconds in which one follower does not reach the leader")
    found = spread_pairs(trial, BRIDGES, MODES, seeds, settings.jobs)
    for pair, several in found.items():
        table.add(*pair, *service(several), 100 * mean(several, "leaderless"),
                  mean(several, "elections"), mean(several, "terms"), violations(several))
    bad, good = found["patient", "neither"], found["patient", "both"]
    answer = (f"With pre-vote and check-quorum, yes: {mean(good, 'elections'):.1f} elections, and "
              f"{100 * mean(good, 'available'):.1f} % of the operations are answered within a "
              f"second. Without, no: {mean(bad, 'elections'):.1f} leaders come and go in 30 "
              f"seconds if the bridge does not lead itself, and "
              f"{100 * mean(bad, 'available'):.1f} % are answered in time.")
    runs = {mode: test_of(mode, "patient").simulate(seed=0) for mode in MODES}
    return Findings({"partial_partition": table}, answer, lambda figure: draw(figure, runs),
                    (8.0, 7.6), list(runs.values()))


def main() -> Any:
    return play("partial_partition", __doc__, experiment)


if __name__ == "__main__":
    leave(main())
