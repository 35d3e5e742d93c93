"""How many seeds does it take to find a bug, with which search strategy?

Deliberate defects, each a bug that somebody had (sim/README.md, "The bug zoo"), are looked for in
runs of a simulator into which they were built, by

- which of the fibers that are ready goes first: always the first (FIFO), a random one, or that of
  the highest random priority, with few changes (PCT; Burckhardt et al., ASPLOS 2010);
- swarm on: each run leaves out about half of the faults (Groce et al., ISSTA 2012), and a few are
  given over to one situation; swarm off: each run has all faults.

A cell is the share of the seeds that convict the defect, with 95 % confidence (Wilson). Its inverse
is how many seeds it takes on average. A cell has fewer seeds where there are convictions enough.

Needs the binary with the defects: `make defects-build`.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import synchrodb as sdb
from common import Findings, Progress, Settings, Table, command_line, leave, play

STRATEGIES = ("fifo", "random", "pct")
SWARM = {"on": (), "off": ("--faults", "all")}
#: The seeds of a cell: block after block, until there are so many convictions.
FIRST_SEED, BLOCK, MOST_SEEDS, ENOUGH = 0, 50, 300, 15
QUICK_DEFECTS = ("vote-not-persisted", "duplicate-command-applied")
QUICK_SEEDS = 12

_HERE = Path(__file__).resolve().parent
_BINARY = _HERE.parent / "build/defects/bin/synchrodb-sim"


class Cell(NamedTuple):
    """One way to look for one defect."""

    defect: str
    strategy: str
    swarm: str


def _defects(binary: Path) -> list[str]:
    """All that the binary has, in its order."""
    if not binary.is_file():
        raise sdb.InvalidInput(f"--binary: {binary}: no such file; `make defects-build` makes it")
    told = subprocess.run([binary, "list", "defects"], capture_output=True, text=True)
    names = [line.split()[0] for line in told.stdout.splitlines() if line.strip()]
    try:
        probe = subprocess.run(
            [binary, "run", "--seed", "0", "--time", "1s", "--defect", names[0] if names else ""],
            capture_output=True, text=True)
    except OSError as error:
        raise sdb.InvalidInput(f"--binary: {binary}: {error.strerror}") from error
    if not names or probe.returncode == 2:
        raise sdb.InvalidInput(f"--binary: {binary} has no defects in it; `make defects-build` "
                               f"makes one: {probe.stderr.strip()}")
    return names


def convictions(binary: Path, cell: Cell, seeds: range, jobs: int) -> int:
    """How many of the seeds convict the defect."""
    command = [str(binary), "campaign", "--json", "--quiet", "--jobs", str(jobs),
               "--seeds", f"{seeds.start}..{seeds.stop}", "--defect", cell.defect,
               "--strategy", cell.strategy, *SWARM[cell.swarm]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as campaign:
        try:
            told, said = campaign.communicate()
        except BaseException:
            campaign.terminate()
            raise
    rows = [row for row in map(json.loads, told.splitlines()) if "seed" in row]
    if len(rows) != len(seeds):
        raise RuntimeError(f"{len(rows)} rows of {len(seeds)} from {' '.join(command)}: {said}")
    return sum(row["verdict"] == "violation" for row in rows)


def rate_of(binary: Path, cell: Cell, settings: Settings) -> sdb.Rate:
    """Of one cell."""
    if settings.quick:
        seeds = range(FIRST_SEED, FIRST_SEED + QUICK_SEEDS)
        return sdb.Rate.of(convictions(binary, cell, seeds, settings.jobs), len(seeds))
    count = total = 0
    while count < ENOUGH and total < MOST_SEEDS:
        block = range(FIRST_SEED + total, FIRST_SEED + total + BLOCK)
        count += convictions(binary, cell, block, settings.jobs)
        total += len(block)
    return sdb.Rate.of(count, total)


def expected(rate: sdb.Rate) -> tuple[float | None, float, float | None]:
    """Seeds to a conviction on average, and its limits; None: without end, as far as is known."""
    return (1 / rate.value if rate.count else None, 1 / rate.high,
            1 / rate.low if rate.low > 0 else None)


def draw(figure: Any, found: dict[Cell, sdb.Rate]) -> None:
    """Seeds to a conviction, a row a defect."""
    from synchrodb.plot import COLOURS

    axes = figure.subplots()
    defects = list(dict.fromkeys(cell.defect for cell in found))
    most = 2 * max(rate.total for rate in found.values())
    ways = [(strategy, swarm) for swarm in SWARM for strategy in STRATEGIES]
    for number, (strategy, swarm) in enumerate(ways):
        colour = COLOURS[("blue", "orange", "green")[STRATEGIES.index(strategy)]]
        marker = "o" if swarm == "on" else "s"
        for place, defect in enumerate(defects):
            middle, low, high = expected(found[Cell(defect, strategy, swarm)])
            y = place + 0.13 * (number - (len(ways) - 1) / 2)
            axes.plot([low, high or most], [y, y], color=colour, linewidth=1)
            axes.plot([middle or most], [y], marker if middle else ">", color=colour, markersize=4,
                      fillstyle="full" if swarm == "on" else "none")
        axes.plot([], [], marker, color=colour, fillstyle="full" if swarm == "on" else "none",
                  label=f"{strategy}, swarm {swarm}")
    axes.set_xscale("log")
    axes.set_yticks(range(len(defects)), defects)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel("seeds to a conviction (mean, 95 % confidence; arrow: none was seen)")
    axes.set_title("Detection power")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def experiment(settings: Settings) -> Findings:
    """Each defect, each way."""
    binary = Path(settings.more.binary)
    known = _defects(binary)
    chosen = settings.more.defect or (QUICK_DEFECTS if settings.quick else known)
    for name in chosen:
        if name not in known:
            raise sdb.InvalidInput(f"--defect: {name!r} is none of {', '.join(known)}")
    cells = [Cell(defect, strategy, swarm) for defect in chosen for swarm in SWARM
             for strategy in STRATEGIES]
    found: dict[Cell, sdb.Rate] = {}
    with Progress("cells", len(cells)) as progress:
        for cell in cells:
            found[cell] = rate_of(binary, cell, settings)
            progress.show(len(found))
    table = Table(("defect", "swarm", "strategy", "convicting", "seeds", "%", "low %", "high %",
                   "seeds to it", "at least", "at most"),
                  title="Seeds to a conviction (95 % confidence)")
    for cell, rate in found.items():
        table.add(cell.defect, cell.swarm, cell.strategy, rate.count, rate.total, 100 * rate.value,
                  100 * rate.low, 100 * rate.high, *expected(rate))
    return Findings({"detection_power": table}, _answer(found), lambda figure: draw(figure, found),
                    (9.0, 1.6 + 0.62 * len(chosen)))


def _answer(found: dict[Cell, sdb.Rate]) -> str:
    """How many defects each way finds, and how often over all of them."""
    said = []
    for swarm in SWARM:
        for strategy in STRATEGIES:
            rates = [rate for cell, rate in found.items()
                     if (cell.swarm, cell.strategy) == (swarm, strategy)]
            share = 100 * sum(rate.value for rate in rates) / len(rates)
            said.append(f"{strategy} with swarm {swarm} {sum(bool(r.count) for r in rates)} of "
                        f"{len(rates)} ({share:.0f} % of the seeds on average)")
    return "Defects found: " + ", ".join(said) + "."


def _parser() -> Any:
    parser = command_line(__doc__)
    parser.add_argument("--binary", metavar="PATH", default=str(_BINARY),
                        help="synchrodb-sim with defects [build/defects/bin/synchrodb-sim]")
    parser.add_argument("--defect", metavar="NAME", action="append",
                        help="only this one; may be given again [all]")
    return parser


def main() -> Any:
    return play("detection_power", __doc__, experiment, _parser())


if __name__ == "__main__":
    leave(main())
