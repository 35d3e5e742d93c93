"""The command line: `python3 -m synchrodb run FILE.py`, `report`, `serve`.

Exit codes: 0 ok, 1 a violation, 2 what was asked for makes no sense, 3 nothing can be said,
4 Python code or a server failed, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from . import _core

_OK, _VIOLATION, _USAGE, _UNKNOWN, _FAILED, _INTERRUPTED = 0, 1, 2, 3, 4, 130
_CODES = {"ok": _OK, "violation": _VIOLATION, "unknown": _UNKNOWN}

_RUN = """\
Runs a file that defines `test`, a synchrodb.Test: once, or for many seeds, simulated or on real
servers; what comes of it is kept in the store. Of a file that defines a function `main` instead,
that is called, with the other arguments as its command line; the Run or Campaign that it returns,
or a list of these, is kept."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m synchrodb", description="SynchroDB's testbed: runs tests, shows results.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a test", description=_RUN)
    run.add_argument("file", metavar="FILE.py")
    seeds = run.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=_natural, default=None, metavar="N", help="one run [0]")
    seeds.add_argument("--seeds", type=_seeds, metavar="N|A..B",
                       help="a campaign over 0 to N-1, or A to B-1")
    run.add_argument("--on", choices=("simulator", "local"), default="simulator",
                     help="local: real servers on this machine, in real time [simulator]")
    run.add_argument("--binary", metavar="PATH", help="synchrodb-server, with --on local")
    run.add_argument("--unsupported", choices=("refuse", "skip"), default="refuse",
                     help="faults that real servers cannot have [refuse]")
    run.add_argument("--jobs", type=_natural, help="processes of a campaign [one a core]")
    run.add_argument("--trace", action="store_true", help="keep the event log and messages too")
    _add_store(run)
    run.add_argument("--no-store", action="store_true", help="keep nothing")
    report = commands.add_parser("report", help="HTML of a run, a campaign or a store")
    report.add_argument("path", metavar="PATH", help="a folder: of the store, or the store itself")
    report.add_argument("--output", metavar="FILE.html",
                        help="where to write it [report.html in the folder]")
    serve = commands.add_parser("serve", help="browse the store")
    serve.add_argument("store", nargs="?", default="store", metavar="STORE")
    serve.add_argument("--port", type=_natural, default=8080, help="of the loopback [8080]")
    return parser


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", default="store", metavar="FOLDER", help="where to [./store]")


def _natural(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return number


def _seeds(text: str) -> range:
    try:
        first, dots, last = text.partition("..")
        chosen = range(int(first), int(last)) if dots else range(int(first))
    except ValueError:
        chosen = range(0)
    if not chosen or chosen[0] < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a count such as 100, nor 40..60")
    return chosen


class _Usage(Exception):
    """What was asked for makes no sense."""


# ---- run


def _load(path: str) -> Any:
    file = Path(path)
    if not file.is_file():
        raise _Usage(f"{path}: no such file")
    name = f"synchrodb_run_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise _Usage(f"{path}: no Python file (its name ends in .py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(file.resolve().parent))
    spec.loader.exec_module(module)
    try:
        import cloudpickle

        cloudpickle.register_pickle_by_value(module)  # a campaign's processes cannot import it
    except (ImportError, AttributeError):
        pass
    return module


def _run(asked: argparse.Namespace, rest: list[str]) -> int:
    module = _load(asked.file)
    test = getattr(module, "test", None)
    if test is None and callable(getattr(module, "main", None)):
        return _call_main(asked, module, rest)
    if rest:
        raise _Usage(f"{rest[0]}: no such option; the file defines a test, not a function main()")
    from .test import Test

    if not isinstance(test, Test):
        raise _Usage(f"{asked.file}: defines neither `test`, a synchrodb.Test, nor a function "
                     "`main`" if test is None else
                     f"{asked.file}: `test` is a {type(test).__name__}, no synchrodb.Test")
    if not test.name:
        test = test.replace(name=Path(asked.file).stem)
    if asked.seeds is not None:
        done = _campaign(asked, test)
    elif asked.on == "local":
        done = _on_local(asked, test)
    else:
        done = test.simulate(asked.seed or 0, trace=asked.trace, messages=asked.trace)
    return _concluded(asked, done)


def _call_main(asked: argparse.Namespace, module: Any, rest: list[str]) -> int:
    if asked.seed is not None or asked.seeds is not None or asked.on != "simulator":
        raise _Usage(f"{asked.file}: defines main() and no `test`; --seed, --seeds and --on are "
                     "for a `test`")
    sys.argv = [asked.file, *rest]
    told = module.main()
    several = told if isinstance(told, (list, tuple)) else [told]
    from .campaigns import Campaign
    from .run import Run

    results = [one for one in several if isinstance(one, (Run, Campaign))]
    if not results:
        return told if isinstance(told, int) and not isinstance(told, bool) else _OK
    return max(_concluded(asked, one) for one in results)


def _campaign(asked: argparse.Namespace, test: Any) -> Any:
    from .campaigns import campaign

    if asked.on == "local":
        raise _Usage("--seeds: a campaign is simulated; on real servers give one --seed")
    return campaign(test, asked.seeds, jobs=asked.jobs)


def _on_local(asked: argparse.Namespace, test: Any) -> Any:
    from .cluster import LocalCluster

    line = _Line()
    try:
        return test.on(LocalCluster(test.nodes, asked.binary), seed=asked.seed or 0,
                       unsupported=asked.unsupported, progress=line.show)
    finally:
        line.end()


class _Line:
    """A line that moves, where somebody looks at it."""

    def __init__(self):
        self._seen = sys.stderr.isatty()
        self._marks = itertools.cycle("|/-\\")
        self._next = 0.0

    def show(self, share: float, words: str) -> None:
        """How much is done."""
        now = time.monotonic()
        if not self._seen or now < self._next:
            return
        self._next = now + 0.2
        filled = round(share * 30)
        print(f"\r{next(self._marks)} [{'#' * filled}{'.' * (30 - filled)}] {share:4.0%} {words} ",
              end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves an empty line."""
        if self._seen:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _concluded(asked: argparse.Namespace, done: Any) -> int:
    """Says what came of it, keeps it; the exit code."""
    from .run import Run

    print(repr(done)[1:-1])
    if isinstance(done, Run):
        verdict = done.verdict
        if done.detail:
            print(done.detail)
        if verdict == "violation":
            print(f"reproduce: {_reproduce(asked, done)}")
    else:
        verdict = "violation" if done.failures else "unknown" if done.unknowns else "ok"
        for failure in done.failures[:5]:
            print(f"  {failure!r}: {' '.join(failure.detail.split())[:200]}")
            print(f"    reproduce: python3 -m synchrodb run {asked.file} --seed {failure.seed}")
    if not asked.no_store:
        from .store import Store

        print(f"kept in {Store(asked.store).save(done).path}")
    return _CODES[verdict]


def _reproduce(asked: argparse.Namespace, run: Any) -> str:
    if run.plain and run.reproduce:
        return run.reproduce
    where = " --on local" if run.world == "real" else ""
    return f"python3 -m synchrodb run {asked.file} --seed {run.seed}{where}"


# ---- report, serve


def _report(asked: argparse.Namespace) -> int:
    path = Path(asked.path)
    if not path.is_dir():
        raise _Usage(f"{path}: no such folder")
    from .report import report

    output = Path(asked.output) if asked.output else path / "report.html"
    output.write_text(report(path), encoding="utf-8")
    print(output)
    return _OK


def _serve(asked: argparse.Namespace) -> int:
    if not Path(asked.store).is_dir():
        raise _Usage(f"{asked.store}: no such folder")
    from .report import serve

    serve(asked.store, asked.port)
    return _OK


def main(arguments: list[str] | None = None) -> int:
    """What the command line asks for; the exit code."""
    parser = _parser()
    asked, rest = parser.parse_known_args(arguments)
    if rest and asked.command != "run":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        if asked.command == "run":
            return _run(asked, rest)
        return _report(asked) if asked.command == "report" else _serve(asked)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    except (_Usage, _core.InvalidInput, _core.NotFound, _core.Unsupported) as error:
        print(f"synchrodb: {error}", file=sys.stderr)
        return _USAGE
    except _core.Error as error:
        print(f"synchrodb: {error}", file=sys.stderr)
        return _FAILED
    except Exception:  # noqa: BLE001 (a user's own code: shown as it is)
        traceback.print_exc()
        return _FAILED


if __name__ == "__main__":
    sys.exit(main())
