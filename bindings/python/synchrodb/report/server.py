"""Browsing a store, as Jepsen's web view does: its list, the report of each entry, its files."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import _core
from ..store import Entry, Store
from . import document
from .of_store import files_of, report_of_store

_TEXTS = (".json", ".jsonl", ".edn", ".txt", ".log", ".html", ".csv")
_POLICY = ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
           "script-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'")
_KEPT = 8  # reports


class StoreServer(ThreadingHTTPServer):
    """Serves a store on the loopback. `port` 0: one that is free, then in `server_port`.

    >>> import tempfile
    >>> server = StoreServer(tempfile.mkdtemp(), port=0)
    >>> server.url.startswith("http://127.0.0.1:")
    True
    >>> server.server_close()
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, store: Any, port: int = 8080):
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port < 65536:
            raise _core.InvalidInput(f"port: must be 0 to 65535, not {port!r}")
        self.store = store if isinstance(store, Store) else Store(store)
        self._reports: dict[Path, str] = {}
        self._drawing = threading.Lock()  # matplotlib's style is everybody's
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise _core.InvalidInput(f"port: cannot listen at 127.0.0.1:{port}: "
                                     f"{error.strerror}; choose another") from None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/"

    def report(self, entry: Entry) -> str:
        """The page of an entry; the last few are kept, for entries never change."""
        from . import report

        with self._drawing:
            if entry.path not in self._reports:
                while len(self._reports) >= _KEPT:
                    del self._reports[next(iter(self._reports))]
                self._reports[entry.path] = report(entry.path)
            return self._reports[entry.path]


class _Handler(BaseHTTPRequestHandler):
    server: StoreServer
    server_version = "synchrodb"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        self._answer(True)

    def do_HEAD(self) -> None:
        self._answer(False)

    def _answer(self, body: bool) -> None:
        try:
            status, kind, content = self._found()
        except Exception as error:  # a folder that somebody has damaged must not end the server
            status, kind = HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain"
            content = f"{type(error).__name__}: {error}\n".encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if "text" in kind else kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _found(self) -> tuple[HTTPStatus, str, bytes]:
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in ("127.0.0.1", "localhost"):
            # A page from elsewhere, whose name leads here, must not read the store.
            return HTTPStatus.FORBIDDEN, "text/plain", b"this is for 127.0.0.1 alone\n"
        # Parts are compared with what the store lists, never joined to a path unseen.
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        store = self.server.store
        if parts == [""]:
            return HTTPStatus.OK, "text/html", report_of_store(store).encode()
        entry = next((each for each in store if len(parts) >= 2
                      and list(each.path.relative_to(store.folder).parts) == parts[:2]), None)
        if entry is None:
            return self._missing()
        if len(parts) == 2:
            if not urlsplit(self.path).path.endswith("/"):
                return self._missing()  # its links would lead elsewhere
            page = self.server.report(entry).replace(
                "</body>", f'<p><a href="../../">the store</a></p>{files_of(entry)}</body>')
            return HTTPStatus.OK, "text/html", page.encode()
        return self._file(entry, "/".join(parts[3:])) if parts[2] == "files" else self._missing()

    def _file(self, entry: Entry, name: str) -> tuple[HTTPStatus, str, bytes]:
        if name not in entry.files:
            return self._missing()
        path = (entry.path / name).resolve()
        if not path.is_relative_to(entry.path.resolve()):  # a link that leads elsewhere
            return self._missing()
        # Pages are shown as text: only ours run as pages.
        kind = "text/plain" if path.suffix in _TEXTS else "application/octet-stream"
        return HTTPStatus.OK, kind, path.read_bytes()

    def _missing(self) -> tuple[HTTPStatus, str, bytes]:
        page = document.document("Not found", "<h1>There is no such page</h1>",
                                 '<p><a href="/">the store</a></p>')
        return HTTPStatus.NOT_FOUND, "text/html", page.encode()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing: the terminal is the user's."""


def serve(store: Any, port: int = 8080) -> None:
    """Serves a store on http://127.0.0.1:port/ until Ctrl-C. `port` 0: one that is free."""
    with StoreServer(store, port) as server:
        print(f"{server.store.folder} is at {server.url} (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
