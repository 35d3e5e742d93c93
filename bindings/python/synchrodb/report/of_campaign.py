"""The report of a campaign."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .. import _core, markup, plot
from ..plot.marks import coverage
from .document import command, document, figure, section

_MOST_FAILURES = 100
_MOST_COMMANDS = 10


def report_of_campaign(campaign: Any, title: str = "") -> str:
    """The page of a campaign: verdicts, rates with their uncertainty, what failed and how to see it
    again, which rare situations were met.

    >>> import synchrodb as sdb
    >>> done = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(4), jobs=1)
    >>> "4 seeds" in report_of_campaign(done)
    True
    """
    name = title or "A campaign"
    failures = campaign.failures[:_MOST_FAILURES]
    rows = [(each.seed, each.violated, each.detail.strip()[:600]) for each in failures]
    more = len(campaign.failures) - len(rows)
    plan = campaign.subject if isinstance(campaign.subject, _core.Plan) else None
    verdict = "violation" if campaign.failures else "unknown" if campaign.unknowns else "ok"
    return document(
        f"{name}: {len(campaign):,} seeds",
        f"<h1>{markup.escaped(name)}: {len(campaign):,} seeds {markup.badge(verdict)}</h1>",
        *(command(each.row.get("reproduce", "")) for each in failures[:_MOST_COMMANDS]),
        markup.facts([
            ("failing", repr(campaign.rate())), ("wall time", f"{campaign.wall_seconds:.1f} s"),
            ("unknown", f"{len(campaign.unknowns):,}" if campaign.unknowns else None)]),
        section("Verdicts", figure(plot.verdicts, campaign, 1.2 + 0.34 * (
                    2 + len(campaign.violated))),
                figure(plot.rates, campaign, 1.3 + 0.36 * (1 + len(campaign.violated)))),
        section("Failing seeds", markup.table(("seed", "violated", "seen"), rows) if rows else "",
                f'<p class="soft">… and {more:,} more</p>' if more else ""),
        section("Plan", markup.plan_facts(plan) if plan is not None else ""),
        section("Faults, in all seeds", _faults(campaign)),
        section("Coverage", figure(plot.marks, campaign,
                                   1.2 + 0.19 * max(5, min(40, len(coverage(campaign)))))))


def _faults(campaign: Any) -> str:
    kinds = ("offered", "applied", "effective")
    totals = {kind: Counter() for kind in kinds}
    for result in campaign:
        for name, count in result.row.get("faults", {}).items():
            for kind in kinds:
                totals[kind][name] += count[kind]
    rows = [(name, *(f"{totals[kind][name]:,}" for kind in kinds))
            for name in sorted(totals["offered"])]
    return markup.table(("fault", *kinds), rows) if rows else ""
