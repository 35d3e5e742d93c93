"""Plays a workload by its generator: which client calls what, and the history of it all.

It knows neither which world it runs in nor how to wait. Whoever drives it (the simulator, or the
runner of real servers) asks `next` whenever a client has become free or the time that it named has
come, and tells the outcome of each call to `completed`.
"""

from __future__ import annotations

from typing import Any

from .generators import Context, Pending, as_generator
from .workloads.base import Call, Outcome, Workload

#: `Interpreter.next`: ask again when a call has completed.
WAIT = "wait"


class Interpreter:
    """One run of a workload.

    ``clients``: how many, numbered from 0. ``random``: the run's random numbers, a
    ``random.Random``. ``generator`` replaces the workload's own.
    """

    def __init__(self, workload: Workload, clients: int, random, generator: Any = None):
        self.workload = workload
        self.clients = clients
        self.random = random
        #: Events, in order: dicts with type ("invoke", "ok", "fail", "info"), f, key, value,
        #: process, client, time (nanoseconds).
        self.history: list[dict] = []
        self._generator = as_generator(
            workload.generator() if generator is None else generator)
        self._free = list(range(clients))
        self._processes = list(range(clients))
        self._open: list[Any] = [None] * clients  # what each client is amid: (operation, coroutine)

    def next(self, now: int):
        """What to do at ``now`` (nanoseconds): ``(client, call)``, the time to ask again at,
        `WAIT`, or ``None`` for no more."""
        while True:
            context = self._context(now)
            asked = None if self._generator is None else self._generator.op(context)
            if asked is None:
                self._generator = None
                return None
            operation, after = asked
            if isinstance(operation, Pending):
                self._generator = after
                return self._wait(operation)
            if operation["time"] > now:
                # What comes until then may change what is due: it is asked again.
                return operation["time"]
            self._generator = after
            client = operation["client"]
            call = self._begin(client, operation, now)
            if call is not None:
                return client, call

    def completed(self, client: int, outcome: Outcome, now: int) -> Call | None:
        """A client's call has ended; the next call of the same operation, or ``None``."""
        return self._resume(client, outcome, now)

    def final_phase(self, now: int) -> None:
        """From now on: the workload's final generator."""
        self._generator = as_generator(self.workload.final_generator())

    def give_up(self, now: int) -> None:
        """The run is over: what is open has an unknown outcome."""
        for client, opened in enumerate(self._open):
            if opened is not None:
                operation, coroutine = opened
                coroutine.close()
                self._end(client, {**operation, "type": "info"}, now)

    def _wait(self, pending):
        if pending.until is not None:
            return pending.until
        if len(self._free) == self.clients:
            raise RuntimeError(
                "the generator waits for an operation to complete, but every client is free: it "
                "would wait for ever")
        return WAIT

    def _context(self, now):
        return Context(now, self._free, self.clients, self._processes, self.random)

    def _begin(self, client, operation, now):
        self._free.remove(client)
        # A copy: what a generator gives may be its own.
        operation = {**operation, "time": now, "process": self._processes[client]}
        invocation = {**operation, "type": "invoke"}
        self._note(invocation, now)
        self._open[client] = (operation, self.workload.invoke(dict(operation)))
        return self._resume(client, None, now)

    def _resume(self, client, outcome, now):
        operation, coroutine = self._open[client]
        try:
            return coroutine.send(outcome)
        except StopIteration as stop:
            self._end(client, self._checked(operation, stop.value), now)
            return None

    def _checked(self, operation, completion):
        kind = completion.get("type") if isinstance(completion, dict) else None
        if kind not in ("ok", "fail", "info"):
            raise TypeError(
                f"{type(self.workload).__name__}.invoke({operation!r}) returned {completion!r}; it "
                'must return the operation with "type" "ok", "fail" or "info"')
        return {**operation, **completion}

    def _end(self, client, completion, now):
        self._open[client] = None
        self._free.append(client)
        completion["time"] = now
        if completion["type"] == "info":
            # An operation that may still take effect is its process' last.
            self._processes[client] += self.clients
        self._note(completion, now)

    def _note(self, event, now):
        self.history.append(event)
        if self._generator is not None:
            self._generator = self._generator.update(self._context(now), event)


