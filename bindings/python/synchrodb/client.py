"""The typed client of real servers: single keys, transactions, scans, watches.

    with Client(["10.0.0.1:17379", "10.0.0.2:17379"], password="secret") as client:
        client.put("greeting", "hello")
        client.get("greeting").text
        client.transact([when("greeting", value="hello")], [put("greeting", "bye"), get("count")])
        for change in client.watch("user:"):
            ...

The addresses are those of RPC ports (`rpc-port`: the port for Redis clients + 10000, unless it was
set). The client finds a node that answers, moves on when one does not, and asks again what it may:
reads always, writes because it numbers them in sessions of its own, so that each is applied exactly
once. What is still open at the deadline is an exception, `NotExecuted` or `UnknownOutcome`.

Keys and values are bytes or texts (as UTF-8). Any number of threads may share a client; the
interpreter's lock is free while one waits, and Ctrl-C ends the wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from . import _core

CONSISTENCIES = ("linearizable", "lease", "stale")


class NotExecuted(_core.Unavailable):
    """The call certainly had no effect, and will have none. `final`: it breaks a rule, and would
    not succeed another time either.

    >>> NotExecuted("no leader").final
    False
    """

    final = False


class UnknownOutcome(_core.Timeout):
    """A write without an answer: executed once or not at all, now or later.

    >>> isinstance(UnknownOutcome(), TimeoutError)
    True
    """


class Record(NamedTuple):
    """A key and what it holds. `version`: the log entry that wrote it. `expires_at`: seconds since
    1970, None: never.

    >>> Record(b"k", b"v", 7).text
    'v'
    """

    key: bytes
    value: bytes
    version: int = 0
    expires_at: float | None = None

    @property
    def text(self) -> str:
        """The value as UTF-8."""
        return self.value.decode()


class Written(NamedTuple):
    """What became of a write. `applied` False: the condition did not hold, and nothing was changed.
    `version`: the key's new one, 0 where there is none. True where it was applied."""

    applied: bool
    version: int

    def __bool__(self):
        return self.applied


class Deleted(NamedTuple):
    """What became of a deletion. `existed`: whether there was such a key."""

    applied: bool
    existed: bool

    def __bool__(self):
        return self.applied


class Transacted(NamedTuple):
    """What became of a transaction. `results`: of each step; of a get its `Record` or None, of a
    put the new version, of a delete whether the key existed."""

    applied: bool
    results: list

    def __bool__(self):
        return self.applied


class Change(NamedTuple):
    """Something that happened to a key: `kind` `"put"`, `"deleted"` (or expired), `"cleared"` (all
    keys are gone), or `"missed"`: changes before `index` are not remembered by any node, and what
    is known must be read anew. `value` None in a put: it is above 1 MiB; get it."""

    kind: str
    key: bytes
    value: bytes | None
    index: int


class Condition(NamedTuple):
    """What must hold for a write to happen; made by `when`."""

    key: bytes
    is_: tuple


class Step(NamedTuple):
    """A step of a transaction; made by `get`, `put` and `delete`."""

    key: bytes
    kind: str
    value: bytes = b""
    expires: tuple = ("never", 0)


def _bytes(value: Any, argument: str) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{argument}: must be bytes or a text, not {type(value).__name__}")


def _condition(value: Any, version: int | None, absent: bool, present: bool) -> tuple:
    given = [name for name, one in (("value", value is not None), ("version", version is not None),
                                    ("absent", absent), ("present", present)) if one]
    if len(given) > 1:
        raise _core.InvalidInput(f"{given[1]}: either {given[0]} or {given[1]}, not both")
    if value is not None:
        return ("value", _bytes(value, "value"))
    if version is not None:
        return ("version", _natural(version, "version"))
    return ("absent", b"") if absent else ("present", b"") if present else ("anything", b"")


def when(key: bytes | str, *, value: bytes | str | None = None, version: int | None = None,
         absent: bool = False, present: bool = False) -> Condition:
    """A condition of a transaction: the key holds this value, has this version, is absent, is
    there.

    >>> when("k", absent=True)
    Condition(key=b'k', is_=('absent', b''))
    """
    return Condition(_bytes(key, "key"), _condition(value, version, absent, present))


def get(key: bytes | str) -> Step:
    """A step of a transaction: reads a key.

    >>> get("k").kind
    'get'
    """
    return Step(_bytes(key, "key"), "get")


def put(key: bytes | str, value: bytes | str, *, expires_in: float | None = None,
        expires_at: float | None = None, keep_expiry: bool = False) -> Step:
    """A step of a transaction: writes a key. See `Client.put`.

    >>> put("k", "v", expires_in=1.5).expires
    ('after', 1500)
    """
    return Step(_bytes(key, "key"), "put", _bytes(value, "value"),
                _expiry(expires_in, expires_at, keep_expiry))


def delete(key: bytes | str) -> Step:
    """A step of a transaction: deletes a key.

    >>> delete("k").kind
    'delete'
    """
    return Step(_bytes(key, "key"), "delete")


def _natural(value: Any, argument: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{argument}: must be an integer, not {type(value).__name__}")
    if not 0 <= value < 2**64:
        raise _core.InvalidInput(f"{argument}: {value} is outside 0 to 2**64 - 1")
    return value


def _expiry(expires_in: float | None, expires_at: float | None, keep: bool) -> tuple:
    given = [name for name, one in (("expires_in", expires_in is not None),
                                    ("expires_at", expires_at is not None),
                                    ("keep_expiry", keep)) if one]
    if len(given) > 1:
        raise _core.InvalidInput(f"{given[1]}: either {given[0]} or {given[1]}, not both")
    if expires_in is not None:
        return ("after", round(seconds(expires_in, "expires_in") * 1000))
    if expires_at is not None:
        return ("at", round(seconds(expires_at, "expires_at") * 1000))
    return ("as-before", 0) if keep else ("never", 0)


def seconds(value: Any, argument: str) -> float:
    """A number of seconds, or a text such as `"200ms"`, above 0.

    >>> seconds("200ms", "timeout")
    0.2
    """
    from .nemesis import seconds as parsed

    number = parsed(value, argument)
    if number == 0:
        raise _core.InvalidInput(f"{argument}: must be more than 0 seconds")
    return number


def _word(word: str, words: tuple, argument: str) -> str:
    if word not in words:
        raise _core.InvalidInput(f"{argument}: {word!r} is none of {', '.join(words)}")
    return word


def _checked(answer: tuple) -> None:
    """Raises what an answer that is not ok means."""
    kind, why, final = answer
    if kind == "not-executed":
        refused = NotExecuted(why)
        refused.final = final
        raise refused
    if kind == "unknown":
        raise UnknownOutcome(why)


def _record(raw: tuple) -> Record:
    key, value, version, expiry_ms = raw
    return Record(key, value, version, None if expiry_ms < 0 else expiry_ms / 1000)


def tls_options(tls: bool, ca_file: str, certificate_file: str, key_file: str,
                server_name: str) -> dict[str, str]:
    """Options of a connection with TLS; refuses what does not go together.

    >>> tls_options(False, "", "", "", "")
    {}
    """
    files = {"ca_file": str(ca_file), "certificate_file": str(certificate_file),
             "key_file": str(key_file), "server_name": server_name}
    given = [name for name, value in files.items() if value]
    if given and not tls:
        raise _core.InvalidInput(f"{given[0]}: needs tls=True")
    if bool(certificate_file) != bool(key_file):
        raise _core.InvalidInput("key_file: goes with certificate_file")
    return {"tls": "yes", **files} if tls else {}


class Client:
    """A connection to a cluster; see the module's head.

    `addresses`: `"host:port"` of some nodes' RPC ports, one or several. `password`: the servers'
    `requirepass`. `timeout`: seconds until a call is answered or given up; `attempt_timeout`: until
    a node that says nothing is given up for another. `tls`, `ca_file` (PEM; empty: the system's),
    `certificate_file` with `key_file` (for servers that ask for the client's), `server_name` (what
    the server's certificate must name; empty: the host). It connects when it is first asked.

    >>> from synchrodb import LocalCluster
    >>> with LocalCluster(1) as cluster, Client(cluster.nodes[1].rpc) as client:
    ...     written = client.put("greeting", "hello")
    ...     print(bool(client.cas("greeting", "hello", "good bye")))
    ...     done = client.transact([when("greeting", present=True)],
    ...                            [get("greeting"), put("n", "1")])
    ...     print(done.applied, done.results[0].text, [record.key for record in client.scan("n")])
    ...     client.close()
    True
    True good bye [b'n']
    >>> Client("localhost")
    Traceback (most recent call last):
    synchrodb.InvalidInput: "localhost" is not HOST:PORT (an IPv6 address in brackets)
    """

    def __init__(self, addresses: str | Iterable[str], *, password: str = "",
                 timeout: float | str = 10.0, attempt_timeout: float | str = 3.0,
                 tls: bool = False, ca_file: str = "", certificate_file: str = "",
                 key_file: str = "", server_name: str = ""):
        from . import _net

        several = [addresses] if isinstance(addresses, str) else list(addresses)
        if not several:
            raise _core.InvalidInput("addresses: needs at least one, as host:port")
        for one in several:
            if not isinstance(one, str):
                raise TypeError(f"addresses: must be texts, as host:port, not {one!r}")
        self.addresses = tuple(several)
        self._database = _net.Database(
            several, password, seconds(timeout, "timeout"),
            seconds(attempt_timeout, "attempt_timeout"),
            tls_options(tls, ca_file, certificate_file, key_file, server_name))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; calls of other threads still get their answer."""
        self._database.close()

    def get(self, key: bytes | str, *, consistency: str = "linearizable") -> Record | None:
        """The key's record; None: there is no such key. `consistency`: `"linearizable"`, `"lease"`
        (faster, rests on clocks), `"stale"` (as the asked node knows it)."""
        answer, record = self._database.get(
            _bytes(key, "key"), _word(consistency, CONSISTENCIES, "consistency"))
        _checked(answer)
        return None if record is None else _record(record)

    def put(self, key: bytes | str, value: bytes | str, *, expires_in: float | None = None,
            expires_at: float | None = None, keep_expiry: bool = False,
            if_value: bytes | str | None = None, if_version: int | None = None,
            if_absent: bool = False, if_present: bool = False) -> Written:
        """Writes a key, once, if the condition holds (none: always). It never expires unless one of
        `expires_in` (seconds), `expires_at` (since 1970) or `keep_expiry` says otherwise."""
        answer, applied, version = self._database.put(
            _bytes(key, "key"), _bytes(value, "value"),
            _expiry(expires_in, expires_at, keep_expiry),
            _condition(if_value, if_version, if_absent, if_present))
        _checked(answer)
        return Written(applied, version)

    def delete(self, key: bytes | str, *, if_value: bytes | str | None = None,
               if_version: int | None = None, if_present: bool = False) -> Deleted:
        """Deletes a key, if the condition holds (none: always)."""
        answer, applied, existed = self._database.remove(
            _bytes(key, "key"), _condition(if_value, if_version, False, if_present))
        _checked(answer)
        return Deleted(applied, existed)

    def cas(self, key: bytes | str, expected: bytes | str | None,
            value: bytes | str | None) -> Written:
        """Compare-and-set. None stands for a key that does not exist: what is expected, and what
        shall be."""
        answer, applied, version = self._database.compare_and_set(
            _bytes(key, "key"), None if expected is None else _bytes(expected, "expected"),
            None if value is None else _bytes(value, "value"))
        _checked(answer)
        return Written(applied, version)

    def transact(self, conditions: Iterable[Condition], steps: Iterable[Step]) -> Transacted:
        """All steps or none, at one moment, if all conditions (`when`) hold. Steps: `get`, `put`,
        `delete` of this module."""
        conditions, steps = list(conditions), list(steps)
        for name, several, kind in (("conditions", conditions, Condition), ("steps", steps, Step)):
            for one in several:
                if not isinstance(one, kind):
                    raise TypeError(f"{name}: must be of client.{kind.__name__}, not {one!r}")
        answer, applied, results = self._database.transact(conditions, steps)
        _checked(answer)
        return Transacted(applied, [
            _result(step, *raw) for step, raw in zip(steps, results, strict=applied)])

    def scan(self, prefix: bytes | str = b"", *, start: bytes | str | None = None,
             end: bytes | str = b"", keys_only: bool = False,
             consistency: str = "linearizable") -> Iterator[Record]:
        """The keys that begin with `prefix`, in no order; or those from `start` up to `end`
        exclusively (empty: no end). Each page is of one moment, all of them are not."""
        by_prefix = start is None
        if not by_prefix and prefix:
            raise _core.InvalidInput("start: either prefix or start, not both")
        begin = _bytes(prefix if by_prefix else start, "prefix" if by_prefix else "start")
        until = _bytes(end, "end")
        freshness = _word(consistency, CONSISTENCIES, "consistency")
        return self._pages(by_prefix, begin, until, keys_only, freshness)

    def _pages(self, *what: Any) -> Iterator[Record]:
        by_prefix, begin, until, keys_only, freshness = what
        cursor = 0
        while True:
            answer, records, cursor, _ = self._database.scan(
                by_prefix, begin, until, cursor, 0, keys_only, freshness)
            _checked(answer)
            yield from map(_record, records)
            if cursor == 0:
                return

    def watch(self, prefix: bytes | str = b"", *, start: bytes | str | None = None,
              end: bytes | str = b"", since: int = 0,
              timeout: float | str = 10.0) -> Watch:
        """Changes of the keys that begin with `prefix` (or from `start` up to `end`), from log
        entry `since` on; 0: from now on. It has begun when this returns; `Timeout` if no node
        began it in time."""
        by_prefix = start is None
        begin = _bytes(prefix if by_prefix else start, "prefix" if by_prefix else "start")
        raw = self._database.watch(by_prefix, begin, _bytes(end, "end"), _natural(since, "since"))
        index = raw.begun(seconds(timeout, "timeout"))
        if index is None:
            raise _core.Timeout(f"no watch began in {timeout} s: nobody answers at "
                                f"{', '.join(self.addresses)}, or there is no leader")
        return Watch(raw, index)

    def __repr__(self) -> str:
        return f"<Client of {', '.join(self.addresses)}>"


def _result(step: Step, found: bool, record: tuple) -> Any:
    if step.kind == "get":
        return _record((step.key, *record[1:])) if found else None
    return record[2] if step.kind == "put" else found


class Watch:
    """Changes as they come, without gap or repetition, from whichever node has them: an endless
    iterator. `begun`: the log entry from which on every change is told."""

    def __init__(self, raw: Any, begun: int):
        self._raw = raw
        self.begun = begun
        self._ready: list[Change] = []

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> Change:
        return self.next()

    def next(self, timeout: float | str | None = None) -> Change | None:
        """The next change; None: there was none in so many seconds."""
        patience = None if timeout is None else seconds(timeout, "timeout")
        while not self._ready:
            told = self._raw.next(patience)
            if told is None:
                return None
            missed, changes, up_to = told
            if missed:
                first = changes[0][3] if changes else up_to + 1
                self._ready.append(Change("missed", b"", None, first))
            for kind, (key, value, _, _), omitted, index in changes:
                held = value if kind == "put" and not omitted else None
                self._ready.append(Change(kind, key, held, index))
        return self._ready.pop(0)
