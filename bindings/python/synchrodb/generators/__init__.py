"""Generators: which operations come when, as values that combine.

A generator is a pure value. Asked with a context (the time, who is free, the run's random numbers)
it gives an operation and what it is afterwards; nothing of it changes, so that the same run comes
out twice. These are generators too:

- a dict: that one operation, once;
- a function of the context, or of nothing: whatever it returns, for ever, until that is ``None``;
- a list or tuple: its elements, one after the other;
- ``None``: nothing.

Times are seconds. An operation is a dict such as ``{"f": "write", "key": "k1", "value": 3}``.

>>> from synchrodb import generators as gen
>>> reads = gen.limit(2, lambda: {"f": "read"})
>>> gen.preview(gen.phases(reads, {"f": "final"}), clients=1)
[(0.0, 'read'), (0.0, 'read'), (0.0, 'final')]
"""

from .base import NANOSECONDS, PENDING, Context, Generator, Pending, as_generator
from .choices import flip_flop, mix
from .clients import each_client, phases, reserve, synchronize
from .counts import limit, once, repeat, until_ok
from .mapping import mapped
from .previews import preview
from .times import delay, sleep, stagger, time_limit

__all__ = [
    "Context", "Generator", "NANOSECONDS", "PENDING", "Pending", "as_generator", "delay",
    "each_client", "flip_flop", "limit", "mapped", "mix", "once", "phases", "preview", "repeat",
    "reserve", "sleep", "stagger", "synchronize", "time_limit", "until_ok",
]
