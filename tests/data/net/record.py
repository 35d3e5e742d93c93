#!/usr/bin/python3
"""Records what Redis answers about connections and the server, for
tests/net/commands_transcript_test.cc.

    redis-server --port 6399 --save '' --databases 1 --enable-debug-command yes &
    redis-server --port 6398 --save '' --cluster-enabled yes &
    redis-cli -p 6398 cluster addslotsrange 0 16383
    ./record.py 6399 6398

Debian's redis-server 7.0.15 recorded what is kept here. `reset` stands for new connections A and B
to a server without keys or a password. In a command, @id:A is the id of connection A and @addr:A
its address; in HELLO's reply the id is zero and the mode "cluster". A reply that is not sent is `none`. Only what depends
neither on the machine nor on what else the server is used for is recorded. What is different on
purpose is left out here and tested by hand.
"""
import re
import socket
import sys


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.address = "%s:%d" % self.socket.getsockname()
        self.id = self.call([b"CLIENT", b"ID"])[1:]

    def send(self, argv):
        out = b"*%d\r\n" % len(argv)
        for argument in argv:
            out += b"$%d\r\n%s\r\n" % (len(argument), argument)
        self.socket.sendall(out)

    def call(self, argv):
        self.send(argv)
        return self.read()

    def read(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind in b"+-":
            return kind.decode() + quote(rest)
        if kind == b":":
            return ":" + rest.decode()
        if kind == b"$" and rest == b"-1" or kind == b"_":
            return "nil"
        if kind in b"$=":
            size = int(rest)
            data = self.file.read(size + 2)[:size]
            return "=" + quote(data[4:]) if kind == b"=" else quote(data)
        if kind == b"*" and rest == b"-1":
            return "nil-array"
        if kind in b"*~":
            opening = "[" if kind == b"*" else "~["
            return opening + ", ".join(self.read() for _ in range(int(rest))) + "]"
        assert kind == b"%", line
        pairs = [self.read() + ": " + self.read() for _ in range(int(rest))]
        return "{" + ", ".join(pairs) + "}"


def quote(data):
    text = ""
    for byte in data:
        if byte in b'"\\' or byte < 0x20 or byte > 0x7E:
            text += "\\x%02x" % byte
        else:
            text += chr(byte)
    return '"' + text + '"'


class Recorder:
    def __init__(self, port, path):
        self.port = port
        self.out = open(path, "w")
        self.reset()

    def reset(self):
        self.connections = {name: Connection(self.port) for name in "AB"}
        self.connections["A"].call([b"FLUSHALL"])
        print("reset", file=self.out)

    def filled(self, argument):
        if argument.startswith(b"@"):
            what, name = argument[1:].decode().split(":")
            connection = self.connections[name]
            return (connection.id if what == "id" else connection.address).encode()
        return argument

    def do(self, *argv, on="A", sent=True):
        argv = [a if isinstance(a, bytes) else str(a).encode() for a in argv]
        connection = self.connections[on]
        connection.send([self.filled(a) for a in argv])
        reply = connection.read() if sent else "none"
        if argv[0].upper() == b"HELLO":
            reply = re.sub(r'"id"(, |: ):\d+', r'"id"\1:0', reply).replace('"standalone"', '"cluster"')
        print(on, " ".join(quote(a) for a in argv), file=self.out)
        print("  " + reply, file=self.out)


def connection_commands(r):
    for name in "auth hello select quit reset time lolwut client config debug wait object memory latency slowlog acl function script module pubsub swapdb lastsave save bgsave bgrewriteaof shutdown role replicaof failover".split():
        if name not in ("quit", "hello", "time", "lolwut", "reset", "lastsave", "save", "bgsave", "bgrewriteaof", "shutdown", "role", "failover"):
            r.do(name)
            r.do(name.upper(), "nosuch")
        if name not in ("hello", "lolwut", "acl", "quit", "bgsave", "shutdown", "failover", "debug"):
            r.do(name, *["x"] * 9)
    for index in ["0", "1", "-1", "x", "", "00", "99999999999", "99999999999999999999"]:
        r.do("select", index)
    for swap in [("0", "0"), ("0", "1"), ("1", "0"), ("x", "0"), ("0", "x")]:
        r.do("swapdb", *swap)
    r.do("auth", "x")
    r.do("auth", "x", "y")
    r.do("auth", "default", "y")
    r.do("auth", "default", "x", "y")
    for options in [["x"], ["4"], ["1"], [""], ["2", "auth", "a"], ["2", "foo"], ["3", "auth", "a", "b"], ["2", "setname", "a b"], ["2", "setname"],
                    ["2", "AUTH", "default", "b", "foo"]]:
        r.do("hello", *options)
    r.do("reset")
    for name in ["one", "a b", "", "a\nb", "a\x7fb", "~!"]:
        r.do("client", "setname", name)
        r.do("client", "getname")
    r.do("reset")
    r.do("client", "getname")


def client_commands(r):
    r.reset()
    r.do("lolwut", "version", "x")
    for sub in "id setname getname list info kill unblock pause unpause getredir trackinginfo tracking no-evict reply caching".split():
        if sub not in ("id", "getname", "list", "info", "unpause", "getredir", "trackinginfo"):
            r.do("client", sub)
        if sub not in ("list", "unblock", "pause"):
            r.do("CLIENT", sub.upper(), *["x"] * 7)
    for option in [["id"], ["id", "x"], ["type", "zz"], ["type"], ["zz", "normal"], ["type", "normal", "x"], ["type", "master"], ["type", "pubsub"], ["TYPE", "replica"], ["id", "999999999"]]:
        r.do("client", "list", *option)
    for option in [["id", "0"], ["id", "x"], ["id", "-1"], ["id", "999999999"], ["type", "zz"], ["type", "master"], ["type", "slave"], ["user", "zz"], ["skipme", "zz"], ["foo", "bar"], ["id"],
                   ["addr", "1.2.3.4:5"], ["laddr", "1.2.3.4:5"], ["addr"], ["1.2.3.4:5"], ["id", "999999999", "skipme"], ["id", "@id:A"], ["ID", "@id:A", "skipme", "yes"]]:
        r.do("client", "kill", *option)
    for option in [["x"], ["999999999"], ["@id:B"], ["999999999", "zz"], ["999999999", "error"], ["@id:B", "TIMEOUT"], [""]]:
        r.do("client", "unblock", *option)
    for option in [["x"], ["-1"], ["0", "zz"], ["0"], ["0", "write"], ["0", "ALL"], ["1.5"]]:
        r.do("client", "pause", *option)
    r.do("client", "unpause")
    r.do("client", "getredir")
    r.do("client", "trackinginfo")
    r.do("client", "tracking", "off")
    r.do("client", "tracking", "zz")
    r.do("client", "caching", "yes")
    for word in ["on", "OFF", "zz", ""]:
        r.do("client", "no-evict", word)
    r.do("client", "reply", "zz")
    r.do("client", "reply", "on")
    r.do("client", "reply", "skip", sent=False)
    r.do("ping", sent=False)
    r.do("ping")
    r.do("client", "reply", "skip", sent=False)
    r.do("client", "reply", "on")
    r.do("client", "reply", "skip", sent=False)
    r.do("client", "reply", "skip", sent=False)
    r.do("ping", sent=False)
    r.do("ping")
    r.do("client", "reply", "off", sent=False)
    r.do("ping", sent=False)
    r.do("client", "reply", "skip", sent=False)
    r.do("ping", sent=False)
    r.do("client", "reply", "off", sent=False)
    r.do("nosuch", sent=False)
    r.do("client", "reply", "on")
    r.do("ping")
    r.do("client", "kill", "id", "@id:B")
    r.reset()
    r.do("client", "kill", "@addr:B")
    r.reset()
    r.do("client", "kill", "addr", "@addr:B", "id", "@id:A")
    r.do("client", "kill", "addr", "@addr:B", "type", "normal", "user", "default")
    r.reset()
    r.do("client", "kill", "id", "@id:A", "skipme", "no")
    r.reset()
    r.do("client", "kill", "@addr:A")
    r.reset()
    r.do("quit")
    r.reset()
    r.do("quit", "now", "please")


def transactions(r):
    r.reset()
    r.do("multi")
    r.do("set", "k", "v")
    r.do("client", "getname")
    r.do("client", "setname", "inside")
    r.do("get", "k")
    r.do("client", "getname")
    r.do("select", "0")
    r.do("select", "1")
    r.do("wait", "0", "0")
    r.do("echo", "end")
    r.do("exec")
    r.do("client", "getname")
    for refused in [["shutdown"], ["save"], ["client", "nosuch"], ["client"], ["client", "id", "x"], ["select"], ["config", "set", "a"]]:
        r.do("multi")
        r.do("client", "getname")
        r.do(*refused)
        r.do("set", "k", "w")
        r.do("exec")
        r.do("get", "k")
    r.do("multi")
    r.do("client", "setname", "never")
    r.do("discard")
    r.do("client", "getname")
    r.do("multi")
    r.do("client", "setname", "never")
    r.do("reset")
    r.do("exec")
    r.do("client", "getname")
    r.do("watch", "k")
    r.do("set", "k", "other", on="B")
    r.do("multi")
    r.do("client", "setname", "never")
    r.do("exec")
    r.do("client", "getname")
    r.do("multi")
    r.do("client", "setname", "alone")
    r.do("exec")
    r.do("client", "getname")
    r.do("multi")
    r.do("select", "0")
    r.do("get", "k")
    r.do("select", "x")
    r.do("exec")
    r.do("multi")
    r.do("quit")


def about_commands(r):
    r.reset()
    for argv in [["ping", "x"], ["nosuch", "x"], ["get", "x", "y"], ["get", "x"], ["mset", "a", "b", "c"], ["mset", "a", "b", "c", "d"], ["rename", "a", "b"], ["object", "encoding", "k"], ["object", "nosuch", "k"],
                 ["set", "a", "b"], ["set", "a", "b", "get"], ["watch", "a", "b"], ["memory", "usage", "k"], ["client", "id"], ["del", "x", "y", "z"], ["copy", "a", "b"], ["client|id", "x"]]:
        r.do("command", "getkeys", *argv)
        r.do("command", "getkeysandflags", *argv)
    r.do("command", "getkeys")
    r.do("command", "getkeys", "get")
    engine = ("append copy dbsize decr decrby del discard echo exec exists expire expireat expiretime flushall flushdb get getdel getrange getset incr incrby incrbyfloat keys mget mset msetnx multi persist pexpire "
              "pexpireat pexpiretime ping psetex pttl randomkey rename renamenx scan setex setnx setrange strlen touch ttl type unlink unwatch watch")
    ours = ("auth asking readonly readwrite hello select quit reset time info debug wait swapdb lastsave save bgsave bgrewriteaof shutdown role replicaof slaveof failover client|caching client|getname "
            "client|getredir client|help client|id client|info client|kill client|list client|no-evict client|pause client|reply client|setname client|tracking client|trackinginfo client|unblock client|unpause "
            "command|count command|docs command|getkeys command|getkeysandflags command|help command|info command|list config|get config|help config|resetstat config|rewrite config|set cluster|info "
            "cluster|keyslot cluster|nodes cluster|slots cluster|shards cluster|myid cluster|help cluster|countkeysinslot cluster|failover object|encoding object|help object|refcount memory|usage memory|stats latency|doctor latency|histogram slowlog|get "
            "slowlog|len slowlog|reset acl|cat acl|whoami acl|getuser function|flush function|list function|stats script|exists script|flush module|list pubsub|channels pubsub|numsub")
    r.do("command", "info", "nosuch")
    r.do("command", "info", "GET", "nosuch", "client|nosuch", "get|x", "Client|ID")
    for name in (engine + " " + ours).split():
        r.do("command", "info", name)
    for options in [["x"], ["filterby", "zz", "a"], ["filterby", "module"], ["filterby", "module", "m"], ["filterby", "aclcat", "zz"], ["filterby", "pattern", "nosuch*"], ["filterby", "pattern", "getd*"],
                    ["FILTERBY", "ACLCAT", "nosuch"], ["filterby", "pattern", "object|en*"]]:
        r.do("command", "list", *options)
    r.do("command", "docs", "nosuch")
    r.do("command", "nosuch")
    r.do("command", "nosuch", "x")
    for container in "config object memory latency slowlog pubsub command".split():
        r.do(container, "help")
        r.do(container, "help", "x")


def server_commands(r):
    r.reset()
    r.do("config", "set", "nosuch", "b")
    r.do("config", "set", "a")
    r.do("config", "set", "a", "b", "c")
    r.do("config", "get")
    r.do("config", "get", "nosuch*")
    r.do("config", "resetstat")
    r.do("config", "resetstat", "x")
    for what in [["jmap"], ["sleep"], ["sleep", "0"], ["sleep", "x"], ["set-active-expire"], ["set-active-expire", "1"], ["object"], ["object", "nosuch"], ["sleep", "0", "0"]]:
        r.do("debug", *what)
    for what in [["x", "1"], ["0", "x"], ["-1", "0"], ["0", "-1"], ["0", "0"], ["", ""]]:
        r.do("wait", *what)
    r.do("set", "number", "12345678")
    r.do("set", "short", "a")
    r.do("set", "edge", "x" * 44)
    r.do("set", "long", "x" * 45)
    r.do("set", "looks", "0123")
    r.do("set", "min", "-9223372036854775808")
    r.do("set", "big", "9223372036854775808")
    for key in "number short edge long looks min big nosuch".split():
        r.do("object", "encoding", key)
        r.do("object", "idletime", key)
        r.do("object", "freq", key)
    r.do("object", "refcount", "long")
    r.do("object", "refcount", "nosuch")
    r.do("object", "ENCODING")
    r.do("object", "encoding", "a", "b")
    r.do("memory", "usage", "nosuch")
    for options in [["samples", "x"], ["samples", "-1"], ["b"], ["samples"], ["samples", "0"], ["samples", "5", "samples", "6"]]:
        r.do("memory", "usage", "nosuch", *options)
    r.do("memory", "purge")
    r.do("memory", "malloc-stats", "x")
    r.do("slowlog", "reset")
    for count in ["x", "-2", "", "99999999999999999999"]:
        r.do("slowlog", "get", count)
    r.do("slowlog", "get", "1", "2")
    for what in [["reset", "x"], ["reset"], ["graph", "x"], ["history", "x"], ["latest"], ["histogram", "nosuch"], ["history"], ["reset", "a", "b"]]:
        r.do("latency", *what)
    for what in [["zz"], ["abort"], ["save", "nosave"], ["abort", "now"], ["now", "zz"]]:
        r.do("shutdown", *what)
    r.do("bgsave", "zz")
    r.do("acl", "whoami")
    r.do("acl", "whoami", "x")
    r.do("acl", "cat")
    r.do("acl", "cat", "zz")
    r.do("acl", "cat", "a", "b")
    r.do("acl", "users")
    r.do("acl", "list")
    r.do("acl", "getuser", "zz")
    r.do("acl", "getuser", "default")
    for what in [["flush"], ["flush", "sync"], ["flush", "ASYNC"], ["flush", "x"], ["flush", "sync", "x"]]:
        r.do("function", *what)
        r.do("script", *what)
    for what in [["list"], ["list", "withcode"], ["list", "libraryname", "x"], ["list", "libraryname"], ["list", "zz"], ["kill"]]:
        r.do("function", *what)
    r.do("script", "exists", "a", "b")
    r.do("script", "exists")
    r.do("script", "kill")
    r.do("module", "list")
    for what in [["channels"], ["channels", "*"], ["numsub"], ["numsub", "a", "b"], ["numpat"], ["shardchannels"], ["shardnumsub", "a"]]:
        r.do("pubsub", *what)
    r.do("info", "nosuch")
    r.do("info", "modules")
    r.do("role")


def third_protocol(r):
    """The replies whose shape depends on it."""
    r.do("hello", "3")
    r.do("client", "getname")
    r.do("client", "trackinginfo")
    r.do("command", "docs", "nosuch")
    r.do("command", "info", "nosuch")
    r.do("command", "info", "get")
    r.do("command", "getkeysandflags", "rename", "a", "b")
    r.do("config", "get", "nosuch")
    r.do("acl", "getuser", "default")
    r.do("acl", "getuser", "nosuch")
    r.do("latency", "histogram", "nosuch")
    r.do("pubsub", "numsub", "a")
    r.do("memory", "usage", "nosuch")
    r.do("object", "encoding", "nosuch")
    r.do("client", "list", "id", "999999999")
    r.do("info", "nosuch")
    r.do("info", "modules")
    r.do("command", "info", "client|info", "rename")
    r.do("command", "list", "filterby", "pattern", "getd*")
    r.do("module", "list")
    r.do("function", "list")
    r.do("script", "exists", "a")
    r.do("slowlog", "get", "0")
    r.do("latency", "latest")
    r.do("cluster", "links")
    r.do("select", "0")
    r.do("multi")
    r.do("client", "trackinginfo")
    r.do("exec")
    r.do("hello", "2", "setname", "back")
    r.do("client", "getname")
    r.do("hello")


def with_password(r):
    r.do("config", "set", "requirepass", "secret")
    r.do("client", "getname")  # connected before: still welcome
    r.do("reset")
    for argv in [["ping"], ["get", "k"], ["get"], ["nosuch"], ["client", "id"], ["client", "nosuch"], ["select", "x"], ["select"], ["multi"], ["exec"], ["command"], ["hello"], ["hello", "3"], ["hello", "4"],
                 ["hello", "2", "auth", "default", "wrong"], ["hello", "2", "auth", "other", "secret"], ["auth", "wrong"], ["auth", "other", "secret"], ["auth", "default", "wrong"], ["auth", "a", "b", "c"], ["auth"],
                 ["auth", ""], ["auth", "secre"], ["auth", "secrets"], ["ping"], ["auth", "secret"], ["ping"], ["auth", "wrong"], ["ping"], ["acl", "whoami"], ["reset"], ["ping"],
                 ["hello", "3", "auth", "default", "secret", "setname", "me"], ["client", "getname"], ["reset"], ["client", "getname"], ["auth", "default", "secret"], ["client", "getname"],
                 ["config", "set", "requirepass", ""], ["reset"], ["ping"], ["auth", "secret"]]:
        r.do(*argv)
    r.reset()
    r.do("config", "set", "requirepass", "secret")
    r.do("reset", on="B")
    r.do("quit", on="B")
    r.do("config", "set", "requirepass", "")


def cluster(r):
    third_protocol(r)
    r.do("hello", "2")
    r.do("readonly")
    r.do("readwrite")
    r.do("asking")
    for name in "readonly readwrite asking".split():
        r.do(name, "x")
    r.do("cluster")
    r.do("cluster", "nosuch")
    for key in ["", "foo", "{foo}bar", "a{b}{c}", "{}", "123456789"]:
        r.do("cluster", "keyslot", key)
    r.do("cluster", "keyslot")
    for slot in ["x", "-1", "16384", "16383", "0"]:
        r.do("cluster", "countkeysinslot", slot)
        r.do("cluster", "getkeysinslot", slot, "10")
    for key in ["{x}1", "foo", "{}"]:
        r.do("set", key, "v")
    for slot in ["12182", "16287", "15257", "0", "1"]:
        r.do("cluster", "countkeysinslot", slot)
        r.do("cluster", "getkeysinslot", slot, "10")
        r.do("cluster", "getkeysinslot", slot, "0")
    r.do("cluster", "getkeysinslot", "0", "-1")
    r.do("cluster", "getkeysinslot", "0", "x")
    r.do("cluster", "links")
    r.do("cluster", "links", "x")
    r.do("cluster", "replicas", "x")
    r.do("cluster", "count-failure-reports", "x")
    r.do("cluster", "info", "x")


def main():
    standalone, clustered = (int(port) for port in sys.argv[1:3])
    recorder = Recorder(standalone, "standalone.txt")
    for family in (connection_commands, client_commands, transactions, about_commands, server_commands):
        family(recorder)
    recorder.reset()
    with_password(recorder)
    cluster(Recorder(clustered, "cluster.txt"))


main()
