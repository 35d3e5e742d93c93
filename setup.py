"""Builds the Python package with CMake: `pip install . --no-build-isolation`, without a network."""

import os
import shutil
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
TARGETS = {"_core": "synchrodb_core", "_net": "synchrodb_net_module"}  # of CMake


class BuildWithCMake(build_ext):
    """Takes a module from the release build if there is one, or the one that SYNCHRODB_BUILD
    names; else makes a build of its own."""

    def build_extension(self, extension):
        build = Path(os.environ.get("SYNCHRODB_BUILD", ROOT / "build" / "release"))
        if not (build / "CMakeCache.txt").exists():
            build = ROOT / "build" / "pip"
            subprocess.run(
                ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                 "-DSYNCHRODB_TESTS=OFF"], check=True)
        jobs = str(len(os.sched_getaffinity(0)))
        name = extension.name.rpartition(".")[2]
        subprocess.run(["cmake", "--build", build, "--target", TARGETS[name], "-j", jobs],
                       check=True)
        module, = (build / "python" / "synchrodb").glob(f"{name}.*.so")
        target = Path(self.get_ext_fullpath(extension.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(module, target)


setup(ext_modules=[Extension(f"synchrodb.{name}", []) for name in TARGETS],
      cmdclass={"build_ext": BuildWithCMake})
