"""Nodes come, go and are replaced under load; who does not belong is refused in words."""

import json
import shutil
import subprocess
import time

from load import Load
from local_cluster import Node
from synchrodb.processes import quiet_ports


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


def refusal(node, *words):
    """What the operator reads, which is words, and how long it took."""
    began = time.monotonic()
    done = node.cli("cluster", *words, check=False)
    assert done.returncode == 1, done
    for source_text in ("expected", " = ", "::", "()", "unknown ?"):
        assert source_text not in done.stderr
    return done.stderr, time.monotonic() - began


def frozen_node(cluster):
    """A fourth node that has been started, and stands still."""
    frozen = cluster.new_node(4, via=1)
    cluster.wait(lambda: "joined a cluster" in frozen.log(), "node 4 runs")
    time.sleep(1)  # connected to everybody, too
    cluster.pause(4)
    return frozen


def test_a_node_that_stands_still_is_no_voter(cluster_of):
    """Whichever node is asked: its vote would count, and it would not cast it."""
    with cluster_of(3) as cluster:
        frozen = frozen_node(cluster)
        try:
            for asked in (cluster.followers()[0], cluster.leader()):
                said, _ = refusal(cluster.nodes[asked], "add", 4, frozen.rpc, "--timeout", 4)
                assert "does not answer" in said and "stays a learner" in said
                assert members(cluster.nodes[cluster.leader()])[4] == "learner"
        finally:
            cluster.resume(4)
        asked = cluster.nodes[next(i for i in cluster.followers() if i != 4)]
        assert "is a voter now" in asked.cli("cluster", "add", 4, frozen.rpc)
        cluster.wait_until_serving(4)


def test_a_learner_that_is_removed_meanwhile_does_not_come_back(cluster_of):
    with cluster_of(3) as cluster:
        frozen = frozen_node(cluster)
        leader = cluster.nodes[cluster.leader()]
        asked = subprocess.Popen(
            [cluster.binaries.cli, "-p", str(leader.port), "--rpc-port", str(leader.rpc_port),
             "cluster", "add", "4", frozen.rpc], stderr=subprocess.PIPE, text=True)
        try:
            cluster.wait(lambda: members(leader).get(4) == "learner", "node 4 is a learner")
            time.sleep(1.5)
            leader.cli("cluster", "remove", 4)
            cluster.resume(4)
            assert "removed" in asked.communicate(timeout=20)[1]
        finally:
            asked.kill()
            asked.wait()
        assert 4 not in members(leader)


def test_changes_wait_for_slow_disks(cluster_of):
    with cluster_of(3, election_timeout_ms=3000) as cluster:
        for node in cluster.nodes:
            cluster.fault(node, "disk", "--sync-delay", 700)
        for new, asked in ((8, cluster.leader()), (9, cluster.followers()[0])):
            node = cluster.nodes[asked]
            node.cli("cluster", "add", new, "127.0.0.1:1", "--learner")
            node.cli("cluster", "remove", new)
            assert new not in members(cluster.nodes[cluster.leader()])


def test_an_unknown_outcome_is_called_so(cluster_of):
    """Followers that sync nothing: reads go on, and no change is committed."""
    with cluster_of(3) as cluster:
        cluster.wait_until_serving()
        leader, followers = cluster.nodes[cluster.leader()], cluster.followers()
        for node in followers:
            cluster.fault(node, "disk", "--sync-delay", 30_000)
        said, took = refusal(leader, "add", 8, "127.0.0.1:1", "--learner")
        assert "adding node 8 as a learner" in said and "is unknown" in said
        assert "`cluster members`" in said
        assert took < 40
        said, took = refusal(leader, "add", 8, "127.0.0.1:1", "--learner")
        assert "still under way" in said and took < 10
        for node in followers:
            cluster.fault(node, "disk")
        cluster.wait(lambda: leader.cli("cluster", "add", 8, "127.0.0.1:1", "--learner", check=False)
                     .returncode == 0, "node 8 is a learner")
        assert members(leader)[8] == "learner"


def test_who_asks_again_is_told_at_once(cluster_of):
    with cluster_of(3) as cluster:
        cluster.wait_until_serving()
        for asked in cluster.nodes.values():
            for voter in cluster.nodes.values():
                began = time.monotonic()
                said = asked.cli("cluster", "add", voter.id, voter.rpc)
                assert f"node {voter.id} is a voter already" in said
                assert time.monotonic() - began < 3
        asked, voter = cluster.nodes[1], cluster.nodes[2]
        for words, why in ((("add", 2, voter.rpc, "--learner"), "does not become a learner"),
                           (("add", 2, "127.0.0.1:1"), f"at {voter.rpc} and not at 127.0.0.1:1"),
                           (("remove", 77), "node 77 is no member"),
                           (("transfer-leader", 77), "node 77 is no voter")):
            said, took = refusal(asked, *words)
            assert why in said and "nothing was changed" in said
            assert took < 3
        for node in cluster.nodes.values():
            rows = json.loads(node.cli("cluster", "members", "--json"))
            assert {row["node"]: (row["role"], row["rpc"]) for row in rows} == {
                i: ("voter", one.rpc) for i, one in cluster.nodes.items()}
        for answer in ("now", "already"):
            assert answer in asked.cli("cluster", "add", 9, "127.0.0.1:1", "--learner")


def test_the_only_voter_stays(cluster_of):
    with cluster_of(1) as cluster:
        cluster.wait_until_serving()
        said, took = refusal(cluster.nodes[1], "remove", 1)
        assert "only voter" in said and took < 3


def test_without_a_majority_nothing_is_changed(cluster_of):
    with cluster_of(3) as cluster:
        cluster.kill(2, 3)
        said, _ = refusal(cluster.nodes[1], "remove", 2)
        assert "nothing was changed" in said and "majority" in said


def test_who_does_not_answer_does_not_take_over(cluster_of):
    with cluster_of(3) as cluster:
        leader, target = cluster.leader(), cluster.followers()[0]
        cluster.pause(target)
        try:
            said, _ = refusal(cluster.nodes[leader], "transfer-leader", target)
        finally:
            cluster.resume(target)
        assert f"node {leader} leads, and node {target} has not taken over: it does not" in said


def test_who_lags_does_not_take_over(cluster_of):
    """One whose disk is slow has acknowledged less, and hears of its leader all the time."""
    with cluster_of(3) as cluster:
        cluster.wait_until_serving()
        leader, target = cluster.leader(), cluster.followers()[0]
        cluster.fault(target, "disk", "--sync-delay", 4000)
        for i in range(200):
            cluster.nodes[leader].call("SET", f"k{i}", "v")
        said, took = refusal(cluster.nodes[leader], "transfer-leader", target)
        assert f"node {leader} leads, and node {target} has not taken over: it has entry" in said
        assert took < 4


def test_a_port_in_use_is_told_in_words(cluster_of):
    with cluster_of(1) as cluster:
        late = cluster.nodes[2] = cluster.node_class(cluster, 2, [])
        late.port = cluster.nodes[1].port
        cluster.launch(2)
        cluster.wait(lambda: not late.alive, "node 2 has given up")
        assert late.exit_code == 1
        assert f"127.0.0.1:{late.port} (port): Address already in use" in late.log()
        assert "expected" not in late.log()


def test_all_nodes_move_at_once(cluster_of):
    """Each comes back at another address and is told where one of the others is."""
    with cluster_of(3) as cluster:
        assert cluster.nodes[1].call("SET", "kept", "value") == b"OK"
        for node_id in cluster.nodes:
            cluster.terminate(node_id)
        for node in cluster.nodes.values():
            node.rpc_port, = quiet_ports(1)
        for node_id, node in cluster.nodes.items():
            node.arguments = ["--join", cluster.nodes[node_id % 3 + 1].rpc]
            cluster.launch(node_id)
        cluster.wait_until_serving(*cluster.nodes)
        assert [node.call("GET", "kept") for node in cluster.nodes.values()] == [b"value"] * 3
        # It is known for good: nobody has to be told again.
        for node_id, node in cluster.nodes.items():
            node.arguments = []
            cluster.terminate(node_id)
            cluster.restart(node_id)
        cluster.wait_until_serving(*cluster.nodes)
