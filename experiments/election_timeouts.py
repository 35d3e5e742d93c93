"""How long is a cluster without a leader when that crashes, for which election timeouts?

The Raft paper's Figure 16 (Ongaro and Ousterhout, In Search of an Understandable Consensus
Algorithm, extended version, section 9.3), run again on simulated servers.

As there: five servers; their logs differ in length, so that some cannot become leader; all
followers get a heartbeat at once; the leader crashes uniformly at random within its heartbeat
interval, which is half of the least election timeout; 1,000 trials a line, 100 without any
randomness. Ours, but not the paper's, is switched off: pre-vote, check-quorum, leases.

Measured is, as there, from the crash until the other servers have the new leader's first heartbeat.

Two numbers are fitted, the same for all lines, for what the paper does not tell of its machines:
SYNC_MS, the mean time of a disk's sync, and MESSAGE_MS, the mean time of a message from a thread of
one server to a thread of another, both exponentially distributed. They are held against the paper's
text and against the ten lines of its plot (figure16.py).
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

import figure16
import synchrodb as sdb
from common import Findings, Settings, Table, leave, play, spread
from synchrodb import generators as gen
from synchrodb.workloads.base import Workload, completed, write

#: The mean time of a disk's sync, and of a message, one way, while there is no leader: the two
#: fitted numbers.
SYNC_MS, MESSAGE_MS = 1.36, 0.55
#: The least time of a message.
LEAST_MESSAGE_MS = 0.1
#: The mean before the crash: the paper's benchmark synchronised the heartbeats, and so all
#: followers' timers, whatever its network did.
SYNCHRONISED_MESSAGE_MS = 0.1

QUICK_TRIALS, TRIALS, TRIALS_WITHOUT_RANDOMNESS = 100, 1_000, 100


class Line(NamedTuple):
    """Election timeouts from `least` to `most` ms."""

    least: int
    most: int

    @property
    def name(self) -> str:
        return f"{self.least}-{self.most} ms"


RANDOMNESS = [Line(150, most) for most in (150, 151, 155, 175, 200, 300)]
SCALE = [Line(12, 24), Line(25, 50), Line(50, 100), Line(100, 200), Line(150, 300)]
LINES = list(dict.fromkeys(RANDOMNESS + SCALE))
WITHOUT_RANDOMNESS = RANDOMNESS[0]

# ---- One trial.

# Node 0 wakes alone, so it leads; the others stop to receive entries one after the other.
_AWAKE, _FIRST_LOSS, _STEP, _QUIET = 1.0, 1.5, 0.3, 0.5
_CUT_OFF = (4, 3, 2)
# For how many seconds a leader is awaited; without any randomness (True) for longer.
_LONGEST = {False: 12.0, True: 120.0}


class _Writes(Workload):
    """One key that is written now and then."""

    name = "writes"
    clients = 4
    rate = 1.0

    def operations(self):
        return lambda: {"f": "write", "key": "k"}

    def invoke(self, op):
        outcome = yield write("SET", op["key"], "x")
        return completed(op, outcome)

    def checker(self):
        return None


def _nature() -> Any:
    """Network and disks; the network's speed after the crash is `_faults`' matter."""
    return (sdb.nemesis.network(_us(LEAST_MESSAGE_MS), _us(SYNCHRONISED_MESSAGE_MS))
            + sdb.nemesis.disks(0, _us(2 * SYNC_MS)))


def _us(ms: float) -> int:
    return round(1e3 * ms)


def _faults(crash_at: float, longest: float) -> Any:
    """Logs of five lengths: entries to 4, then also to 3, then also to 2 are lost."""
    whole = sdb.nemesis.fault("pause-clock-stopped", at=0, lasting=_AWAKE, targets=(1, 2, 3, 4))
    for step, node in enumerate(_CUT_OFF):
        at = _FIRST_LOSS + step * _STEP
        whole += sdb.nemesis.drop_messages("append-request", inbound=1, targets=(node,), at=at,
                                           lasting=crash_at - at)
    whole += sdb.nemesis.delay(at=crash_at, lasting=longest, min_us=_us(LEAST_MESSAGE_MS),
                               mean_us=_us(MESSAGE_MS))
    return whole + sdb.nemesis.crash(at=crash_at, targets=(0,), down_ms=600_000,
                                     while_writing_percent=0)


def test_of(line: Line, trial: int) -> tuple[sdb.Test, float]:
    """One trial as a test, and when the leader crashes in it."""
    heartbeat = line.least // 2
    begin = _FIRST_LOSS + len(_CUT_OFF) * _STEP + _QUIET
    phase = random.Random(f"{line.name}/{trial}").uniform(0, heartbeat / 1e3)
    crash_at = round(begin + phase, 6)
    longest = _LONGEST[line == WITHOUT_RANDOMNESS]
    pauses = [_FIRST_LOSS + 0.1] + [_STEP] * (len(_CUT_OFF) - 1)
    writes = [part for pause in pauses for part in (gen.sleep(pause), {"f": "write", "key": "k"})]
    test = sdb.Test(
        nodes=5, workload=_Writes(), generator=writes,
        nemesis=_nature() + _faults(crash_at, longest), time_limit=1.5 * (crash_at + longest),
        beyond_budget=True,
        options={"election-timeout-ms": line.least, "election-spread-ms": line.most - line.least,
                 "heartbeat-ms": heartbeat, "pre-vote": 0, "check-quorum": 0, "lease": 0,
                 "client-attempt-ms": 60_000, "client-timeout-ms": 600_000})
    return test, crash_at


class Trial(NamedTuple):
    """`downtime`: ms from the crash until the three others have the next leader's first heartbeat,
    infinite: not in time. `spoiled`: node 0 did not lead any more when it crashed, so this was no
    trial."""

    downtime: float
    spoiled: bool


def trial(given: tuple[Line, int]) -> Trial:
    """One crash of a leader."""
    line, number = given
    test, crash_at = test_of(line, number)
    rows = [(row["time"] / 1e6 - crash_at * 1e3, row)
            for row in test.simulate(seed=number, trace=True).trace
            if row["event"] in ("became-leader", "became-follower")]
    longest = 1e3 * _LONGEST[line == WITHOUT_RANDOMNESS]
    after = [(at, row) for at, row in rows if 0 < at < longest]
    before = [row["node"] for at, row in rows if at <= 0 and row["event"] == "became-leader"]
    return Trial(_heard(after), before[-1:] != [0])


def _heard(rows: Sequence[tuple[float, Any]]) -> float:
    """When the three other servers alive had heard of the same leader. A leader may be deposed
    before; then its successor counts."""
    heard: dict[tuple[int, int], set[int]] = {}
    for at, row in rows:
        # A follower is told of its leader by the first heartbeat. Peers count from 1.
        if row["event"] == "became-follower" and row["peer"]:
            followers = heard.setdefault((row["term"], row["peer"]), set())
            followers.add(row["node"])
            if len(followers) == 3:
                return at
    return math.inf


# ---- What it adds up to.

# What the paper's text says, section 9.3: of a line, which figure, in ms.
STATED = [
    (Line(150, 155), "median", 287.0),
    (Line(150, 200), "worst", 513.0),
    (Line(12, 24), "mean", 35.0),
    (Line(12, 24), "worst", 152.0),
]


def figure_of(name: str, times: Sequence[float]) -> float:
    """`"median"`, `"mean"`, `"worst"` or `"least"` of downtimes."""
    return {"median": statistics.median, "mean": statistics.fmean, "worst": max,
            "least": min}[name](times)


def time_at(share: float, times: Sequence[float]) -> float:
    """By when `share` percent of the trials had a leader; the i-th of n is at (i - 1/2) / n, as in
    the paper's plot.

    >>> time_at(50, [30, 10, 20])
    20
    """
    position = math.ceil(share / 100 * len(times) + 0.5)
    return sorted(times)[min(position, len(times)) - 1]


def lines_table(times: dict[Line, list[float]], spoiled: dict[Line, int]) -> Table:
    """A row a line."""
    table = Table(("timeouts", "trials", "spoiled", "least", "median", "mean", "99 %", "worst",
                   "over 10 s (%)"), title="Time without a leader, ms")
    for line, several in times.items():
        ordered = sorted(several)
        table.add(line.name, len(several), spoiled[line], ordered[0],
                  figure_of("median", several), figure_of("mean", several),
                  time_at(99, several), ordered[-1],
                  100 * sum(each > 10_000 for each in several) / len(several))
    return table


def stated_table(times: dict[Line, list[float]], quick: bool) -> Table:
    """Against what the paper states in words. The worst of 1,000 trials cannot be compared with the
    worst of fewer."""
    table = Table(("timeouts", "figure", "paper", "here", "difference (%)"),
                  title="Against the paper's words, ms")
    for line, name, paper in STATED:
        here = figure_of(name, times[line])
        comparable = not (quick and name == "worst")
        table.add(line.name, name, paper, here, 100 * (here / paper - 1) if comparable else None)
    return table


def plot_table(times: dict[Line, list[float]]) -> Table:
    """Against the lines of the paper's plot: three rows a line."""
    shares = figure16.COMPARED
    table = Table(("timeouts", "figure", *(f"{share} %" for share in shares)),
                  title="Against the paper's plot: by when so many of the trials had a leader, ms")
    for line, several in times.items():
        paper = [figure16.time_at(*line, share) for share in shares]
        here = [time_at(share, several) for share in shares]
        table.add(line.name, "paper", *paper)
        table.add(line.name, "here", *here)
        table.add(line.name, "difference (%)", *map(_difference, here, paper))
    return table


def _difference(here: float, paper: float) -> float | None:
    """In percent; None: none came in time, so it is not known."""
    return 100 * (here / paper - 1) if math.isfinite(here) else None


def draw(figure: Any, times: dict[Line, list[float]]) -> None:
    """The paper's two graphs: the share of trials with a leader again, over time; circles are the
    paper's."""
    upper, lower = figure.subplots(2, 1)
    for axes, lines in ((upper, RANDOMNESS), (lower, SCALE)):
        for line in lines:
            ordered = [each for each in sorted(times[line]) if math.isfinite(each)]
            shares = [100 * (i + 1) / len(times[line]) for i in range(len(ordered))]
            drawn, = axes.step(ordered, shares, where="post", label=line.name)
            axes.plot([figure16.time_at(*line, share) for share in figure16.SHARES],
                      figure16.SHARES, "o", color=drawn.get_color(), markersize=4,
                      markerfacecolor="none")
        axes.set_ylabel("trials with a leader (%)")
        axes.set_ylim(0, 104)
        axes.legend(loc="center right" if lines is RANDOMNESS else "lower right",
                    title="election timeouts", title_fontsize=8)
    upper.set_xscale("log")
    upper.set_title("Time without a leader: more and less randomness (circles: the paper's plot)")
    upper.set_xlim(50, 700_000)
    lower.set_title("… and shorter timeouts")
    lower.set_xlim(0, 600)
    lower.set_xlabel("time without a leader (ms)")


def experiment(settings: Settings) -> Findings:
    """All lines."""
    times: dict[Line, list[float]] = {}
    spoiled: dict[Line, int] = {}
    for line in LINES:
        count = (QUICK_TRIALS if settings.quick else TRIALS_WITHOUT_RANDOMNESS
                 if line == WITHOUT_RANDOMNESS else TRIALS)
        done = spread(trial, [(line, number) for number in range(count)], settings.jobs, line.name)
        times[line] = [each.downtime for each in done if not each.spoiled]
        spoiled[line] = sum(each.spoiled for each in done)
    stated = stated_table(times, settings.quick)
    plot = plot_table(times)
    words = max(abs(row[-1]) for row in stated.rows if row[-1] is not None)
    lines = [abs(cell) for row in plot.rows
             if row[0] != WITHOUT_RANDOMNESS.name and row[1] == "difference (%)"
             for cell in row[2:]]
    answer = (f"Some randomness is enough: with 5 ms of it half of the crashes are over within "
              f"{figure_of('median', times[Line(150, 155)]):.0f} ms, with 50 ms all within "
              f"{figure_of('worst', times[Line(150, 200)]):.0f} ms. The paper's words are met "
              f"within {words:.0f} %; {sum(each <= 15 for each in lines)} of {len(lines)} "
              f"points of its lines with randomness within 15 %, the furthest {max(lines):.0f} % "
              f"off.")
    return Findings({"election_timeouts": lines_table(times, spoiled), "against_paper": stated,
                     "against_plot": plot},
                    answer, lambda figure: draw(figure, times), (8.0, 6.4))


def main() -> Any:
    return play("election_timeouts", __doc__, experiment)


if __name__ == "__main__":
    leave(main())
