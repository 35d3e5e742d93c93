"""Which clients operations are for, and waiting for clients."""

from __future__ import annotations

from .arguments import count_of
from .base import PENDING, Around, Generator, InOrder, Pending, as_generator, ask, tell


class _Synchronize(Around):
    def __init__(self, inner):
        self.inner = inner

    def again(self, inner):
        return _Synchronize(inner)

    def op(self, context):
        if len(context.free) < context.clients:
            return PENDING, self
        return ask(self.inner, context)


def synchronize(generator) -> Generator:
    """Waits until every client is free, then goes on as the generator.

    >>> preview(synchronize({"f": "read"}))
    [(0.0, 'read')]
    """
    return _Synchronize(as_generator(generator))


def phases(*generators) -> Generator:
    """One after the other, each when everything of the one before has completed.

    >>> preview(phases({"f": "a"}, {"f": "b"}), clients=2, latency=1.0)
    [(0.0, 'a'), (1.0, 'b')]
    """
    return InOrder(tuple(synchronize(g) for g in generators))


class _Reserve(Generator):
    def __init__(self, parts):
        self.parts = parts  # (clients, generator)

    def op(self, context):
        soonest = None
        wait = None
        alive = False
        for position, (clients, generator) in enumerate(self.parts):
            asked = ask(generator, context.among(clients))
            if asked is None:
                continue
            alive = True
            operation, _ = asked
            if isinstance(operation, Pending):
                if operation.until is not None:
                    wait = operation.until if wait is None else min(wait, operation.until)
                # What waits for a time must keep when it began to.
                self = self._with(position, asked[1])
            elif soonest is None or operation["time"] < soonest[1]["time"]:
                soonest = (position, *asked)
        if soonest is not None:
            position, operation, after = soonest
            if operation["time"] <= context.time:
                return operation, self._with(position, after)
            # An operation that is not due yet is asked for again, and would take with it what the
            # other parts keep.
            wait = operation["time"] if wait is None else min(wait, operation["time"])
        return (Pending(wait), self) if alive else None

    def _with(self, position, generator):
        clients = self.parts[position][0]
        return _Reserve(
            (*self.parts[:position], (clients, generator), *self.parts[position + 1:])
        )

    def update(self, context, event):
        for position, (clients, generator) in enumerate(self.parts):
            if event["client"] in clients:
                updated = tell(generator, context.among(clients), event)
                return self if updated is generator else self._with(position, updated)
        return self


class _Split(Generator):
    """Becomes a reserve when it is first asked, since only then it is known who there is."""

    def __init__(self, split):
        self.split = split

    def op(self, context):
        return _Reserve(self.split(context.members)).op(context)


def reserve(*parts) -> Generator:
    """``reserve(2, writes, 1, scans, reads)``: two clients write, one scans, the others read.

    >>> preview(reserve(1, {"f": "write"}, {"f": "read"}), clients=3)
    [(0.0, 'write'), (0.0, 'read')]
    """
    if len(parts) % 2 == 0:
        raise ValueError("reserve: give pairs of a count and a generator, and one for the others")
    counts = [count_of(f"reserve: argument {i}", parts[i]) for i in range(0, len(parts) - 1, 2)]
    generators = [as_generator(g) for g in (*parts[1::2], parts[-1])]

    def split(clients):
        if sum(counts) > len(clients):
            raise ValueError(
                f"reserve: {sum(counts)} clients are reserved, there are {len(clients)}")
        starts = [sum(counts[:i]) for i in range(len(counts) + 1)]
        ends = [*starts[1:], len(clients)]
        return tuple(
            (frozenset(clients[start:end]), generator)
            for start, end, generator in zip(starts, ends, generators)
        )

    return _Split(split)


def each_client(generator) -> Generator:
    """A generator of its own for each client.

    >>> preview(each_client({"f": "read"}), clients=3)
    [(0.0, 'read'), (0.0, 'read'), (0.0, 'read')]
    """
    inner = as_generator(generator)
    return _Split(lambda clients: tuple((frozenset((c,)), inner) for c in clients))
