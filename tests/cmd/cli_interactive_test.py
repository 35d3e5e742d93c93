#!/usr/bin/python3
"""synchrodb-cli on a terminal: editing, completion, hints, history, transactions, reconnection."""

import stat

import cli_support
from cli_support import NO_CONNECTION, OK, Case, Stub, Terminal, free_port


class Interactive(Case):
    def setUp(self):
        super().setUp()
        self.port = self.redis()

    def terminal(self, *arguments, port=None, **environment):
        terminal = Terminal(self, "-p", port or self.port, *arguments, **environment)
        terminal.expect("> ")
        return terminal

    def history(self):
        path = self.folder / ".synchrodb_history"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def test_commands_and_answers(self):
        terminal = self.terminal()
        terminal.type("set greeting 'hello world'\r")
        terminal.expect("OK")
        terminal.type("get greeting\r")
        terminal.expect('"hello world"')
        terminal.type("nonsense\r")
        terminal.expect("(error) ERR unknown command 'nonsense'")
        terminal.type("get 'open\r")
        terminal.expect("a quote is not closed")
        terminal.type("exit\r")
        self.assertEqual(terminal.expect_end(), OK)

    def test_the_prompt_names_the_server_and_the_transaction(self):
        terminal = Terminal(self, "-p", self.port)
        terminal.expect(f"127.0.0.1:{self.port}> ")
        terminal.type("multi\r")
        terminal.expect(f"127.0.0.1:{self.port}(TX)> ")
        terminal.type("incr n\r")
        terminal.expect("QUEUED")
        terminal.expect("(TX)> ")
        terminal.type("exec\r")
        terminal.expect("1) (integer) 1")
        terminal.expect(f"127.0.0.1:{self.port}> ")

    def test_the_hint_follows_what_is_typed(self):
        terminal = self.terminal()
        # From the server's COMMAND DOCS: the engine's own table says other things of GETEX.
        terminal.type("set ")
        terminal.expect("key value [NX | XX]")
        terminal.type("k ")
        terminal.expect("value [NX | XX]")
        terminal.type("v ")
        terminal.expect(" [NX | XX]")

    def test_the_hint_is_wiped_out_when_the_line_is_done(self):
        terminal = self.terminal()
        terminal.type("get ")
        terminal.expect("key")
        terminal.type("\x15")  # Ctrl-U empties the line
        terminal.type("getdel nothing\r")
        terminal.expect("(nil)")
        terminal.type("incr counter\r")
        shown = terminal.expect("(integer) 1")
        self.assertNotIn("\nkey", shown)

    # A completed word is seen by what the command does: only what changed is drawn.
    def test_completion_of_commands(self):
        terminal = self.terminal()
        terminal.type("set greeting hello\r")
        terminal.expect("OK")
        terminal.type("getr\tgreeting 1 2\r")
        terminal.expect('"el"')
        terminal.type("GETD\tgreeting\r")
        terminal.expect('"hello"')
        terminal.type("exists greeting\r")
        terminal.expect("(integer) 0")

    def test_completion_of_subcommands_and_of_administration(self):
        stub = Stub(self)
        terminal = self.terminal("--rpc-port", stub.port)
        terminal.type("client setn\tme\r")
        terminal.expect("OK")
        terminal.type("CLIENT GETN\t\r")
        terminal.expect('"me"')
        terminal.type("clu\ttransf\t2\r")
        terminal.expect("leader: 2")

    def test_completion_lists_what_there_is(self):
        terminal = self.terminal()
        terminal.type("pexpire\t")
        terminal.expect("pexpireat")
        terminal.expect("pexpiretime")
        terminal.expect("> pexpire")

    def test_history_within_a_run_and_from_run_to_run(self):
        terminal = self.terminal()
        terminal.type("set a 1\r")
        terminal.expect("OK")
        terminal.expect("> ")
        terminal.type("\x1b[A\r")
        terminal.expect("OK")
        terminal.type("exit\r")
        terminal.expect_end()
        self.assertIn("set", self.history())
        mode = stat.S_IMODE((self.folder / ".synchrodb_history").stat().st_mode)
        self.assertEqual(mode & 0o077, 0)

        terminal = self.terminal()
        terminal.type("\x1b[A\x1b[A")
        terminal.expect("set a 1")

    def test_passwords_are_not_remembered(self):
        terminal = self.terminal()
        for line in ("auth hidden1", "AUTH me hidden2", "hello 3 auth me hidden3",
                     "config set requirepass hidden4", "acl setuser me >hidden5",
                     "auth 'hidden6", " get hidden7", "config set requirepass ''"):
            terminal.type(line + "\r")
            terminal.expect("> ")
        terminal.type("echo remembered\r")
        terminal.expect('"remembered"')
        terminal.type("exit\r")
        terminal.expect_end()
        self.assertIn("remembered", self.history())
        self.assertNotIn("hidden", self.history())

    def test_no_history_when_it_is_not_wanted(self):
        terminal = self.terminal(SYNCHRODB_HISTORY="")
        terminal.type("echo x\r")
        terminal.expect('"x"')
        terminal.type("exit\r")
        terminal.expect_end()
        self.assertEqual(self.history(), "")

    def test_help(self):
        terminal = self.terminal()
        terminal.type("help set\r")
        terminal.expect("SET key value")
        terminal.type("help cluster add\r")
        terminal.expect("cluster add ID HOST:RPCPORT")
        terminal.type("help frobnicate\r")
        terminal.expect("no such command: frobnicate")
        terminal.type("help\r")
        terminal.expect("transactions: DISCARD EXEC MULTI")

    def test_ctrl_c_abandons_the_line_and_ctrl_d_ends(self):
        terminal = self.terminal()
        terminal.type("set a 1")
        terminal.expect("1  [NX")
        terminal.type("\x03")
        terminal.expect("^C")
        terminal.expect("> ")
        terminal.type("exists a\r")
        terminal.expect("(integer) 0")
        terminal.expect("> ")
        terminal.type("\x04")
        self.assertEqual(terminal.expect_end(), OK)

    def test_letters_beyond_ascii(self):
        terminal = self.terminal("--raw")
        terminal.type("echo grüße\r")
        terminal.expect("\r\ngrüße")

    def test_a_server_that_comes_back(self):
        terminal = self.terminal()
        terminal.type("multi\r")
        terminal.expect("(TX)> ")
        self.server.kill()
        self.server.wait()
        terminal.type("incr n\r")
        terminal.expect("the transaction is gone")
        terminal.expect("not connected> ")
        terminal.type("incr n\r")
        terminal.expect("cannot connect")
        server = self.spawn("redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "",
                            stdout=-3)
        self.assertTrue(self.answers(self.port, server))
        terminal.type("incr n\r")
        terminal.expect("(integer) 1")
        terminal.expect(f"127.0.0.1:{self.port}> ")

    def test_without_a_server_it_starts_all_the_same(self):
        terminal = Terminal(self, "-p", free_port())
        terminal.expect("cannot connect")
        terminal.expect("not connected> ")
        terminal.type("get ")
        terminal.expect("key")  # of the engine's table

    def test_administration(self):
        stub = Stub(self)
        terminal = self.terminal("--rpc-port", stub.port)
        terminal.type("cluster transfer-leader 2\r")
        terminal.expect("leader: 2")
        terminal.type("cluster transfer-leader two\r")
        terminal.expect("\"two\" is no node's id")


if __name__ == "__main__":
    cli_support.main()
