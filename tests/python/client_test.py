"""The typed client, at real servers: what each call does, and what it makes of bad input."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import synchrodb as sdb
from synchrodb.client import (
    Change, Client, NotExecuted, UnknownOutcome, delete, get, put, when,
)
from synchrodb.cluster import addresses
from synchrodb.resp import Connection, ErrorReply, Session
from synchrodb.workloads.base import read, transaction, unwatch, watch, write

QUICK = {"election_timeout_ms": 400, "wal_segment_mb": 1}


@pytest.fixture(scope="module")
def cluster():
    with sdb.LocalCluster(3, options=QUICK) as made:
        yield made


@pytest.fixture
def client(cluster):
    with Client(addresses(cluster.nodes.values())) as made:
        for record in list(made.scan()):
            made.delete(record.key)
        yield made


def test_put_get_and_delete(client):
    assert client.get("k") is None
    first = client.put("k", b"\x00binary\xff")
    assert first and client.get("k").value == b"\x00binary\xff"
    second = client.put("k", "")
    assert second.version > first.version and client.get("k").text == ""
    assert client.delete("k") == (True, True)
    assert client.delete("k") == (True, False)
    for consistency in ("linearizable", "lease", "stale"):
        assert client.get("k", consistency=consistency) is None or consistency == "stale"


def test_conditions(client):
    created = client.put("k", "1", if_absent=True)
    assert created and not client.put("k", "2", if_absent=True)
    assert not client.put("k", "2", if_value="0")
    assert not client.delete("k", if_version=created.version - 1)
    assert client.put("k", "2", if_version=created.version)
    assert client.delete("k", if_present=True)


def test_compare_and_set(client):
    assert not client.cas("k", "0", "1")
    assert client.cas("k", None, "1")
    assert client.cas("k", "1", "2").version > 0
    assert client.cas("k", "2", None)
    assert client.get("k") is None


def test_expiry(client):
    client.put("soon", "v", expires_in="50ms")
    client.put("later", "v", expires_in=3600)
    expires = client.get("later").expires_at
    assert expires > time.time() + 3000
    client.put("later", "w", keep_expiry=True)
    assert client.get("later").expires_at == expires
    client.put("later", "w")
    assert client.get("later").expires_at is None
    client.put("past", "v", expires_at=1)
    assert client.get("past") is None
    until = time.monotonic() + 20
    while client.get("soon") is not None:
        assert time.monotonic() < until


def test_transactions(client):
    client.put("from", "10")
    moved = client.transact(
        [when("from", value="10"), when("to", absent=True)],
        [get("from"), put("from", "7"), put("to", "3", expires_in=60), delete("none"), get("none"),
         get("to")])
    before, version, _, deleted, nothing, after = moved.results
    assert moved and before.text == "10" and version > 0 and deleted is False and nothing is None
    assert after.text == "3" and after.expires_at is not None
    again = client.transact([when("from", value="10")], [put("from", "0")])
    assert not again and again.results == [] and client.get("from").text == "7"


def test_scans(client):
    for i in range(300):
        client.put(f"{'even' if i % 2 == 0 else 'odd'}:{i}", "v")
    assert sum(1 for _ in client.scan()) == 300
    assert {record.key[:4] for record in client.scan("odd:")} == {b"odd:"}
    found = {record.key for record in client.scan(start="even:0", end="even:2", keys_only=True)}
    assert found == {f"even:{i}".encode() for i in range(0, 300, 2) if f"even:{i}" < "even:2"}


def test_a_watch_tells_everything_once_and_in_order(client, cluster):
    watched = client.watch("user:")
    assert watched.next(timeout=0.1) is None
    client.put("user:1", "Ada")
    client.put("other", "x")
    client.delete("user:1")
    first, second = next(watched), next(watched)
    assert isinstance(first, Change) and first.kind == "put"
    assert first[:3] == ("put", b"user:1", b"Ada") and second[:3] == ("deleted", b"user:1", None)
    assert watched.begun <= first.index < second.index
    leader = cluster.leader()
    cluster.kill(leader)
    client.put("user:2", "Bob")
    assert watched.next(timeout=30)[:3] == ("put", b"user:2", b"Bob")
    cluster.restart(leader)


def test_a_watch_says_where_what_it_missed_ends(client):
    for i in range(12):  # more than a node remembers
        last = client.put("many", bytes(1 << 20)).version
    watched = client.watch("many", since=1)
    new = client.put("many", "new").version
    missed, told = next(watched), next(watched)
    # All changes before its index are missing, and none at it or later.
    assert missed == ("missed", b"", None, watched.begun)
    assert last < missed.index <= new
    assert told == ("put", b"many", b"new", new)


def test_writes_are_applied_exactly_once_over_kills(cluster, client):
    """Each number is appended by compare-and-set; a repeated write would fail its condition."""
    stop = threading.Event()

    def strike():
        while not stop.wait(0.7):
            leader = cluster.leader()
            cluster.kill(leader)
            cluster.restart(leader)

    striker = threading.Thread(target=strike)
    striker.start()
    try:
        text = None
        for i in range(150):
            value = f"{text or ''}{i},"
            try:
                assert client.cas("log", text, value), i
            except (NotExecuted, UnknownOutcome):
                value = client.get("log").text
            text = value
    finally:
        stop.set()
        striker.join()
    assert client.get("log").text == text


def test_many_threads_share_a_client(client):
    def work(name):
        for i in range(50):
            client.put(f"{name}:{i}", str(i))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(1 for _ in client.scan()) == 300


def test_other_threads_run_while_one_waits(cluster):
    ticks = []
    with Client("127.0.0.1:1", timeout=1.0) as nobody:
        waiter = threading.Thread(target=lambda: pytest.raises(NotExecuted, nobody.get, "k"))
        waiter.start()
        while waiter.is_alive():
            ticks.append(time.monotonic())
            time.sleep(0.01)
    assert len(ticks) > 20


def test_ctrl_c_ends_a_wait():
    code = ("import synchrodb as sdb\n"
            "print('ready', flush=True)\n"
            "sdb.Client('127.0.0.1:1', timeout=60).get('k')\n")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said and time.monotonic() - began < 10


def test_a_forked_child_has_connections_of_its_own(cluster, client):
    client.put("k", "v")
    child = os.fork()
    if child == 0:
        try:
            try:
                client.get("k")
                os._exit(1)
            except sdb.Unavailable:
                pass
            with Client(client.addresses) as own:
                os._exit(0 if own.get("k").text == "v" else 2)
        except BaseException:
            os._exit(3)
    assert os.waitpid(child, 0)[1] == 0
    assert client.get("k").text == "v"


def test_passwords():
    options = {**QUICK, "requirepass": "secret"}
    cluster = sdb.LocalCluster(1, options=options)
    try:
        cluster.launch(1)
        with Client(cluster.nodes[1].rpc, password="secret") as client:
            client.put("k", "v")
        with (Client(cluster.nodes[1].rpc, password="wrong") as client,
              pytest.raises(NotExecuted, match="password") as refused):
            client.put("k", "v")
        assert refused.value.final
        with Connection(cluster.nodes[1].address, password="secret") as connection:
            assert connection.call(["GET", "k"]) == "v"
        with pytest.raises(sdb.Unavailable, match="WRONGPASS"):
            Connection(cluster.nodes[1].address, password="wrong")
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and a certificate that it signed."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "names").write_text("subjectAltName=DNS:node.test")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout node.key -out node.csr -subj /CN=node",
        "x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out node.pem "
        "-extfile names"):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return folder


def test_tls(certificates):
    cluster = sdb.LocalCluster(1, options={
        **QUICK, "tls_peers": True, "tls_peer_name": "node.test",
        "tls_cert_file": certificates / "node.pem",
        "tls_key_file": certificates / "node.key", "tls_ca_cert_file": certificates / "ca.pem"})
    own = {"certificate_file": certificates / "node.pem", "key_file": certificates / "node.key",
           "server_name": "node.test"}
    with cluster:
        address = cluster.nodes[1].rpc
        with Client(address, tls=True, ca_file=certificates / "ca.pem", **own) as client:
            client.put("k", "v")
            assert client.get("k").text == "v"
        with (Client(address, tls=True, **own, timeout=2) as stranger,
              pytest.raises(NotExecuted)):
            stranger.get("k")
        with Client(address, timeout=2) as plain, pytest.raises(NotExecuted):
            plain.get("k")


@pytest.mark.parametrize("make, error, text", [
    (lambda: Client([]), ValueError, "addresses: needs at least one"),
    (lambda: Client(3), TypeError, ""),
    (lambda: Client(["a:1", 7]), TypeError, "addresses: must be texts"),
    (lambda: Client("nonsense"), ValueError, '"nonsense" is not HOST:PORT'),
    (lambda: Client("a:1", timeout=0), ValueError, "timeout: must be more than 0"),
    (lambda: Client("a:1", timeout="soon"), ValueError, "timeout"),
    (lambda: Client("a:1", ca_file="x"), ValueError, "ca_file: needs tls=True"),
    (lambda: Client("a:1", tls=True, key_file="x"), ValueError, "certificate_file"),
    (lambda: Client("a:1", tls=True, ca_file="/no/such.pem"), sdb.Error, "/no/such.pem"),
    (lambda: Client("a:1").get(3), TypeError, "key: must be bytes or a text, not int"),
    (lambda: Client("a:1").put("k", None), TypeError, "value"),
    (lambda: Client("a:1").put("k", "v", if_value="a", if_absent=True), ValueError, "absent"),
    (lambda: Client("a:1").put("k", "v", expires_in=-1), ValueError, "expires_in"),
    (lambda: Client("a:1").put("k", "v", expires_in=1, keep_expiry=True), ValueError, "keep"),
    (lambda: Client("a:1").get("k", consistency="fresh"), ValueError, "consistency: 'fresh'"),
    (lambda: Client("a:1").transact([], ["x"]), TypeError, "steps"),
    (lambda: Client("a:1").scan("a", start="b"), ValueError, "start"),
    (lambda: Client("a:1").watch(since=-1), ValueError, "since"),
    (lambda: Client("127.0.0.1:1", timeout=0.3).get("k"), NotExecuted, "Connection refused"),
    (lambda: Client("127.0.0.1:1").watch(timeout=0.3), sdb.Timeout, "no watch began"),
])
def test_bad_input(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_a_closed_client(client):
    client.close()
    with pytest.raises(sdb.Unavailable, match="closed"):
        client.get("k")


# ---- Redis commands, as the clients of workloads use them.


def test_outcomes_of_a_session(cluster):
    session = Session(lambda: cluster.nodes[1].address)
    assert session.outcome(write("SET", "s", "caf\u00e9")).reply == "OK"
    assert session.outcome(read("GET", "s", consistency="stale")).kind == "ok"
    assert session.outcome(read("GET", "s")).reply == "caf\u00e9"
    assert session.outcome(write("INCRBY", "n", 2)).reply == 2
    wrong = session.outcome(write("INCRBY", "s", 1))
    assert wrong.kind == "ok" and isinstance(wrong.reply, ErrorReply) and not wrong.ok
    both = session.outcome(transaction(("GET", "s"), ("INCRBY", "n", 1)))
    assert both.reply == ["caf\u00e9", 3]
    unheard = session.outcome(transaction(("NOSUCH", "s"),))
    assert not unheard.ok and session.outcome(read("GET", "n")).reply == "3"
    session.close()


def test_a_watched_key_that_changes_aborts(cluster):
    mine = Session(lambda: cluster.nodes[1].address)
    other = Session(lambda: cluster.nodes[2].address)
    assert mine.outcome(watch("w")).ok
    other.outcome(write("SET", "w", "1"))
    assert mine.outcome(transaction(("SET", "w", "2"),)).reply is None
    assert mine.outcome(watch("w")).ok
    assert mine.outcome(unwatch()).ok
    other.outcome(write("SET", "w", "3"))
    assert mine.outcome(transaction(("SET", "w", "4"),)).reply == ["OK"]
    # With the connection goes what it watched: the transaction must not take effect.
    assert mine.outcome(watch("w")).ok
    mine.close()
    assert mine.outcome(read("GET", "w")).reply == "4"
    assert mine.outcome(transaction(("SET", "w", "5"),)).kind == "failed"
    assert mine.outcome(transaction(("SET", "w", "6"),)).ok
    mine.close(), other.close()


def test_what_is_not_known_is_unknown(cluster):
    """A write at a node that is stopped after it came; nobody there at all is another thing."""
    victim = cluster.followers()[0]
    session = Session(lambda: cluster.nodes[victim].address, timeout=0.5)
    assert session.outcome(write("SET", "u", "1")).ok
    cluster.pause(victim)
    try:
        assert session.outcome(write("SET", "u", "2")).kind == "unknown"
    finally:
        cluster.resume(victim)
    cluster.kill(victim)
    gone = session.outcome(write("SET", "u", "3"))
    assert gone.kind == "failed" and "refused" in gone.why
    cluster.restart(victim)
    assert session.outcome(read("GET", "u")).reply in ("1", "2")
    session.close()
