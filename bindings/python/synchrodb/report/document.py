"""The frame of all pages: one document, its style inside, nothing from elsewhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..markup import escaped
from ..plot.style import STYLE, blank, style

_STYLE = Path(__file__).with_name("page.css")


def document(title: str, *parts: str) -> str:
    """A whole page of parts that are HTML already.

    >>> document("<x>", "<p>y</p>").count("&lt;x&gt;")
    1
    """
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{escaped(title)}</title><style>{_STYLE.read_text()}</style></head>\n'
            f'<body>\n{chr(10).join(part for part in parts if part)}\n</body></html>\n')


def section(title: str, *parts: str) -> str:
    """A part with a title; nothing for nothing.

    >>> section("Logs", ""), section("Logs", "<p></p>")
    ('', '<section><h2>Logs</h2><p></p></section>')
    """
    inner = "".join(parts)
    return f"<section><h2>{escaped(title)}</h2>{inner}</section>" if inner else ""


def command(text: str) -> str:
    """A command to copy."""
    return f'<code class="command">{escaped(text)}</code>' if text else ""


def log(title: str, text: str, last: int = 60) -> str:
    """The last lines of a log.

    >>> log("node", "a\\nb", last=1).count("a\\n")
    0
    """
    lines = text.splitlines()[-last:]
    if not lines:
        return ""
    return f'<h3>{escaped(title)}</h3><pre class="log">{escaped(chr(10).join(lines))}</pre>'


def figure(draw: Callable[..., Any], what: Any, height: float = 3.2, **how: Any) -> str:
    """A figure as an image inside the page."""
    picture, ax = blank(8.6, height)
    with style.context(STYLE):
        draw(what, ax, **how)
        name = ax.get_title("left") or draw.__name__
        file = io.BytesIO()
        picture.savefig(file, format="png", dpi=130)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{escaped(name)}" src="data:image/png;base64,{data}">'
