"""A scanner we own that speaks clamd's INSTREAM: it finds the EICAR test string and nothing else."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: The industry's harmless test string, in two pieces so that this file itself alarms nobody.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        heard = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            heard += self.rfile.read(length)
        self.wfile.write(self.server.says(heard))  # type: ignore[attr-defined]


def verdict(content: bytes) -> bytes:
    return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def listening(server: socketserver.BaseServer, says: object = verdict) -> Iterator[None]:
    server.says = says  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def on_a_socket(folder: Path, says: object = verdict) -> Iterator[str]:
    """Yields the setting's value."""
    path = folder / "clamd.ctl"
    with listening(Unix(str(path), Talk), says):
        yield f"clamd:{path}"


@contextmanager
def on_a_port(says: object = verdict) -> Iterator[str]:
    server = Tcp(("127.0.0.1", 0), Talk)
    with listening(server, says):
        yield f"clamd:127.0.0.1:{server.server_address[1]}"
