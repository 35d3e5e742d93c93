"""What a built binary contains, from its symbol table."""

import re
import subprocess

# The real world: net/'s namespace, and the libraries that only net/ may need.
REAL_WORLD = re.compile(
    r"\bsynchrodb::net::|\bkj::(?:UnixEventPort|AsyncIoProvider|LowLevelAsyncIoProvider|EventLoop)\b"
    r"|\bcapnp::(?:_::RpcSystemBase|TwoPartyVatNetwork|EzRpc\w+)\b"
)
REAL_WORLD_LIBRARIES = re.compile(r"lib(?:capnp-rpc|kj-async|kj-http|kj-tls|ssl|crypto|prometheus)")
# consensus/defects.h: the switch that exists only where defects are compiled in.
DEFECT_SWITCH = re.compile(r"\bsynchrodb::active_defect\b")


def _output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(binary):
    return _output("nm", "--demangle", "--defined-only", str(binary)).splitlines()


def _found(binary, pattern):
    listed = symbols(binary)
    if not any(re.search(r"\bmain$", line) for line in listed):
        return [f"{binary}: stripped; nothing can be said about what it contains"]
    return [f"{binary}: {line}" for line in listed if pattern.search(line)]


def check_world(binary):
    problems = _found(binary, REAL_WORLD)
    needed = re.findall(r"\(NEEDED\).*\[(.*?)\]", _output("readelf", "--dynamic", str(binary)))
    return problems + [f"{binary}: needs {lib}" for lib in needed if REAL_WORLD_LIBRARIES.match(lib)]


def check_defects(binary):
    return _found(binary, DEFECT_SWITCH)
