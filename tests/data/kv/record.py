#!/usr/bin/python3
"""Records what Redis answers, for tests/engine/kv_transcript_test.cc.

    redis-server --port 6399 --save '' --databases 1 --enable-debug-command no &
    ./record.py 6399

Debian's redis-server 7.0.15 recorded what is kept here. Each command goes to one of two
connections, A and B; `reset` starts from an empty database and two new connections.
Only what does not depend on the time of day, on chance or on Redis' hash order is recorded:
expiries are absolute or far away, and the elements of KEYS are sorted.
"""
import random
import socket
import sys


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def call(self, argv):
        out = b"*%d\r\n" % len(argv)
        for argument in argv:
            out += b"$%d\r\n%s\r\n" % (len(argument), argument)
        self.socket.sendall(out)
        return self.read()

    def read(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return "+" + quote(rest)
        if kind == b"-":
            return "-" + quote(rest)
        if kind == b":":
            return ":" + rest.decode()
        if kind == b"$":
            if rest == b"-1":
                return "nil"
            size = int(rest)
            return quote(self.file.read(size + 2)[:size])
        assert kind == b"*", line
        if rest == b"-1":
            return "nil-array"
        return "[" + ", ".join(self.read() for _ in range(int(rest))) + "]"


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
        self.in_transaction = set()
        print("reset", file=self.out)

    def do(self, *argv, on="A"):
        argv = [a if isinstance(a, bytes) else str(a).encode() for a in argv]
        reply = self.connections[on].call(argv)
        if argv[0].upper() == b"KEYS" and reply.startswith("[") and len(reply) > 2:
            reply = "[" + ", ".join(sorted(reply[1:-1].split(", "))) + "]"
        if argv[0].upper() == b"MULTI" and reply[0] == "+":
            self.in_transaction.add(on)
        if argv[0].upper() in (b"EXEC", b"DISCARD"):
            self.in_transaction.discard(on)
        print(on, " ".join(quote(a) for a in argv), file=self.out)
        print("  " + reply, file=self.out)


BIG = 9223372036854775807
FAR = 4102444800  # 2100-01-01
HIGH = 2**31 - 1


def random_commands(recorder, seed, count):
    rng = random.Random(seed)
    keys = ["k0", "k1", "k2", "k3", "{t}a", "{t}b", "", "k\x00\xff"]
    values = ["", "a", "hello", "10", "-3", "3.5", "0x10", "1e3", "007", " 1", "-0", "+1", str(BIG), str(-BIG - 1),
              "inf", "nan", "1e400", "1e-4000", "0.1", "x" * 40, "\r\n\x00", "3.0e-5", "1.5000", "9" * 25]
    integers = ["0", "1", "-1", "2", "7", "-4", "100", str(BIG), str(-BIG - 1), "9223372036854775808", "x", "", "1.0", "-0", "01"]
    small = ["0", "1", "2", "5", "-1", "-2", "-7", "40", "x", "", str(HIGH), str(BIG), str(-BIG - 1)]
    seconds = [str(FAR), str(FAR + 1), str(FAR - 10), "1", "-5", "0", str(BIG), str(BIG // 1000), "x"]

    def key():
        return rng.choice(keys).encode("latin1")

    def value():
        return rng.choice(values).encode("latin1")

    def case(word):
        return rng.choice([word.upper(), word.lower(), word.capitalize()])

    def expire_options():
        return [case(rng.choice(["nx", "xx", "gt", "lt", "gt", "lt", "zz"])) for _ in range(rng.choice([0, 0, 1, 1, 1, 2]))]

    def set_options():
        out = []
        for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
            option = rng.choice(["nx", "xx", "get", "keepttl", "exat", "pxat", "exat", "ex", "px", "zz", "nx", "xx", "get"])
            out.append(case(option))
            if option in ("exat", "pxat", "ex", "px"):
                if rng.random() < 0.9:
                    number = rng.choice(seconds) if option == "exat" else rng.choice([str(FAR * 1000), str(FAR * 1000 + 7), "0", "x", str(BIG)])
                    if option in ("ex", "px"):
                        number = rng.choice(["0", "-1", "x", str(BIG), "9300000000000000"] if option == "ex" else ["0", "x", str(BIG)])
                    out.append(number)
        return out

    def getex_options():
        return rng.choice([[], ["persist"], ["EXAT", rng.choice(seconds)], ["pxat", str(FAR * 1000 + 3)], ["ex", "0"],
                           ["persist", "exat", "5"], ["EXAT", "5", "PXAT", "5"], ["EXAT"], ["nx"], ["pxat", "1"]])

    def copy_options():
        return rng.choice([[], [], ["replace"], ["REPLACE"], ["db", "0"], ["db", "0", "replace"], ["db", "1"], ["db", "x"], ["db"], ["zz"]])

    def many(one, least=1):
        return [one() for _ in range(rng.choice([least, least, least + 1, least + 2]))]

    families = [
        lambda: ["get", key()], lambda: ["get", key()], lambda: ["set", key(), value()], lambda: ["set", key(), value()],
        lambda: ["set", key(), value()] + set_options(), lambda: ["set", key(), value()] + set_options(),
        lambda: ["getdel", key()], lambda: ["getset", key(), value()], lambda: ["getex", key()] + getex_options(),
        lambda: ["mget"] + many(key), lambda: ["mset"] + many(value, 2), lambda: ["msetnx", key(), value(), key(), value()],
        lambda: ["mset", key(), value(), key(), value()], lambda: ["setnx", key(), value()], lambda: ["append", key(), value()],
        lambda: ["strlen", key()], lambda: ["getrange", key(), rng.choice(small), rng.choice(small)],
        lambda: ["setrange", key(), rng.choice(["0", "1", "3", "10", "-1", "x", "536870912", str(BIG)]), value()],
        lambda: ["incr", key()], lambda: ["decr", key()], lambda: ["incrby", key(), rng.choice(integers)],
        lambda: ["decrby", key(), rng.choice(integers)], lambda: ["incrbyfloat", key(), value()],
        lambda: ["incrbyfloat", key(), value()], lambda: [rng.choice(["del", "unlink"])] + many(key),
        lambda: ["exists"] + many(key), lambda: ["touch"] + many(key), lambda: ["type", key()],
        lambda: ["expireat", key(), rng.choice(seconds)] + expire_options(),
        lambda: ["pexpireat", key(), rng.choice([str(FAR * 1000 + 499), str(FAR * 1000 + 500), "1", str(BIG), "x"])] + expire_options(),
        lambda: ["expire", key(), rng.choice(["0", "-1", "x", str(BIG), str(-BIG - 1), "9223372036854775"])] + expire_options(),
        lambda: ["pexpire", key(), rng.choice(["0", "-1", "x", str(BIG)])] + expire_options(),
        lambda: ["expiretime", key()], lambda: ["pexpiretime", key()], lambda: ["persist", key()],
        lambda: ["keys", rng.choice(["*", "k*", "k?", "[^k]*", "{t}[ab]", "k[0-2]", "", "nothing", "*\\*"])],
        lambda: ["rename", key(), key()], lambda: ["renamenx", key(), key()], lambda: ["copy", key(), key()] + copy_options(),
        lambda: ["multi"], lambda: ["exec"], lambda: ["exec"], lambda: ["discard"] if rng.random() < 0.4 else ["ping"],
        lambda: ["watch"] + many(key), lambda: ["unwatch"] if rng.random() < 0.4 else ["echo", value()],
        lambda: [rng.choice(["get", "set", "nosuch", "ttl", "watch", "multi", "incrby"])] + many(value, 0),
    ]
    for _ in range(count):
        argv = rng.choice(families)()
        on = rng.choice("AAB")
        # The order of KEYS within a transaction's replies would be Redis' own.
        if argv[0] == "keys" and on in recorder.in_transaction:
            argv = ["mget", key(), key()]
        # A key that is absent, created and deleted again counts as changed for Redis and as
        # unchanged for us (StateMachine::version_of): watch only what is there.
        if argv[0] == "watch" and on not in recorder.in_transaction:
            if any(recorder.connections[on].call([b"EXISTS", k if isinstance(k, bytes) else k.encode("latin1")]) == ":0" for k in argv[1:]):
                argv = ["touch"] + argv[1:]
        argv[0] = case(argv[0]) if isinstance(argv[0], str) else argv[0]
        recorder.do(*argv, on=on)


def explicit(r):
    """Replies and error texts, command by command."""
    for name in ("get set getdel getex mget mset setnx append strlen getrange setrange incr decr incrby decrby incrbyfloat del unlink "
                 "exists expire pexpire expireat pexpireat ttl pttl expiretime pexpiretime persist type keys scan rename renamenx copy "
                 "touch msetnx getset setex psetex echo watch").split():
        r.do(name)
        r.do(name.upper(), *["x"] * 9)
    for name in "dbsize randomkey multi exec discard unwatch ping".split():
        r.do(name, "x", "y")
    r.reset()
    r.do("randomkey")
    r.do("dbsize")
    r.do("set", "only", "1")
    r.do("randomkey")
    r.do("dbsize")
    r.do("ping")
    r.do("ping", "hi")
    r.do("flushall", "sync")
    r.do("flushall", "ASYNC")
    r.do("flushall", "zz")
    r.do("flushall", "sync", "async")
    r.do("dbsize")
    for option in [[], ["sync"], ["ASYNC"], ["zz"], ["sync", "async"]]:
        r.do("set", "k", "v")
        r.do("flushdb", *option)
        r.do("dbsize")
    r.do("multi")
    r.do("flushdb")
    r.do("exec")
    r.do("dbsize")
    r.do("scan", "0")
    r.do("scan", "")
    for cursor in ["abc", "-1", "+0", "1x", "18446744073709551615", "18446744073709551616", "99999999999999999999"]:
        r.do("scan", cursor)
    for options in [["count", "0"], ["count", "-1"], ["count", "x"], ["count"], ["match"], ["type", "string"], ["type", "zz"], ["zz", "1"],
                    ["match", "k*", "count", "100", "type", "STRING"]]:
        r.do("scan", "0", *options)
    r.do("set", "k", "v")
    for options in [["count", "100"], ["match", "k*"], ["match", "x*"], ["type", "string"], ["type", "list"], ["type", "STRING", "match", "?"]]:
        r.do("scan", "0", *options)
    # Far expiries: seconds are exact for half a second after they were set.
    for command in (["set", "k", "v", "ex", "1000"], ["set", "k", "v", "px", "1000000"], ["setex", "k", "1000", "v"], ["psetex", "k", "1000000", "v"]):
        r.do(*command)
        r.do("ttl", "k")
    r.do("getex", "k", "ex", "2000")
    r.do("ttl", "k")
    for options, ttl in [([], "3000"), (["nx"], "4000"), (["xx"], "4000"), (["gt"], "3000"), (["gt"], "5000"), (["lt"], "6000"), (["lt"], "1000"), (["xx", "gt"], "9000"), (["xx", "lt"], "8000")]:
        r.do("expire", "k", ttl, *options)
        r.do("ttl", "k")
    r.do("persist", "k")
    r.do("persist", "k")
    r.do("ttl", "k")
    r.do("expire", "k", "100", "gt")
    r.do("ttl", "k")
    r.do("expire", "k", "100", "lt")
    r.do("ttl", "k")
    for command in (["incr", "n"], ["append", "n", "5"], ["setrange", "n", "0", "7"], ["incrbyfloat", "n", "1.5"], ["rename", "n", "m"], ["copy", "m", "n"]):
        r.do("expire", "n", "100")
        r.do(*command)
        r.do("ttl", "n")
        r.do("ttl", "m")
    r.do("set", "m", "1", "keepttl")
    r.do("ttl", "m")
    r.do("set", "m", "1")
    r.do("ttl", "m")
    r.do("nosuch", *["argument number %d" % i for i in range(30)])
    r.do("no such\r\ncommand", "a\nb")
    r.do("x" * 200, "y" * 200, "z")
    # Transactions.
    r.reset()
    r.do("exec")
    r.do("discard")
    r.do("multi")
    r.do("multi")
    r.do("watch", "k")
    r.do("exec")
    r.do("multi")
    r.do("set", "k", "1")
    r.do("incr", "k")
    r.do("incr")
    r.do("exec")
    r.do("get", "k")
    r.do("multi")
    r.do("set", "k", "a")
    r.do("incr", "k")
    r.do("ping")
    r.do("echo", "hi")
    r.do("unwatch")
    r.do("get", "k")
    r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "other", on="B")
    r.do("multi")
    r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "other", on="B")
    r.do("multi")
    r.do("get", "k")
    r.do("exec")
    r.do("multi")
    r.do("get", "k")
    r.do("exec")
    for touch in (["expire", "k", "100"], ["persist", "k"], ["del", "k"], ["set", "k", "other"], ["touch", "k"], ["get", "k"], ["append", "k", "x"],
                  ["rename", "k", "j"], ["rename", "j", "k"], ["copy", "k", "j"], ["getex", "k"], ["getex", "k", "ex", "100"], ["getex", "k", "persist"],
                  ["setnx", "k", "1"], ["set", "k", "2", "nx"], ["mset", "k", "1"], ["incr", "k"], ["setrange", "k", "0", ""], ["flushall"], ["flushall"]):
        r.do("watch", "k", "j2")
        r.do(*touch, on="B")
        r.do("multi")
        r.do("get", "k")
        r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "1", on="B")
    r.do("unwatch")
    r.do("multi")
    r.do("get", "k")
    r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "mine")
    r.do("multi")
    r.do("get", "k")
    r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "1", on="B")
    r.do("watch", "k")
    r.do("multi")
    r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "1", on="B")
    r.do("multi")
    r.do("discard")
    r.do("multi")
    r.do("get", "k")
    r.do("exec")
    r.do("watch", "k")
    r.do("set", "k", "1", on="B")
    r.do("multi")
    r.do("nosuch")
    r.do("exec")
    r.do("multi")
    r.do("exec")
    # INCRBYFLOAT's arithmetic and formatting.
    r.reset()
    for start in ["0", "1", "10.5", "-7.25", "3.0e3", "5.0e3", "0x1p3", "1e17", "1e18", "12345678901234567890", "0.1", "1e-10", "1e300", "-0.0"]:
        for step in ["0", "1", "0.1", "-0.1", "0.2", "1e-17", "1e-18", "2.0e2", "-1e18", "0.30000000000000004", "1.00000000000000005"]:
            r.do("set", "f", start)
            r.do("incrbyfloat", "f", step)
            r.do("incrbyfloat", "f", step)
    r.do("set", "f", "1.1e4932")
    r.do("incrbyfloat", "f", "1.1e4932")
    r.do("incrbyfloat", "f", "-1.1e4932")
    r.do("incrbyfloat", "f", "1e4933")
    r.do("set", "f", "-inf")
    r.do("incrbyfloat", "f", "inf")


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 6399
    explicit(Recorder(port, "explicit.txt"))
    recorder = Recorder(port, "random.txt")
    for seed in range(20):
        recorder.reset()
        random_commands(recorder, seed, 500)


main()
