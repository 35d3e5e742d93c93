"""The network: delays, losses, partitions."""

from __future__ import annotations

from typing import Any

from .arguments import choose
from .base import Nemesis
from .faults import Nature, fault

PARTITIONS = ("halves", "majority-minority", "isolate-one", "isolate-leader", "bridge", "ring",
              "random")
MESSAGE_TYPES = ("vote-request", "vote-reply", "heartbeat", "append-reply", "snapshot-chunk",
                 "snapshot-reply", "timeout-now", "append-request", "pre-vote-request",
                 "pre-vote-reply")


def network(min_us: int = 200, mean_us: int = 500) -> Nemesis:
    """The network's nature: a delay of `min_us` plus an exponential one with mean `mean_us`,
    throughout the run.

    >>> network(mean_us=2_000).faults(nodes=3, until=10)[0].parameters["mean-us"]
    2000
    """
    made = fault("delay", min_us=min_us, mean_us=mean_us)
    return Nature("delay", made.parameters)


def partition(kind: str = "halves", **when: Any) -> Nemesis:
    """Nodes that cannot talk: `"halves"`, `"majority-minority"`, `"isolate-one"`,
    `"isolate-leader"` (with `follow_ms`, each new leader too), `"bridge"` (two halves that share a
    node), `"ring"` (each sees a majority, no two the same), `"random"` (`percent` of the links).

    >>> partition("isolate-leader", every=10, follow_ms=300)
    fault('partition-isolate-leader', follow_ms=300, every=10.0)
    """
    return fault("partition-" + choose("kind", kind, PARTITIONS), **when)


def delay(**when: Any) -> Nemesis:
    """Slower messages for a while: `min_us`, `mean_us`. For the network's nature see `network`.

    >>> delay(mean_us=20_000, every=10)
    fault('delay', mean_us=20000, every=10.0)
    """
    return fault("delay", **when)


def bimodal_delay(**when: Any) -> Nemesis:
    """A share of the messages, `ppm`, takes `slow_us` more.

    >>> bimodal_delay(ppm=10_000)
    fault('bimodal-delay', ppm=10000)
    """
    return fault("bimodal-delay", **when)


def link_bias(**when: Any) -> Nemesis:
    """Each directed link gets a delay of its own, up to `max_us`.

    >>> link_bias(max_us=40_000)
    fault('link-bias', max_us=40000)
    """
    return fault("link-bias", **when)


def loss(**when: Any) -> Nemesis:
    """Messages vanish, `ppm` of them.

    >>> loss(ppm=100_000, targets="leader")
    fault('loss', ppm=100000, targets='leader')
    """
    return fault("loss", **when)


def one_way_loss(**when: Any) -> Nemesis:
    """Victims' messages are lost in one direction: `inbound=0` what they send, `1` what they get.

    >>> one_way_loss(inbound=1, every=5)
    fault('one-way-loss', inbound=1, every=5.0)
    """
    return fault("one-way-loss", **when)


def duplicate(**when: Any) -> Nemesis:
    """Messages arrive twice, `ppm` of them, the copy up to `late_us` later.

    >>> duplicate()
    fault('duplication')
    """
    return fault("duplication", **when)


def reorder(**when: Any) -> Nemesis:
    """Messages are held back, `ppm` of them, up to `late_us`, so that later ones overtake them.

    >>> reorder(ppm=300_000)
    fault('reordering', ppm=300000)
    """
    return fault("reordering", **when)


def flip_bits(**when: Any) -> Nemesis:
    """A bit flips in `ppm` of the messages; checksums must catch it.

    >>> flip_bits()
    fault('bit-flip')
    """
    return fault("bit-flip", **when)


def clog(**when: Any) -> Nemesis:
    """`percent` of the links hold everything back and deliver it all at the end.

    >>> clog(every=4, lasting=1)
    fault('clog', every=4.0, lasting=1.0)
    """
    return fault("clog", **when)


def bandwidth(**when: Any) -> Nemesis:
    """Links pass `bytes_per_second` through a buffer of `buffer_bytes`.

    >>> bandwidth(bytes_per_second=50_000)
    fault('bandwidth', bytes_per_second=50000)
    """
    return fault("bandwidth", **when)


def drop_messages(type: str | None = None, **when: Any) -> Nemesis:
    """Messages of one type vanish: one of `MESSAGE_TYPES` (an append request without entries is a
    heartbeat); None: drawn when it strikes. `inbound=1`: only those to victims.

    >>> drop_messages("append-reply", every=5)
    fault('message-type-loss', type=3, every=5.0)
    """
    number = -1 if type is None else MESSAGE_TYPES.index(choose("type", type, MESSAGE_TYPES))
    return fault("message-type-loss", type=number, **when)
