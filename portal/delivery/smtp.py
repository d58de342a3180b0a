"""The one door to a mail server. Nothing here knows what a mail says.

The invariant: every failure comes back as a ``Trouble`` with a sentence for the administrator; a password
is never part of one.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from indexer.words import N_
from portal.config import Settings
from portal.delivery.claims import Trouble

Line = smtplib.SMTP
PORTS = {"none": 25, "starttls": 587, "tls": 465}


class Unreachable(Exception):
    """No connection, or none any more: whatever else waits need not be tried now."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.sentence)
        self.trouble = trouble


@contextmanager
def connected(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted and signed in as the settings want it. Raises :class:`Unreachable`."""
    try:
        line = _opened(settings)
    except smtplib.SMTPAuthenticationError as problem:
        raise Unreachable(Trouble(N_("邮件服务器不接受账号或密码。"))) from problem
    except smtplib.SMTPNotSupportedError as problem:
        raise Unreachable(Trouble(N_("邮件服务器不支持所设置的加密或登录方式。"))) from problem
    except ssl.SSLError as problem:
        raise Unreachable(Trouble(N_("邮件服务器的证书没有通过验证：%(why)s"), _why(problem))) from problem
    except (OSError, smtplib.SMTPException) as problem:
        raise Unreachable(Trouble(N_("连不上邮件服务器：%(why)s"), _why(problem))) from problem
    try:
        yield line
    finally:
        with suppress(OSError, smtplib.SMTPException):
            line.quit()


def _opened(settings: Settings) -> smtplib.SMTP:
    port = settings.smtp_port or PORTS[settings.smtp_security]
    context = ssl.create_default_context(cafile=settings.smtp_ca or None)
    if settings.smtp_security == "tls":
        line: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, port, timeout=settings.smtp_timeout, context=context
        )
    else:
        line = smtplib.SMTP(settings.smtp_host, port, timeout=settings.smtp_timeout)
    try:
        if settings.smtp_security == "starttls":
            line.starttls(context=context)
        if settings.smtp_user:
            line.login(settings.smtp_user, settings.smtp_password)
    except (OSError, smtplib.SMTPException):
        line.close()
        raise
    return line


def send(line: smtplib.SMTP, message: EmailMessage) -> Trouble | None:
    """None when the server has taken it. Raises :class:`Unreachable` when the connection is lost."""
    trouble = _tried(line, message)
    if line.sock is None and trouble is not None:  # the server hung up with its answer
        raise Unreachable(trouble)
    return trouble


def _tried(line: Line, message: EmailMessage) -> Trouble | None:
    try:
        line.send_message(message)
    except smtplib.SMTPRecipientsRefused as problem:
        code, said = next(iter(problem.recipients.values()))
        return _refused(N_("邮件服务器不接受收件人：%(said)s"), code, said)
    except smtplib.SMTPSenderRefused as problem:  # our own setting: it can be put right
        said = problem.smtp_error if isinstance(problem.smtp_error, bytes) else problem.smtp_error.encode()
        return Trouble(N_("邮件服务器不接受发件人：%(said)s"), _said(problem.smtp_code, said))
    except smtplib.SMTPDataError as problem:
        said = problem.smtp_error if isinstance(problem.smtp_error, bytes) else problem.smtp_error.encode()
        return _refused(N_("邮件服务器不接受这封邮件：%(said)s"), problem.smtp_code, said)
    except (OSError, smtplib.SMTPException) as problem:
        raise Unreachable(Trouble(N_("和邮件服务器的连接断了：%(why)s"), _why(problem))) from problem
    return None


def _refused(sentence: str, code: int, said: bytes) -> Trouble:
    return Trouble(sentence, _said(code, said), final=code >= 500)


def _said(code: int, said: bytes) -> dict[str, str]:
    return {"said": f"{code} {said.decode('utf-8', 'replace')}"[:200]}


def _why(problem: Exception) -> dict[str, str]:
    return {"why": str(problem)[:200] or type(problem).__name__}
