#!/usr/bin/python3
"""Runs a client's test that is another program, on a cluster of its own.

usage: converse_test.py SERVER PROGRAM [ARGUMENT ...]
"""

import sys

from support import Cluster, converse


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    cluster = Cluster(sys.argv[1])
    try:
        cluster.start()
        code = converse(cluster, sys.argv[2:])
        if code != 0:
            print(cluster.logs(), file=sys.stderr)
    finally:
        cluster.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
