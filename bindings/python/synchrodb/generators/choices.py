"""Which of several generators an operation comes from."""

from __future__ import annotations

from collections.abc import Sequence

from .arguments import count_of
from .base import Generator, Pending, as_generator, ask, tell


class _Mix(Generator):
    def __init__(self, generators, weights):
        self.generators = generators
        self.weights = weights

    def op(self, context):
        generators, weights = self.generators, self.weights
        while generators:
            chosen = _weighted(context.random, weights)
            asked = ask(generators[chosen], context)
            if asked is not None:
                operation, after = asked
                if after is generators[chosen]:
                    return operation, self if generators is self.generators else _Mix(
                        generators, weights)
                changed = (*generators[:chosen], after, *generators[chosen + 1:])
                return operation, _Mix(changed, weights)
            generators = generators[:chosen] + generators[chosen + 1:]
            weights = weights[:chosen] + weights[chosen + 1:]
        return None

    def update(self, context, event):
        updated = tuple(tell(g, context, event) for g in self.generators)
        unchanged = all(a is b for a, b in zip(updated, self.generators))
        return self if unchanged else _Mix(updated, self.weights)


def _weighted(random, weights):
    left = random.randrange(sum(weights))
    for position, weight in enumerate(weights):
        if left < weight:
            return position
        left -= weight
    raise AssertionError("a draw below the sum falls into one of the weights")


def mix(*generators, weights: Sequence[int] | None = None) -> Generator:
    """Each operation from one of them, drawn by weight (equal ones by default).

    >>> drawn = preview(limit(100, mix(lambda: {"f": "a"}, lambda: {"f": "b"}, weights=[9, 1])))
    >>> 80 < sum(f == "a" for _, f in drawn) < 100
    True
    """
    if len(generators) == 1 and isinstance(generators[0], (list, tuple)):
        generators = tuple(generators[0])
    weights = tuple([1] * len(generators) if weights is None else weights)
    if len(weights) != len(generators):
        raise ValueError(f"weights: {len(weights)} of them for {len(generators)} generators")
    for weight in weights:
        if count_of("weights", weight) == 0:
            raise ValueError("weights: each must be positive")
    return _Mix(tuple(as_generator(g) for g in generators), weights)


class _FlipFlop(Generator):
    def __init__(self, generators, turn):
        self.generators = generators
        self.turn = turn

    def op(self, context):
        asked = ask(self.generators[self.turn], context)
        if asked is None:
            return None
        operation, after = asked
        changed = (*self.generators[:self.turn], after, *self.generators[self.turn + 1:])
        step = 0 if isinstance(operation, Pending) else 1
        return operation, _FlipFlop(changed, (self.turn + step) % len(changed))

    def update(self, context, event):
        return _FlipFlop(
            tuple(tell(g, context, event) for g in self.generators), self.turn)


def flip_flop(*generators) -> Generator:
    """By turns, until one has no more.

    >>> preview(limit(3, flip_flop(lambda: {"f": "a"}, lambda: {"f": "b"})))
    [(0.0, 'a'), (0.0, 'b'), (0.0, 'a')]
    """
    return _FlipFlop(tuple(as_generator(g) for g in generators), 0)
