"""Nodes that stop and go on, links that are cut, clocks that are wrong: every history is linearizable,
and nothing acknowledged is lost."""

import random

import pytest

from client import Client
from load import Load, pause_between

FAULTS = 3


@pytest.mark.parametrize("reads", ["linearizable", "lease"])
def test_a_leader_that_was_stopped_tells_nothing_outdated(cluster_of, seed, reads):
    with cluster_of(3, reads=reads) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for _ in range(FAULTS):
                leader = cluster.leader()
                load.run_for(writes=20)
                cluster.pause(leader)
                cluster.wait(cluster.leader_or_none, "the others have a leader")
                load.run_for(writes=20)
                cluster.resume(leader)
        cluster.wait_until_serving()
        print(load.verify())


@pytest.mark.parametrize("nodes", [3, 5])
def test_links_cut_both_ways_and_one_way(cluster_of, seed, nodes):
    draw = random.Random(seed)
    with cluster_of(nodes) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for _ in range(FAULTS):
                kind = draw.choice(["isolate the leader", "mute the leader", "random one-way cuts"])
                print(kind)
                leader = cluster.leader()
                if kind == "isolate the leader":
                    cluster.isolate(leader)
                elif kind == "mute the leader":
                    cluster.fault(leader, "link", "all", "--drop")
                else:
                    ids = sorted(cluster.nodes)
                    pairs = [(a, b) for a in ids for b in ids if a != b]
                    for source, target in draw.sample(pairs, len(pairs) // 3):
                        cluster.cut(source, target)
                pause_between(draw, 0.5, 1.5)
                cluster.heal()
                cluster.wait_until_serving()
                load.run_for(writes=20)
        print(load.verify())


def test_links_that_lose_and_delay(cluster_of, seed):
    draw = random.Random(seed)
    with cluster_of(3) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for node in cluster.nodes:
                cluster.fault(node, "link", "all", "--loss", draw.randint(1, 20),
                              "--delay", draw.randint(0, 20))
            load.run_for(writes=50)
            cluster.heal()
        cluster.wait_until_serving()
        print(load.verify())


def test_what_is_watched_is_not_read_stale(cluster_of):
    """READONLY at a follower that lags: EXEC would certify another state than GET has read."""
    with cluster_of(3, election_timeout_ms=1000) as cluster:
        leader, follower = cluster.leader(), cluster.followers()[0]
        client = Client(timeout=30)
        client.connect(cluster.nodes[follower].port)
        client.call("READONLY")
        cluster.fault(leader, "link", follower, "--delay", 500)
        for i in range(5):
            cluster.nodes[leader].call("SET", "k", i)
            client.call("WATCH", "k")
            assert client.call("GET", "k") == str(i).encode()
            client.call("UNWATCH")
        client.close()


def test_civil_time_that_is_wrong_on_every_node(cluster_of, seed):
    draw = random.Random(seed)
    with cluster_of(3) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for _ in range(FAULTS):
                for node in cluster.nodes:
                    cluster.fault(node, "clock", "--wall", f"{draw.randint(-3600, 3600)}s")
                leader = cluster.leader()
                cluster.kill(leader)
                load.run_for(writes=20)
                cluster.restart(leader)
        print(load.verify())
