"""HTML of small things, for notebooks and reports. Whatever comes from elsewhere is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

_COLOURS = {"ok": "#0072b2", "valid": "#0072b2", "violation": "#d55e00", "invalid": "#d55e00"}
_CELL = "text-align:left;vertical-align:top;padding:2px 10px 2px 0"


def escaped(value: Any) -> str:
    """A value as text that HTML takes for nothing else.

    >>> escaped("<b>"), escaped(None)
    ('&lt;b&gt;', '')
    """
    return "" if value is None else html.escape(str(value))


def badge(verdict: str, violated: str = "") -> str:
    """A verdict in its colour.

    >>> badge("violation", "<x>")
    '<b style="color:#d55e00">violation of &lt;x&gt;</b>'
    """
    words = f"{verdict} of {violated}" if violated else verdict
    return f'<b style="color:{_COLOURS.get(verdict, "#777777")}">{escaped(words)}</b>'


def table(header: Sequence[str], rows: Iterable[Sequence[Any]],
          marked: Iterable[int] = ()) -> str:
    """A table; the rows of the positions in `marked` stand out.

    >>> table(["key"], [["<k>"]]).count("&lt;k&gt;")
    1
    """
    set_apart = set(marked)
    head = "".join(f'<th style="{_CELL}">{escaped(name)}</th>' for name in header)
    body = "".join(
        f'<tr style="background:{"#fbe3d5" if number in set_apart else "none"}">'
        + "".join(f'<td style="{_CELL}">{escaped(cell)}</td>' for cell in row) + "</tr>"
        for number, row in enumerate(rows))
    return (f'<table style="border-collapse:collapse">'
            f'{f"<thead><tr>{head}</tr></thead>" if header else ""}<tbody>{body}</tbody></table>')


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """Names and what they are; what is empty is left out.

    >>> facts([("seed", 7), ("digest", "")]).count("<tr")
    1
    """
    rows = "".join(
        f'<tr><th style="{_CELL};font-weight:600">{escaped(name)}</th>'
        f'<td style="{_CELL}">{escaped(value)}</td></tr>'
        for name, value in pairs if value not in (None, ""))
    return f'<table style="border-collapse:collapse"><tbody>{rows}</tbody></table>'


def block(text: str) -> str:
    """Text as it is, with its lines; nothing for nothing.

    >>> block(""), block("a<b")
    ('', '<pre style="white-space:pre-wrap;margin:4px 0">a&lt;b</pre>')
    """
    return f'<pre style="white-space:pre-wrap;margin:4px 0">{escaped(text)}</pre>' if text else ""


# ---- Of our own things.


def verdict(said: Any) -> str:
    """A checker's `Verdict`, and those that it is made of.

    >>> import synchrodb as sdb
    >>> "invalid" in verdict(sdb.checkers.Verdict("set", False, "1 is lost"))
    True
    """
    parts = [fact for fact in said.facts.values() if type(fact) is type(said)]
    inner = "".join(f"<li>{verdict(part)}</li>" for part in parts)
    return (f"<div>{escaped(said.checker)}: {badge(said.word)}{block(said.detail)}"
            f"{f'<ul>{inner}</ul>' if inner else ''}</div>")


def counts(operations: dict[str, int]) -> str:
    """How operations ended, in words.

    >>> counts({"ok": 1200, "fail": 3, "info": 0})
    '1,200 ok, 3 failed, 0 unknown'
    """
    words = {"ok": "ok", "fail": "failed", "info": "unknown"}
    return ", ".join(f"{operations.get(name, 0):,} {word}" for name, word in words.items())


def run(made: Any) -> str:
    """A `Run`: its verdict and what it is."""
    return (f"<div>{badge(made.verdict, made.violated)}{run_facts(made)}{block(made.detail)}</div>")


def run_facts(made: Any) -> str:
    """What a `Run` is, as a table."""
    pairs = [("seed", made.seed), ("world", made.world), ("operations", counts(made.counts)),
             ("digest", made.digest)]
    if made.result is not None:
        pairs.append(("virtual time", f"{made.result.virtual_seconds:.1f} s, simulated in "
                                      f"{made.result.wall_seconds:.3f} s"))
    bitten = [name for name, count in made.faults.items() if count["applied"]]
    pairs += [("faults", ", ".join(bitten)), ("reproduce", made.reproduce)]
    return facts(pairs)


def faults(actions: Iterable[Any], applied: dict[str, dict[str, int]] | None = None) -> str:
    """The timed faults of a plan.

    >>> import synchrodb as sdb
    >>> "crash" in faults([sdb.FaultAction(fault="crash", at=3, target="leader")])
    True
    """
    rows = [(action.fault, f"{action.at:g} s", f"{action.lasting:g} s" if action.lasting else "",
             ", ".join(f"n{node + 1}" for node in action.nodes) or action.target,
             ", ".join(f"{name} {value}" for name, value in action.parameters.items()))
            for action in actions]
    planned = table(("fault", "at", "lasting", "where", "parameters"), rows) if rows else ""
    if not applied:
        return planned
    seen = [(name, *(f"{count[kind]:,}" for kind in ("offered", "applied", "effective")))
            for name, count in applied.items()]
    return f"{planned}{table(('fault', 'offered', 'applied', 'effective'), seen)}"


def plan(made: Any, clients: str = "") -> str:
    """A `Plan`; `clients` as of `plan_facts`."""
    return f"<div><b>Plan</b>{plan_facts(made, clients)}</div>"


def plan_facts(made: Any, clients: str = "") -> str:
    """What a `Plan` is, as tables. `clients`: what they did instead of its workload, in words.

    >>> import synchrodb as sdb
    >>> facts = plan_facts(sdb.Plan(), "bank, in Python: 3 read, by 5 clients")
    >>> "bank, in Python: 3 read" in facts, "cas-register" in facts
    (True, False)
    """
    mix = ", ".join(f"{name} {weight}" for name, weight in made.workload.mix.items())
    options = ", ".join(f"{name} {value}" for name, value in made.options.items())
    kind = made.workload
    pairs = [("seed", made.seed), ("nodes", made.nodes),
             ("time", f"{made.time:g} s, faults in the first {made.faulty_time:g} s"),
             ("workload", clients or f"{kind.name}: {kind.clients} clients, {kind.rate:g} "
                                     f"operations per second, {kind.keys} keys"),
             ("mix", "" if clients else mix), ("options", options), ("strategy", made.strategy),
             ("buggify", ", ".join(made.buggify)), ("defect", made.defect),
             ("branches", len(made.branches) or None), ("tolerated", ", ".join(made.tolerated))]
    return facts(pairs) + faults(made.faults)


def history(made: Any, most: int = 12) -> str:
    """A `History`: its first operations."""
    operations = made.operations
    total = len(operations)
    return (f"<div><b>History of {total:,} operations</b>"
            f"{operation_rows(operations, range(min(total, most)))}"
            f"{f'… and {total - most:,} more' if total > most else ''}</div>")


def operation_rows(operations: Any, chosen: Iterable[int], marked: Iterable[int] = ()) -> str:
    """The rows of a history's `operations`; `marked`: rows that stand out."""
    names = ("process", "f", "key", "value", "result", "type")
    columns = {name: operations[name] for name in (*names, "invoke_time", "complete_time")}
    set_apart = set(marked)
    shown = list(chosen)
    rows = []
    for row in shown:
        begin, end = (int(columns[name][row]) for name in ("invoke_time", "complete_time"))
        rows.append((f"{begin / 1e9:.6f} s",
                     f"{(end - begin) / 1e6:.3f} ms" if end >= 0 else "never",
                     *(columns[name][row] for name in names)))
    return table(("invoked", "took", *names), rows,
                 [place for place, row in enumerate(shown) if row in set_apart])


def campaign(done: Any, most: int = 20) -> str:
    """A `Campaign`: its verdicts and first failures."""
    rows = [(result.seed, result.violated, _first_line(result.detail))
            for result in done.failures[:most]]
    pairs = [("failing", repr(done.rate())),
             ("violated", ", ".join(f"{name} {count:,}" for name, count in done.violated.items())),
             ("unknown", f"{len(done.unknowns):,}" if done.unknowns else None)]
    word = "violation" if done.failures else "unknown" if done.unknowns else "ok"
    left = len(done.failures) - len(rows)
    failures = table(("seed", "violated", "seen"), rows) if rows else ""
    return (f"<div>{badge(word)}: {len(done):,} seeds in {done.wall_seconds:.1f} s"
            f"{facts(pairs)}{failures}"
            f"{f'… and {left:,} more' if left > 0 else ''}</div>")


def shrunk(found: Any) -> str:
    """What `shrink` found: how small the plan became, and its run."""
    sizes = [(name, found.before.get(name), size) for name, size in found.size.items()]
    return (f"<div>{table(('size', 'before', 'after'), sizes)}"
            f"{escaped(f'after {found.runs:,} runs')}"
            f"{plan(found.plan, found.run.clients)}{run(found.run)}</div>")


def explanation(story: Any, page: str = "") -> str:
    """The story of a failing run: its chain as a table, and its page in a frame."""
    rows = [(f"{step.begin / 1e9:.6f} s",
             step.words + " (later in real time)" * step.by_real_time) for step in story.chain]
    frame = (f'<iframe sandbox="allow-scripts" title="space-time diagram" loading="lazy" '
             f'style="width:100%;height:480px;border:1px solid #ddd" '
             f'srcdoc="{escaped(page)}"></iframe>' if page else "")
    return (f"<div>{badge('violation', story.violated)}"
            f'<pre style="white-space:pre-wrap">{escaped(story.facts["detail"])}</pre>'
            f"{table(('time', 'what happened'), rows)}{frame}"
            f"{facts([('reproduce', story.facts['reproduce'])])}</div>")


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:200] + (" …" if len(lines) > 1 else "") if lines else ""
