"""A mail from notices: text and HTML, in the reader's language. Pure; sending is in ``smtp``.

The invariant: whatever a user typed, a header stays one line, and the HTML holds only what the one
sanitizer lets through. Mails about one ticket hang together by the ticket's own reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from markupsafe import Markup

from indexer.words import N_
from kb.markdown import clean_html
from portal.config import Settings
from portal.delivery.languages import Say
from portal.people.models import Person
from portal.tickets import bell
from portal.tickets.models import Notice

SUBJECT_LIMIT = 120
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
WRAP = Markup(
    '<!doctype html><html lang="{}"><body style="margin:0;background:#f4f6f8">'
    '<div style="max-width:36em;margin:0 auto;padding:24px;background:#fff;color:#1d273b;'
    "font:16px/1.6 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif\">{}</div></body></html>"
)
WHY = N_("这封邮件由服务台自动发出，请不要直接回复。")
CHANGE = N_("想改变收到哪些邮件、什么时候收到：%(link)s")
ASK_AT_DESK = N_("请登录服务台查看。")


class NoAddress(Exception):
    """The person's address can't be written to."""


@dataclass(frozen=True, slots=True)
class Item:
    """One notice as a mail shows it."""

    sentence: str
    subject: str  # number, title and system of its ticket
    link: str


def one_line(text: str) -> str:
    """Without anything that could end a line, turn its direction, or be decoded into something that does."""
    return " ".join(CONTROLS.sub(" ", text).replace("=?", "= ?").split())


def item_of(notice: Notice, person: Person, settings: Settings, *, say: Say) -> Item:
    ticket = notice.ticket
    about = f"{ticket.number} · {ticket.title} · {ticket.system.name}" if ticket else ""
    link = f"{settings.base_url}/notices/{notice.id}" if settings.base_url else ""
    spoken = bell.sentence(notice, staff=person.is_staff, translated=say)
    return Item(one_line(spoken), one_line(about), link)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers need beside the words. ``thread``: the ticket's number, for a single notice."""

    key: str
    made_at: datetime
    now: datetime
    thread: str = ""
    language: str = "zh_CN"


def letter(
    items: Sequence[Item], person: Person, settings: Settings, *, say: Say, envelope: Envelope
) -> EmailMessage:
    """One mail about one notice, or a digest of several. Raises :class:`NoAddress`."""
    head = _subject(items, say=say)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = head[:SUBJECT_LIMIT]
    message["From"] = Address(
        one_line(f"{settings.company} {say(N_('服务台'))}"), addr_spec=settings.smtp_from
    )
    message["To"] = _recipient(person)
    message["Date"] = format_datetime(envelope.now)
    _thread(message, envelope, settings)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Tierdesk-Delivery"] = envelope.key
    message.set_content(_text(items, settings, say=say))
    lang = "zh-CN" if envelope.language.startswith("zh") else envelope.language
    message.add_alternative(_html(items, settings, say=say, lang=lang), subtype="html")
    return message


def _recipient(person: Person) -> Address:
    try:
        address = Address(one_line(person.name), addr_spec=person.email.strip())
    except (HeaderParseError, ValueError, IndexError) as problem:
        raise NoAddress(person.email) from problem
    if not address.domain or not person.email.isascii() or CONTROLS.search(person.email):
        raise NoAddress(person.email)
    return address


def _thread(message: EmailMessage, envelope: Envelope, settings: Settings) -> None:
    # The moment is part of the name: a database begun anew counts from one again, and mailboxes drop doubles.
    host = urlsplit(settings.base_url).hostname or settings.smtp_from.rpartition("@")[2]
    message["Message-ID"] = f"<{envelope.key}.{envelope.made_at.timestamp():.0f}@{host}>"
    if envelope.thread:
        root = f"<ticket-{envelope.thread}@{host}>"
        message["In-Reply-To"] = root
        message["References"] = root


def _subject(items: Sequence[Item], *, say: Say) -> str:
    if len(items) == 1:
        return items[0].sentence
    return say(N_("服务台：%(n)s 条未读通知"), n=len(items))


def _text(items: Sequence[Item], settings: Settings, *, say: Say) -> str:
    parts = ["\n".join(filter(None, (item.sentence, item.subject, item.link))) for item in items]
    if not settings.base_url:
        parts.append(say(ASK_AT_DESK))
    return "\n\n".join((*parts, "-- ", "\n".join(_foot(settings, say=say)))) + "\n"


def _foot(settings: Settings, *, say: Say) -> list[str]:
    lines = [f"{settings.company} · {say(WHY)}"]
    if settings.base_url:
        lines.append(say(CHANGE, link=f"{settings.base_url}/account/notices"))
    return lines


def _html(items: Sequence[Item], settings: Settings, *, say: Say, lang: str) -> str:
    inner = Markup("").join(_block(item, say=say) for item in items)
    if not settings.base_url:
        inner += Markup("<p>{}</p>").format(say(ASK_AT_DESK))
    foot = Markup("<br>").join(_foot(settings, say=say))
    whole = clean_html(str(Markup("{}<hr><p><small>{}</small></p>").format(inner, foot)))
    return str(WRAP.format(lang, Markup(whole)))  # noqa: S704 - sanitized in the line above


def _block(item: Item, *, say: Say) -> Markup:
    link = Markup('<p><a href="{}">{}</a></p>').format(item.link, say(N_("打开查看"))) if item.link else ""
    about = Markup("<p><small>{}</small></p>").format(item.subject) if item.subject else ""
    return Markup("<p><strong>{}</strong></p>{}{}").format(item.sentence, about, link)
