"""A backup founds a new cluster, the same on every node; what is no backup is refused in words."""

import json
import subprocess

import pytest

from local_cluster import LocalCluster


def fill(cluster, keys, prefix="key"):
    """Writes through every node in turn; what must be there."""
    nodes = list(cluster.nodes.values())
    written = {}
    for i in range(keys):
        key, value = f"{prefix}:{i}", bytes([i % 256, 0, 13, 10]) * (1 + i % 500)
        assert nodes[i % len(nodes)].call("SET", key, value) == b"OK"
        written[key] = value
    return written


def holds(node, written):
    missing = [key for key, value in written.items() if node.call("GET", key) != value]
    return not missing, missing[:5]


def identity(node):
    lines = (node.data / "node-identity").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def back_up(node, file):
    node.cli("cluster", "backup", file)
    return json.loads(node.cli("cluster", "backup-info", file, "--json"))


def restore(cluster, file):
    for node in cluster.nodes.values():
        done = node.offline("restore", "--from", file, "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["node"], told["voters"]) == (node.id, sorted(cluster.nodes)), told
        assert told["cluster"] == identity(node)["cluster"] and told["backup"] == str(file), told


def members(node):
    return {row["node"]: row["role"] for row in json.loads(node.cli("cluster", "members", "--json"))}


def test_a_backup_founds_a_new_cluster(cluster_of, tmp_path):
    file = tmp_path / "backup"
    with cluster_of(3) as old:
        written = fill(old, 150)
        old.nodes[1].call("SET", "lasting", "value", "PX", 10_000_000)
        old.nodes[1].call("INCRBY", "counter", 41)
        # At once, and at a node that may be behind: it holds what was acknowledged.
        follower = old.nodes[old.followers()[0]]
        header = back_up(follower, file)
        old.nodes[1].call("SET", "later", "not in the backup")
        fill(old, 10)

    new = cluster_of(3)
    restore(new, file)
    with new:
        identities = [identity(node) for node in new.nodes.values()]
        assert len({each["cluster"] for each in identities}) == 1
        assert identities[0]["cluster"] != header["cluster"]
        for node in new.nodes.values():
            assert holds(node, written) == (True, [])
            assert node.call("GET", "later") is None
            assert 0 < node.call("PTTL", "lasting") <= 10_000_000
        assert new.nodes[2].call("INCR", "counter") == 42
        assert members(new.nodes[3]) == {1: "voter", 2: "voter", 3: "voter"}

        # It lives: a fail-over, a restart of all, a node that comes later.
        leader = new.leader()
        new.kill(leader)
        new.wait_until_serving()
        new.restart(leader)
        more = fill(new, 20, "more")
        new.kill(*new.nodes)
        new.restart(*new.nodes)
        fourth = new.new_node(4, via=1)
        new.nodes[1].cli("cluster", "add", 4, fourth.rpc)
        new.wait_until_serving(4)
        assert holds(fourth, {**written, **more}) == (True, [])
        assert fourth.call("GET", "counter") == b"42"


def test_a_cluster_is_restored_in_its_own_place(cluster_of, tmp_path):
    """The same nodes, the same addresses, and yet a cluster of its own: nodes with the old data are
    refused."""
    file = tmp_path / "backup"
    with cluster_of(3) as cluster:
        written = fill(cluster, 30)
        back_up(cluster.nodes[1], file)
        cluster.terminate(*cluster.nodes)
        for node_id in (1, 2):
            cluster.nodes[node_id].data.rename(cluster.nodes[node_id].folder / "old")
            done = cluster.nodes[node_id].offline("restore", "--from", file)
            assert done.returncode == 0, done.stderr
        for node_id in cluster.nodes:
            cluster.launch(node_id)
        cluster.wait_until_serving(1, 2)
        stranger = cluster.nodes[3]
        told = lambda: stranger.log() + cluster.nodes[1].log()  # noqa: E731
        cluster.wait(lambda: "belongs to cluster" in told() or "to cluster" in told(),
                     "the node with the old data is refused")
        assert holds(cluster.nodes[2], written) == (True, [])
        assert stranger.status()["leader"] == 0
        cluster.kill(3)
        stranger.data.rename(stranger.folder / "old")
        assert stranger.offline("restore", "--from", file).returncode == 0
        cluster.restart(3)
        assert holds(stranger, written) == (True, [])


def test_a_backup_is_one_state_while_others_are_made(cluster_of, tmp_path):
    """Newer snapshots replace the one that is being read; the reader does not see it."""
    file = tmp_path / "backup"
    with cluster_of(1) as cluster:
        node = cluster.nodes[1]
        big = {f"big:{i}": bytes([65 + i]) * 900_000 for i in range(12)}
        for key, value in big.items():
            assert node.call("SET", key, value) == b"OK"
        reader = subprocess.Popen(
            [cluster.binaries.cli, "-p", str(node.port), "--rpc-port", str(node.rpc_port),
             "cluster", "backup", str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        snapshots = 0
        while reader.poll() is None or snapshots < 2:
            node.call("SET", f"during:{snapshots}", "1")
            node.cli("cluster", "snapshot")
            snapshots += 1
        said = reader.communicate()[0]
        assert reader.returncode == 0, said
        print(f"{snapshots} snapshots meanwhile")
    new = cluster_of(1)
    restore(new, file)
    with new:
        assert holds(new.nodes[1], big) == (True, [])


@pytest.fixture(scope="module")
def a_backup(binaries, tmp_path_factory):
    file = tmp_path_factory.mktemp("backups") / "whole"
    with LocalCluster(1, binaries) as cluster:
        for i in range(50):
            cluster.nodes[1].call("SET", f"key:{i}", "value")
        back_up(cluster.nodes[1], file)
    return file


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


DAMAGES = {
    "a bit of the state": (lambda data: flipped(data, len(data) - 100), "damaged"),
    "a bit of the header": (lambda data: flipped(data, 40), "header"),
    "the end is missing": (lambda data: data[:-1], "bytes of the snapshot"),
    "more than there was": (lambda data: data + b"x", "bytes of the snapshot"),
    "half a header": (lambda data: data[:50], "header"),
    "another version": (lambda data: data[:8] + b"\2" + data[9:], "version"),
    "somebody else's": (lambda data: b"REDIS0010 no backup of ours", "not a backup of SynchroDB"),
    "nothing": (lambda data: b"", "not a backup of SynchroDB"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_backup_is_refused(cluster_of, a_backup, tmp_path, damage):
    spoil, words = DAMAGES[damage]
    file = tmp_path / "damaged"
    file.write_bytes(spoil(a_backup.read_bytes()))
    cluster = cluster_of(1)
    node = cluster.nodes[1]
    done = node.offline("restore", "--from", file)
    assert done.returncode == 2, done
    assert str(file) in done.stderr and words in done.stderr, done.stderr
    assert not node.data.exists()
    cluster.close()


def test_a_file_that_is_not_there(cluster_of, tmp_path):
    cluster = cluster_of(1)
    done = cluster.nodes[1].offline("restore", "--from", tmp_path / "nowhere")
    assert done.returncode == 1 and "nowhere" in done.stderr
    done = cluster.nodes[1].offline("restore")
    assert done.returncode == 2 and "--from" in done.stderr
    assert not cluster.nodes[1].data.exists()
    cluster.close()


def test_a_folder_that_is_somebodys_is_refused(cluster_of, a_backup):
    with cluster_of(1) as cluster:
        node = cluster.nodes[1]
        node.call("SET", "mine", "1")
        done = node.offline("restore", "--from", a_backup)
        assert done.returncode == 1 and "in use by process" in done.stderr, done
        cluster.kill(1)
        done = node.offline("restore", "--from", a_backup)
        assert done.returncode == 2 and "belongs to a node already" in done.stderr, done
        cluster.restart(1)
        assert node.call("GET", "mine") == b"1"
        cluster.kill(1)
        (node.data / "node-identity").unlink()
        done = node.offline("restore", "--from", a_backup)
        assert done.returncode == 2 and "not empty" in done.stderr, done


def test_a_node_that_joins_is_no_founder(cluster_of, a_backup):
    cluster = cluster_of(1)
    cluster.nodes[1].arguments = ["--join", "127.0.0.1:9"]
    done = cluster.nodes[1].offline("restore", "--from", a_backup)
    assert done.returncode == 2 and "join" in done.stderr, done
    cluster.close()


def test_a_full_disk_leaves_nothing(cluster_of, a_backup):
    """The folder is as empty as it was, and may be used again."""
    cluster = cluster_of(1)
    node = cluster.nodes[1]
    command = " ".join(node.command()[1:])
    node.folder.mkdir(parents=True)
    done = subprocess.run(  # ulimit -f: in KiB; the log's first file does not fit
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 200; exec {cluster.binaries.server} restore "
                       f"--from {a_backup} {command}"],
        cwd=node.folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done
    assert [path.name for path in node.data.iterdir()] == ["LOCK"]
    assert node.offline("restore", "--from", a_backup).returncode == 0
    with cluster:
        assert node.call("GET", "key:49") == b"value"
