"""Disks that are full, slow or broken: the node says so, the cluster goes on, nothing is lost."""

import contextlib
import subprocess
import time

import pytest

from load import Load


def mend(cluster):
    """Restarts what ended."""
    cluster.restart(*[node.id for node in cluster.nodes.values() if not node.alive])
    cluster.wait_until_serving()


@pytest.mark.parametrize("who, fault, words", [("leader", "--full", "no space"),
                                               ("follower", "--fail-syncs", "injected failure")])
def test_a_node_with_a_bad_disk_says_so_and_the_others_go_on(cluster_of, seed, who, fault, words):
    with cluster_of(3) as cluster:
        with Load(cluster, seed, workloads=["append", "cas-register"], clients=1) as load:
            victim = cluster.leader() if who == "leader" else cluster.followers()[0]
            load.run_for(writes=20)
            cluster.break_disk(victim, fault)
            node = cluster.nodes[victim]
            assert node.exit_code == 1
            assert words in node.log()
            load.run_for(writes=20)
            mend(cluster)
        print(load.verify())


def test_when_all_disks_are_full_nothing_acknowledged_is_lost(cluster_of, seed):
    with cluster_of(3) as cluster:
        with Load(cluster, seed, workloads=["append"]) as load:
            load.run_for(writes=50)
            for node in cluster.nodes.values():
                node.cli("cluster", "fault", "disk", "--full", check=False)
            # The last one that lives has no majority, hence nothing to write.
            cluster.wait(lambda: len(cluster.running()) < 2, "a majority has ended")
            cluster.kill(*[node.id for node in cluster.running()])
            mend(cluster)
            load.run_for(writes=50)
        print(load.verify())


@pytest.mark.parametrize("delay_ms", [150, 600])
def test_slow_disks_cost_no_leader(cluster_of, seed, delay_ms):
    """Even when a sync takes longer than an election timeout (400 ms): heartbeats go on beside it."""
    with cluster_of(3) as cluster:
        with Load(cluster, seed, workloads=["register"]) as load:
            load.run_for(writes=20)
            leader = cluster.leader()
            term = cluster.nodes[leader].status()["term"]
            for node in cluster.nodes:
                cluster.fault(node, "disk", "--sync-delay", delay_ms)
            time.sleep(2.5)
            after = cluster.nodes[leader].status()
            for node in cluster.nodes:
                cluster.fault(node, "disk")
        cluster.wait_until_serving()
        print(load.verify())
    assert (after["role"], after["term"]) == ("leader", term)


def test_a_real_small_disk_fills_up(cluster_of, seed):
    with cluster_of(3) as cluster:
        victim = cluster.followers()[0]
        node = cluster.nodes[victim]
        cluster.terminate(victim)
        small = cluster.folder / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", small],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            pytest.skip(f"no tmpfs: {mounted.stderr.decode().strip()}")
        try:
            subprocess.run(["cp", "-a", f"{node.data}/.", small], check=True)
            node.data.rename(node.folder / "moved")
            node.data.symlink_to(small)
            cluster.restart(victim)
            with Load(cluster, seed, workloads=["append"]) as load:
                filler = small / "filler"
                with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                    while file.write(bytes(4096)) == 4096:
                        pass
                # It wrote to preallocated space so far: its log has to grow.
                big = "x" * 65536
                others = [cluster.nodes[i] for i in cluster.nodes if i != victim]
                cluster.wait(lambda: others[0].call("SET", "big", big) and not node.alive,
                             "the full node has ended")
                assert "No space left on device" in node.log()
                load.run_for(writes=20)
                filler.unlink()
                cluster.restart(victim)
                load.run_for(writes=20)
            print(load.verify())
        finally:
            if node.alive:
                node.process.kill()
            subprocess.run(["umount", "-l", small], check=False)
