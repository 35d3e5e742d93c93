"""How much clients may have, all together and each, and what is counted of it."""

import socket
import struct
import threading
import time

from edge_support import Client, ClientCase, ReplyError, Server, encode, free_ports, main


class Floods(ClientCase):
    def test_thousands_opened_and_closed(self):
        server = self.server()
        reset = struct.pack("ii", 1, 0)
        with self.steady(server):
            for number in range(3000):
                one = socket.create_connection(("127.0.0.1", server.port))
                if number % 3 == 0:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)  # gone with a RST
                elif number % 3 == 1:
                    one.sendall(encode("PING"))
                one.close()
        self.eventually(lambda: server.metric("clients") == 0, server.log)

    def test_ten_thousand_idle_connections(self):
        server = self.server("--maxclients", "11000")
        before = server.resident_kib()
        held = []
        self.addCleanup(lambda: [one.close() for one in held])
        with self.steady(server):
            for _ in range(10000):
                held.append(socket.create_connection(("127.0.0.1", server.port)))
                if len(held) % 2:
                    held[-1].sendall(encode("PING"))  # one that has been served is no fatter
            self.eventually(lambda: server.metric("clients") >= 10000, server.log)
            time.sleep(1)
        each = (server.resident_kib() - before) / len(held)
        print(f"resident memory of an idle connection: {each:.1f} KiB")
        self.assertLess(each, 40)
        for one in held:
            one.close()
        self.eventually(lambda: server.metric("clients") == 0, server.log)
        self.assert_serves(server)

    def test_out_of_descriptors(self):
        """The system's limit lowers maxclients, so that clients are told rather than dropped."""
        command = 'ulimit -n 300; exec "$0" "$@"'
        server = Server(self, ports=free_ports(4))
        original = server.command
        server.command = lambda: ["bash", "-c", command, *original()]
        server.started()
        self.assertIn("maxclients is lowered", server.log())
        self.assertEqual(server.client().call("CONFIG", "GET", "maxclients"), [b"maxclients", b"44"])


class Replies(ClientCase):
    """The last small reply to a client, when the kernel holds all that it can."""

    SIZE = 4000
    BEFORE = 500  # which any kernel holds: so many are not watched one by one
    REPLY = len(f"${SIZE}\r\n") + SIZE + 2

    def held_for(self, server, port):
        """Bytes that the kernel holds for the client at this port, at both ends."""
        held = 0
        with open("/proc/net/tcp", encoding="ascii") as table:
            for line in list(table)[1:]:
                words = line.split()
                ends = tuple(int(words[i].split(":")[1], 16) for i in (1, 2))
                outgoing, incoming = (int(queue, 16) for queue in words[4].split(":"))
                held += outgoing if ends == (server.port, port) else 0
                held += incoming if ends == (port, server.port) else 0
        return held

    def stuck_client(self, server):
        """A client, and how many bytes it is owed; the last of them are still the server's."""
        client = server.client()
        port = client.socket.getsockname()[1]
        for count in range(1, 10000):
            client.send(encode("ECHO", "x" * self.SIZE))
            if count < self.BEFORE:
                time.sleep(0.0005)  # one by one: several together are a large reply
                continue
            end = time.monotonic() + 0.3
            while self.held_for(server, port) < count * self.REPLY:
                if time.monotonic() > end:
                    return client, count * self.REPLY
                time.sleep(0.001)
        raise AssertionError("the kernel holds whatever it is given")

    def test_comes_before_the_connection_is_closed(self):
        server = self.server()
        for last in (encode("QUIT"), encode("CLIENT", "REPLY", "SKIP") + encode("QUIT"),
                     encode("CLIENT", "REPLY", "OFF") + encode("QUIT")):
            client, owed = self.stuck_client(server)
            client.send(last)
            self.assertEqual(len(client.rest().removesuffix(b"+OK\r\n")), owed)
        client, owed = self.stuck_client(server)
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(len(client.rest()), owed)


class Memory(ClientCase):
    OOM = "OOM command not allowed when used memory > 'maxmemory'."

    def test_out_of_memory(self):
        nodes = self.cluster(3)
        for node in nodes:
            self.assertEqual(node.client().call("CONFIG", "SET", "maxmemory", "4mb"), "OK")
        client = nodes[0].client()
        written = 0
        with self.assertRaisesRegex(ReplyError, self.OOM):
            for written in range(1000):
                client.call("SET", f"key{written}", "x" * 50000)
        self.assertIn(written, range(40, 120))
        for node in nodes:  # wherever the client is
            begin = time.monotonic()
            self.assertEqual(node.client().error("SET", "more", "x"), self.OOM)
            self.assertLess(time.monotonic() - begin, 1)
            self.assertEqual(node.client().call("STRLEN", "key0"), 50000)
        client.send(encode("SET", "more", "x") + encode("DEL", "key0", "key1", "key2")
                    + encode("GET", "key3"))
        with self.assertRaisesRegex(ReplyError, self.OOM):
            client.reply()
        self.assertEqual(client.reply(), 3)
        self.assertEqual(len(client.reply()), 50000)
        self.assertEqual(client.call("SET", "more", "x"), "OK")
        for node in nodes:
            node.client().call("CONFIG", "SET", "maxmemory", "1mb")
        client.call("MULTI")
        client.call("SET", "more", "y")
        self.assertEqual(client.error("EXEC"),
                         "EXECABORT Transaction discarded because of: " + self.OOM)
        for node in nodes:
            node.client().call("CONFIG", "SET", "maxmemory", "0")
        self.assertEqual(client.call("SET", "more", "y"), "OK")


class Observed(ClientCase):
    def test_keys_found_missed_and_expired(self):
        server = self.server()
        client = server.client()
        client.call("SET", "there", "x")
        client.call("SET", "soon gone", "x", "PX", "1")
        for key in ["there", "there", "nowhere"]:
            client.call("GET", key)
        self.eventually(lambda: server.metric("keys_expired_total") == 1, server.log)
        self.assertEqual(server.metric("key_hits_total"), 2)
        self.assertEqual(server.metric("key_misses_total"), 1)

    def test_errors_are_counted_by_kind(self):
        server = self.server("--requirepass", "secret")
        client = server.client()
        for words in (("GET", "x"), ("AUTH", "guess"), ("AUTH", "another")):
            client.error(*words)
        for kind, count in (("NOAUTH", 1), ("WRONGPASS", 2)):
            self.assertEqual(server.metric(rf'error_replies_total\{{error="{kind}"\}}'), count)

    def test_a_turn_that_holds_everybody_up_is_told(self):
        server = self.server("--latency-monitor-threshold", "1")
        client = server.client()
        self.assertGreater(server.metric("loop_turns_total"), 0)
        client.call("SET", "large", "x" * 20_000_000)
        events = [event[0] for event in client.call("LATENCY", "LATEST")]
        self.assertIn(b"event-loop", events)
        longest = server.metric("loop_longest_turn_seconds")
        self.assertGreater(longest, 0.001)
        self.assertGreater(server.metric("loop_busy_seconds_total"), longest)


class Overload(ClientCase):
    def test_a_refusal_comes_soon_and_says_that_nothing_was_executed(self):
        server = self.server("--max-pending-requests", "4", "--enable-fault-injection")
        server.cli("cluster", "fault", "disk", "--sync-delay", "300")
        answers = []

        def write(number):
            with Client(server.port) as client:
                begin = time.monotonic()
                try:
                    answer = client.call("SET", f"overload{number}", "1")
                except ReplyError as error:
                    answer = str(error)
                except ConnectionError:
                    return  # its outcome is unknown: that is no refusal
                answers.append((number, answer, time.monotonic() - begin))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [one for one in answers if one[1] != "OK"]
        self.assertGreater(len(refused), 10, answers)
        for _, answer, took in refused:
            self.assertEqual(answer,
                             "TRYAGAIN too many requests are waiting; nothing was executed")
            # One that waited for its session, and then was refused; not until the time-out.
            self.assertLess(took, 2.5)
        self.assertEqual(server.metric("overloaded_total"), len(refused))
        server.cli("cluster", "fault", "disk", "--sync-delay", "0")
        reader = server.client()
        for number, answer, _ in answers:
            self.assertEqual(reader.call("EXISTS", f"overload{number}"), int(answer == "OK"))


if __name__ == "__main__":
    main()
