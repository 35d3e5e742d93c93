"""SynchroDB's testbed: tests, faults and checkers as values, simulated and real.

>>> import synchrodb as sdb
>>> test = sdb.Test(nodes=3, workload=sdb.workloads.cas_register(keys=4),
...                 nemesis=sdb.nemesis.partition("ring", every=5), time_limit=20)
>>> run = test.simulate(seed=7)
>>> run.verdict
'ok'

What there is to inject, to set, to run and to watch, each with its description:

>>> [row["name"] for row in sdb.fault_table()][:3], [row["name"] for row in sdb.option_table()][:2]
(['delay', 'bimodal-delay', 'link-bias'], ['heartbeat-ms', 'election-timeout-ms'])
>>> sdb.workload_table()[0]["name"], sdb.defect_table()  # deliberate ones, in a build with them
('cas-register', [])
>>> [row["name"] for row in sdb.property_table()][:2]
['election-safety', 'leader-append-only']

What a run injects is a plan: a value, readable and writable as JSON.

>>> plan = test.plan(seed=7)
>>> sdb.Plan.from_json(plan.to_json()) == plan, plan.with_noise(8).faults == plan.faults
(True, True)
"""

import importlib

from ._core import (
    AssertionFailed,
    Corrupt,
    DeviceError,
    DrawOverride,
    Error,
    FaultAction,
    InvalidInput,
    NoSpace,
    NotFound,
    Plan,
    PlanShape,
    Timeout,
    Unavailable,
    Unsupported,
    WorkloadPlan,
    defect_table,
    fault_table,
    generate_plan,
    option_table,
    property_table,
    workload_table,
)


def _plan_html(plan):
    from . import markup

    return markup.plan(plan)


Plan._repr_html_ = _plan_html

# What is imported when it is first used: name, module.
_LAZY = {
    "Campaign": "campaigns",
    "Client": "client",
    "ClusterError": "cluster",
    "Explanation": "explaining",
    "History": "history",
    "LocalCluster": "cluster",
    "Nemesis": "nemesis",
    "Protocol": "protocol",
    "Rate": "statistics",
    "Run": "run",
    "Store": "store",
    "Table": "table",
    "Test": "test",
    "campaign": "campaigns",
    "check": "judging",
    "explain": "explaining",
    "invariant": "scripted",
    "likelihood": "travel",
    "live_nemesis": "scripted",
    "shrink": "shrinking",
    "simulate": "run",
}
_MODULES = ("checkers", "client", "cluster", "examples", "generators", "nemesis", "protocol",
            "store", "strategies", "workloads")

__all__ = [
    "AssertionFailed", "Corrupt", "DeviceError", "DrawOverride", "Error", "FaultAction",
    "InvalidInput", "NoSpace", "NotFound", "Plan", "PlanShape", "Timeout", "Unavailable",
    "Unsupported", "WorkloadPlan", "defect_table", "fault_table", "generate_plan", "option_table",
    "property_table", "workload_table", *_LAZY, *_MODULES,
]


def __getattr__(name):
    if name in _LAZY:
        value = getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    elif name in _MODULES:
        value = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module 'synchrodb' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
