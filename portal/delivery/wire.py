"""The one door to a robot: a single POST to an address that the guard has let through.

No redirects, no proxy, no cookies; so many seconds for all of it and so many bytes of the answer. The
invariant: the connection goes to the address that was checked, and TLS is verified for the name.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from indexer.words import N_
from kb.flow import Refused
from portal.config import Network
from portal.delivery.claims import Trouble
from portal.delivery.guard import Target, resolved

SECONDS = 10.0
MOST_BYTES = 64 * 1024


class NoAnswer(Exception):
    """Nothing came back that could be read; ``trouble`` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.sentence)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class _Pinned(HTTPConnection):
    """Connects to one checked address, whatever the name may resolve to by now."""

    def __init__(self, target: Target, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS)
        self.address, self.context = address, context

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), timeout=SECONDS)
        if self.context is not None:
            secured = self.context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = secured  # so that it can be cut while it shakes hands
            secured.do_handshake()

    def cut(self) -> None:
        """End it from another thread: time is up."""
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    networks: Iterable[Network],
    context: ssl.SSLContext | None = None,
    seconds: float | None = None,
) -> Answer:
    """Raises :class:`NoAnswer`; a refusal of the guard is one, too."""
    try:
        address = resolved(target, networks)[0]
    except Refused as refusal:
        raise NoAnswer(Trouble(refusal.sentence)) from refusal
    secure = (context or ssl.create_default_context()) if target.scheme == "https" else None
    try:
        with closing(_Pinned(target, address, secure)) as connection:
            return _asked(connection, target, body, headers, seconds=seconds or SECONDS)
    except ssl.SSLError as problem:
        raise NoAnswer(Trouble(N_("对方的证书没有通过验证。"))) from problem
    except TimeoutError as problem:
        raise NoAnswer(Trouble(N_("对方太久没有回应。"))) from problem
    except (OSError, HTTPException, ValueError) as problem:
        why = type(problem).__name__
        raise NoAnswer(Trouble(N_("连不上对方：%(why)s"), {"why": why})) from problem


def _asked(
    connection: _Pinned, target: Target, body: bytes, headers: Mapping[str, str], *, seconds: float
) -> Answer:
    over = threading.Event()

    def end() -> None:
        over.set()
        connection.cut()

    clock = threading.Timer(seconds, end)
    clock.daemon = True
    clock.start()
    try:
        connection.request("POST", target.path, body, dict(headers))
        response = connection.getresponse()
        answer = Answer(response.status, response.read(MOST_BYTES))
    except (OSError, HTTPException, ValueError) as problem:
        if over.is_set():
            raise TimeoutError from problem
        raise
    finally:
        clock.cancel()
    if over.is_set():
        raise TimeoutError
    return answer
