"""What a generator would give, without a world."""

from __future__ import annotations

import random as randomness

from .base import NANOSECONDS, Context, Pending, as_generator, ask, tell


def preview(
    generator, clients: int = 1, latency: float = 0.0, most: int = 1000, seed: int = 0
) -> list[tuple[float, str]]:
    """Times and functions of what a generator would give, if every operation took ``latency``
    seconds and ended well; at most ``most`` operations.

    >>> preview([{"f": "a"}, {"f": "b"}], latency=0.5)
    [(0.0, 'a'), (0.5, 'b')]
    """
    random = randomness.Random(seed)
    now, busy, seen = 0, [], []
    free = list(range(clients))
    current = as_generator(generator)
    while len(seen) < most:
        context = Context(now, free, clients, list(range(clients)), random)
        asked = None if current is None else ask(current, context)
        if asked is None and not busy:
            break
        wait = None
        if asked is not None:
            operation, after = asked
            if isinstance(operation, Pending):
                current, wait = after, operation.until
            elif operation["time"] > now:
                wait = operation["time"]
            else:
                current = tell(after, context, {**operation, "type": "invoke"})
                free.remove(operation["client"])
                busy.append((now + round(latency * NANOSECONDS), operation))
                seen.append((now / NANOSECONDS, operation["f"]))
                continue
        if busy and (wait is None or busy[0][0] <= wait):
            now, operation = busy.pop(0)
            free.append(operation["client"])
            context = Context(now, free, clients, list(range(clients)), random)
            current = tell(current, context, {**operation, "type": "ok"})
        elif wait is None:
            raise RuntimeError("the generator waits for an operation to complete, but none is open")
        else:
            now = max(now + 1, wait)
    return seen
