#!/usr/bin/python3
"""synchrodb-cli's data side: one command, a pipe of commands, forms of output, failures."""

import json
import signal
import socket
import subprocess
import threading
import time

import cli_support
from cli_support import (
    DEADLINE, FAILED, NO_CONNECTION, NO_OUTPUT, OK, USAGE, Case, Programs, free_port)


class FakeServer:
    """Gives each connection the canned bytes, one for each command, and then closes it."""

    def __init__(self, case, *answers):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answers = answers
        self.received = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        case.addCleanup(self.listener.close)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                for answer in self.answers:
                    got = connection.recv(65536)
                    if not got:
                        break
                    self.received.append(got)
                    connection.sendall(answer)


class OneCommand(Case):
    def setUp(self):
        super().setUp()
        self.port = self.redis()

    def test_raw_from_a_pipe_and_pretty_when_asked(self):
        self.assertEqual(self.cli("-p", self.port, "set", "k", "a\nb"), "OK\n")
        self.assertEqual(self.cli("-p", self.port, "get", "k"), "a\nb\n")
        self.assertEqual(self.cli("-p", self.port, "--no-raw", "get", "k"), '"a\\x0ab"\n')
        self.assertEqual(self.cli("-p", self.port, "mget", "k", "no"), "a\nb\n\n")
        self.assertEqual(self.cli("-p", self.port, "--no-raw", "mget", "k", "no"),
                         '1) "a\\x0ab"\n2) (nil)\n')

    def test_arguments_that_look_like_options(self):
        self.assertEqual(self.cli("-p", self.port, "set", "-a", "-5"), "OK\n")
        self.assertEqual(self.cli("-p", self.port, "get", "-a"), "-5\n")
        self.assertEqual(self.cli("-p", self.port, "--", "echo", "--json"), "--json\n")

    def test_bytes_arrive_as_they_are(self):
        value = bytes(range(1, 256))
        self.run_cli("-p", self.port, "set", "k", value.decode("latin-1"))
        everything = bytes(range(256)) * 40
        self.cli("-p", self.port, "-x", "set", "k", stdin=everything)
        self.assertEqual(self.run_cli("-p", self.port, "get", "k").stdout, everything + b"\n")

    def test_large_values(self):
        value = b"x" * (8 << 20)
        self.cli("-p", self.port, "-x", "set", "k", stdin=value)
        self.assertEqual(len(self.run_cli("-p", self.port, "get", "k").stdout), len(value) + 1)

    def test_prose_is_printed_as_it_is(self):
        self.assertIn("\nredis_version:", self.cli("-p", self.port, "--no-raw", "info", "server")
                      .replace("\r", ""))

    def test_json(self):
        ask = lambda *words: json.loads(self.cli("-p", self.port, "-3", "--json", *words))
        self.assertEqual(ask("set", "a", "1"), "OK")
        self.assertEqual(ask("incr", "a"), 2)
        self.assertEqual(ask("mget", "a", "no"), ["2", None])
        self.assertEqual(ask("hello")["proto"], 3)
        self.cli("-p", self.port, "-x", "set", "b", stdin=b"\xff\x00")
        self.assertEqual(ask("get", "b"), {"base64": "/wA="})
        self.assertEqual(ask("smismember", "s", "x"),
                         [0])
        error = self.cli("-p", self.port, "--json", "nonsense", code=FAILED)
        self.assertTrue(json.loads(error)["error"].startswith("ERR unknown command"))

    def test_an_error_reply_is_an_exit_code(self):
        self.cli("-p", self.port, "set", "k", "v")
        self.assertIn("ERR value is not an integer",
                      self.cli("-p", self.port, "incr", "k", code=FAILED))

    def test_repetition(self):
        self.assertEqual(self.cli("-p", self.port, "-r", 3, "incr", "n"), "1\n2\n3\n")
        before = time.monotonic()
        self.cli("-p", self.port, "-r", 3, "-i", 0.2, "ping")
        self.assertGreaterEqual(time.monotonic() - before, 0.4)

    def test_endless_repetition_ends_quietly_when_nobody_reads(self):
        complaints = self.folder / "complaints"
        with open(complaints, "wb") as errors:
            process = self.spawn(Programs.cli, "-p", self.port, "-r", -1, "ping",
                                 stdout=subprocess.PIPE, stderr=errors)
        self.assertEqual(process.stdout.readline(), b"PONG\n")
        process.stdout.close()
        process.stdout = None
        self.assertEqual(process.wait(timeout=30), NO_OUTPUT)
        self.assertEqual(complaints.read_bytes(), b"")

    def test_output_that_cannot_be_written_is_no_error_of_the_server(self):
        for words, lines in ((["set", "k", "v"], ""), (["--json", "set", "k", "v"], ""),
                             ([], "set k v\nset k w\n")):
            with self.subTest(words), open("/dev/full", "wb") as full:
                finished = subprocess.run(
                    [Programs.cli, "-p", str(self.port), *words], input=lines.encode(), stdout=full,
                    stderr=subprocess.PIPE, env=self.environment, timeout=DEADLINE, check=False)
                self.assertEqual(finished.stderr.decode(), "synchrodb-cli: cannot write to standard "
                                                           "output: No space left on device\n")
                self.assertEqual(finished.returncode, NO_OUTPUT)
                # It was done nevertheless, and no line after it.
                self.assertEqual(self.cli("-p", self.port, "get", "k"), "v\n")

    def test_streams_are_refused(self):
        self.assertIn("subscribe", self.complaint("-p", self.port, "subscribe", "c", code=FAILED))


class Pipe(Case):
    def setUp(self):
        super().setUp()
        self.port = self.redis()

    def test_one_command_a_line_with_quotes(self):
        text = "set a \"x y\\n\\x41\"\nget a\n\n  get   'a'  \r\nset b 'it\\'s'\nget b"
        self.assertEqual(self.cli("-p", self.port, stdin=text), "OK\nx y\nA\nx y\nA\nOK\nit's\n")

    def test_transactions(self):
        self.assertEqual(self.cli("-p", self.port, stdin="multi\nincr n\nexec\n"), "OK\nQUEUED\n1\n")

    def test_errors_do_not_stop_it_but_are_told(self):
        self.assertIn("2\n", self.cli("-p", self.port, stdin="incr n\nnonsense\nincr n\n",
                                      code=FAILED))

    def test_lines_that_make_no_sense_are_numbered(self):
        for line in ("get 'a", 'get "a"b', '"'):
            with self.subTest(line):
                text = f"ping\n{line}\nping\n"
                self.assertIn("line 2:", self.complaint("-p", self.port, stdin=text, code=USAGE))

    def test_a_lost_connection_stops_it(self):
        complaint = self.complaint("-p", self.port, stdin="ping\nshutdown nosave\nping\nping\n",
                                   code=NO_CONNECTION)
        self.assertIn("unknown", complaint)
        self.assertIn("stopped at line 2", complaint)

    def test_a_connection_that_idled_away_is_made_again(self):
        process = self.spawn(Programs.cli, "-p", self.port, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        process.stdin.write(b"client id\n")
        process.stdin.flush()
        first = process.stdout.readline()
        self.cli("-p", self.port, "client", "kill", "id", first.decode().strip())
        out, _ = process.communicate(b"ping\n", timeout=30)
        self.assertEqual(out, b"PONG\n")
        self.assertEqual(process.returncode, OK)


class Passwords(Case):
    def setUp(self):
        super().setUp()
        self.port = self.redis("--requirepass", "open sesame")

    def test_given_or_in_the_environment(self):
        for version in ("-2", "-3"):
            with self.subTest(version):
                ping = ("-p", self.port, version)
                self.assertEqual(self.cli(*ping, "-a", "open sesame", "ping"), "PONG\n")
                self.assertEqual(self.cli(*ping, "ping", SYNCHRODB_PASSWORD="open sesame"), "PONG\n")

    def test_wrong_or_missing(self):
        self.assertIn("WRONGPASS",
                      self.complaint("-p", self.port, "-a", "guess", "ping", code=FAILED))
        self.assertIn("NOAUTH", self.cli("-p", self.port, "ping", code=FAILED))


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.certificate_file, self.key_file = self.certificate()
        self.port = free_port()
        self.redis("--tls-port", self.port, "--tls-cert-file", self.certificate_file,
                   "--tls-key-file", self.key_file, "--tls-ca-cert-file", self.certificate_file)
        self.own = ("--cert", self.certificate_file, "--key", self.key_file)

    def test_mutual(self):
        self.assertEqual(self.cli("-h", "localhost", "-p", self.port, "--tls", "--cacert",
                                  self.certificate_file, *self.own, "ping"), "PONG\n")
        self.assertEqual(self.cli("-p", self.port, "--tls", "--server-name", "localhost", "--cacert",
                                  self.certificate_file, *self.own, "ping"), "PONG\n")

    def test_a_server_that_nobody_vouches_for(self):
        for arguments in (["-h", "localhost", *self.own],  # the system's authorities
                          ["--cacert", self.certificate_file, *self.own]):  # another name
            with self.subTest(arguments):
                complaint = self.complaint("-p", self.port, "--tls", *arguments, "ping",
                                           code=NO_CONNECTION)
                self.assertIn("cannot connect", complaint)

    def test_files_that_are_none(self):
        for arguments, word in (
                (["--cacert", "missing.pem"], "missing.pem"), (["--cacert", "/dev/null"], "/dev/null"),
                (["--cert", self.certificate_file], "--key"),
                (["--cert", self.key_file, "--key", self.key_file], "key.pem")):
            with self.subTest(arguments):
                self.assertIn(word, self.complaint("-p", self.port, "--tls", *arguments, "ping",
                                                   code=USAGE))


class Failures(Case):
    def test_nobody_there(self):
        port = free_port()
        complaint = self.complaint("-p", port, "ping", code=NO_CONNECTION)
        for word in (f"127.0.0.1:{port}", "Connection refused", "-p"):
            self.assertIn(word, complaint)
        self.assertIn("no such host",
                      self.complaint("-h", "nobody.invalid", "ping", code=NO_CONNECTION))

    def test_usage(self):
        for arguments, word in (
                (["--frobnicate", "ping"], "--frobnicate"), (["-p", "0", "ping"], "port"),
                (["-p", "x", "ping"], "port"), (["-h", "a b", "ping"], "-h"),
                (["--rpc", "nonsense", "cluster", "status"], "--rpc"), (["-x"], "-x"),
                (["-2", "-3", "ping"], "-3"), (["--json", "--raw", "ping"], "raw"),
                (["--cacert", "x.pem", "ping"], "--tls")):
            with self.subTest(arguments):
                self.assertIn(word, self.complaint(*arguments, code=USAGE))

    def test_help_tells_where_restore_is(self):
        text = self.cli("--help")
        for word in ("cluster transfer-leader", "synchrodb-server restore", "Exit codes"):
            self.assertIn(word, text)

    def test_a_server_that_goes_away_in_the_middle(self):
        server = FakeServer(self, b"$100\r\nonly the beginn")
        complaint = self.complaint("-p", server.port, "get", "k", code=NO_CONNECTION)
        self.assertIn("whether the command took effect is unknown", complaint)

    def test_a_server_that_speaks_something_else(self):
        for greeting in (b"SSH-2.0-OpenSSH_9.2\r\n", b"$-7\r\n", b"*99999999999999999999\r\n",
                         b"*1\r\n" * 100_000, b"\x00\xff" * 8):
            with self.subTest(greeting[:20]):
                server = FakeServer(self, greeting)
                self.complaint("-p", server.port, "get", "k", code=NO_CONNECTION)

    def test_moved_is_followed_only_when_told(self):
        owner = FakeServer(self, b"$1\r\nv\r\n")
        moved = f"-MOVED 12182 127.0.0.1:{owner.port}\r\n".encode()
        asked = FakeServer(self, moved)
        self.assertIn("MOVED", self.cli("-p", asked.port, "get", "foo", code=FAILED))
        self.assertEqual(self.cli("-c", "-p", asked.port, "get", "foo"), "v\n")
        self.assertEqual(owner.received, [b"*2\r\n$3\r\nget\r\n$3\r\nfoo\r\n"])

    def test_moved_in_a_circle_ends(self):
        first = FakeServer(self, b"")
        first.answers = (f"-MOVED 1 127.0.0.1:{first.port}\r\n".encode(),)
        self.assertIn("MOVED", self.cli("-c", "-p", first.port, "get", "k", code=FAILED))

    def test_pushes_are_no_replies(self):
        server = FakeServer(self, b">2\r\n+invalidate\r\n_\r\n+OK\r\n")
        self.assertEqual(self.cli("-p", server.port, "get", "k"), "OK\n")

    def test_ctrl_c_ends_a_wait(self):
        listener = socket.create_server(("127.0.0.1", 0))  # accepts, and says nothing
        self.addCleanup(listener.close)
        process = self.spawn(Programs.cli, "-p", listener.getsockname()[1], "ping")
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=30), -signal.SIGINT)


if __name__ == "__main__":
    cli_support.main()
