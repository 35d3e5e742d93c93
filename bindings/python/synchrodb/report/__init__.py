"""Pages to read and to hand on: they need no network and stand alone."""

from __future__ import annotations

from .diagram import spacetime_html

__all__ = ["spacetime_html"]
