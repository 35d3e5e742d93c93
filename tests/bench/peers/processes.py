"""Server processes that never outlive this program, and what they cost."""

import importlib.util
import os
import shutil
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _load_shared():
    """The Python package's file, which needs nothing of the package: no build is needed here."""
    root = Path(__file__).resolve().parents[3]
    spec = importlib.util.spec_from_file_location(
        "synchrodb_processes", root / "bindings/python/synchrodb/processes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_shared = _load_shared()
free_ports = _shared.quiet_ports


class PeerError(Exception):
    """What stands in the way, in words for the user."""


def find_binary(name, remedy):
    """The full path of a program: a path, or a name looked up in PATH and the folders of servers."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise PeerError(f"{name}: no such program; {remedy}")
    return str(Path(found).resolve(strict=True).parent / Path(found).name)


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true; returns its value."""
    try:
        return _shared.wait_until(condition, seconds, what)
    except TimeoutError as error:
        raise PeerError(str(error)) from None


def cpu_seconds_of_stat(text):
    """User and system time of a whole process, from the text of /proc/PID/stat."""
    # The name, in parentheses, may itself contain spaces and parentheses.
    fields = text[text.rindex(")") + 2:].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Process(_shared.Process):
    """One server: what it costs, too."""

    def check_alive(self):
        if not self.running:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise PeerError(f"{' '.join(self.command)}: ended with {self.exit_code}; its last "
                            f"words:\n{tail}")

    def cpu_seconds(self):
        return cpu_seconds_of_stat(Path(f"/proc/{self.pid}/stat").read_text())

    def resident_bytes(self):
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
