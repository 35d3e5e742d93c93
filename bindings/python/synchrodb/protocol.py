"""Protocols in Python: the nodes of a simulated world, under all of its faults.

A protocol is a class. Each node is an instance of it, from the start of its process to a crash;
a restart makes a new one. What it does, it does by its methods (`Protocol.send` and the others),
which take effect in their order when the callback has returned.

>>> class Echo(Protocol):
...     def on_client(self, request, message):
...         self.reply(request, {"echo": message, "from": self.node})
>>> class Ask(workloads.Workload):
...     name, rate = "ask", 5
...     def operations(self):
...         return lambda: {"f": "ask", "value": "hello"}
...     def invoke(self, op):
...         outcome = yield ask(op["value"], node=1)
...         return workloads.completed(op, outcome, value=answer(outcome))
>>> run = simulate(Echo, Ask(), nodes=3, time=10)
>>> run.result.verdict, [event["value"] for event in run.history if event["type"] == "ok"][0]
('ok', {'echo': 'hello', 'from': 1})

Messages, and what is kept in the storage, are values that JSON can express; tuples arrive as lists.
`run.messages`, figures and explanations call a message by its `"type"` or its only field, if it is
a dict, and by its first word, if it is a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from . import _core, scripted, workloads
from .scripted import RunRandom

__all__ = ["Protocol", "answer", "ask", "decode", "encode", "plan_for", "simulate"]


def encode(value: Any) -> bytes:
    """A value as bytes.

    >>> encode({"b": 1, "a": [2]})
    b'{"a":[2],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes | str) -> Any:
    """What `encode` made bytes of.

    >>> decode(b'{"a":[2]}')
    {'a': [2]}
    """
    return json.loads(data)


def ask(message: Any, node: int = 0, timeout: float = 1.0) -> workloads.Call:
    """A workload's call of one node of a protocol; without a reply in time the outcome is unknown.

    >>> ask({"read": "x"}, node=2).request
    b'{"read":"x"}'
    """
    return workloads.request(encode(message), node=node, timeout=timeout)


def answer(outcome: workloads.Outcome) -> Any:
    """What the node replied; None where there is no reply.

    >>> answer(workloads.Outcome("ok", '{"value":3}'))
    {'value': 3}
    """
    return decode(outcome.reply) if outcome.ok and outcome.reply is not None else None


class Protocol:
    """One node. Subclasses say what it does when something happens to it.

    What every node has: ``node``, its number from 0; ``nodes``, how many there are; ``now``,
    seconds by its monotonic clock; ``wall``, civil time in seconds since 1970 as it knows it (both
    may err); ``random``, a ``random.Random`` of the run; ``storage``, what it has persisted: a dict
    that only `persist` and `erase` change.

    >>> class Census(Protocol):
    ...     '''Counts whom it hears of, and how often it was started again.'''
    ...     def on_start(self):
    ...         self.seen = set()
    ...         self.set_timer("hello", 1.0)
    ...     def on_restart(self):
    ...         self.persist("restarts", self.storage.get("restarts", 0) + 1)
    ...         self.erase("draft", sync=False)
    ...         self.on_start()
    ...     def on_timer(self, name):
    ...         self.persist("draft", sorted(self.seen), sync=False)
    ...         self.sync()  # what follows waits until the disk has it
    ...         self.broadcast({"hello": self.node})
    ...         self.set_timer("hello", 1.0)
    ...     def on_message(self, sender, message):
    ...         self.seen.add(sender)
    ...         if len(self.seen) == len(self.others):
    ...             self.cancel_timer("hello")
    ...     def on_client(self, request, message):
    ...         self.reply(request, {"heard": len(self.seen) + 1 >= self.majority})
    """

    node: int
    nodes: int
    now: float
    wall: float
    random: RunRandom
    storage: dict[str, Any]

    # ---- What happens to a node.

    def on_start(self) -> None:
        """The machine runs for the first time."""

    def on_restart(self) -> None:
        """It runs again; all that is left is its `storage`. By default as `on_start`."""
        self.on_start()

    def on_message(self, sender: int, message: Any) -> None:
        """A node's message arrived: late, twice, or out of order, maybe."""

    def on_timer(self, name: str) -> None:
        """A timer that the node set has run out."""

    def on_client(self, request: int, message: Any) -> None:
        """A client asks; `reply` to it under the number ``request``, now, later or never.

        Each node counts its own requests, from 1, and after a restart from 1 again: other nodes,
        and a later life of this one, have requests of the same numbers. A name that means one
        request to all nodes needs the node's number and the count of its lives too, which has to be
        persisted before the first of its names is used:

        >>> class Named(Protocol):
        ...     def on_start(self):
        ...         self.persist("lives", self.storage.get("lives", 0) + 1)
        ...     def on_client(self, request, message):
        ...         self.reply(request, {"name": [self.node, self.storage["lives"], request]})
        """

    # ---- What a node does.

    @property
    def others(self) -> list[int]:
        """All nodes but this one."""
        return [node for node in range(self.nodes) if node != self.node]

    @property
    def majority(self) -> int:
        """How many nodes are more than half of them."""
        return self.nodes // 2 + 1

    def send(self, to: int, message: Any) -> None:
        """Sends a message to a node, itself included. It may get lost."""
        if isinstance(to, bool) or not isinstance(to, int) or not 0 <= to < self.nodes:
            raise ValueError(f"send: {to!r} is none of the nodes 0 to {self.nodes - 1}")
        self._effects.append(("send", to, encode(message)))

    def broadcast(self, message: Any) -> None:
        """Sends a message to all nodes but this one."""
        for node in self.others:
            self.send(node, message)

    def reply(self, request: int, message: Any) -> None:
        """Answers a client; a second answer to one request goes nowhere."""
        self._effects.append(("reply", request, encode(message)))

    def set_timer(self, name: str, seconds: float) -> None:
        """`on_timer` is called so much later by the node's clock, unless the timer is set again or
        cancelled before."""
        self._effects.append(("set_timer", name, seconds))

    def cancel_timer(self, name: str) -> None:
        """The timer will not run out."""
        self._effects.append(("cancel_timer", name))

    def persist(self, name: str, value: Any, sync: bool = True) -> None:
        """Keeps a value over crashes. What the node does after this waits until the disk has it;
        with ``sync=False`` it does not, and a crash may undo it (see `sync`)."""
        encoded = encode(value)
        self._effects.append(("persist", name, encoded))
        self.storage[name] = decode(encoded)  # as it is after a restart, whatever becomes of value
        if sync:
            self.sync()

    def erase(self, name: str, sync: bool = True) -> None:
        """Forgets a persisted value."""
        self._effects.append(("erase", name))
        self.storage.pop(name, None)
        if sync:
            self.sync()

    def sync(self) -> None:
        """What the node does after this waits until all that it persisted is durable."""
        self._effects.append(("sync",))


class Nodes:
    """The nodes of one run: what the world asks (`_core.run_script`)."""

    def __init__(self, protocol: type[Protocol], nodes: int):
        self.protocol = protocol
        self.count = nodes
        #: The instances that live, by node.
        self.live: dict[int, Protocol] = {}

    def fresh(self, nodes: int) -> Nodes:
        """So many nodes of the same protocol, for another run."""
        return Nodes(self.protocol, nodes)

    def started(self, at, contents, first, draw):
        """A process begins."""
        instance = self.protocol.__new__(self.protocol)
        instance.node, instance.nodes = at[0], self.count
        instance.random = RunRandom(draw)
        instance.storage = {name: decode(value) for name, value in contents.items()}
        instance._effects = []
        self.live[at[0]] = instance
        self._look_at_clocks(instance, at)
        instance.__init__()
        (instance.on_start if first else instance.on_restart)()
        return self._effects_of(instance)

    def message(self, at, sender, data):
        """A message arrived."""
        instance = self._instance(at)
        instance.on_message(sender, decode(data))
        return self._effects_of(instance)

    def timer(self, at, name):
        """A timer ran out."""
        instance = self._instance(at)
        instance.on_timer(name)
        return self._effects_of(instance)

    def request(self, at, request, data):
        """A client asks."""
        instance = self._instance(at)
        instance.on_client(request, decode(data))
        return self._effects_of(instance)

    def stopped(self, node):
        """The process is gone."""
        self.live.pop(node, None)

    def _instance(self, at):
        instance = self.live[at[0]]
        self._look_at_clocks(instance, at)
        return instance

    @staticmethod
    def _look_at_clocks(instance, at):
        instance.now, instance.wall = at[1] / 1e9, at[2] / 1e9

    @staticmethod
    def _effects_of(instance):
        effects, instance._effects = instance._effects, []
        return effects


def plan_for(seed: int, *, nodes: int = 3, time: float = 60.0, clients: int = 5,
             faults: Iterable[str] = (), beyond_budget: bool = False) -> Any:
    """A plan for a protocol's nodes, drawn from a seed: the swarm's, without the faults that make
    no sense for them. ``faults``: families, names or first words of names; none: a swarm over all.

    >>> plan = plan_for(3, faults=["crash", "membership"])
    >>> sorted({action.fault for action in plan.faults} - {"delay", "disk-latency"})
    ['crash']
    """
    shape = _core.PlanShape(nodes=nodes, time=time, clients=clients, faults=tuple(faults),
                            beyond_budget=beyond_budget)
    plan = _core.generate_plan(seed, shape)
    return plan.replace(faults=[a for a in plan.faults if _core.suits_protocols(a)])


def simulate(protocol: type[Protocol], workload: workloads.Workload, plan: Any = None, *,
             seed: int = 0, nodes: int = 3, time: float = 60.0, faults: Iterable[str] = ("none",),
             **how: Any) -> scripted.ScriptedRun:
    """Runs a protocol's nodes under a workload that asks them (`ask`).

    ``plan``: what is injected; without one `plan_for` the seed, with as many clients as the
    workload wants. The rest is as for `synchrodb.scripted.simulate`: ``checker``, ``invariants``
    (they may look into ``run.nodes.live``), ``nemeses``, ``trace`` …
    """
    if not (isinstance(protocol, type) and issubclass(protocol, Protocol)):
        raise TypeError(f"protocol: must be a subclass of Protocol, not {protocol!r}")
    if plan is None:
        plan = plan_for(seed, nodes=nodes, time=time, clients=workload.clients, faults=faults)
    return scripted.simulate(plan, workload, nodes=Nodes(protocol, plan.nodes), **how)
