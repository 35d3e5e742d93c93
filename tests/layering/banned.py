"""Calls that would let the real world into a simulated run.

Above the seam (consensus/, engine/) nothing may be asked of the world except through engine/env; in
sim/ nothing may make two runs of one seed differ. Comments and literals are not looked at.
"""

import re

import source


class Rule:
    def __init__(self, name, pattern, advice):
        self.name = name
        self.pattern = re.compile(pattern, re.VERBOSE)
        self.advice = advice


def _qualified(*names):
    """A call of ::name or std::name. The bare words are good names for members of ours; the C
    functions behind them cannot be reached without headers that includes.py refuses."""
    return rf"(?:\bstd|(?<![\w>]))::(?:{'|'.join(names)})\s*\("


CLOCK = Rule(
    "clock",
    r"\b(?:system|steady|high_resolution|utc|tai|gps|file)_clock\b"
    r"|\b(?:clock_gettime|gettimeofday|timespec_get|__rdtscp?|__builtin_ia32_rdtscp?)\b"
    r"|\b(?:localtime|gmtime)(?:_r)?\s*\(|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)|\bCLOCK_[A-Z]+\b|"
    + _qualified("time", "clock"),
    "ask engine/env/clock.h (in sim/: the scheduler's virtual time)",
)
THREAD = Rule(
    "thread",
    r"\bstd::(?:j?thread(?!::id)|async|promise|(?:shared_)?future|packaged_task|condition_variable\w*"
    r"|(?:recursive_|shared_)?(?:timed_)?mutex|counting_semaphore|binary_semaphore|this_thread(?!::get_id))\b"
    r"|\bpthread_\w+|\b(?:usleep|nanosleep|sched_yield)\s*\(|" + _qualified("sleep"),
    "one node is one thread; fibers and engine/env/sync.h do the rest",
)
RANDOM = Rule(
    "random",
    r"\bstd::(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine|knuth_b"
    r"|\w+_distribution|shuffle|sample|generate_canonical)\b"
    r"|\b(?:getrandom|getentropy|arc4random\w*|[deljmn]rand48|rand_r|srand|srandom)\b|"
    + _qualified("rand", "random") + r"|\brand\s*\(\s*\)",
    "draw from a RandomStream",
)
FILE = Rule(
    "file",
    r"\bstd::(?:basic_)?[io]?fstream\b|\bstd::filesystem\b|\b(?:fopen|freopen|tmpfile|mkstemp"
    r"|openat|fdatasync|pread|pwrite|pwritev)\s*\(|"
    + _qualified("open", "creat", "read", "write", "close", "fsync", "rename", "unlink", "mkdir",
                 "mmap"),
    "go through engine/env/disk.h",
)
SOCKET = Rule(
    "socket",
    r"\b(?:getaddrinfo|epoll_\w+|socketpair|setsockopt|accept4|io_uring_\w+)\s*\("
    r"|(?<![\w>:])::(?:socket|bind|connect|listen|accept|send|sendto|recv|recvfrom|poll)\s*\(",
    "go through engine/env/transport.h",
)
ENVIRONMENT = Rule(
    "environment",
    r"\b(?:secure_)?getenv\b|\bsetlocale\b|\bstd::locale\b|" + _qualified("getpid", "gethostname"),
    "pass it in as an option",
)
LOGGING = Rule(
    "logging",
    r"\bstd::(?:cout|cerr|clog)\b|\b(?:v?f?printf|f?puts|f?putc|putchar|perror|syslog|fwrite)\s*\("
    r"|\bspdlog\b|\bfmt::print\b|\bstd(?:out|err)\b",
    "emit an event through engine/env/observer.h",
)
UNORDERED = Rule(
    "unordered",
    r"\bstd::unordered_\w+|\babsl::(?:flat|node)_hash_\w+|\bboost::unordered\w*",
    "use engine/env/hash_map.h (no iteration) or an ordered container",
)
HASH = Rule(
    "hash",
    r"\bstd::hash\b|\babsl::Hash(?:Of)?\b|\bstd::_Hash\w+|\bboost::hash\w*",
    "use stable_hash of consensus/hash.h: others differ between processes or platforms",
)
ADDRESS = Rule(
    "address",
    r"\bstd::(?:multi)?(?:map|set)\s*<\s*(?:const\s+)?[\w:]+(?:\s+const)?\s*\*"
    r"|\bstd::owner_less\b|\bstd::less\s*<[^<>]*\*\s*>|reinterpret_cast\s*<\s*(?:std::)?u?intptr_t\s*>"
    r"(?!\([^;]*\)\s*%\s*alignof)",
    "addresses differ between processes: order by an id",
)
CATCH_ALL = Rule(
    "catch-all",
    r"\bcatch\s*\(\s*\.\.\.\s*\)",
    "it would swallow Cancelled; catch what you expect",
)
REAL_WAIT = Rule(
    "real-wait",
    r"\bthis_fiber::sleep_(?:for|until)\b|\bboost::fibers::(?:recursive_|timed_)*mutex\b"
    r"|\b(?:boost::)?fibers::(?:condition_variable\w*|(?:un)?buffered_channel|barrier|promise"
    r"|(?:shared_)?future|packaged_task|async)\b|\bwait_(?:for|until)\s*\(\s*std::chrono",
    "Boost's waits know only real time and cannot be cancelled: park instead",
)
ALL = (CLOCK, THREAD, RANDOM, FILE, SOCKET, ENVIRONMENT, LOGGING, UNORDERED, HASH, ADDRESS,
       CATCH_ALL, REAL_WAIT)

# Which rules hold where; a file is ruled by its longest prefix.
SCOPES = {
    "consensus": ALL,
    "engine": ALL,
    "sim": (CLOCK, THREAD, RANDOM, SOCKET, ENVIRONMENT, UNORDERED, HASH, ADDRESS, REAL_WAIT),
    # Runs below the scheduler, in the middle of a switch, and only in sanitizer builds.
    "engine/fibers/sanitizer": (CLOCK, RANDOM, SOCKET, ENVIRONMENT, UNORDERED),
    # Worker processes, progress and rates: outside the simulated world, but what is in a result row
    # comes from the run alone.
    "sim/campaign": (RANDOM, UNORDERED, HASH, ADDRESS, REAL_WAIT),
    # Checkers keep their visited states in hash tables; see iterated_hash_tables.
    "sim/check": (CLOCK, THREAD, RANDOM, SOCKET, ENVIRONMENT, ADDRESS, REAL_WAIT),
}

# (file, rule): why it is sound there.
EXCEPTIONS = {
    ("consensus/assert.cc", "logging"): "the last words of a failed assertion, before abort()",
    ("engine/env/hash_map.h", "unordered"): "the wrapper itself",
    ("sim/kernel/fiber_scheduler.h", "clock"): "Boost's interface; the method aborts",
    ("sim/kernel/fiber_scheduler.cc", "clock"): "Boost's interface; the method aborts",
    ("sim/kernel/task.cc", "address"): "the bounds of a stack, for the leak checker",
    ("sim/world/run.cc", "clock"): "wall_seconds of the report; influences nothing",
}

_HASH_TABLE = re.compile(
    r"\b(?:absl::(?:flat|node)_hash_(?:map|set)|std::unordered_(?:multi)?(?:map|set))\s*<"
)


def _declared_hash_tables(code):
    """Names of variables whose type is, on the outside, a hash table."""
    names = set()
    for match in _HASH_TABLE.finditer(code):
        depth, at = 1, match.end()
        while at < len(code) and depth:
            depth += {"<": 1, ">": -1}.get(code[at], 0)
            at += 1
        name = re.match(r"\s*[&*]?\s*(?:const\s+)?(\w+)\s*[;={(,)]", code[at:])
        if name:
            names.add(name.group(1))
    return names


def iterated_hash_tables(code):
    """(offset, name) of each walk through a hash table that is declared in the same file."""
    for name in sorted(_declared_hash_tables(code)):
        walk = rf"\bfor\s*\([^;()]*:\s*(?:\w+(?:\.|->))*{name}\s*\)|\b{name}(?:\.|->)c?begin\s*\("
        for match in re.finditer(walk, code):
            yield match.start(), name


def check(root):
    problems, used = [], set()
    for folder in ("consensus", "engine", "sim"):
        for path, text in source.files(root, folder):
            code = source.code_only(text)
            scope = max((s for s in SCOPES if path.startswith(s + "/")), key=len)

            def report(rule, offset, words, advice, path=path, code=code):
                if (path, rule) in EXCEPTIONS:
                    used.add((path, rule))
                    return
                line = code.count("\n", 0, offset) + 1
                problems.append(f"{path}:{line}: [{rule}] {words}: {advice}")

            for rule in SCOPES[scope]:
                for match in rule.pattern.finditer(code):
                    report(rule.name, match.start(), match.group().strip(), rule.advice)
            for offset, name in iterated_hash_tables(code):
                report("hash-order", offset, name, "hash order differs between processes: sort first")
    for path, rule in sorted(EXCEPTIONS.keys() - used):
        problems.append(f"{path}: the exception for [{rule}] is not needed any more")
    return problems
