"""The arrows of the architecture, read off the #include lines.

    cmd/server  cmd/cli  bindings  cmd/sim
          \\      |      /    \\      |
           v     v     v      v     v
              net/             sim/
               \\           /
                v          v
                  engine/
                     |
                     v
                 consensus/

What is not drawn here is not allowed. A folder is ruled by its longest prefix in LAYERS.
"""

import re

import source

# Parts of the standard library that the world must provide (engine/env) to the code above the seam.
WORLDLY_STANDARD_HEADERS = frozenset(
    """chrono condition_variable ctime filesystem fstream future iostream mutex random semaphore
    shared_mutex stop_token syncstream thread time.h unordered_map unordered_set barrier latch
    csignal signal.h locale clocale""".split()
)

# What could make two runs of one seed differ, and has no other use in the simulator.
FICKLE_STANDARD_HEADERS = frozenset(
    """ctime time.h random unordered_map unordered_set future semaphore shared_mutex latch barrier
    condition_variable locale clocale""".split()
)

# The C++ and C standard library: no slash, no suffix (or a C header's).
_STANDARD = re.compile(
    r"^[a-z_0-9]+$|^(assert|math|stdint|stddef|string|time|signal|errno|limits)\.h$"
)

_BOOST_VALUES = ("boost/smart_ptr/", "boost/intrusive/", "boost/container/")
_ENGINE_LIBRARIES = (*_BOOST_VALUES, "absl/", "nmmintrin.h", "xxhash.h")
_WIRE = (
    "capnp/message.h", "capnp/serialize.h", "capnp/serialize-packed.h", "capnp/common.h",
    "capnp/generated-header-support.h", "kj/array.h", "kj/common.h", "kj/exception.h", "kj/io.h",
    "kj/string.h",
)


class Layer:
    """Which of our folders, and whose headers, a folder may include."""

    def __init__(self, folders, libraries=(), refused=frozenset()):
        self.folders = folders
        self.libraries = libraries
        self.refused = refused  # parts of the standard library


LAYERS = {
    "consensus": Layer(["consensus"], [*_BOOST_VALUES, "xxhash.h"], WORLDLY_STANDARD_HEADERS),
    "engine": Layer(["engine", "consensus"], _ENGINE_LIBRARIES, WORLDLY_STANDARD_HEADERS),
    "engine/wire": Layer(
        ["engine", "consensus"], [*_ENGINE_LIBRARIES, *_WIRE], WORLDLY_STANDARD_HEADERS
    ),
    # Below both worlds, and no part of the engine.
    "engine/fibers": Layer(["engine/fibers"], ["boost/context/", "sys/mman.h", "unistd.h"]),
    "engine/fibers/sanitizer": Layer([], ["pthread.h"]),
    "sim": Layer(
        ["sim", "engine", "consensus"],
        ["boost/", "absl/", "nlohmann/", "xxhash.h", "cxxabi.h", "sys/mman.h", "unistd.h", *_WIRE],
        FICKLE_STANDARD_HEADERS,
    ),
    "sim/campaign": Layer(
        ["sim", "engine", "consensus"],
        ["boost/", "absl/", "nlohmann/", "xxhash.h", "sys/", "unistd.h", "fcntl.h", "poll.h",
         "signal.h"],
    ),
    "sim/check": Layer(["sim/check"], ["absl/", "nlohmann/"], FICKLE_STANDARD_HEADERS),
    "net": Layer(["net", "engine", "consensus"], [""]),
    "cmd/sim": Layer(["cmd/sim", "sim", "engine", "consensus"], [""]),
    "cmd/server": Layer(["cmd/server", "net", "engine", "consensus"], [""]),
    "cmd/cli": Layer(["cmd/cli", "net", "engine", "consensus"], [""]),
    "bindings": Layer(["bindings", "net", "sim", "engine", "consensus"], [""]),
    "tests/consensus": Layer(["tests/consensus", "consensus"], [""]),
    "tests/engine": Layer(["tests/engine", "engine", "consensus"], [""]),
    "tests/sim": Layer(["tests/sim", "sim", "engine", "consensus"], [""]),
    # The command `check` needs the checkers alone, and is tested with them.
    "tests/check": Layer(["tests/check", "sim/check", "cmd/sim"], [""]),
    "tests/clients": Layer(["tests/clients"], [""]),
    "tests/net": Layer(["tests/net", "net", "engine", "consensus"], [""]),
    # A node's RPC port with canned answers, for the tests of the command line.
    "tests/cmd": Layer(["engine"], [""]),
    "tests/sanitizer": Layer([], [""]),
    "tests/bench": Layer(["tests/bench", "sim", "net", "engine", "consensus"], [""]),
    "tests/fuzz": Layer(
        ["tests/fuzz", "tests/engine", "tests/net", "net", "engine", "consensus"], [""]
    ),
}
OUR_FOLDERS = ("consensus", "engine", "sim", "net", "cmd", "bindings", "tests")


def _within(path, folder):
    return path.startswith(folder + "/")


def layer_of(path):
    candidates = [folder for folder in LAYERS if _within(path, folder)]
    return max(candidates, key=len, default=None)


def _judge(layer, target):
    """Why `target` may not be included from `layer`, or None."""
    if not (target[:1] + target[-1:]) in ('""', "<>"):
        return "includes through a macro"
    header = target[1:-1]
    ours = any(_within(header, folder) for folder in OUR_FOLDERS)
    if ours and target[0] == "<":
        return "includes a header of ours with <>"
    if ours:
        if any(_within(header, folder) for folder in layer.folders):
            return None
        return "is outside its layer: allowed are " + ", ".join(layer.folders)
    if target[0] == '"':
        return "is not spelled from the root"
    if any(header.startswith(prefix) for prefix in layer.libraries):
        return None
    if _STANDARD.match(header):
        return "is not for this layer" if header in layer.refused else None
    return "is not among the libraries of this layer"


def check(root):
    problems = []
    for folder in OUR_FOLDERS:
        for path, text in source.files(root, folder):
            name = layer_of(path)
            if name is None:
                problems.append(f"{path}: no layer is defined for this folder")
                continue
            for line, target in source.includes(text):
                reason = _judge(LAYERS[name], target)
                if reason:
                    problems.append(f"{path}:{line}: {target} {reason}")
    return problems
