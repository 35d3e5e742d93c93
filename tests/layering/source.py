"""Just enough of C++'s lexical grammar to look at code without its comments and literals."""

import re
from pathlib import Path

SUFFIXES = {".h", ".cc", ".hpp", ".cpp", ".ipp"}

# Alternatives in the order in which C++ would see them. A digit separator (1'000) is no quote.
_TOKEN = re.compile(
    r"""
      (?P<comment>//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z))
    | (?P<raw>\b(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z))
    | (?P<string>"(?:\\.|[^"\\\n])*"?)
    | (?P<number>\b\d[\w.]*(?:'[\w.]+)*)
    | (?P<char>'(?:\\.|[^'\\\n])*'?)
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|include_next|import)\b[ \t]*(.*)$', re.MULTILINE)


def _blank(text):
    """As many lines as `text`, and nothing on them."""
    return "\n" * text.count("\n")


def without_comments(text):
    def replace(match):
        return " " + _blank(match.group()) if match.lastgroup == "comment" else match.group()

    return _TOKEN.sub(replace, text)


def code_only(text):
    """`text` with comments, strings and #include lines blanked; line numbers stay."""

    def replace(match):
        kind = match.lastgroup
        if kind == "number":
            return match.group()
        if kind == "comment":
            return " " + _blank(match.group())
        return '""' + _blank(match.group())

    # Includes go first, while their paths are still whole; a commented one does not matter.
    return _TOKEN.sub(replace, _INCLUDE.sub("", text))


def includes(text):
    """(line, target) of each #include; target keeps its quotes or brackets."""
    code = without_comments(text)
    return [
        (code.count("\n", 0, match.start()) + 1, match.group(1).strip())
        for match in _INCLUDE.finditer(code)
    ]


def files(root, folder):
    """C++ sources below root/folder, as (path relative to root, text), sorted."""
    top = Path(root) / folder
    return [
        (path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(top.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    ]
