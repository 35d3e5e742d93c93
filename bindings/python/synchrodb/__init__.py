"""SynchroDB's testbed: tests, faults and checkers as values, simulated and real.

>>> import synchrodb as sdb
>>> plan = sdb.generate_plan(7, sdb.PlanShape(nodes=3, time=5))
>>> sdb._core.run(plan).verdict
'ok'
"""

from . import _core
from ._core import *  # noqa: F403
from . import checkers, generators, workloads
