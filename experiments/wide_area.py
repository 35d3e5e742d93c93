"""What does a commit cost between continents, and does a formula say it beforehand?

Replicas in regions of Amazon's EC2, with the mean round-trip times that Bailis et al. measured
between them (Highly Available Transactions: Virtues and Limitations, VLDB 2014, table 1c), and
clients beside the leader. Simulated, and predicted: a write is committed when the leader and enough
followers for a majority have it on disk,

    write = client's round trip + max(sync, k-th shortest round trip + sync)

with k = half of the replicas, rounded down: the leader itself makes the majority. A linearizable
read is confirmed by as many followers, but no disk; a lease read by nobody. Thrifty reads ask no
more followers than it takes, the nearest. The formula has means where the simulation draws, and
knows nothing of queues: so writes are also measured of many clients at once.
"""

from __future__ import annotations

import statistics
from typing import Any, NamedTuple

import synchrodb as sdb
from common import Findings, Settings, Table, leave, play, spread
from synchrodb import generators as gen
from synchrodb.workloads.base import Workload, completed, read, write

REGIONS = {"CA": "California", "OR": "Oregon", "VA": "Virginia", "TO": "Tokyo", "IR": "Ireland",
           "SY": "Sydney", "SP": "São Paulo", "SI": "Singapore"}
#: Mean round-trip times, ms.
RTT_MS = {
    ("CA", "OR"): 22.5, ("CA", "VA"): 84.5, ("CA", "TO"): 143.7, ("CA", "IR"): 169.8,
    ("CA", "SY"): 179.1, ("CA", "SP"): 185.9, ("CA", "SI"): 186.9, ("OR", "VA"): 82.9,
    ("OR", "TO"): 135.1, ("OR", "IR"): 170.6, ("OR", "SY"): 200.6, ("OR", "SP"): 207.8,
    ("OR", "SI"): 234.4, ("VA", "TO"): 202.4, ("VA", "IR"): 107.9, ("VA", "SY"): 265.6,
    ("VA", "SP"): 163.4, ("VA", "SI"): 253.5, ("TO", "IR"): 278.3, ("TO", "SY"): 144.2,
    ("TO", "SP"): 301.4, ("TO", "SI"): 90.6, ("IR", "SY"): 346.2, ("IR", "SP"): 239.8,
    ("IR", "SI"): 234.1, ("SY", "SP"): 333.6, ("SY", "SI"): 243.1, ("SP", "SI"): 362.8,
}
DEPLOYMENTS = {
    "United States": ("CA", "OR", "VA"),
    "around the Atlantic": ("VA", "IR", "SP"),
    "five regions": ("CA", "OR", "VA", "IR", "TO"),
    "seven regions": ("CA", "OR", "VA", "IR", "TO", "SY", "SP"),
}
QUICK_DEPLOYMENTS = ("United States", "five regions")
#: The mean time of a disk's sync, and of a message on a local network one way. Of each a half is
#: certain and the rest exponential.
SYNC_MS, LOCAL_MS = 1.0, 0.2
QUICK_OPERATIONS, OPERATIONS = 40, 200
#: Operations a second of the busy clients, and how many these are.
BUSY_RATE, BUSY_CLIENTS = 500.0, 400

_KINDS = ("write", "read", "lease-read")


def rtt(one: str, other: str) -> float:
    """The round trip between two regions, ms."""
    if one == other:
        return 2 * LOCAL_MS
    return RTT_MS[(one, other) if (one, other) in RTT_MS else (other, one)]


class Prediction(NamedTuple):
    """Milliseconds that operations take."""

    write: float
    read: float
    lease_read: float


def predicted(regions: tuple[str, ...], leader: str) -> Prediction:
    """By the formula; clients are beside the leader."""
    others = sorted(rtt(leader, region) for region in regions if region != leader)
    quorum = others[len(regions) // 2 - 1]
    client = 2 * LOCAL_MS
    return Prediction(client + max(SYNC_MS, quorum + SYNC_MS), client + quorum, client)


# ---- Simulated.

_AWAKE, _SETTLED, _PAUSE = 4.0, 10.0, 0.6


class _OneByOne(Workload):
    """Writes, reads and lease reads of one key, by one client, with pauses between."""

    name = "one-by-one"
    clients = 1
    rate = 1.0

    def operations(self):
        return lambda: {"f": "read", "key": "k"}

    def invoke(self, op):
        if op["f"] == "write":
            outcome = yield write("SET", op["key"], "x")
        else:
            consistency = "lease" if op["f"] == "lease-read" else "linearizable"
            outcome = yield read("GET", op["key"], consistency=consistency)
        return completed(op, outcome)

    def checker(self):
        return None


def _half_certain(ms: float) -> tuple[int, int]:
    """The least, and the mean of what comes on top, in µs."""
    return round(500 * ms), round(500 * ms)


def nemesis_of(placed: tuple[str, ...]) -> sdb.nemesis.Nemesis:
    """Networks and disks; node 0 leads, since the others wake later."""
    least, mean = _half_certain(SYNC_MS)
    faults = (sdb.nemesis.network(*_half_certain(LOCAL_MS))
              + sdb.nemesis.disks(least, least + 2 * mean))
    for i, one in enumerate(placed):
        for j in range(i + 1, len(placed)):
            away = round(1e3 * (rtt(one, placed[j]) / 2 - LOCAL_MS))
            faults += sdb.nemesis.link_bias(min_us=away, max_us=away, among=1, targets=(i, j))
    others = tuple(range(1, len(placed)))
    return faults + sdb.nemesis.fault("pause-clock-stopped", at=0, lasting=_AWAKE, targets=others)


def test_of(regions: tuple[str, ...], leader: str, operations: int, *, busy: bool = False,
            thrifty: bool = True) -> sdb.Test:
    """A deployment with a leader. `busy`: many clients that write, else one with pauses. `thrifty`:
    reads are confirmed by no more followers than it takes, as the engine does by default."""
    placed = (leader, *(region for region in regions if region != leader))
    until = _SETTLED + _PAUSE * (operations + 2)
    if busy:
        work: dict[str, Any] = {"workload": sdb.workloads.builtin(
            "register", rate=BUSY_RATE, clients=BUSY_CLIENTS, keys=1_000, mix={"write": 1})}
        until = 2 * _SETTLED
    else:
        steps = [gen.sleep(_SETTLED)]
        for number in range(operations):
            steps += [{"f": _KINDS[number % 3], "key": "k"}, gen.sleep(_PAUSE)]
        work = {"workload": _OneByOne(), "generator": steps}
    return sdb.Test(
        name="wide-area", nodes=len(placed), time_limit=1.5 * until, nemesis=nemesis_of(placed),
        beyond_budget=True, **work,
        options={"election-timeout-ms": 3_000, "heartbeat-ms": 300, "lease": 2,
                 "thrifty-reads": int(thrifty), "client-attempt-ms": 5_000,
                 "client-timeout-ms": 60_000})


class Case(NamedTuple):
    """One row."""

    deployment: str
    leader: str
    operations: int


def latencies(test: sdb.Test) -> dict[str, list[float]]:
    """Of operations that ended well after the leader had come, ms, by kind."""
    run = test.simulate(seed=1)
    if run.verdict == "violation":
        raise RuntimeError(f"{run.violated}: {run.detail}")
    table = run.history.operations
    begun, took = table["invoke_time"], (table["complete_time"] - table["invoke_time"]) / 1e6
    until = 1e9 * test.time_limit * 2 / 3 - 1e9  # then the nature of the links ends
    good = (table["type"].astype(str) == "ok") & (begun >= _SETTLED * 1e9) & (begun < until)
    kinds = table["f"].astype(str)
    return {kind: took[good & (kinds == kind)].tolist() for kind in _KINDS}


class Medians(NamedTuple):
    """Milliseconds."""

    write: float
    busy_write: float
    read: float
    thrifty_read: float
    lease_read: float


def trial(case: Case) -> Medians:
    """Of one leader."""
    def took(kind: str, **how: bool) -> float:
        test = test_of(DEPLOYMENTS[case.deployment], case.leader, case.operations, **how)
        return statistics.median(latencies(test)[kind])

    return Medians(took("write"), took("write", busy=True), took("read", thrifty=False),
                   took("read"), took("lease-read"))


def draw(figure: Any, rows: list[dict[str, Any]]) -> None:
    """Dots: simulated writes; bars: predicted."""
    from synchrodb.plot import COLOURS

    axes = figure.subplots()
    names = [f"{row['replicas']}: {row['leader']}" for row in rows]
    places = range(len(rows))
    axes.barh(places, [row["predicted write"] for row in rows], height=0.62,
              color=COLOURS["sky"], alpha=0.6, label="write, predicted")
    for kind, colour, marker in (("write", "blue", "o"), ("read", "green", "s"),
                                 ("thrifty read", "orange", "x"),
                                 ("lease read", "vermillion", "|")):
        axes.plot([row[kind] for row in rows], places, marker, color=COLOURS[colour], markersize=5,
                  label=f"{kind}, simulated (median)")
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel("latency of a client beside the leader (ms)")
    axes.set_title("Commits over a wide area, by the leader's region")
    axes.legend(loc="upper right")


def experiment(settings: Settings) -> Findings:
    """Each deployment, each leader."""
    names = QUICK_DEPLOYMENTS if settings.quick else tuple(DEPLOYMENTS)
    count = 3 * (QUICK_OPERATIONS if settings.quick else OPERATIONS)
    cases = [Case(name, leader, count) for name in names for leader in DEPLOYMENTS[name]]
    table = Table(("replicas", "leader", "predicted write", "write", "difference (%)", "busy write",
                   "busy difference (%)", "predicted read", "read", "thrifty read",
                   "predicted lease read", "lease read"),
                  title="Latency of clients beside the leader, ms (medians)")
    done = spread(trial, cases, settings.jobs, "deployments")
    for case, here in zip(cases, done, strict=True):
        said = predicted(DEPLOYMENTS[case.deployment], case.leader)
        table.add(case.deployment, REGIONS[case.leader], said.write, here.write,
                  100 * (here.write / said.write - 1), here.busy_write,
                  100 * (here.busy_write / said.write - 1), said.read, here.read,
                  here.thrifty_read, said.lease_read, here.lease_read)
    rows = table.records()
    worst = max(abs(row["difference (%)"]) for row in rows)
    busiest = max(abs(row["busy difference (%)"]) for row in rows)
    best = {name: min((row for row in rows if row["replicas"] == name),
                      key=lambda row: row["write"]) for name in names}
    dearer = max(row["thrifty read"] - row["read"] for row in rows)
    answer = (f"It costs the round trip to the nearest majority and a sync, which the formula says "
              f"within {worst:.1f} % ({busiest:.1f} % of busy clients). Thrifty reads take at most "
              f"{dearer:.1f} ms longer than those that ask everybody. Of five regions the best "
              f"leader is "
              f"{best['five regions']['leader']}, {best['five regions']['write']:.0f} ms.")
    return Findings({"wide_area": table}, answer, lambda figure: draw(figure, rows),
                    (8.0, 1.6 + 0.26 * len(rows)))


def main() -> Any:
    return play("wide_area", __doc__, experiment)


if __name__ == "__main__":
    leave(main())
