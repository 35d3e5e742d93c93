"""What clients do, as operations that a checker understands.

A key serves for a bounded number of operations; then another takes its place. So the judge's work
stays linear however long a run is.
"""

import itertools
import threading

OPERATIONS_PER_KEY = 150
KEYS_AT_ONCE = 3


class Operation:
    """`words` to send; `result(reply)`: what to record as (kind, value, result)."""

    def __init__(self, function, key, value, words, understand):
        self.function = function
        self.value = [key, value]
        self.words = words
        self._understand = understand

    def result(self, reply):
        kind, value, result = self._understand(reply)
        return kind, [self.value[0], value], result


def _number(reply):
    return None if reply is None else int(reply)


def _text(reply):
    return None if reply is None else reply.decode()


class Workload:
    name = ""
    model = ""
    read_value = staticmethod(_number)

    def __init__(self):
        self._count = itertools.count()
        self._lock = threading.Lock()

    def key(self, draw):
        with self._lock:
            epoch = next(self._count) // (OPERATIONS_PER_KEY * KEYS_AT_ONCE)
        return f"{self.name}:{epoch}:{draw.randrange(KEYS_AT_ONCE)}"

    def read(self, key):
        return Operation("read", key, None, ["GET", key],
                         lambda reply: ("ok", self.read_value(reply), None))

    def next(self, draw):
        raise NotImplementedError


class Register(Workload):
    """Every value is written once at most."""

    name = model = "register"

    def __init__(self):
        super().__init__()
        self._values = itertools.count(1)

    def next(self, draw):
        key = self.key(draw)
        if draw.random() < 0.5:
            return self.read(key)
        with self._lock:
            value = next(self._values)
        return Operation("write", key, value, ["SET", key, value],
                         lambda reply: ("ok", value, None))


class CasRegister(Workload):
    name = model = "cas-register"

    def next(self, draw):
        key = self.key(draw)
        kind = draw.random()
        new, old = draw.randrange(5), draw.randrange(5)
        if kind < 0.4:
            return self.read(key)
        if kind < 0.6:
            return Operation("write", key, new, ["SET", key, new],
                             lambda reply: ("ok", new, None))
        return Operation("cas", key, [old, new], ["SET", key, new, "IFEQ", old],
                         lambda reply: ("ok" if reply == b"OK" else "fail", [old, new], None))


class Append(Workload):
    name, model = "append", "kv"
    read_value = staticmethod(_text)

    def __init__(self):
        super().__init__()
        self._values = itertools.count(1)

    def next(self, draw):
        key = self.key(draw)
        if draw.random() < 0.5:
            return self.read(key)
        with self._lock:
            value = f"{next(self._values)}."
        return Operation("append", key, value, ["APPEND", key, value],
                         lambda reply: ("ok", value, int(reply)))


class Counter(Workload):
    name, model = "counter", "kv"

    def next(self, draw):
        key = self.key(draw)
        if draw.random() < 0.4:
            return self.read(key)
        value = draw.randint(1, 4)
        return Operation("increment", key, value, ["INCRBY", key, value],
                         lambda reply: ("ok", value, int(reply)))


WORKLOADS = {kind.name: kind for kind in (Register, CasRegister, Append, Counter)}
