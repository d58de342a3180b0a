"""A real mail server and a real robot, each in a thread of its own on a free port of this machine."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

HERE = Path(__file__).parent
#: A certificate for localhost with its key, signed by itself and worth nothing elsewhere.
CERTIFICATE = HERE / "localhost.pem"
HOST = "127.0.0.1"


class Mailbox:
    """What the mail server has taken; ``answers`` says what it answers to the next recipients or bodies."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuse: dict[str, str] = {}
        self.after_data: list[str] = []
        self.signed_in: list[str] = []
        self.hang_up_after = 0
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - the server's own name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        if self.after_data:
            return self.after_data.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        name, password = given.login.decode(), given.password.decode()
        self.signed_in.append(name)
        return AuthResult(success=(name, password) == ("desk", "lantern"), handled=False)


@contextmanager
def mail_server(*, secured: bool = False) -> Iterator[Mailbox]:
    """With ``secured`` nothing is taken before STARTTLS and a sign-in as desk/lantern."""
    box, loop = Mailbox(), asyncio.new_event_loop()
    options: dict[str, Any] = {}
    if secured:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": box.authenticate,
            "auth_required": True,
        }
    # Started from within its thread: Playwright keeps a loop of its own running in the tests' thread, and
    # Python allows one for each.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = loop.create_server(lambda: SMTP(box, loop=loop, **options), HOST, 0)
    server = asyncio.run_coroutine_threadsafe(made, loop).result()
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Robot:
    """What was posted to it; ``answers`` holds (status, headers, body) for the next requests."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.port = 0
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/robot?key=very-secret-key"


@contextmanager
def robot() -> Iterator[Robot]:
    made = Robot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posts.append((self.path, dict(self.headers), body))
            made.hold.wait(20)
            status, headers, answer = made.answers.pop(0) if made.answers else (200, {}, b'{"errcode":0}')
            with suppress(OSError):  # whoever asked may have gone
                self.send_response(status)
                for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
