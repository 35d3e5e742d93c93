"""Nemeses: what goes wrong, where, and when.

Each function here makes a nemesis, a value; they add up with `+`. A nemesis becomes the faults of a
plan, the same for the same seed. When it strikes, one of:

- `every=5`: every 5 seconds, the first time after 5; a fault that lasts then lasts half of that, or
  as `lasting` says;
- `at=[3, "12.5s"]`: at these moments;
- `random=5`: at random, 5 seconds apart in the mean;
- neither: for the whole faulty phase; what is momentary strikes once, at random.

Whom it strikes: `targets="leader"`, `"follower"`, `"followers"`, `"random"`, `"minority"`,
`"majority"` or `"all"`, as it is at that moment; or a node's index, or several. `fault_table()` of
the package lists every fault with its parameters.

>>> from synchrodb import nemesis
>>> stacked = nemesis.partition("ring", every=5) + nemesis.clock(drift_ppm=300)
>>> for action in stacked.faults(nodes=5, until=12, seed=1):
...     print(action.fault, action.at, action.lasting)
clock-drift 0.0 12.0
partition-ring 5.0 2.5
partition-ring 10.0 2.0
"""

from .arguments import TARGETS, seconds
from .base import Injection, Nemesis, Setting, Stack, compile, nothing
from .beyond import lying_sync, violate_clock_bound, wipe_under_old_name
from .clocks import clock
from .cluster import membership, reconfigure, snapshot, transfer_leadership
from .faults import MOMENTARY, Fault, Nature, fault
from .networks import (
    MESSAGE_TYPES,
    PARTITIONS,
    bandwidth,
    bimodal_delay,
    clog,
    delay,
    drop_messages,
    duplicate,
    flip_bits,
    link_bias,
    loss,
    network,
    one_way_loss,
    partition,
    reorder,
)
from .processes import crash, memory_limit, pause, restart, slow, wipe
from .schedule import Schedule
from .storage import DISKS, disk, disks
from .swarms import Swarm, buggify, knobs, swarm

__all__ = [
    "DISKS", "Fault", "Injection", "MESSAGE_TYPES", "MOMENTARY", "Nature", "Nemesis",
    "PARTITIONS", "Schedule", "Setting", "Stack", "Swarm", "TARGETS", "bandwidth",
    "bimodal_delay", "buggify", "clock", "clog", "compile", "crash", "delay", "disk", "disks",
    "drop_messages", "duplicate", "fault", "flip_bits", "knobs", "link_bias", "loss",
    "lying_sync", "membership", "memory_limit", "network", "nothing", "one_way_loss",
    "partition", "pause", "reconfigure", "reorder", "restart", "seconds", "slow", "snapshot",
    "swarm", "transfer_leadership", "violate_clock_bound", "wipe", "wipe_under_old_name",
]
