#!/usr/bin/python3
"""The long form of tests/cluster: round after round of faults on real processes, each with a cluster
of its own, until the time is over; then a table.

A round follows from its seed: number of nodes, kind of faults, whether a kill is a power failure. (The
faults repeat with the seed; the timing, which is the machine's, does not.) A round that fails keeps
its folder and prints the line that repeats it.
"""

import argparse
import random
import statistics
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from local_cluster import Binaries, LocalCluster  # noqa: E402
from load import Load, pause_between  # noqa: E402
from failover import trial  # noqa: E402
from peer import Peer  # noqa: E402

FAULTS_A_ROUND = 10
QUICK = {"election-timeout-ms": 400, "wal-segment-mb": 1, "snapshot-every-mb": 1}


@dataclass
class Sum:
    rounds: int = 0
    failures: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    gaps: list = field(default_factory=list)

    @property
    def kills(self):
        return self.counts["kills"] + self.counts["power losses"]


# Faults: each leaves the cluster able to serve again.

def kill_some(cluster, draw, count):
    victims = draw.sample(sorted(cluster.nodes), draw.randint(1, len(cluster.nodes)))
    cluster.kill(*victims)
    count(len(victims))
    pause_between(draw, 0.0, 0.5)
    cluster.restart(*victims)


def kill_leader(cluster, draw, count):
    leader = cluster.leader()
    cluster.kill(leader)
    count(1)
    cluster.wait(cluster.leader_or_none, "the others have a leader")
    cluster.restart(leader)


def stop_leader(cluster, draw, _):
    leader = cluster.leader()
    cluster.pause(leader)
    pause_between(draw, 0.1, 1.5)
    cluster.resume(leader)


def cut_links(cluster, draw, _):
    ids = sorted(cluster.nodes)
    pairs = [(a, b) for a in ids for b in ids if a != b]
    for source, target in draw.sample(pairs, draw.randint(1, len(pairs) - 1)):
        cluster.cut(source, target)
    pause_between(draw, 0.2, 1.5)
    cluster.heal()


def isolate_leader(cluster, draw, _):
    cluster.isolate(cluster.leader())
    pause_between(draw, 0.2, 1.5)
    cluster.heal()


def shift_clocks(cluster, draw, _):
    for node in cluster.nodes:
        cluster.fault(node, "clock", "--wall", f"{draw.randint(-3600, 3600)}s")


def fill_disk(cluster, draw, _):
    victim = draw.choice(sorted(cluster.nodes))
    cluster.break_disk(victim, draw.choice(["--full", "--fail-syncs"]))
    cluster.restart(victim)


def hand_over(cluster, _, __):
    leader = cluster.leader()
    cluster.terminate(leader)
    cluster.restart(leader)


def make_snapshot(cluster, draw, _):
    draw.choice(cluster.running()).cli("cluster", "snapshot")


KILLS = [kill_some, kill_some, kill_leader]
OTHERS = [stop_leader, hand_over, make_snapshot]
INJECTED = [cut_links, isolate_leader, shift_clocks, fill_disk]


def run_round(seed, binaries, total):
    """One cluster's life."""
    draw = random.Random(seed)
    nodes = draw.choice([3, 3, 5])
    power_loss = draw.random() < 0.5
    faults = KILLS if draw.random() < 0.5 else KILLS + OTHERS + (INJECTED if power_loss else [])

    def count(kills):
        total.counts["power losses" if power_loss else "kills"] += kills

    name = f"{nodes} nodes, " + ("power losses" if power_loss else "kills")
    with LocalCluster(nodes, binaries, QUICK, fault_injection=power_loss) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for _ in range(FAULTS_A_ROUND):
                pause_between(draw, 0.05, 0.5)
                fault = draw.choice(faults)
                try:
                    fault(cluster, draw, count)
                    cluster.wait_until_serving()
                    load.run_for(writes=20)
                except Exception as error:
                    raise RuntimeError(f"after {fault.__name__}: {error}") from error
                total.counts[fault.__name__.replace("_", " ")] += 1
        figures = load.verify()
    for key, value in figures.items():
        total.counts[key] += value
    return f"{name}: {figures['acknowledged']} acknowledged and all there"


def soak(arguments, binaries):
    total = Sum()
    draw = random.Random(arguments.seed)
    end = time.monotonic() + 60 * arguments.minutes
    while time.monotonic() < end if arguments.kills is None else total.kills < arguments.kills:
        seed = arguments.round if arguments.round is not None else draw.getrandbits(32)
        start = time.monotonic()
        try:
            words = run_round(seed, binaries, total)
        except Exception as error:  # pylint: disable=broad-except
            traceback.print_exc()
            words = f"FAILED: {str(error).splitlines()[0]}"
            total.failures.append(seed)
        total.rounds += 1
        print(f"round {total.rounds:4}  seed {seed:10}  {time.monotonic() - start:5.1f} s  "
              f"kills so far {total.kills:4}  {words}", flush=True)
        if arguments.round is not None:
            break
    return total


def measure_fail_over(arguments, binaries, total):
    """At the defaults."""
    with LocalCluster(3, binaries, fault_injection=False) as cluster:
        peer = Peer(cluster)
        for i in range(arguments.trials):
            total.gaps.append(trial(peer))
            print(f"fail-over {i + 1:3}: {total.gaps[-1]:.3f} s", flush=True)


def table(total):
    rows = [("rounds", total.rounds), ("rounds that failed", len(total.failures))]
    rows += sorted(total.counts.items())
    if total.gaps:
        rows += [("fail-over, trials", len(total.gaps)),
                 ("fail-over, median", f"{statistics.median(total.gaps):.3f} s"),
                 ("fail-over, worst", f"{max(total.gaps):.3f} s")]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value:>10}" for name, value in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30, help="how long (30)")
    parser.add_argument("--kills", type=int, help="until so many kills, however long that takes")
    parser.add_argument("--trials", type=int, default=50, help="of the fail-over meter (50; 0: none)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--round", type=int, metavar="SEED", help="repeat this one round")
    for name in ("server", "cli", "sim"):
        parser.add_argument(f"--{name}", help=f"another synchrodb-{name}")
    arguments = parser.parse_args()
    binaries = Binaries(arguments.server, arguments.cli, arguments.sim)
    total = Sum()
    print(f"seed {arguments.seed}", flush=True)
    try:
        total = soak(arguments, binaries)
        if arguments.trials and arguments.round is None:
            measure_fail_over(arguments, binaries, total)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
    print(table(total))
    for seed in total.failures:
        print(f"repeat a failure: tests/cluster/soak.py --round {seed}")
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
