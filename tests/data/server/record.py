#!/usr/bin/python3
"""Writes the fixtures of a server's data folder: run by hand, once, for a new version of a format.

    tests/data/server/record.py v2 [--server … --cli …]

A version's files are never written again: they stand for the folders that users have.

    log.tar.gz       a node's folder after an orderly stop: identity, addresses, lock, votes, log
    snapshot.tar.gz  the same with a snapshot and a log after it, killed in mid-life
    backup           of that node, by `synchrodb-cli cluster backup`
    contents.json    what each of them holds
"""

import argparse
import gzip
import json
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "cluster"))

from local_cluster import Binaries, LocalCluster  # noqa: E402

FAR_AWAY = 4_102_444_800_000  # 2100-01-01, in milliseconds


def write(node, prefix):
    """Some of everything that a state holds; what is there afterwards, all texts."""
    contents = {f"{prefix}:{i}": f"value {i} " + "." * (11 * i) for i in range(16)}
    for key, value in contents.items():
        node.call("SET", key, value)
    node.call("SET", f"{prefix}:gone", "1")
    node.call("DEL", f"{prefix}:gone")
    node.call("INCRBY", "counter", 20)
    node.call("APPEND", "appended", prefix)
    node.call("SET", "expiring", prefix, "PXAT", FAR_AWAY)
    node.call("SET", f"{prefix}:expired", "1", "PXAT", 1)
    return contents


def cluster_id(node):
    lines = (node.data / "node-identity").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("cluster "))


def pack(folder, file):
    """The same bytes for the same folder."""
    with open(file, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path in sorted(folder.iterdir()):
                entry = tarfile.TarInfo(path.name)
                entry.size, entry.mode = path.stat().st_size, 0o600
                with open(path, "rb") as data:
                    tar.addfile(entry, data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("version")
    parser.add_argument("--server")
    parser.add_argument("--cli")
    arguments = parser.parse_args()
    target = HERE / arguments.version
    target.mkdir(exist_ok=True)
    if (target / "contents.json").exists():
        sys.exit(f"{target} has its fixtures already: they are frozen")
    binaries = Binaries(arguments.server, arguments.cli)
    # Nobody hands over, nothing is lost: kill -9 leaves what was acknowledged.
    with LocalCluster(1, binaries, {"wal-segment-mb": 1}, fault_injection=False) as cluster:
        node = cluster.nodes[1]
        first = write(node, "first")
        cluster.terminate(1)
        pack(node.data, target / "log.tar.gz")
        cluster.restart(1)
        node.cli("cluster", "backup", target / "backup")
        second = write(node, "second")
        cluster.kill(1)
        pack(node.data, target / "snapshot.tar.gz")
        both = {"counter": "40", "appended": "firstsecond", "expiring": "second"}
        once = {"counter": "20", "appended": "first", "expiring": "first"}
        contents = {"cluster": cluster_id(node), "expiry": FAR_AWAY,
                    "log": {**first, **once}, "backup": {**first, **once},
                    "snapshot": {**first, **second, **both},
                    "absent": ["first:gone", "second:gone", "first:expired", "second:expired"]}
        (target / "contents.json").write_text(json.dumps(contents, indent=1) + "\n")


if __name__ == "__main__":
    main()
