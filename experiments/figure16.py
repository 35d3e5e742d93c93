"""Figure 16 of the Raft paper in numbers.

Read off the vector paths of the plots, which the Raft thesis shows again (Ongaro, Consensus:
Bridging Theory and Practice, Stanford 2014, the LAN benchmark in section 9.3) and whose sources are
public: github.com/ongardie/dissertation, leaderelection/benchmarks-randomness.svg and
benchmarks-scale.svg. A line there has a step for each trial, of which the i-th of n stands at
(i - 1/2) / n. Grid lines give the scale, the legend's colours say which line is which. What the
paper's text states comes out again: a median of 287.3 ms, worst times of 512.5 and 151.7 ms, where
it says 287, 513 and 152; and where both plots show the same line, 150-300 ms, they agree.
"""

from __future__ import annotations

#: The shares of the trials, in percent, for which the times below are given.
SHARES = (1, 10, 25, 50, 75, 90, 99)
#: Those at which lines are compared: the rest is a matter of ten trials.
COMPARED = (10, 25, 50, 75, 90)

#: By the least and the most of the election timeouts, in ms: the least time without a leader, the
#: times at `SHARES`, the worst, in ms.
_READ = {
    (150, 150): (9_866, 13_819, 19_971, 28_495, 41_108, 60_671, 84_944, 528_045, 528_045),
    (150, 151): (86.2, 113.9, 434.5, 736.6, 1_198.6, 1_943.6, 3_132.5, 6_013.0, 8_232.1),
    (150, 155): (85.3, 93.1, 119.2, 154.4, 287.3, 434.8, 609.4, 1_242.3, 2_143.0),
    (150, 175): (84.4, 89.5, 106.8, 120.9, 141.1, 164.3, 291.2, 466.8, 610.1),
    (150, 200): (87.1, 94.1, 110.5, 124.9, 146.5, 166.7, 193.5, 352.0, 512.5),
    (150, 300): (92.7, 103.3, 124.7, 144.3, 171.3, 207.7, 244.3, 414.6, 603.3),
    (12, 24): (15.3, 16.7, 19.7, 24.4, 30.0, 42.1, 53.0, 86.9, 151.7),
    (25, 50): (24.0, 25.3, 30.6, 35.4, 43.0, 52.5, 73.7, 118.9, 276.3),
    (50, 100): (37.1, 39.1, 47.5, 56.1, 66.7, 79.5, 95.8, 168.9, 253.3),
    (100, 200): (65.7, 68.9, 85.1, 100.1, 120.1, 145.3, 165.5, 277.1, 335.2),
}


def least_of(least: int, most: int) -> float:
    """The least time of a line, in ms.

    >>> least_of(12, 24)
    15.3
    """
    return _READ[least, most][0]


def worst_of(least: int, most: int) -> float:
    """The worst time of a line, in ms.

    >>> worst_of(150, 200)
    512.5
    """
    return _READ[least, most][-1]


def time_at(least: int, most: int, share: int) -> float:
    """The time by which `share` percent of a line's trials, one of `SHARES`, had a leader, in ms.

    >>> time_at(150, 155, 50)
    287.3
    """
    return _READ[least, most][1 + SHARES.index(share)]
