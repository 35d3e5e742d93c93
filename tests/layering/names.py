"""One definition rule: two classes of one name, in two files that never meet, are undefined
behaviour that no compiler reports; the linker keeps either's functions for both."""

import re
from collections import defaultdict

import source

_TOKEN = re.compile(
    r"\b(?P<space>namespace)\s*(?P<names>[\w:]*)\s*\{"
    r"|\b(?:class|struct|union|enum)(?:\s+(?:class|struct))?\s+(?:\[\[\w+\]\]\s*)?(?P<type>[A-Za-z_]\w*)"
    r"\s*(?:final\s*)?(?::(?!:)[^;{()]*)?\{"
    r"|(?P<open>\{)|(?P<close>\})"
)


def definitions(code):
    """Full names of the types that `code` defines at namespace scope, but for unnamed namespaces."""
    scopes = []  # names of open namespaces; None for any other brace
    for match in _TOKEN.finditer(code):
        if match["close"]:
            if scopes:
                scopes.pop()
        elif match["space"]:
            scopes.append(match["names"] or "(unnamed)")
        else:
            if match["type"] and None not in scopes and "(unnamed)" not in scopes:
                yield "::".join([*scopes, match["type"]])
            scopes.append(None)


def check(root):
    places = defaultdict(set)
    for folder in ("consensus", "engine", "sim", "net", "cmd"):
        for path, text in source.files(root, folder):
            for name in definitions(source.code_only(text)):
                places[name].add(path)
    return [
        f"{name}: defined in {', '.join(sorted(paths))}"
        for name, paths in sorted(places.items())
        if len(paths) > 1
    ]
