"""Nodes come, go and are replaced under load; who does not belong is refused in words."""

import json
import shutil
import subprocess
import time

from load import Load
from local_cluster import Node


def members(node):
    return {row["node"]: row["role"] for row in json.loads(node.cli("cluster", "members", "--json"))}


def test_a_fourth_node_joins_and_another_leaves(cluster_of, seed):
    with cluster_of(3) as cluster:
        with Load(cluster, seed, clients=1) as load:
            load.run_for(writes=30)
            fourth = cluster.new_node(4, via=1)
            cluster.nodes[1].cli("cluster", "add", 4, fourth.rpc)
            cluster.wait_until_serving(4)
            load.run_for(writes=30)
            leaver = cluster.leader()
            cluster.nodes[4].cli("cluster", "remove", leaver)
            cluster.forget(leaver)
            cluster.wait_until_serving()
            load.run_for(writes=30)
            assert members(fourth) == {i: "voter" for i in cluster.nodes}
        print(load.verify())


def test_a_dead_node_is_replaced(cluster_of, seed):
    with cluster_of(3) as cluster:
        with Load(cluster, seed, clients=1) as load:
            load.run_for(writes=30)
            dead = cluster.leader()
            cluster.forget(dead)
            via = cluster.leader()
            cluster.nodes[via].cli("cluster", "remove", dead)
            new = cluster.new_node(4, via=via)
            cluster.nodes[via].cli("cluster", "add", 4, new.rpc)
            cluster.wait_until_serving(4)
            load.run_for(writes=30)
            # The new one counts: another dies, and there is still a majority.
            victim = next(i for i in cluster.nodes if i != 4)
            cluster.kill(victim)
            load.run_for(writes=30)
            cluster.restart(victim)
        print(load.verify())


def test_a_whole_cluster_that_has_changed_restarts(cluster_of, seed):
    with cluster_of(3) as cluster:
        fourth = cluster.new_node(4, via=2)
        cluster.nodes[2].cli("cluster", "add", 4, fourth.rpc)
        with Load(cluster, seed, workloads=["counter"]) as load:
            load.run_for(writes=50)
            cluster.kill(*cluster.nodes)
            cluster.restart(*cluster.nodes)
            load.run_for(writes=50)
        assert members(cluster.nodes[1]) == {i: "voter" for i in (1, 2, 3, 4)}
        load.verify()


def test_a_node_of_another_cluster_is_refused(cluster_of):
    with cluster_of(3) as ours, cluster_of(3) as theirs:
        before = members(ours.nodes[1])
        stranger = theirs.nodes[3]
        theirs.kill(3)
        # It finds one of our nodes where its own cluster's node 1 should be.
        shutil.copy(stranger.data / "addresses", stranger.folder / "addresses-before")
        book = (stranger.data / "addresses").read_text()
        (stranger.data / "addresses").write_text(
            book.replace(theirs.nodes[1].rpc, ours.nodes[1].rpc))
        founders = stranger.arguments[1]
        theirs.launch(3)
        theirs.wait(lambda: "to cluster" in stranger.log() or "to cluster" in ours.nodes[1].log()
                    or not stranger.alive, "the stranger is refused")
        assert "belongs to" in stranger.log() + ours.nodes[1].log(), founders
        assert members(ours.nodes[1]) == before
        ours.wait_until_serving()


def test_a_data_folder_of_another_node_is_refused(cluster_of):
    with cluster_of(3) as cluster:
        first, second = cluster.nodes[1], cluster.nodes[2]
        cluster.kill(1, 2)
        shutil.rmtree(first.data)
        shutil.copytree(second.data, first.data)
        cluster.launch(1)
        cluster.wait(lambda: not first.alive, "node 1 has refused the data of node 2")
        assert first.exit_code == 1
        assert "belongs to node 2" in first.log()


def test_a_data_folder_in_use_is_refused(cluster_of):
    with cluster_of(1) as cluster:
        thief = cluster.new_node(2, via=1)
        cluster.wait(lambda: "joined a cluster" in thief.log(), "node 2 has its own folder")
        thief.process.kill()
        shutil.rmtree(thief.data)
        thief.data.symlink_to(cluster.nodes[1].data)
        cluster.launch(2)
        cluster.wait(lambda: not thief.alive, "node 2 has refused")
        assert thief.exit_code == 1
        assert "lock" in thief.log() or "in use" in thief.log()
        cluster.wait_until_serving(1)


def test_a_node_that_does_not_run_is_no_voter(cluster_of):
    """However short the log is, and so however little there is to catch up with."""
    with cluster_of(3) as cluster:
        stranger = cluster.nodes[4] = cluster.node_class(cluster, 4, ["--join", cluster.nodes[1].rpc])
        leader = cluster.nodes[cluster.leader()]
        asked = subprocess.Popen(
            [cluster.binaries.cli, "-p", str(leader.port), "--rpc-port", str(leader.rpc_port),
             "cluster", "add", "4", stranger.rpc],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            cluster.wait(lambda: members(leader).get(4) == "learner", "node 4 is a learner")
            time.sleep(0.5)
            assert members(leader)[4] == "learner"
            cluster.launch(4)
            cluster.wait(lambda: members(leader)[4] == "voter", "node 4 is a voter")
        finally:
            asked.kill()
            asked.wait()


def test_a_port_in_use_is_told_in_words(cluster_of):
    with cluster_of(1) as cluster:
        late = cluster.nodes[2] = cluster.node_class(cluster, 2, [])
        late.port = cluster.nodes[1].port
        cluster.launch(2)
        cluster.wait(lambda: not late.alive, "node 2 has given up")
        assert late.exit_code == 1
        assert f"127.0.0.1:{late.port} (port): Address already in use" in late.log()
        assert "expected" not in late.log()
