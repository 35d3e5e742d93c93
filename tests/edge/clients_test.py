"""Who is let in at the Redis port, and what is done about bad manners."""

import random
import socket
import struct
import subprocess
import time

from edge_support import DEADLINE, Client, ClientCase, ReplyError, encode, main, own_address


class Doors(ClientCase):
    def test_loopback_unless_told_otherwise(self):
        server = self.server()
        listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=False)
        if listening.returncode == 0:
            for port in (server.port, server.rpc, server.http):
                lines = [line for line in listening.stdout.splitlines() if f":{port} " in line]
                self.assertEqual([line.split()[3] for line in lines], [f"127.0.0.1:{port}"])
        address = own_address()
        if address is not None:
            for port in (server.port, server.rpc, server.http):
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection((address, port))

    def test_protected_mode(self):
        address = own_address()
        if address is None:
            self.skipTest("this machine has loopback only")
        server = self.server("--bind", "0.0.0.0")
        with Client(server.port, host=address) as client:
            self.assertTrue(client.rest().startswith(b"-DENIED "), client.buffer)
        self.assertEqual(server.metric("connections_rejected_total"), 1)
        inside = server.client()
        inside.call("CONFIG", "SET", "requirepass", "secret")
        with Client(server.port, host=address) as client:
            self.assertTrue(client.error("GET", "x").startswith("NOAUTH"))
            self.assertEqual(client.call("AUTH", "secret"), "OK")
            self.assertIsNone(client.call("GET", "x"))
        inside.call("CONFIG", "SET", "requirepass", "", "protected-mode", "no")
        with Client(server.port, host=address) as client:
            self.assertIsNone(client.call("GET", "x"))

    def test_protected_mode_of_the_rpc_port(self):
        address = own_address()
        if address is None:
            self.skipTest("this machine has loopback only")
        server = self.server("--bind", "0.0.0.0")
        from_outside = ("--host", address)

        def refused(option, *words):
            said = server.cli(*words, code=1, options=from_outside)
            self.assertIn(f"either set a password ({option}), or disable protected mode", said)

        refused("requirepass", "watch", "")
        refused("cluster-secret", "cluster", "members")
        refused("cluster-secret", "cluster", "backup", self.folder / "backup")
        self.assertIn("voter", server.cli("cluster", "members"))
        server.client().call("CONFIG", "SET", "protected-mode", "no")
        self.assertIn("voter", server.cli("cluster", "members", options=from_outside))

    def test_who_is_sent_elsewhere_finds_an_address_of_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no IPv6")
        nodes = self.cluster(3, "--follower-mode", "moved", "--bind", "127.0.0.1,::1",
                             "--advertise-host", "::1")
        leader = self.leader_of(nodes)
        follower = next(node for node in nodes if node is not leader)
        # Without brackets, as Redis writes it.
        self.assertEqual(follower.client().error("SET", "a", "1"), f"MOVED 15495 ::1:{leader.port}")
        self.assertEqual(follower.cli("SET", "a", "1", options=("-c",)), "OK\n")
        self.assertEqual(follower.cli("GET", "a", options=("-c",)).strip().strip('"'), "1")

    def test_passwords(self):
        server = self.server("--requirepass", "first")
        client = server.client()
        for words in (("GET", "x"), ("SET", "x", "1"), ("CONFIG", "GET", "*"), ("CLIENT", "LIST"),
                      ("MULTI",), ("INFO",), ("SHUTDOWN",)):
            self.assertEqual(client.error(*words), "NOAUTH Authentication required.")
        self.assertEqual(client.error("AUTH", "wrong"),
                         "WRONGPASS invalid username-password pair or user is disabled.")
        self.assertEqual(client.error("AUTH", "nobody", "first"),
                         "WRONGPASS invalid username-password pair or user is disabled.")
        self.assertEqual(client.call("AUTH", "default", "first"), "OK")
        client.call("CONFIG", "SET", "requirepass", "second")
        self.assertEqual(client.call("SET", "x", "1"), "OK")  # who is in stays in, as in Redis
        other = server.client()
        self.assertTrue(other.error("AUTH", "first").startswith("WRONGPASS"))
        self.assertEqual(other.call("AUTH", "second"), "OK")
        client.call("CONFIG", "SET", "requirepass", "")
        self.assertEqual(server.client().call("GET", "x"), b"1")

    def test_before_the_password_little_may_be_sent(self):
        server = self.server("--requirepass", "secret")
        for begin, text in ((b"*11\r\n", "unauthenticated multibulk length"),
                            (b"*1\r\n$16385\r\n", "unauthenticated bulk length")):
            client = server.client()
            client.send(begin)
            self.assertEqual(client.rest(), f"-ERR Protocol error: {text}\r\n".encode())

    def test_maxclients(self):
        server = self.server("--maxclients", "5")
        held = [server.client() for _ in range(5)]
        for client in held:
            self.assertEqual(client.call("PING"), "PONG")
        for _ in range(3):
            self.assertEqual(server.client().rest(), b"-ERR max number of clients reached\r\n")
        self.assertEqual(server.metric("connections_rejected_total"), 3)
        held[0].close()
        self.eventually(lambda: server.metric("clients") == 4, server.log)
        self.assertEqual(server.client().call("CONFIG", "SET", "maxclients", "50"), "OK")
        self.assertEqual(server.client().call("PING"), "PONG")

    def test_idle_clients_are_closed(self):
        server = self.server("--timeout", "1")
        idle = server.client()
        begin = time.monotonic()
        while time.monotonic() < begin + 2:
            self.assert_serves(server)
            time.sleep(0.1)
        self.assertEqual(idle.rest(), b"")
        self.assertEqual(server.metric("idle_closed_total"), 1)
        server.client().call("CONFIG", "SET", "timeout", "0")
        patient = server.client()
        time.sleep(1.5)
        self.assertEqual(patient.call("PING"), "PONG")

    def test_a_client_that_does_not_read_is_idle(self):
        server = self.server("--timeout", "1")
        with server.client() as client:
            client.call("SET", "big", b"x" * (1 << 20))
        stuck = server.client()
        stuck.send(encode("GET", "big") * 40)
        self.eventually(lambda: server.metric("idle_closed_total") == 1, server.log)
        self.assertEqual(server.metric("clients"), 0)

    def test_a_client_that_reads_slowly_is_not_idle(self):
        server = self.server("--timeout", "3")
        server.client().call("SET", "big", b"x" * (1 << 20))
        slow = server.client()
        slow.send(encode("GET", "big") * 40 + encode("PING"))
        end = time.monotonic() + 7
        while time.monotonic() < end:
            slow.more()
            time.sleep(0.02)  # its kernel tells of room a megabyte or more at a time
        self.assertEqual([len(slow.reply()) for _ in range(40)], [1 << 20] * 40)
        self.assertEqual(slow.reply(), "PONG")

    def test_half_closed(self):
        server = self.server()
        client = server.client()
        client.send(encode("SET", "half", "1") + encode("GET", "half") + b"*2\r\n$3\r\nGE")
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.rest(), b"+OK\r\n$1\r\n1\r\n")
        self.eventually(lambda: server.metric("clients") == 0, server.log)

    def waiting(self, server, *words):
        """A client whose command waits: it, and its id."""
        client = server.client()
        number = client.call("CLIENT", "ID")
        client.send(encode(*words))
        other = server.client()
        self.eventually(lambda: b" flags=b " in other.call("CLIENT", "LIST", "ID", number),
                        server.log)
        return client, number

    def test_one_that_waits_can_be_let_go(self):
        server = self.server()
        other = server.client()
        client, number = self.waiting(server, "WAIT", "9", "0")
        self.assertIn(b"blocked_clients:1\r\n", other.call("INFO", "clients"))
        self.assertEqual(other.call("CLIENT", "UNBLOCK", number), 1)
        self.assertEqual(client.reply(), 0)
        self.assertEqual(other.call("CLIENT", "UNBLOCK", number), 0)
        self.assertIn(b"blocked_clients:0\r\n", other.call("INFO", "clients"))
        client, number = self.waiting(server, "WAIT", "9", "600000")
        self.assertEqual(other.call("CLIENT", "UNBLOCK", number, "ERROR"), 1)
        with self.assertRaisesRegex(ReplyError, "UNBLOCKED client unblocked via CLIENT UNBLOCK"):
            client.reply()
        self.assertEqual(client.call("PING"), "PONG")

    def test_a_wait_for_more_than_a_follower_can_know_does_not_block(self):
        nodes = self.cluster(3)
        leader = self.leader_of(nodes)
        for node in nodes:
            client = node.client()
            client.call("SET", "key", "value")
            self.assertEqual(client.call("WAIT", "2", "0"), 2 if node is leader else 1)
            self.assertEqual(client.call("WAIT", "9", "100"), 2 if node is leader else 1)

    def test_one_that_waits_and_leaves_is_forgotten(self):
        server = self.server()
        other = server.client()
        for _ in range(50):
            with server.client() as client:
                client.send(encode("WAIT", "9", "0"))
        for _ in range(50):  # a connection that is reset, not closed
            with server.client() as client:
                client.send(encode("WAIT", "9", "600000"))
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                         struct.pack("ii", 1, 0))
        self.eventually(lambda: server.metric("clients") == 1, server.log, timeout=5)
        # One that may only have nothing more to say gets what it has asked for.
        client = server.client()
        client.send(encode("SET", "half", "1") + encode("WAIT", "9", "300") + encode("PING"))
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.rest(), b"+OK\r\n:0\r\n+PONG\r\n")
        # If that is nothing for ever, it is taken for gone; what came before has been answered.
        client = server.client()
        client.send(encode("SET", "half", "2") + encode("WAIT", "9", "0") + encode("PING"))
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.rest(), b"+OK\r\n")
        self.assertEqual(other.call("PING"), "PONG")

    def test_one_that_is_paused_and_leaves_is_forgotten(self):
        server = self.server()
        other = server.client()
        other.call("CLIENT", "PAUSE", "600000", "WRITE")
        for _ in range(20):
            with server.client() as client:
                client.send(encode("SET", "k", "v"))
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                         struct.pack("ii", 1, 0))
                self.eventually(lambda: server.metric("clients") == 2, server.log)
        self.eventually(lambda: server.metric("clients") == 1, server.log, timeout=5)
        # What writes nothing, or is malformed, is answered meanwhile.
        other.send(encode("MULTI") + encode("GET", "k") + encode("EXEC"))
        self.assertEqual([other.reply() for _ in range(3)], ["OK", "QUEUED", [None]])
        self.assertIn("wrong number of arguments", other.error("SET", "k"))

    def test_one_that_waits_does_not_hold_up_the_end(self):
        server = self.server()
        client, _ = self.waiting(server, "WAIT", "9", "0")
        begin = time.monotonic()
        server.process.terminate()
        server.process.wait(DEADLINE)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(client.rest(), b"")

    def test_http_is_no_redis(self):
        server = self.server()
        with self.steady(server):
            for request in (b"POST / HTTP/1.1\r\nHost: x\r\n\r\nSET pwned 1\r\n",
                            b"GET / HTTP/1.1\r\nHost: x\r\n\r\nSET pwned 1\r\n"):
                with Client(server.port) as client:
                    client.send(request)
                    self.assertNotIn(b"OK", client.rest())
        self.assertIsNone(server.client().call("GET", "pwned"))
        self.assertEqual(server.metric("http_requests_refused_total"), 2)
        self.assertIn("possible attack", server.log())

    def test_malformed_requests(self):
        server = self.server()
        errors = {
            b"*1\r\n:1\r\n": "expected '$', got ':'",
            b"*2147483648\r\n": "invalid multibulk length",
            b"*1048577\r\n": "invalid multibulk length",
            b"*x\r\n": "invalid multibulk length",
            b"*1\r\n$-1\r\n": "invalid bulk length",
            b"*1\r\n$536870913\r\n": "invalid bulk length",
            b"*1\r\n$99999999999999999999\r\n": "invalid bulk length",
            b"*1\r\n$" + b"1" * 70000: "too big bulk count string",
            b"*" + b"1" * 70000: "too big mbulk count string",
            b"x" * 70000: "too big inline request",
            b"SET \"unbalanced\r\n": "unbalanced quotes in request",
        }
        with self.steady(server):
            for sent, text in errors.items():
                with Client(server.port) as client:
                    client.send(sent)
                    self.assertEqual(client.rest(), f"-ERR Protocol error: {text}\r\n".encode())
        self.assertEqual(server.metric("protocol_errors_total"), len(errors))

    def test_every_prefix_of_valid_commands(self):
        server = self.server()
        whole = (encode("SET", "prefix", "a value") + encode("MULTI") + encode("GET", "prefix")
                 + encode("EXEC") + b"GET prefix\r\n" + encode("HELLO", "3"))
        with self.steady(server):
            for end in range(len(whole)):
                with Client(server.port) as client:
                    client.send(whole[:end])
        self.eventually(lambda: server.metric("clients") == 0, server.log)
        self.assertEqual(server.metric("protocol_errors_total"), 0)

    def test_noise(self):
        server = self.server()
        noise = random.Random(7)
        pieces = [b"*", b"$", b"\r\n", b"-1", b"3", b"\r\n$", b"\0", b"GET", b"\xff\xfe", b"*0\r\n"]
        with self.steady(server):
            for number in range(400):
                data = (noise.randbytes(noise.randrange(1, 3000)) if number % 2 else
                        b"".join(noise.choices(pieces, k=noise.randrange(1, 60))))
                with Client(server.port) as client:
                    try:
                        client.send(data)
                        client.socket.shutdown(socket.SHUT_WR)
                        client.rest()
                    except OSError:
                        pass
        self.eventually(lambda: server.metric("clients") == 0, server.log)
        self.assertGreater(server.metric("protocol_errors_total"), 20)

    def test_a_trickle(self):
        server = self.server()
        client = server.client()
        for byte in encode("SET", "slow", "value"):
            client.send(bytes([byte]))
            time.sleep(0.003)
        self.assertEqual(client.reply(), "OK")

    def test_query_buffer_limit(self):
        server = self.server("--client-query-buffer-limit", "1mb")
        with self.steady(server):
            client = server.client()
            client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000\r\n")
            try:
                for _ in range(100):
                    client.send(b"x" * 40000)
            except OSError:
                pass
            self.assertNotIn(b"+OK", client.rest())
        self.assertIsNone(server.client().call("GET", "k"))

    def test_a_slow_reader_of_a_huge_reply(self):
        server = self.server("--client-output-buffer-limit", "4mb")
        writer = server.client()
        for begin in range(0, 100000, 1000):
            writer.call("MSET", *[word for number in range(begin, begin + 1000)
                                  for word in (f"a-key-that-is-not-short-at-all-{number:030}", "")])
        with self.steady(server):
            greedy = server.client()
            greedy.send(encode("KEYS", "*"))
            greedy.rest()
            self.assertEqual(server.metric("output_limit_closed_total"), 1)
            # Within the limit, a reader may be as slow as it likes.
            writer.call("CONFIG", "SET", "client-output-buffer-limit", "64mb")
            slow = server.client()
            slow.send(encode("KEYS", "*"))
            time.sleep(1)
            self.assertEqual(len(slow.reply()), 100001)

    def test_a_long_pipeline_of_large_replies(self):
        # More than the limit in all, but no more than what the reader takes.
        server = self.server("--client-output-buffer-limit", "8mb")
        server.client().call("SET", "large", b"x" * (1 << 20))
        with self.steady(server):
            reader = server.client()
            reader.send(encode("GET", "large") * 60 + encode("PING"))
            for _ in range(60):
                self.assertEqual(len(reader.reply()), 1 << 20)
            self.assertEqual(reader.reply(), "PONG")
        self.assertEqual(server.metric("output_limit_closed_total"), 0)

    def test_large_reads_between_writes_through_every_node(self):
        nodes = self.cluster(3)
        nodes[0].client().call("SET", "large", b"x" * (1 << 20))
        for number, node in enumerate(nodes):
            client = node.client()
            # Together they would not fit what travels between nodes.
            client.send(encode("INCR", "n") + encode("GET", "large") * 70 + encode("INCR", "n"))
            self.assertEqual(client.reply(), 2 * number + 1)
            for _ in range(70):
                self.assertEqual(len(client.reply()), 1 << 20)
            self.assertEqual(client.reply(), 2 * number + 2)

    def test_a_value_that_no_log_entry_can_hold(self):
        nodes = self.cluster(3)
        client = nodes[0].client()
        self.assertTrue(client.error("SET", "large", b"x" * (33 << 20)).startswith(
            "ERR the request is too large: "))
        self.assertTrue(client.error("EXISTS", b"x" * (33 << 20)).startswith(
            "ERR the request is too large: "))
        for node in nodes:
            self.assertEqual(node.client().call("SET", "fits", b"x" * (20 << 20)), "OK")
            self.assertEqual(node.client().call("STRLEN", "fits"), 20 << 20)
        # A reply may be larger than what travels between nodes.
        client.call("MSET", *[word for n in range(5) for word in (f"v{n}", b"x" * (6 << 20))])
        wanted = [f"v{n}" for n in range(5)] * 3
        # Who leads may change meanwhile, on a busy machine.
        for _ in range(8):
            answers = {node: node.client().answer("MGET", *wanted) for node in nodes}
            # The leader's, which travels nowhere.
            whole = [node for node in nodes if isinstance(answers[node], list)]
            if len(whole) == 1:
                break
        self.assertEqual([len(answers[node]) for node in whole], [15])
        for node in set(nodes) - set(whole):
            self.assertIn("than what travels between nodes", answers[node])
            self.assert_serves(node)

    def test_many_slow_readers_are_bounded(self):
        """A pipeline whose replies nobody reads is not executed without end."""
        server = self.server()
        server.client().call("SET", "big", "x" * 100000)
        client = server.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(1)
        before = server.resident_kib()
        try:
            for _ in range(20000):
                client.send(encode("GET", "big") * 50)
        except TimeoutError:
            pass  # the server has stopped reading
        else:
            self.fail("a million replies were asked for, and none was taken")
        self.assertLess(server.resident_kib() - before, 400 << 10)
        self.assert_serves(server)


if __name__ == "__main__":
    main()
