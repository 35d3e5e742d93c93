"""A majority is lost for good: the node that is left goes on, alone, and knowingly."""

import json
import random
import shutil

from backup_test import fill, holds, identity, members
from damage_test import flip, holds_something, log_file, used_bytes, SECTOR

ACCEPT = "--i-accept-data-loss"


def bury(cluster, *node_ids):
    """They are gone, and so are their disks."""
    cluster.kill(*node_ids)
    for node_id in node_ids:
        shutil.rmtree(cluster.nodes[node_id].data)
        cluster.nodes.pop(node_id)


def recover(node, *words):
    return node.offline("recover", ACCEPT, *words)


def test_one_of_three_goes_on_and_others_join(cluster_of):
    with cluster_of(3) as cluster:
        written = fill(cluster, 120)
        cluster.wait_until_level()
        survivor = cluster.nodes[cluster.followers()[0]]
        others = [i for i in cluster.nodes if i != survivor.id]
        before = identity(survivor)
        bury(cluster, *others)

        done = recover(survivor)
        assert done.returncode == 1 and "in use by process" in done.stderr, done
        cluster.kill(survivor.id)
        done = survivor.offline("recover")
        assert done.returncode == 2 and ACCEPT in done.stderr and "LOST" not in done.stdout, done
        assert identity(survivor) == before
        done = recover(survivor)
        assert done.returncode == 0, done
        for word in ("LOST", "COMMITTED", "voters    1, 2, 3", "only voter"):
            assert word in done.stdout
        assert identity(survivor)["cluster"] != before["cluster"]

        cluster.restart(survivor.id)
        assert holds(survivor, written) == (True, [])
        assert members(survivor) == {survivor.id: "voter"}
        for node_id in (4, 5):
            new = cluster.new_node(node_id, via=survivor.id)
            survivor.cli("cluster", "add", node_id, new.rpc)
        cluster.wait_until_serving()
        more = fill(cluster, 30, "more")
        cluster.kill(survivor.id)
        cluster.wait_until_serving(4, 5)
        for node_id in (4, 5):
            assert holds(cluster.nodes[node_id], {**written, **more}) == (True, [])
        done = recover(survivor, "--json")  # from a living majority: it parts from them
        assert done.returncode == 0 and "LOST" in done.stderr
        told = json.loads(done.stdout)
        assert told["before"]["voters"] == [survivor.id, 4, 5], told
        assert told["now"]["cluster"] == identity(survivor)["cluster"], told
        assert told["now"]["index"] == told["before"]["last_index"] + 1, told
        cluster.restart(survivor.id)
        assert members(survivor) == {survivor.id: "voter"}
        assert members(cluster.nodes[4]) == {i: "voter" for i in (survivor.id, 4, 5)}
        assert holds(cluster.nodes[5], more) == (True, [])


def test_members_that_come_back_after_all_are_refused(cluster_of):
    """They would be a majority of the old cluster, with a leader of their own."""
    with cluster_of(3) as cluster:
        written = fill(cluster, 30)
        cluster.wait_until_level()
        cluster.kill(2, 3)
        cluster.kill(1)
        assert recover(cluster.nodes[1]).returncode == 0
        cluster.restart(1)
        assert cluster.nodes[1].call("SET", "of the new cluster", "1") == b"OK"
        cluster.restart(2, 3)
        assert cluster.nodes[2].call("SET", "of the old cluster", "1") == b"OK"
        cluster.wait(lambda: "to cluster" in cluster.nodes[1].log() + cluster.nodes[2].log(),
                     "they refuse one another")
        assert cluster.nodes[1].call("GET", "of the old cluster") is None
        assert cluster.nodes[3].call("GET", "of the new cluster") is None
        assert holds(cluster.nodes[1], written) == (True, [])


def test_what_nobody_knew_the_fate_of_is_committed(cluster_of):
    with cluster_of(3, command_timeout_ms=1000) as cluster:
        fill(cluster, 10)
        leader = cluster.nodes[cluster.leader()]
        bury(cluster, *[i for i in cluster.nodes if i != leader.id])
        try:
            answer = leader.call("SET", "unacknowledged", "1", timeout=4)
        except OSError as error:
            answer = error
        assert answer != b"OK"
        cluster.terminate(leader.id)
        assert recover(leader).returncode == 0
        cluster.restart(leader.id)
        assert leader.call("GET", "unacknowledged") == b"1"


def test_twice_is_once_too_often(cluster_of):
    with cluster_of(3) as cluster:
        fill(cluster, 5)
        bury(cluster, 2, 3)
        cluster.kill(1)
        node = cluster.nodes[1]
        assert recover(node).returncode == 0
        before = identity(node)
        done = recover(node)
        assert done.returncode == 2 and "only voter already" in done.stderr, done
        assert identity(node) == before


def test_a_snapshot_without_a_log_is_enough(cluster_of):
    with cluster_of(3, compaction_tail=0) as cluster:
        written = fill(cluster, 40)
        cluster.wait_until_level()
        cluster.nodes[2].cli("cluster", "snapshot")
        bury(cluster, 1, 3)
        cluster.kill(2)
        assert recover(cluster.nodes[2]).returncode == 0
        cluster.restart(2)
        assert holds(cluster.nodes[2], written) == (True, [])


def test_damage_of_the_only_copy_is_accepted_as_loss(cluster_of, seed):
    """A single node whose log is damaged waits for peers that it does not have."""
    draw = random.Random(seed)
    with cluster_of(1) as cluster:
        node = cluster.nodes[1]
        written = fill(cluster, 60)
        cluster.kill(1)
        path = log_file(node, "middle")
        data = path.read_bytes()
        used = used_bytes(path)
        starts = [at for at in range(used // 2 // SECTOR * SECTOR, used * 3 // 4, SECTOR)
                  if holds_something(data[at:at + SECTOR])]
        flip(path, draw.choice(starts) + draw.randrange(SECTOR), draw)
        cluster.launch(1)
        cluster.wait(lambda: "the log is damaged" in node.log(), "the damage is noticed")
        cluster.kill(1)
        done = recover(node)
        assert done.returncode == 0 and "DAMAGED" in done.stdout, done
        cluster.restart(1)
        assert not node.status()["recovering"]
        kept = [key for key, value in written.items() if node.call("GET", key) == value]
        lost = [key for key in written if node.call("GET", key) is None]
        print(f"{len(kept)} kept, {len(lost)} lost")
        assert len(kept) + len(lost) == len(written)
        assert kept == list(written)[:len(kept)] and kept and lost
        cluster.kill(1)
        cluster.restart(1)
        assert node.call("GET", kept[-1]) == written[kept[-1]]


def test_what_cannot_be_recovered_is_refused(cluster_of, tmp_path):
    with cluster_of(3) as cluster:
        cluster.kill(*cluster.nodes)
        node = cluster.nodes[1]
        # Another node's folder; no folder at all; a folder of nobody.
        shutil.move(node.data, tmp_path / "mine")
        done = recover(node)
        assert done.returncode == 2 and "no folder" in done.stderr and not node.data.exists()
        node.data.mkdir()
        done = recover(node)
        assert done.returncode == 2 and "belongs to no node" in done.stderr, done
        shutil.rmtree(node.data)
        shutil.copytree(cluster.nodes[2].data, node.data)
        done = recover(node)
        assert done.returncode == 2 and "belongs to node 2" in done.stderr, done
