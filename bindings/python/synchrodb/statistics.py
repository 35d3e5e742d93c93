"""Rates with their uncertainty."""

from __future__ import annotations

import math
from typing import NamedTuple


class Rate(NamedTuple):
    """A share of many, and where the true one lies with 95 % confidence (Wilson 1927).

    >>> Rate.of(3, 1_000)
    3 of 1,000: 0.3 % (0.1 % to 0.9 %)
    """

    count: int
    total: int
    low: float
    high: float

    @classmethod
    def of(cls, count: int, total: int, z: float = 1.959964) -> Rate:
        """`count` of `total`; `z`: how many standard deviations the interval takes in.

        >>> Rate.of(0, 0)[2:]
        (0.0, 1.0)
        """
        if not 0 <= count <= total:
            raise ValueError(f"count: {count} is outside 0 to {total}")
        if total == 0:
            return cls(0, 0, 0.0, 1.0)
        share = count / total
        middle = share + z * z / (2 * total)
        spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
        scale = 1 + z * z / total
        low = 0.0 if count == 0 else (middle - spread) / scale
        high = 1.0 if count == total else (middle + spread) / scale
        return cls(count, total, low, high)

    @property
    def value(self) -> float:
        """The share itself.

        >>> Rate.of(1, 4).value
        0.25
        """
        return self.count / self.total if self.total else math.nan

    def __repr__(self) -> str:
        return (f"{self.count:,} of {self.total:,}: {self.value:.1%} "
                f"({self.low:.1%} to {self.high:.1%})").replace("%", " %")
