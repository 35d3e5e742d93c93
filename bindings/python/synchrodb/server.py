"""One real server: its program, its options, its process and its folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _core
from .processes import Process, quiet_ports

if TYPE_CHECKING:
    from .cluster import LocalCluster


def find_server(binary: str | os.PathLike | None = None) -> str:
    """The path of `synchrodb-server`: the given one, or that of the environment variable
    SYNCHRODB_SERVER, or the one that was built with this package, or the one in PATH.

    >>> Path(find_server()).name
    'synchrodb-server'
    """
    built = Path(_core.__file__).resolve().parents[2] / "bin" / "synchrodb-server"
    wanted = binary or os.environ.get("SYNCHRODB_SERVER")
    if wanted is None:
        wanted = str(built) if built.exists() else "synchrodb-server"
    found = shutil.which(os.fspath(wanted))
    if found is None:
        raise _core.NotFound(
            f"binary: {os.fspath(wanted)!r} is no program; build it (make build), or say where it "
            "is, by this argument or by SYNCHRODB_SERVER")
    return str(Path(found).resolve())


def named(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options under the servers' own names: underscores stand for hyphens.

    >>> named({"pre_vote": False})
    {'pre-vote': False}
    """
    return {name.replace("_", "-"): value for name, value in options.items()}


def server_flags(options: Mapping[str, Any]) -> list[str]:
    """Options of the servers by name, as flags.

    >>> server_flags({"election_timeout_ms": 400, "pre_vote": False})
    ['--election-timeout-ms', '400', '--pre-vote', 'no']
    """
    flags = []
    for name, value in named(options).items():
        if isinstance(value, bool):
            value = "yes" if value else "no"
        flags += [f"--{name}", str(value)]
    return flags


class Node:
    """One server process and its folder."""

    def __init__(self, cluster: LocalCluster, node_id: int, arguments: list[str],
                 port: int | None = None):
        self.cluster = cluster
        #: From 1.
        self.id = node_id
        drawn, self.rpc_port, self.http_port = quiet_ports(3)
        #: For Redis clients.
        self.port = drawn if port is None else port
        self.arguments = arguments
        #: Options of this node alone, instead of the cluster's.
        self.own_options: dict[str, Any] = {}
        self.paused = False
        self.process = Process(["true"], self.folder)

    @property
    def index(self) -> int:
        """As plans and traces count: from 0."""
        return self.id - 1

    @property
    def address(self) -> str:
        """host:port for Redis clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def rpc(self) -> str:
        """host:port of the RPC port, for `synchrodb.Client`, operators and other nodes."""
        return f"127.0.0.1:{self.rpc_port}"

    @property
    def folder(self) -> Path:
        """What is its own: `data/` and `log.txt`."""
        return self.cluster.folder / f"node-{self.id}"

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.folder / "data"

    @property
    def alive(self) -> bool:
        """Started, and not ended."""
        return self.process.running

    @property
    def running(self) -> bool:
        """Started, not ended, not stopped."""
        return self.alive and not self.paused

    @property
    def exit_code(self) -> int | None:
        """None while it runs; -9 after kill -9."""
        return self.process.exit_code

    def log(self) -> str:
        """All that it wrote."""
        path = self.folder / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def command(self) -> list[str]:
        """How it is started, in its folder."""
        return [self.cluster.binary, "--node-id", str(self.id), "--dir", "data",
                "--port", str(self.port), "--rpc-port", str(self.rpc_port),
                "--http-port", str(self.http_port), *self.arguments,
                *server_flags({**named(self.cluster.options), **named(self.own_options)})]

    def call(self, *words: Any, timeout: float = 5) -> Any:
        """One Redis command on a connection of its own; an error is an `ErrorReply`."""
        from .resp import Connection

        with Connection(self.address, timeout=timeout) as connection:
            return connection.call(words, timeout)

    def acknowledges(self, timeout: float = 5) -> bool:
        """Whether a write through it is acknowledged."""
        from .resp import Connection

        try:
            with Connection(self.address, timeout=timeout) as connection:
                return connection.call(["SET", "harness:probe", "1"]) == "OK"
        except _core.Error:
            return False

    def administration(self, timeout: float = 5) -> Any:
        """Its operator's side: status(), members(), set_link(…), …"""
        from . import _net

        return _net.Administration(self.rpc, "", timeout)

    def status(self, timeout: float = 5) -> dict[str, Any]:
        """What it says of itself: role, term, leader, commit, applied, last_index, keys, …"""
        return self.administration(timeout).status()

    def __repr__(self) -> str:
        how = "paused" if self.paused and self.alive else "running" if self.alive else "down"
        return f"<node {self.id} at {self.address}: {how}>"
