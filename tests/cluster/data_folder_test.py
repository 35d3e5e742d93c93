"""Data folders and backups of every version that there was (tests/data/server): today's server starts
on them, serves what they hold, and goes on. And folders that were lost: a node is not taken back
without what it had acknowledged."""

import json
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from backup_test import identity

FIXTURES = Path(__file__).resolve().parents[1] / "data/server"
VERSIONS = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
assert "v1" in VERSIONS


def contents_of(version):
    return json.loads((FIXTURES / version / "contents.json").read_text())


def check(node, contents, name):
    for key, value in contents[name].items():
        assert node.call("GET", key) == value.encode(), key
    for key in contents["absent"]:
        assert node.call("GET", key) is None, key
    assert node.call("PEXPIRETIME", "expiring") == contents["expiry"]


def go_on(cluster, node):
    """It is a living node: writes, a snapshot, a stop, a start."""
    counter = node.call("INCR", "counter")
    for i in range(100):
        assert node.call("SET", f"today:{i}", "x" * 20_000) == b"OK"
    node.cli("cluster", "snapshot")
    cluster.terminate(1)
    assert node.exit_code == 0
    cluster.restart(1)
    assert node.call("GET", "counter") == str(counter).encode()
    assert node.call("GET", "today:99") == b"x" * 20_000


@pytest.mark.parametrize("name", ["log", "snapshot"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_folder_of_then(cluster_of, version, name):
    contents = contents_of(version)
    cluster = cluster_of(1)
    node = cluster.nodes[1]
    node.data.mkdir(parents=True)
    with tarfile.open(FIXTURES / version / f"{name}.tar.gz") as tar:
        tar.extractall(node.data)
    assert any(node.data.glob("wal-*")) and (node.data / "LOCK").exists()
    assert any(node.data.glob("snapshot-*")) == (name == "snapshot")
    with cluster:
        assert identity(node)["cluster"] == contents["cluster"]
        check(node, contents, name)
        go_on(cluster, node)
        check(node, {**contents, name: {**contents[name], "counter": str(
            int(contents[name]["counter"]) + 1)}}, name)
        assert len((node.data / "folder-id").read_text()) == 33
        assert "damaged" not in node.log()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_backup_of_then(cluster_of, version):
    contents = contents_of(version)
    cluster = cluster_of(1)
    node = cluster.nodes[1]
    done = node.offline("restore", "--from", FIXTURES / version / "backup")
    assert done.returncode == 0, done.stderr
    with cluster:
        assert identity(node)["cluster"] != contents["cluster"]
        check(node, contents, "backup")
        go_on(cluster, node)


@pytest.mark.parametrize("door", ["port", "rpc_port", "http_port"])
def test_a_first_start_that_finds_a_port_taken_founds_nothing(cluster_of, door):
    """Whoever starts it again with another port may say more: which cluster it is to found."""
    cluster = cluster_of(1)
    node = cluster.nodes[1]
    node.folder.mkdir(parents=True)
    *alone, option, founders = node.arguments
    assert option == "--initial-cluster"
    node.arguments = alone
    with socket.create_server(("127.0.0.1", getattr(node, door))):
        done = subprocess.run(node.command(), cwd=node.folder, capture_output=True, text=True,
                              timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot listen" in done.stderr and "Address already in use" in done.stderr
    assert [path.name for path in node.data.iterdir()] == ["LOCK"]
    node.arguments = [*alone, option, founders]
    with cluster:
        assert node.call("SET", "k", "v") == b"OK"


@pytest.mark.parametrize("word", ["", "restore"])
def test_a_folder_of_others_is_left_alone(cluster_of, word):
    """--dir /usr: no node's, though there is no file in it, either."""
    node = cluster_of(1).nodes[1]
    (node.data / "share").mkdir(parents=True)
    if word:
        done = node.offline(word, "--from", FIXTURES / VERSIONS[-1] / "backup")
    else:
        done = subprocess.run(node.command(), cwd=node.folder, capture_output=True, text=True,
                              timeout=10, check=False)
    assert done.returncode == (2 if word else 1)
    assert "data is not empty (share)" in done.stderr and "choose an empty folder" in done.stderr
    assert [path.name for path in node.data.iterdir()] == ["share"]


def test_a_file_system_of_its_own_is_an_empty_folder(cluster_of):
    cluster = cluster_of(1)
    node = cluster.nodes[1]
    (node.data / "lost+found").mkdir(parents=True)
    with cluster:
        assert node.call("SET", "k", "v") == b"OK"
        # What comes later is nobody's business.
        (node.data / "share").mkdir()
        cluster.terminate(1)
        cluster.restart(1)
        assert node.call("GET", "k") == b"v"


def knows_folder_of(node, other):
    """Whether it will at its next start."""
    lines = (node.data / "addresses").read_text().splitlines()
    return any(line.startswith(f"{other} ") and len(line.split()) == 5 for line in lines)


def lose_folder(cluster, written):
    """A write that nodes 2 and 3 acknowledged; then all are down, and node 2 has lost its folder."""
    first, second, third = cluster.nodes.values()
    cluster.wait(lambda: knows_folder_of(first, 2) and knows_folder_of(third, 2),
                 "the others know node 2's folder")
    cluster.kill(1)
    cluster.wait_until_serving(2, 3)
    assert third.call("SET", *written) == b"OK"
    cluster.kill(2, 3)
    shutil.rmtree(second.data)


@pytest.mark.parametrize("way", ["--initial-cluster", "--join"])
def test_a_node_that_lost_its_folder_is_not_taken_back(cluster_of, way):
    """With node 1, which was away, it would be a majority that knows nothing of the write."""
    with cluster_of(3) as cluster:
        first, second, third = cluster.nodes.values()
        lose_folder(cluster, ("k", "acknowledged"))
        if way == "--join":
            second.arguments = ["--join", first.rpc]
        cluster.launch(1)
        cluster.launch(2)
        refused = "node 2 has another data folder than before"
        cluster.wait(lambda: refused in first.log() and refused in second.log(),
                     "node 2 is refused, and both say so")
        time.sleep(3)  # several election timeouts
        assert not cluster.serves(1) and not cluster.serves(2)
        assert first.status()["leader"] == second.status()["leader"] == 0

        cluster.restart(3)
        cluster.wait_until_serving(1, 3)
        assert first.call("GET", "k") == third.call("GET", "k") == b"acknowledged"
        assert second.status()["leader"] == 0
        first.cli("cluster", "remove", 2)
        cluster.forget(2)
        fourth = cluster.new_node(4, via=1)
        first.cli("cluster", "add", 4, fourth.rpc)
        cluster.wait_until_serving(4)
        assert fourth.call("GET", "k") == b"acknowledged"


def test_a_node_in_memory_comes_back(cluster_of):
    """It has nothing to lose that it promised to keep."""
    with cluster_of(3, persistence="none") as cluster:
        cluster.kill(2)
        cluster.restart(2)
        assert "another data folder" not in "".join(n.log() for n in cluster.nodes.values())
