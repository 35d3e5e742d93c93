"""kill -9 under load: of any nodes, of the leader, of all at once; with the page cache left alone and
as a power failure (with fault injection, what was not synced is in the process alone)."""

import random

import pytest

from load import Load, Lost, pause_between

KILLS = 3


@pytest.mark.parametrize("nodes, power_loss", [(3, False), (3, True), (5, True)])
def test_kills_of_random_nodes_lose_nothing_acknowledged(cluster_of, seed, nodes, power_loss):
    draw = random.Random(seed)
    with cluster_of(nodes, fault_injection=power_loss) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for _ in range(KILLS):
                pause_between(draw, 0.1, 0.5)
                victims = draw.sample(sorted(cluster.nodes), draw.randint(1, nodes))
                cluster.kill(*victims)
                pause_between(draw, 0.0, 0.6)
                cluster.restart(*victims)
                load.run_for(writes=50)
        print(load.verify())


def test_kills_of_the_leader_lose_nothing_acknowledged(cluster_of, seed):
    with cluster_of(3) as cluster:
        with Load(cluster, seed, clients=1) as load:
            for _ in range(KILLS):
                leader = cluster.leader()
                cluster.kill(leader)
                load.run_for(writes=50)
                cluster.restart(leader)
        print(load.verify())


def test_the_proof_fails_when_syncs_lie(cluster_of, seed):
    """Otherwise all of the above would prove nothing."""
    with cluster_of(3) as cluster:
        for node in cluster.nodes:
            cluster.fault(node, "disk", "--lie")
        with Load(cluster, seed, workloads=["append"]) as load:
            load.run_for(writes=100)
            cluster.kill(*cluster.nodes)
            load.stop()
        cluster.restart(*cluster.nodes)
        assert load.lost_keys()
        with pytest.raises(Lost, match="acknowledged writes are lost"):
            load.verify()
        # The other judge, by itself.
        with pytest.raises(Lost, match="the history of append is invalid"):
            load.verify_histories({"unknown": 0})


def test_honest_syncs_survive_what_lying_ones_do_not(cluster_of, seed):
    """The same steps, but for the lie."""
    with cluster_of(3) as cluster:
        with Load(cluster, seed, workloads=["append"]) as load:
            load.run_for(writes=100)
            cluster.kill(*cluster.nodes)
            load.stop()
        cluster.restart(*cluster.nodes)
        assert load.lost_keys() == []
        print(load.verify())


def test_power_lost_by_order_of_the_administrator(cluster_of, seed):
    with cluster_of(3) as cluster:
        with Load(cluster, seed, workloads=["counter"]) as load:
            victim = cluster.leader()
            load.run_for(writes=50)
            cluster.lose_power(victim)
            load.run_for(writes=50)
            cluster.restart(victim)
        load.verify()
