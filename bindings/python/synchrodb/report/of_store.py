"""The list of what a store has."""

from __future__ import annotations

from typing import Any

from .. import markup
from ..store import Entry, Store
from .document import document, section


def report_of_store(store: Store) -> str:
    """The page of a store: its runs and campaigns, the newest first, with links to their folders.

    >>> import tempfile
    >>> report_of_store(Store(tempfile.mkdtemp())).count("Nothing")
    1
    """
    rows = "".join(_row(store, entry) for entry in store)
    header = "".join(f'<th style="text-align:left;padding:2px 14px 2px 0">{name}</th>' for name in
                     ("time", "name", "verdict", "", "seed", "found"))
    listed = (f'<table style="border-collapse:collapse"><thead><tr>{header}</tr></thead>'
              f"<tbody>{rows}</tbody></table>" if rows else
              '<p class="soft">Nothing is here yet: <code>Store(…).save(run)</code></p>')
    return document(f"Store {store.folder}", f"<h1>{markup.escaped(store.folder)}</h1>", listed)


def link_of(store: Store, entry: Entry) -> str:
    """Where an entry's page is, from the store's."""
    return "/".join(entry.path.relative_to(store.folder).parts) + "/"


def _row(store: Store, entry: Entry) -> str:
    said = entry.summary
    link = markup.escaped(link_of(store, entry))
    cells = [f'<a href="{link}">{markup.escaped(said["time"])}</a>',
             markup.escaped(entry.name), markup.badge(said["verdict"]),
             markup.escaped(said.get("world", "") if entry.kind == "run" else "campaign"),
             markup.escaped(said.get("seed")), markup.escaped(_found(entry))]
    return "<tr>" + "".join(
        f'<td style="vertical-align:top;padding:2px 14px 2px 0">{cell}</td>'
        for cell in cells) + "</tr>"


def _found(entry: Entry) -> str:
    said: dict[str, Any] = entry.summary
    if entry.kind == "campaign":
        names = ", ".join(f"{name} {count:,}" for name, count in said["violated"].items())
        return f"{said['failures']:,} of {said['seeds']:,} seeds fail" + (names and f": {names}")
    return said["violated"] or markup.counts(said["operations"])


def files_of(entry: Entry) -> str:
    """The links to an entry's files."""
    from urllib.parse import quote

    items = "".join(
        f'<li><a href="files/{markup.escaped(quote(name))}">{markup.escaped(name)}</a> '
        f'<span class="soft">{(entry.path / name).stat().st_size:,} bytes</span></li>'
        for name in entry.files)
    return section("Files", f"<ul>{items}</ul>")
