"""A web server on the loopback, for what is downloaded."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder; `requests` are the paths asked for, `cut` shortens every answer."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[str] = []
        self.cut: int | None = None
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        super().do_GET()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outputfile.write(source.read(self.server.cut))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a folder, made if need be, while the block runs."""
    folder.mkdir(exist_ok=True)
    with Server(folder) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()
