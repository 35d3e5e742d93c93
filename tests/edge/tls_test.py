"""TLS: for Redis clients and, mutual, among nodes and for operators."""

import shutil
import signal
import socket
import ssl
import time

from edge_support import (
    DEADLINE, Authority, Case, Client, Server, encode, free_ports, main, own_address)

PEER_NAME = "node.synchrodb.test"


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder)
        self.pair = self.authority.issue("node", "localhost", PEER_NAME)

    def files(self, pair=None, authority=None):
        certificate, key = pair or self.pair
        return ("--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file",
                (authority or self.authority).certificate)

    def tls_server(self, *options, plain=True, **more):
        ports = free_ports(4)
        if not plain:
            ports[0] = 0
        return Server(self, "--tls-port", ports[3], *self.files(), *options, ports=ports,
                      **more).started()

    def connect(self, server, context, **options):
        client = Client(server.tls, tls=context, **options)
        self.addCleanup(client.close)
        return client


class Clients(Tls):
    def test_a_client_with_a_certificate_reads_and_writes(self):
        server = self.tls_server()
        client = self.connect(server, self.authority.context(self.authority.issue("client")))
        self.assertEqual(client.call("SET", "key", "x" * 300000), "OK")
        self.assertEqual(len(client.call("GET", "key")), 300000)
        client.send(b"".join(b"INCR n\r\n" for _ in range(5000)))
        self.assertEqual([client.reply() for _ in range(5000)][-1], 5000)
        self.assertIn(b"addr=127.0.0.1:", client.call("CLIENT", "INFO"))
        self.assertEqual(server.client().call("GET", "n"), b"5000")  # the plain port is there, too
        self.assertGreater(server.metric("tls_certificate_expiry_seconds"), time.time())

    def test_one_that_waits_and_leaves_is_forgotten(self):
        server = self.tls_server()
        other = server.client()
        other.call("PING")
        client = self.connect(server, self.authority.context(self.authority.issue("client")))
        client.send(encode("WAIT", "9", "0"))
        self.eventually(lambda: b" flags=b " in other.call("CLIENT", "LIST"), server.log)
        client.close()
        self.eventually(lambda: server.metric("clients") == 1, server.log, timeout=5)

    def test_who_does_not_read_is_idle_and_who_reads_slowly_is_not(self):
        server = self.tls_server("--timeout", "3")
        context = self.authority.context(self.authority.issue("client"))
        slow = self.connect(server, context)
        slow.call("SET", "big", "x" * (1 << 20))
        slow.send(encode("GET", "big") * 40)
        stuck = self.connect(server, context)
        stuck.send(encode("GET", "big") * 40)
        end = time.monotonic() + 7
        while time.monotonic() < end:
            slow.more()
            time.sleep(0.005)  # its kernel tells of room a megabyte or more at a time
        self.assertEqual(server.metric("idle_closed_total"), 1)
        self.assertEqual([len(slow.reply()) for _ in range(40)], [1 << 20] * 40)

    def test_only_tls(self):
        server = self.tls_server(plain=False)
        client = self.connect(server, self.authority.context(self.authority.issue("client")))
        self.assertEqual(client.call("PING"), "PONG")
        self.assertIn(f"tcp_port:{server.tls}\r\n".encode(), client.call("INFO", "server"))

    def test_who_is_sent_elsewhere_is_sent_to_a_port_of_tls(self):
        tls_ports = dict(zip((1, 2, 3), free_ports(3), strict=True))
        nodes = self.cluster(3, "--follower-mode", "moved", *self.files(),
                             each=lambda node: ("--tls-port", tls_ports[node]))
        leader = self.leader_of(nodes)
        follower = next(node for node in nodes if node is not leader)
        context = self.authority.context(self.authority.issue("client"))
        client = Client(tls_ports[follower.node], tls=context)
        self.addCleanup(client.close)
        for caller, port in ((follower.client(), leader.port), (client, tls_ports[leader.node])):
            self.assertEqual(caller.error("SET", "a", "1"), f"MOVED 15495 127.0.0.1:{port}")
            self.assertEqual(caller.call("CLUSTER", "SLOTS")[0][2][:2], [b"127.0.0.1", port])

    def test_a_client_without_a_certificate_is_refused(self):
        server = self.tls_server()
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(server, self.authority.context()).call("PING")
        stranger = Authority(self.folder, "stranger")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(server, self.authority.context(stranger.issue("other"))).call("PING")
        self.eventually(lambda: server.metric("tls_failures_total") == 2, server.log)
        self.assertIn("a TLS handshake failed", server.log())
        self.assert_serves(server)

    def test_certificates_of_clients_can_be_dispensed_with(self):
        server = self.tls_server("--tls-auth-clients", "no")
        self.assertEqual(self.connect(server, self.authority.context()).call("PING"), "PONG")

    def test_what_is_no_tls_harms_nobody(self):
        server = self.tls_server()
        good = self.connect(server, self.authority.context(self.authority.issue("client")))
        stalled = [socket.create_connection(("127.0.0.1", server.tls)) for _ in range(50)]
        self.addCleanup(lambda: [one.close() for one in stalled])
        for noise in (b"*1\r\n$4\r\nPING\r\n", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 64):
            with Client(server.tls) as plain:
                plain.send(noise)
                self.assertNotIn(b"PONG", plain.rest())
            self.assertEqual(good.call("PING"), "PONG")
        self.assertEqual(
            self.connect(server, self.authority.context(self.authority.issue("other"))).call("PING"),
            "PONG")  # while the stalled ones are in the middle of their handshakes
        self.eventually(lambda: server.metric("tls_failures_total") >= 3, server.log)

    def test_handshakes_that_take_for_ever_count_as_clients_and_end(self):
        server = self.tls_server("--maxclients", "3")
        stalled = [socket.create_connection(("127.0.0.1", server.tls), timeout=20)
                   for _ in range(3)]
        self.addCleanup(lambda: [one.close() for one in stalled])
        time.sleep(0.2)
        self.assertIn(b"max number of clients", server.client().rest())
        for one in stalled:
            self.assertEqual(one.recv(1), b"")
        self.assert_serves(server)

    def test_nothing_plain_is_written_to_a_refused_tls_client(self):
        server = self.tls_server("--maxclients", "1")
        server.client().call("PING")
        held = server.client()
        held.rest()
        client = Client(server.tls)
        self.addCleanup(client.close)
        self.assertEqual(client.rest(), b"")


class Certificates(Tls):
    def refusal(self, *files):
        ports = free_ports(4)
        return Server(self, "--tls-port", ports[3], *files, ports=ports).refuses()

    def test_a_file_that_is_not_there(self):
        certificate, key = self.pair
        self.assertIn("tls-cert-file: /no/such.crt: cannot read it: No such file or directory",
                      self.refusal(*self.files(("/no/such.crt", key))))
        self.assertIn("tls-key-file: /no/such.key: cannot read it",
                      self.refusal(*self.files((certificate, "/no/such.key"))))

    def test_files_that_do_not_fit(self):
        certificate, key = self.pair
        _, other_key = self.authority.issue("other")
        self.assertIn(f"tls-key-file: {other_key}: is not the key of the certificate in "
                      f"{certificate}", self.refusal(*self.files((certificate, other_key))))
        self.assertIn(f"tls-cert-file: {key}: holds no certificate",
                      self.refusal(*self.files((key, key))))
        self.assertIn(f"tls-key-file: {certificate}: holds no private key",
                      self.refusal(*self.files((certificate, certificate))))

    def test_expired(self):
        expired = self.authority.issue("old", expired=True)
        self.assertIn(f"tls-cert-file: {expired[0]}: the certificate expired on ",
                      self.refusal(*self.files(expired)))

    def test_no_authority(self):
        empty = self.folder / "empty.pem"
        empty.write_text("")
        certificate, key = self.pair
        self.assertIn(f"tls-ca-cert-file: {empty}: holds no certificate",
                      self.refusal("--tls-cert-file", certificate, "--tls-key-file", key,
                                   "--tls-ca-cert-file", empty))


class Renewal(Tls):
    def replace_files(self, authority, pair):
        """Where the server looks for its own there are others now."""
        for new, old in zip((*pair, authority.certificate),
                            (*self.pair, self.authority.certificate), strict=True):
            shutil.copy(new, old)

    def renew(self, server, words):
        server.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: words in server.log(), server.log)

    def test_new_certificates_are_shown_to_whoever_comes_from_now_on(self):
        server = self.tls_server()
        old_context = self.authority.context(self.authority.issue("client"))
        before = self.connect(server, old_context)
        self.assertEqual(before.call("PING"), "PONG")
        other = Authority(self.folder, "other")
        new_context = other.context(other.issue("new-client"))
        self.replace_files(other, other.issue("new-node", "localhost"))
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(server, new_context)
        self.renew(server, "certificates were read again")
        self.assertEqual(self.connect(server, new_context).call("PING"), "PONG")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect(server, old_context).call("PING")
        self.assertEqual(before.call("PING"), "PONG")

    def test_files_of_no_use_change_nothing(self):
        server = self.tls_server()
        context = self.authority.context(self.authority.issue("client"))
        self.pair[0].write_text("no certificate")
        self.renew(server, "certificates are as before")
        self.assertIn(f"tls-cert-file: {self.pair[0]}: holds no certificate", server.log())
        self.assertEqual(self.connect(server, context).call("PING"), "PONG")
        self.assertGreater(server.metric("tls_certificate_expiry_seconds"), time.time())

    def test_peers_too(self):
        nodes = self.cluster(3, "--tls-peers", "yes", "--tls-peer-name", PEER_NAME, *self.files())
        other = Authority(self.folder, "other")
        self.replace_files(other, other.issue("new-node", PEER_NAME))
        for node in nodes:
            self.renew(node, "certificates were read again")
        nodes[2].end()
        nodes[2].started()  # with the new ones alone
        self.assert_serves(nodes[2])

    def test_without_certificates_there_is_nothing_to_renew(self):
        server = self.server()
        self.renew(server, "there are no certificates")
        self.assert_serves(server)


class Peers(Tls):
    def test_a_cluster_speaks_tls_and_operators_too(self):
        nodes = self.cluster(3, "--tls-peers", "yes", "--tls-peer-name", PEER_NAME, *self.files())
        for number, node in enumerate(nodes):
            self.assertEqual(node.client().call("SET", f"key{number}", "value"), "OK")
        certificate, key = self.authority.issue("operator")
        tls = ("--tls", "--cacert", self.authority.certificate, "--cert", certificate, "--key", key,
               "--server-name", "localhost")
        self.assertIn("voter", nodes[0].cli("cluster", "members", options=tls))
        # Without TLS, or with the certificate of a stranger, nobody is let in.
        nodes[0].cli("cluster", "members", code=3)
        stranger = Authority(self.folder, "stranger").issue("other")
        nodes[0].cli("cluster", "members", code=3,
                     options=("--tls", "--cacert", self.authority.certificate, "--cert",
                              stranger[0], "--key", stranger[1], "--server-name", "localhost"))
        self.eventually(lambda: nodes[0].metric("rpc_tls_failures_total") >= 2, nodes[0].log)
        self.assert_serves(nodes[0])

    def test_an_operator_with_a_certificate_may_come_from_another_machine(self):
        address = own_address()
        if address is None:
            self.skipTest("this machine has loopback only")
        server = self.server("--bind", "0.0.0.0", "--tls-peers", "yes", "--tls-peer-name", PEER_NAME,
                             *self.files())
        certificate, key = self.authority.issue("operator")
        tls = ("--tls", "--cacert", self.authority.certificate, "--cert", certificate, "--key", key,
               "--server-name", "localhost", "--host", address)
        self.assertIn("voter", server.cli("cluster", "members", options=tls))

    def test_what_will_not_get_better_is_told_at_once(self):
        server = self.server("--tls-peers", "yes", "--tls-peer-name", PEER_NAME, *self.files())

        def refused(pair, *options):
            # Whoever tries again would do so for longer than a test may take.
            return server.cli("watch", "", code=3, options=(
                "--tls", "--connect-timeout", 10 * DEADLINE, "--cacert", self.authority.certificate,
                "--cert", pair[0], "--key", pair[1], *options))

        self.assertIn("--server-name", refused(self.authority.issue("client")))
        self.assertIn("not trusted", refused(self.authority.issue("client"), "--server-name", "a.b"))
        stranger = Authority(self.folder, "stranger").issue("other")
        self.assertIn("alert unknown ca", refused(stranger, "--server-name", PEER_NAME))

    def test_a_node_that_is_not_certified_finds_no_peers(self):
        other = Authority(self.folder, "other")
        foreign = other.issue("foreign", PEER_NAME)

        def files(node):
            return self.files(foreign, other) if node == 3 else self.files()

        ports = [free_ports(4) for _ in range(3)]
        members = ",".join(f"{i + 1}=127.0.0.1:{ports[i][1]}" for i in range(3))
        nodes = [Server(self, "--initial-cluster", members, "--tls-peers", "yes",
                        "--tls-peer-name", PEER_NAME, *files(i + 1), node=i + 1,
                        ports=ports[i]).start() for i in range(3)]
        for node in nodes[:2]:
            node.await_ready()
            self.assert_serves(node)
        self.assertIn("no connection node=3", nodes[0].log())
        self.assertFalse(nodes[2].ready())

    def test_a_certificate_for_another_name_is_not_believed(self):
        nodes = []
        with self.assertRaises(AssertionError):
            ports = [free_ports(4) for _ in range(2)]
            members = ",".join(f"{i + 1}=127.0.0.1:{ports[i][1]}" for i in range(2))
            nodes = [Server(self, "--initial-cluster", members, "--tls-peers", "yes",
                            "--tls-peer-name", "another.name", *self.files(), node=i + 1,
                            ports=ports[i]).start() for i in range(2)]
            self.eventually(nodes[0].ready, lambda: "", timeout=3)
        self.assertRegex(nodes[0].log(), "(?i)no connection node=2.*certificate")

    def test_a_node_joins_over_tls(self):
        first = self.server("--tls-peers", "yes", "--tls-peer-name", PEER_NAME, *self.files())
        second = Server(self, "--join", f"127.0.0.1:{first.rpc}", "--tls-peers", "yes",
                        "--tls-peer-name", PEER_NAME, *self.files(), node=2,
                        ports=free_ports(4)).start()
        certificate, key = self.authority.issue("operator")
        first.cli("cluster", "add", "2", f"127.0.0.1:{second.rpc}",
                  options=("--tls", "--cacert", self.authority.certificate, "--cert", certificate,
                           "--key", key, "--server-name", PEER_NAME))
        second.await_ready()
        self.assert_serves(second)


if __name__ == "__main__":
    main()
