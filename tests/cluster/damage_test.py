"""Bytes that rot while a node is down. The node is mended by its peers, or refuses to start with a
clear message; it never serves anything that is wrong."""

import random
import struct

import pytest

from load import Load

SECTOR = 512


def used_bytes(path):
    """As far as the log has come. Behind it are zeros, or filler: sectors of no segment."""
    data = path.read_bytes()
    for at in range(len(data) - SECTOR, 0, -SECTOR):
        (segment,) = struct.unpack_from("<Q", data, at + 8)
        if segment:
            return len(data[:at + SECTOR].rstrip(b"\0"))
    return 0


def log_file(node, where):
    """The newest, which has the tail; or the fullest, which surely has a middle."""
    files = node.data.glob("wal-" + "[0-9a-f]" * 16)
    return max(files) if where == "tail" else max(files, key=used_bytes)


def flip(path, offset, draw):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def holds_something(sector):
    """Not an empty batch, by which an idle node confirms the one before: it has nothing to lose."""
    (length,) = struct.unpack_from("<I", sector, 36)
    return length > 0


def offset_in(path, where, draw):
    used = used_bytes(path)
    if where == "tail":
        return used - 1 - draw.randrange(SECTOR // 4)
    data = path.read_bytes()
    # Past the header, far from the end.
    starts = [at for at in range(2 * SECTOR, used * 3 // 4, SECTOR)
              if holds_something(data[at:at + SECTOR])]
    return draw.choice(starts) + draw.randrange(SECTOR)


@pytest.mark.parametrize("end", ["kill", "terminate"])
@pytest.mark.parametrize("where", ["tail", "middle"])
def test_a_damaged_log_is_mended_by_the_peers(cluster_of, seed, where, end):
    draw = random.Random(seed)
    with cluster_of(3) as cluster:
        with Load(cluster, seed, clients=1) as load:
            load.run_for(writes=40)
            victim = draw.choice(sorted(cluster.nodes))
            node = cluster.nodes[victim]
            getattr(cluster, end)(victim)
            log = log_file(node, where)
            offset = offset_in(log, where, draw)
            print(f"node {victim}: a bit of {log.name} at {offset}")
            flip(log, offset, draw)
            cluster.restart(victim)
            # What others were written after is known to have been acknowledged. The last batch
            # may be cut instead, if it was not.
            if where == "middle":
                assert "the log is damaged" in node.log()
            load.run_for(writes=20)
        cluster.wait(lambda: not any(node.status()["recovering"] for node in cluster.running()),
                     "all logs are mended")
        print(load.verify())


def test_damage_in_a_minority_then_death_of_another(cluster_of, seed):
    """What the damaged node lost is still on the two others; one of them alone is left with it."""
    draw = random.Random(seed)
    with cluster_of(3) as cluster:
        with Load(cluster, seed, workloads=["append"]) as load:
            load.run_for(writes=100)
        damaged, dead = draw.sample(sorted(cluster.nodes), 2)
        cluster.kill(*cluster.nodes)
        log = log_file(cluster.nodes[damaged], "middle")
        flip(log, offset_in(log, "middle", draw), draw)
        others = [i for i in cluster.nodes if i != dead]
        for node_id in others:
            cluster.launch(node_id)
        # Two of three, one of them damaged: they may serve only if the damage could be mended.
        cluster.wait(lambda: all(node.log().count("recovered") >= 2 for node in cluster.running()),
                     "both have recovered")
        cluster.restart(dead)
        cluster.wait_until_serving()
        print(load.verify())


def test_damaged_votes_are_refused_in_words(cluster_of, seed):
    draw = random.Random(seed)
    with cluster_of(3) as cluster:
        victim = draw.choice(sorted(cluster.nodes))
        node = cluster.nodes[victim]
        cluster.kill(victim)
        for name in ("hard-state-a", "hard-state-b"):
            data = bytearray((node.data / name).read_bytes())
            data[40] ^= 255
            (node.data / name).write_bytes(data)
        cluster.launch(victim)
        cluster.wait(lambda: not node.alive, "the node has refused")
        assert node.exit_code == 1
        last_words = node.log().splitlines()[-3:]
        assert any("hard-state" in line or "hard state" in line for line in last_words), last_words


@pytest.mark.parametrize("name", ["node-identity"])
def test_a_damaged_identity_is_refused_in_words(cluster_of, seed, name):
    draw = random.Random(seed)
    with cluster_of(3) as cluster:
        victim = draw.choice(sorted(cluster.nodes))
        node = cluster.nodes[victim]
        cluster.kill(victim)
        path = node.data / name
        flip(path, draw.randrange(path.stat().st_size), draw)
        cluster.launch(victim)
        cluster.wait(lambda: not node.alive, "the node has refused")
        assert node.exit_code == 1
        assert name in node.log()
