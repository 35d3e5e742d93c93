"""Orderly stops, restarts of everything, and how long a fail-over takes."""

import asyncio
import signal
import statistics

from failover import _resp_write, first_acknowledged, trial
from load import Load
from local_cluster import LocalCluster
from peer import Peer

TRIALS = 2
LONG_ELECTION = 3.0  # seconds


def test_sigterm_hands_leadership_over(cluster_of, seed):
    """Nobody waits for an election timeout."""
    with cluster_of(3, election_timeout_ms=int(1000 * LONG_ELECTION)) as cluster:
        with Load(cluster, seed, workloads=["append"], clients=1) as load:
            load.run_for(writes=30)
            leader = cluster.leader()
            others = [node.port for node in cluster.nodes.values() if node.id != leader]
            process = cluster.nodes[leader].process
            process.send(signal.SIGTERM)
            gap = asyncio.run(first_acknowledged(_resp_write, others))
            exit_code = process.wait(60)
            print(f"the gap: {gap:.3f} s")
            load.run_for(writes=30)
            cluster.restart(leader)
        assert exit_code == 0
        # The old leader is gone: what follows was acknowledged under the new one.
        assert cluster.leader() != leader
        assert gap < LONG_ELECTION / 2
        load.verify()


def test_a_whole_cluster_restarts(cluster_of, seed):
    with cluster_of(5) as cluster:
        with Load(cluster, seed, clients=1) as load:
            load.run_for(writes=50)
            cluster.terminate(*cluster.nodes)
            assert [node.exit_code for node in cluster.nodes.values()] == [0] * 5
            cluster.restart(*cluster.nodes)
            load.run_for(writes=50)
        print(load.verify())


def test_fail_over_after_kill_of_the_leader(binaries):
    """At the defaults. `make soak` measures; this only sees that it is no minute."""
    with LocalCluster(3, binaries, fault_injection=False) as cluster:
        gaps = [trial(Peer(cluster)) for _ in range(TRIALS)]
        print(f"fail-over: median {statistics.median(gaps):.2f} s of {TRIALS}")
        assert statistics.median(gaps) < 10
