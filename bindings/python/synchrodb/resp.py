"""A connection for Redis commands that knows what it does not know.

    with Connection("127.0.0.1:7379") as connection:
        connection.call(["SET", "k", "v"])

`outcome` performs a workload's call (`synchrodb.workloads.base`) and says how it ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import _core
from .workloads.base import Call, ErrorReply, Outcome

# Replies that mean that nothing was executed, by their first word or their end.
_NOT_EXECUTED = ("LOADING", "OOM", "MISCONF", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN",
                 "NOAUTH", "WRONGPASS")


def says_not_executed(reply: ErrorReply) -> bool:
    """Whether an error says that the command was not carried out, for want of a working cluster.

    >>> says_not_executed(ErrorReply("ERR no leader; nothing was executed"))
    True
    >>> says_not_executed(ErrorReply("WRONGTYPE Operation against a key"))
    False
    """
    return reply.endswith("nothing was executed") or reply.code in _NOT_EXECUTED


class Connection:
    """One connection to a node's port for Redis clients. Not for several threads.

    `address`: host:port. `timeout`: seconds until a connection is there, and until a command is
    answered. `password`: the servers' `requirepass`. `Unavailable` or `Timeout`: there is none.
    """

    def __init__(self, address: str, *, timeout: float = 5.0, password: str = "",
                 tls: dict[str, str] | None = None):
        from . import _net

        self.address = address
        self.timeout = timeout
        self._raw = _net.Resp(address, ErrorReply, timeout, tls or {})
        if password:
            reply = self.call(["AUTH", password])
            if isinstance(reply, ErrorReply):
                self.close()
                raise _core.Unavailable(f"{address}: {reply}")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Ends it."""
        self._raw.close()

    def call(self, words: Iterable[Any], timeout: float | None = None) -> Any:
        """The reply of a command; an error that the server answered is an `ErrorReply`. An
        exception (`Unavailable`, `Timeout`): nobody knows whether it was executed, and the
        connection is of no use any more."""
        return self._raw.call([_word(word) for word in words],
                              self.timeout if timeout is None else timeout)


def _word(word: Any) -> bytes:
    if isinstance(word, bytes):
        return word
    return str(word).encode("utf-8", "surrogateescape")


class Session:
    """What a client of a workload is: goes from node to node, one connection at a time.

    `choose()` gives the address of the node to go to. `timeout`: seconds for each command.
    """

    def __init__(self, choose: Any, timeout: float = 5.0):
        self._choose = choose
        self._timeout = timeout
        self._connection: Connection | None = None
        self._stale = False  # whether the connection has been told READONLY
        self._watching = False
        self._watch_lost = False  # the connection that watched is gone, and with it what it knew

    def close(self) -> None:
        """Leaves the node; another is chosen next time."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._watch_lost = self._watch_lost or self._watching
        self._stale = self._watching = False

    def outcome(self, call: Call) -> Outcome:
        """Performs a call. `"failed"`: certainly not executed; `"unknown"`: nobody knows."""
        if call.kind == "request":
            raise _core.Unsupported("request(…): real servers have SynchroDB's own protocol; only "
                                    "a simulated Protocol understands requests")
        if call.kind == "transaction" and self._watch_lost:
            # It would not notice changes.
            self._watch_lost = False
            return Outcome("failed", why="the connection that watched the keys is gone")
        try:
            connection = self._connected(call)
        except _core.Error as error:
            self.close()
            return Outcome("failed", why=str(error))
        try:
            return self._perform(connection, call)
        except _core.Error as error:
            self.close()
            # A read without an answer had no effect; what becomes of it is the workload's affair.
            return Outcome("unknown", why=str(error))

    def _connected(self, call: Call) -> Connection:
        if self._connection is None:
            self._connection = Connection(self._choose(), timeout=self._timeout)
            self._stale = False
        wants_stale = call.kind == "read" and call.consistency == "stale"
        if wants_stale != self._stale and call.kind in ("read", "write", "transaction"):
            reply = self._connection.call(["READONLY" if wants_stale else "READWRITE"])
            if isinstance(reply, ErrorReply):
                raise _core.Unavailable(reply)
            self._stale = wants_stale
        return self._connection

    def _perform(self, connection: Connection, call: Call) -> Outcome:
        if call.kind == "watch":
            outcome = _judged(connection.call(["WATCH", *call.commands[0]]))
            self._watching = self._watching or outcome.ok
        elif call.kind == "unwatch":
            outcome = _judged(connection.call(["UNWATCH"]))
            self._watching = self._watch_lost = False
        elif call.kind == "transaction":
            outcome = self._transact(connection, call.commands)
        else:
            outcome = _judged(connection.call(call.commands[0]))
        if outcome.kind != "ok":
            self.close()  # this node is of no use now
        return outcome

    def _transact(self, connection: Connection, commands: tuple) -> Outcome:
        self._watching = False  # whatever comes of it, EXEC or the connection's end forgets
        # Nothing is executed before EXEC is sent.
        for words in (["MULTI"], *commands):
            try:
                reply = connection.call(words)
            except _core.Error as error:
                self.close()
                return Outcome("failed", why=str(error))
            if isinstance(reply, ErrorReply):
                self.close()  # takes the begun transaction along
                return _judged(reply)
        return _judged(connection.call(["EXEC"]))


def _judged(reply: Any) -> Outcome:
    if isinstance(reply, ErrorReply) and says_not_executed(reply):
        return Outcome("failed", why=str(reply))
    return Outcome("ok", reply)
