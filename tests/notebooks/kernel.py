#!/usr/bin/python3
"""Jupyter with the package as built: the environment in which kernels import `synchrodb`.

usage: kernel.py BUILD COMMAND...     such as: kernel.py build/release /usr/bin/python3 -m notebook

The kernel is Debian's Python, for which the package is built, even where another `python3` comes
first in PATH or somebody's own kernel goes by the same name.
"""

import json
import os
import sys
from pathlib import Path

PYTHON = "/usr/bin/python3"


def environment(build: Path, folder: Path) -> dict[str, str]:
    """The environment of a Jupyter whose kernel `python3` imports the package of the build folder
    `build`. What describes that kernel is written to `folder`."""
    package = build.resolve() / "python"
    if not list((package / "synchrodb").glob("_core.*.so")):
        raise SystemExit(f"notebooks: no package in {package}; build it: make build")
    kernel = folder.resolve() / "kernels" / "python3"
    kernel.mkdir(parents=True, exist_ok=True)
    text = json.dumps({
        "argv": [PYTHON, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3", "language": "python"}, indent=1)
    beside = kernel / f"kernel.json.{os.getpid()}"  # several may write it at once
    beside.write_text(text)
    beside.replace(kernel / "kernel.json")
    made = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    # The kernel's debugger, which nobody here uses, would warn.
    made["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    for name, first in (("PYTHONPATH", package), ("JUPYTER_PATH", folder.resolve())):
        made[name] = os.pathsep.join(filter(None, (str(first), os.environ.get(name))))
    return made


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    built = Path(sys.argv[1])
    os.execvpe(sys.argv[2], sys.argv[2:],
               environment(built, built.parent / "notebooks" / "jupyter"))
