"""The application on a port of its own, for as long as one test lasts.

The invariant: whoever opens a site closes it, and then no thread of it is left.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

THREADS = 6
#: A request that is being answered at the end may finish.
PATIENCE = 10


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve on a free port of this machine; yields the address."""
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=THREADS, ident=None)
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=server._map, count=1)

    thread = threading.Thread(target=run, name="site", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # What it watches is closed only when neither the loop nor an answer can touch it any more: a
        # trigger pulled once it is closed writes into whatever file has its number by then.
        server.task_dispatcher.shutdown(timeout=PATIENCE)
        ended.set()
        server.pull_trigger()
        thread.join(timeout=PATIENCE)
        wasyncore.close_all(server._map)
