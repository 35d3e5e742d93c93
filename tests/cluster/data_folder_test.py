"""Data folders and backups of every version that there was (tests/data/server): today's server starts
on them, serves what they hold, and goes on."""

import json
import socket
import subprocess
import tarfile
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
