"""Files that people bring: kept under a name of our own, typed by content, shown like what they hang on.

Nothing of a file is ever changed, and none is deleted: one that should not be there is withdrawn, with a
reason. The invariants: a stored file's name is random and never the user's; a file whose transaction is
rolled back leaves nothing on the disk; who may not see the ticket or the article may not see its files,
and internal files are for those whose posts serve the ticket.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article
from kb.queries import is_readable
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets.amending import retracted
from portal.tickets.file_types import Scan, type_of
from portal.tickets.kept_files import keep
from portal.tickets.models import Attachment, Ticket
from portal.tickets.visibility import is_visible, serves

AT_ONCE = 10
PER_TICKET = 40
LONGEST_NAME = 120
#: What trips a file system or a header up, and what turns the reading direction, so that “exe.txt” looks
#: like another ending.
NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: the name that the person gave it and its bytes."""

    name: str
    content: bytes


def attach(
    session: Session,
    ticket: Ticket,
    uploads: Sequence[Upload],
    *,
    by: Person,
    folder: Path,
    limit_mb: int,
    internal: bool = False,
    locked: bool = False,
) -> list[Attachment]:
    """Hang files on a ticket: all of them, or none when one is refused.

    ``locked``: nobody has them before a scanner has called them clean.
    """
    if not is_visible(session, by, ticket):
        raise Refused(N_("您不能给这张工单添加附件。"))
    if not ticket.is_open:
        raise Refused(N_("工单已经结束，不能再加附件。"))
    if internal and not serves(by, ticket):
        raise Refused(N_("内部附件只有负责这张工单的同事可以加。"))
    held = session.scalar(select(func.count()).where(Attachment.ticket_id == ticket.id)) or 0
    if held + len(uploads) > PER_TICKET:
        raise Refused(N_("一张工单最多 %(most)s 个附件。"), most=PER_TICKET)
    stored = store(session, uploads, by=by, folder=folder, limit_mb=limit_mb, locked=locked)
    for attachment in stored:
        attachment.ticket, attachment.internal = ticket, internal
    session.flush()
    return stored


def illustrate(
    session: Session,
    article: Article | None,
    uploads: Sequence[Upload],
    *,
    by: Person,
    folder: Path,
    limit_mb: int,
    locked: bool = False,
) -> list[Attachment]:
    """Files of an article; without one yet, only whoever brought them sees them."""
    if not by.may(Permission.WRITE_ARTICLES):
        raise Refused(N_("您的岗位不能给知识添加附件。"))
    stored = store(session, uploads, by=by, folder=folder, limit_mb=limit_mb, locked=locked)
    for attachment in stored:
        attachment.article_id = article.id if article else None
    session.flush()
    return stored


def store(
    session: Session,
    uploads: Sequence[Upload],
    *,
    by: Person,
    folder: Path,
    limit_mb: int,
    locked: bool = False,
) -> list[Attachment]:
    """Check every file first, then write them all: the file first, its row after."""
    if len(uploads) > AT_ONCE:
        raise Refused(N_("一次最多上传 %(most)s 个文件。"), most=AT_ONCE)
    types = [checked_type(upload, limit_mb=limit_mb) for upload in uploads]
    scan = Scan.PENDING if locked else Scan.UNCHECKED
    return [
        _keep(session, upload, kind, by=by, folder=folder, scan=scan)
        for upload, kind in zip(uploads, types, strict=True)
    ]


def checked_type(upload: Upload, *, limit_mb: int) -> str:
    """The type of a file that the desk takes; raises :class:`Refused` for any other."""
    name = clean_name(upload.name)
    if not upload.content:
        raise Refused(N_("“%(name)s”是空文件，请检查后重新选择。"), name=name)
    if len(upload.content) > limit_mb * 1024 * 1024:
        raise Refused(
            N_("“%(name)s”超过 %(limit)s MB，请压缩或只截取有问题的部分。"), name=name, limit=limit_mb
        )
    kind = type_of(upload.content)
    if kind is None:
        raise Refused(
            N_("“%(name)s”的内容不是可以接收的类型。可以上传图片、PDF、Office 文档、压缩包、文本和录屏。"),
            name=name,
        )
    return kind


def clean_name(name: str) -> str:
    """The last part of a name, without anything that a file system or a header could trip over."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    last = NOT_IN_NAMES.sub("", last).strip(" .") or "file"
    stem, dot, ending = last.rpartition(".")
    return f"{stem[: LONGEST_NAME - 12]}{dot}{ending[:10]}" if dot and stem else last[:LONGEST_NAME]


def _keep(session: Session, upload: Upload, kind: str, *, by: Person, folder: Path, scan: Scan) -> Attachment:
    own = secrets.token_hex(20)
    attachment = Attachment(
        by=by,
        at=now(session),
        name=clean_name(upload.name),
        content_type=kind,
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        stored_as=f"{own[:2]}/{own}",
        scan=scan,
    )
    path = path_of(attachment, folder)
    keep(session, path, io.BytesIO(upload.content))
    session.add(attachment)
    return attachment


def path_of(attachment: Attachment, folder: Path) -> Path:
    """Where the bytes lie."""
    return folder / attachment.stored_as


# ── who may have it ──────────────────────────────────────────────────────────────────────────────


def is_shown(session: Session, attachment: Attachment, person: Person) -> bool:
    """May this person know of this file? The rule of what it hangs on, and no other."""
    if not person.active:
        return False
    if attachment.ticket is not None:
        return attachment in shown_on(session, attachment.ticket, person, [attachment])
    if attachment.article_id is not None:
        article = session.get(Article, attachment.article_id)
        readable = article is not None and is_readable(article, viewer_of(person))
        return readable or person.may(Permission.WRITE_ARTICLES)
    return attachment.by_id == person.id


def shown_on(
    session: Session, ticket: Ticket, person: Person, attachments: Sequence[Attachment]
) -> list[Attachment]:
    """``is_shown`` for the files of one ticket, asked once."""
    served = serves(person, ticket)
    if not served and not is_visible(session, person, ticket):
        return []
    return [row for row in attachments if served or not row.internal]


def attachment_seen_by(session: Session, person: Person, number: int) -> Attachment | None:
    """The file with this id when this person may know of it."""
    attachment = session.get(Attachment, number)
    return attachment if attachment is not None and is_shown(session, attachment, person) else None


def check_open(attachment: Attachment) -> None:
    """Raise :class:`Refused` when nobody may have the content now."""
    if attachment.withdrawn_at is not None:
        raise Refused(N_("这个附件已经撤回。"))
    if attachment.scan == Scan.PENDING:
        raise Refused(N_("附件正在做安全检查，通过后就能打开，一般只要几秒。"))
    if attachment.scan == Scan.BLOCKED:
        raise Refused(N_("附件没有通过安全检查，已被拦截。请换一个干净的文件重新上传。"))


# ── withdrawing ──────────────────────────────────────────────────────────────────────────────────


def may_withdraw(attachment: Attachment, person: Person) -> bool:
    """Whoever brought it, and whose posts serve the ticket, while the ticket is open."""
    ticket = attachment.ticket
    if attachment.withdrawn_at is not None or ticket is None or not ticket.is_open or not person.active:
        return False
    return attachment.by_id == person.id or serves(person, ticket)


def withdraw(session: Session, attachment: Attachment, *, by: Person, why: str) -> None:
    """Nobody has it any more; that it was there, whose it was and why it went is kept."""
    if not may_withdraw(attachment, by) or attachment.ticket is None:
        raise Refused(N_("这个附件不能撤回：只有上传的人和负责这张工单的同事可以，且工单没有结束。"))
    if not why.strip():
        raise Refused(N_("请写明为什么撤回，例如传错了、含有身份证号。"))
    attachment.withdrawn_at, attachment.withdrawn_by_id = now(session), by.id
    attachment.withdrawn_why = why.strip()[:1000]
    kept = {"attachment": attachment.id, "name": attachment.name, "sha256": attachment.sha256}
    retracted(session, attachment.ticket, by=by, data={**kept, "internal": attachment.internal, "why": why})
    session.flush()
