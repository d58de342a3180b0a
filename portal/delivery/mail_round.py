"""A handful of mails: looked at once more, written, sent over one connection, marked.

The invariant: a notice that its reader has seen meanwhile, or may no longer see, is not mailed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from indexer.words import N_
from portal.delivery import mail, smtp
from portal.delivery.batch import Batch
from portal.delivery.claims import Trouble
from portal.delivery.languages import language_of, speaker
from portal.delivery.models import Delivery
from portal.people.models import Person
from portal.tickets.models import Notice
from portal.tickets.notices import Event
from portal.tickets.visibility import is_visible, serves

READ = Trouble(N_("已经在服务台里看过。"))
NOT_THEIRS = Trouble(N_("收件人已经不能看这张工单。"))
GONE = Trouble(N_("收件人的账号已停用或没有邮箱。"))
BAD_ADDRESS = Trouble(N_("收件人的邮箱地址不能用。"), final=True)


@dataclass(frozen=True, slots=True)
class Letter:
    ids: list[int]
    message: EmailMessage


def carry(batch: Batch) -> None:
    """Send what the batch holds; a line that breaks over one letter doesn't count against the others."""
    letters = deque(_letters(batch))
    if not letters:
        return
    try:
        with smtp.connected(batch.settings) as line:
            while letters and batch.clock() < batch.until:
                if not _sent(batch, line, letters.popleft()):
                    break
    except smtp.Unreachable as problem:
        batch.failed([number for letter in letters for number in letter.ids], problem.trouble)
        return
    batch.put_back([number for letter in letters for number in letter.ids])


def _sent(batch: Batch, line: smtp.Line, letter: Letter) -> bool:
    """False when the connection is lost."""
    try:
        trouble = smtp.send(line, letter.message)
    except smtp.Unreachable as problem:
        batch.failed(letter.ids, problem.trouble)
        return False
    if trouble is None:
        batch.sent(letter.ids)
    else:
        batch.failed(letter.ids, trouble)
    return True


def _letters(batch: Batch) -> list[Letter]:
    """The mails to be sent, one for each notice and one for each reader's digest."""
    found = []
    with batch.maker() as session:
        for group in _bundles(_wanted(batch, session)):
            ids = [row.id for row in group]
            try:
                found.append(Letter(ids, _written(group, batch)))
            except mail.NoAddress:
                batch.failed(ids, BAD_ADDRESS)
    return found


def _wanted(batch: Batch, session: Session) -> list[Delivery]:
    loaded = (joinedload(Delivery.person), joinedload(Delivery.notice).joinedload(Notice.ticket))
    rows = session.scalars(
        select(Delivery).where(Delivery.id.in_(batch.ids)).options(*loaded).order_by(Delivery.id)
    )
    wanted, unwanted = [], []
    for row in rows.all():
        why = why_not(session, row)
        unwanted.append((row.id, why)) if why else wanted.append(row)
    # The reading transaction ends before the first mark: on SQLite one connection would wait for the other.
    session.expunge_all()
    session.rollback()
    for number, why in unwanted:
        batch.skipped([number], why)
    return wanted


def why_not(session: Session, delivery: Delivery) -> Trouble | None:
    """Why this mail need not, or may not, be sent any more."""
    person, notice = delivery.person, delivery.notice
    if person is None or notice is None or not person.active or not person.email:
        return GONE
    if notice.read_at is not None:
        return READ
    return None if _may_read(session, person, notice) else NOT_THEIRS


def _may_read(session: Session, person: Person, notice: Notice) -> bool:
    if notice.ticket is None:
        return True
    if notice.event == Event.NOTED:
        return serves(person, notice.ticket)
    return is_visible(session, person, notice.ticket)


def _bundles(rows: Sequence[Delivery]) -> Iterable[list[Delivery]]:
    yield from ([row] for row in rows if not row.digest)
    digests = sorted((row for row in rows if row.digest), key=lambda row: (row.person_id or 0, row.id))
    for _person, group in groupby(digests, key=lambda row: row.person_id):
        yield list(group)


def _written(group: Sequence[Delivery], batch: Batch) -> EmailMessage:
    first = group[0]
    assert first.person is not None
    assert first.notice is not None
    settings, language = batch.settings, language_of(first.person, batch.settings.locale)
    say = speaker(language)
    items = [mail.item_of(row.notice, first.person, settings, say=say) for row in group if row.notice]
    thread = first.notice.ticket.number if first.notice.ticket and len(group) == 1 else ""
    envelope = mail.Envelope(first.key, first.made_at, batch.clock(), thread, language)
    return mail.letter(items, first.person, settings, say=say, envelope=envelope)
