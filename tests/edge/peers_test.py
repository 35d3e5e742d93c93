"""The RPC port, the data folder and the command line: who or what does not belong."""

import random
import socket
import struct
import subprocess
import time

from edge_support import Case, Server, free_ports, main


def frame(words):
    """A Cap'n Proto message of one segment."""
    return struct.pack("<II", 0, len(words) // 8) + words


class RpcPort(Case):
    def talk(self, server, data, close=False):
        with socket.create_connection(("127.0.0.1", server.rpc), timeout=15) as one:
            one.sendall(data)
            if close:
                one.shutdown(socket.SHUT_WR)
            got = b""
            try:
                while more := one.recv(4096):
                    got += more
            except ConnectionResetError:
                pass
            return got

    def test_garbage_harms_nobody(self):
        server = self.server()
        noise = random.Random(11)
        begun = [
            b"GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n",
            b"*1\r\n$4\r\nPING\r\n",
            b"\xff" * 100,
            struct.pack("<II", 0, 0xFFFFFFFF) + b"x" * 1000,  # a message of 32 GiB
            struct.pack("<II", 511, 1) + b"\0" * 4096,
            frame(noise.randbytes(512)),
            frame(b"\0" * 64),
        ] + [noise.randbytes(noise.randrange(1, 2000)) for _ in range(50)]
        for data in begun:
            self.talk(server, data, close=True)
            self.assert_serves(server)
        self.eventually(lambda: server.metric("rpc_strangers_total") == len(begun), server.log)
        self.eventually(lambda: server.metric("rpc_connections") == 0, server.log)

    def test_a_stranger_may_send_little(self):
        server = self.server()
        before = server.resident_kib()
        with socket.create_connection(("127.0.0.1", server.rpc), timeout=5) as one:
            with self.assertRaises(ConnectionError):
                one.sendall(struct.pack("<II", 0, 8 << 20))  # 64 MiB are announced
                for _ in range(1000):
                    one.sendall(b"\0" * 65536)
        self.assertLess(server.resident_kib() - before, 16 << 10)
        self.assert_serves(server)

    def test_a_stranger_does_not_stay(self):
        server = self.server()
        begin = time.monotonic()
        self.talk(server, b"")
        self.assertLess(time.monotonic() - begin, 12)
        self.eventually(lambda: "it did not say who it is in time" in server.log(), server.log)

    def test_there_are_never_many_strangers(self):
        nodes = self.cluster(3)
        leader = self.leader_of(nodes)
        held = [socket.create_connection(("127.0.0.1", leader.rpc)) for _ in range(1000)]
        self.addCleanup(lambda: [one.close() for one in held])
        self.eventually(lambda: leader.metric("rpc_connections_rejected_total") >= 700, leader.log)
        self.assert_serves(leader)
        self.assertTrue(leader.leads())

    def test_a_wrong_secret(self):
        server = self.server("--cluster-secret", "right")
        self.assertIn("the password is wrong: operators need the cluster-secret",
                      server.cli("cluster", "status", code=1))
        server.cli("cluster", "status", options=("-a", "right"))
        other = Server(self, "--join", f"127.0.0.1:{server.rpc}", "--cluster-secret", "wrong",
                       node=2).start()
        self.eventually(lambda: "the cluster secret is wrong" in other.log(), other.log)
        self.assertFalse(other.ready())
        self.assertIn("refused a connection", server.log())
        self.assert_serves(server)

    def test_a_node_of_another_cluster(self):
        server = self.server()
        folder = self.folder / "other"
        other = self.server(node=2, folder=folder)
        other.end()
        # It believes to be in a cluster with node 1, which knows better.
        book = folder / "addresses"
        book.write_text(book.read_text() + f"1 1 127.0.0.1:{server.rpc}\n")
        again = self.server(node=2, folder=folder, ports=(other.port, other.rpc, other.http, 0))
        self.eventually(lambda: "it belongs to cluster" in again.log(), again.log)
        self.assert_serves(server)
        self.assert_serves(again)


class Folders(Case):
    def test_another_nodes_folder(self):
        server = self.server(node=1)
        server.end()
        said = Server(self, node=2, folder=server.folder).refuses()
        self.assertRegex(said, "node 1.*node 2|node 2.*node 1")

    def test_a_folder_in_use(self):
        server = self.server()
        said = Server(self, folder=server.folder).refuses()
        self.assertRegex(said, "(?i)lock|in use")
        self.assert_serves(server)

    def test_a_folder_of_an_unknown_version(self):
        server = self.server()
        server.end()
        identity = next(path for path in server.folder.iterdir() if "identity" in path.name)
        data = identity.read_bytes()
        for position in range(len(data)):
            identity.write_bytes(data[:position] + bytes([data[position] ^ 0x55])
                                 + data[position + 1:])
            said = Server(self, folder=server.folder).refuses()
            self.assertIn(str(server.folder), said)
            if position > 12:
                break
        identity.write_bytes(data)
        self.assert_serves(self.server(folder=server.folder))

    def test_a_folder_that_cannot_be_made(self):
        file = self.folder / "file"
        file.write_text("")
        server = Server(self, folder=file / "folder")
        server.log_file = self.folder / "log"
        said = server.refuses()
        self.assertIn(str(file), said)

    def test_a_second_founding_is_refused(self):
        server = self.server()
        server.end()
        ports = free_ports(4)
        members = f"1=127.0.0.1:{ports[1]},2=127.0.0.1:{server.rpc}"
        said = Server(self, "--initial-cluster", members, folder=server.folder,
                      ports=ports).refuses()
        self.assertRegex(said, "cluster")

    def test_a_port_that_is_taken(self):
        server = self.server()
        ports = free_ports(4)
        said = Server(self, ports=(server.port, *ports[1:])).refuses()
        self.assertRegex(said, "port.*(Address already in use)|(Address already in use).*port")


class CommandLine(Case):
    def complaint(self, *options):
        done = subprocess.run([*map(str, Server(self).command()), *map(str, options)],
                              capture_output=True, text=True, timeout=10, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_each_is_named(self):
        for options, text in ((("--no-such-flag",), "no-such-flag"),
                              (("--maxclients", "many"), "maxclients"),
                              (("--maxclients", "0"), "maxclients"),
                              (("--port", "99999"), "port"),
                              (("--tls-port", "7380"), "tls-port"),
                              (("--config", "/no/such.toml"), "/no/such.toml"),
                              (("--join", "nonsense"), "join")):
            self.assertIn(text, self.complaint(*options))


if __name__ == "__main__":
    main()
