"""Real servers of LocalCluster: their lives, their faults, and that nothing stays behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import synchrodb as sdb
from synchrodb.processes import Process, wait_until

QUICK = {"election_timeout_ms": 400, "wal_segment_mb": 1}


def servers_in(folder):
    """The ids of processes that work in this folder or below."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            where = os.readlink(entry / "cwd")
        except OSError:
            continue
        if entry.name.isdigit() and where.removesuffix(" (deleted)").startswith(f"{folder}/"):
            found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def cluster():
    """One for all tests that leave it as it was."""
    with sdb.LocalCluster(3, options=QUICK) as made:
        yield made


def test_a_cluster_serves_and_goes_without_a_trace():
    with sdb.LocalCluster(3, options=QUICK) as cluster:
        folder = cluster.folder
        assert cluster.nodes[2].call("SET", "k", "v") == "OK"
        assert cluster.nodes[3].call("GET", "k") == "v"
        assert cluster.leader() in cluster.nodes
        assert len(servers_in(folder)) == 3
    assert servers_in(folder) == [] and not folder.exists()


def test_status_and_logs(cluster):
    rows = cluster.status()
    assert [row["node"] for row in rows] == [1, 2, 3]
    assert [row["role"] for row in rows].count("leader") == 1
    assert all(str(cluster.nodes[int(name[-1])].port) in text
               for name, text in cluster.logs().items())


def test_kill_pause_and_restart(cluster):
    first = cluster.leader()
    cluster.pause(first)
    assert cluster.nodes[first].alive and not cluster.nodes[first].running
    second = cluster.wait(lambda: cluster.leader_or_none(), "the others have a leader")
    assert second != first
    cluster.resume(first)
    cluster.kill(second)
    assert cluster.nodes[second].exit_code == -signal.SIGKILL
    assert not cluster.status()[second - 1]["alive"]
    cluster.restart(second)
    cluster.wait_until_level()


def test_a_link_is_cut_one_way_and_healed(cluster):
    leader = cluster.leader()
    victim = cluster.followers()[0]
    cluster.cut(leader, victim)  # hears nothing, cannot lead either
    before = cluster.nodes[victim].status()["commit"]
    assert cluster.nodes[leader].call("SET", "cut", "1") == "OK"
    time.sleep(0.3)
    assert cluster.nodes[victim].status()["commit"] == before
    cluster.heal()
    cluster.wait_until_level()


def test_a_clock_is_moved_and_put_right(cluster):
    node = cluster.nodes[1]
    cluster.clock(1, offset=1000)
    assert abs(int(node.call("TIME")[0]) - time.time() - 1000) < 30
    cluster.clock(1)
    assert abs(int(node.call("TIME")[0]) - time.time()) < 30


def test_power_loss_and_a_full_disk(cluster):
    cluster.lose_power(2)
    assert not cluster.nodes[2].alive
    cluster.restart(2)
    cluster.disk(3, full=True)
    cluster.wait(lambda: cluster.nodes[1].call("SET", "big", "x" * 2**21)
                 and not cluster.nodes[3].alive, "the full node has ended")
    assert "no space left on the disk" in cluster.nodes[3].log()
    cluster.restart(3)


def test_the_leader_hands_over(cluster):
    before = cluster.leader()
    after = cluster.transfer_leadership(next(n for n in cluster.nodes if n != before))
    assert after != before


def test_members_come_and_go():
    with sdb.LocalCluster(3, options=QUICK) as cluster:
        cluster.new_node(4, via=1)
        cluster.add(4, via=1)
        leaver = cluster.leader()
        cluster.remove(leaver, via=4)
        cluster.forget(leaver)
        cluster.wait_until_serving()
        rows = cluster.nodes[4].administration().members()
        assert sorted(row["node"] for row in rows) == sorted(cluster.nodes)


def test_an_exception_keeps_the_files_and_ends_the_servers(capsys):
    with pytest.raises(ZeroDivisionError), sdb.LocalCluster(1, options=QUICK) as cluster:
        1 / 0  # noqa: B018
    assert servers_in(cluster.folder) == []
    assert (cluster.folder / "node-1/log.txt").stat().st_size > 0
    assert str(cluster.folder) in capsys.readouterr().err
    shutil.rmtree(cluster.folder)


END = """
import os, signal, sys, synchrodb as sdb, threading
cluster = sdb.LocalCluster(2, directory=sys.argv[1], options={"election_timeout_ms": 400})
thread = threading.Thread(target=cluster.start)  # who started them is gone before the program is
thread.start(); thread.join()
print(cluster.folder, flush=True)
cluster.wait_until_serving()
"""


@pytest.mark.parametrize("how, code", [
    ("sys.exit(3)", 3), ("raise RuntimeError", 1), ("os._exit(4)", 4),
    ("os.kill(os.getpid(), signal.SIGKILL)", -9), ("os.kill(os.getpid(), signal.SIGTERM)", -15)])
def test_no_server_outlives_the_program(tmp_path, how, code):
    done = subprocess.run([sys.executable, "-c", END + how, tmp_path], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == code, done.stderr
    folder = done.stdout.strip()
    wait_until(lambda: servers_in(folder) == [], 10, "all servers are gone")
    assert Path(folder, "node-1", "log.txt").exists()


# ---- Bad input.


def test_a_binary_that_is_missing():
    with pytest.raises(sdb.NotFound, match="binary: '/no/such/server' is no program"):
        sdb.LocalCluster(3, binary="/no/such/server")


def test_a_server_that_dies_at_start(tmp_path):
    dying = tmp_path / "server"
    dying.write_text("#!/bin/sh\necho something is amiss\nexit 7\n")
    dying.chmod(0o755)
    cluster = sdb.LocalCluster(3, binary=dying, directory=tmp_path / "run")
    with pytest.raises(sdb.ClusterError, match="(?s)node 1 ended with 7.*something is amiss"):
        cluster.start()
    assert (tmp_path / "run/node-1/log.txt").exists() and servers_in(tmp_path / "run") == []


def test_a_server_that_dies_at_start_alone(tmp_path):
    """Its options are wrong, the others' are not."""
    cluster = sdb.LocalCluster(3, directory=tmp_path / "run", options=QUICK)
    cluster.nodes[3].own_options["no_such_option"] = 1
    with pytest.raises(sdb.ClusterError, match="(?s)node 3 ended with.*no-such-option"):
        cluster.start()
    assert servers_in(cluster.folder) == []


def test_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cluster = sdb.LocalCluster(1, directory=tmp_path / "run",
                                   port=taken.getsockname()[1])
        with pytest.raises(sdb.ClusterError, match=f"(?s)ended with.*{taken.getsockname()[1]}"):
            cluster.start()
    assert servers_in(cluster.folder) == []


@pytest.mark.parametrize("make, error, text", [
    (lambda p: sdb.LocalCluster("3"), TypeError, "nodes: must be an integer, not str"),
    (lambda p: sdb.LocalCluster(0), ValueError, "nodes: 0 is outside 1 to 15"),
    (lambda p: sdb.LocalCluster(3, options=["reads"]), TypeError, "options: must be a dict"),
    (lambda p: sdb.LocalCluster(3, port=65535), ValueError, "port: 65535"),
    (lambda p: sdb.LocalCluster(3, directory=p), ValueError, "directory: .* is no empty folder"),
])
def test_arguments_that_make_no_sense(tmp_path, make, error, text):
    (tmp_path / "file").touch()
    with pytest.raises(error, match=text):
        make(tmp_path)


def test_nodes_that_are_not_there(cluster):
    with pytest.raises(ValueError, match="there is no node 9, but 1, 2, 3"):
        cluster.kill(9)
    with pytest.raises(sdb.ClusterError, match="node 1 runs already"):
        cluster.launch(1)


def test_faults_need_fault_injection():
    with sdb.LocalCluster(1, fault_injection=False) as cluster:
        with pytest.raises(sdb.Error, match="enable-fault-injection"):
            cluster.clock(1, 5)
        test = sdb.Test(nodes=1, time_limit=5, nemesis=sdb.nemesis.crash(at=1))
        with pytest.raises(ValueError, match="fault_injection=False"):
            test.on(cluster)


def test_a_process_that_was_never_started():
    process = Process(["true"], "/nowhere")
    assert process.exit_code is None and not process.running
    process.kill()
