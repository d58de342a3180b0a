"""Sessions of suggestion: what somebody typed, what they were shown, and how it ended.

“That solved it” ends here and is a deflection; filing a ticket ends here too and keeps what was shown.
Nothing is searched here; who is shown nothing is ``holdout``'s, who came back ``returns``' business. The
invariant: a consultation belongs to one person, and for everybody else its token does not exist; it counts
as solved at most once, and no longer when a ticket is filed or the word is taken back: what somebody does
next is the truth.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kb import articles
from kb.columns import now
from kb.models import Article
from kb.queries import is_readable
from portal.finder.found import Found
from portal.finder.holdout import NO_TERMS, Terms
from portal.finder.models import CONSOLE, UNDECIDED, Consultation, Outcome, Shown
from portal.finder.sources import ANNOUNCEMENT, ARTICLE
from portal.finder.wording import cleaned
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets.models import Ticket

LONGEST_CODE = 64


def begin(
    session: Session, found: Found, *, by: Person, text: str, system: str | None = None, place: str = "ask"
) -> Consultation:
    """Somebody described a problem and is shown ``found``."""
    return refresh(session, found, by=by, text=text, system=system, place=place)


def refresh(
    session: Session,
    found: Found,
    *,
    by: Person,
    text: str,
    system: str | None = None,
    place: str = "ask",
    token: str | None = None,
    terms: Terms | None = None,
) -> Consultation:
    """They typed on: the same consultation shows something else; what they opened stays opened.

    Without a token, or with one that is foreign, unknown or ended, a new consultation begins. ``terms``:
    on which ``found`` was shown; without them everything found was.
    """
    terms = terms or NO_TERMS.over(found, system=system)[0]
    consultation = consultation_of(session, token, by=by)
    if consultation is None or consultation.outcome not in UNDECIDED:
        consultation = _begun(session, terms, by=by, place=place)
    consultation.text = cleaned(text)
    consultation.system = cleaned(system or "", limit=LONGEST_CODE) or None
    _note_terms(consultation, terms)
    _show(consultation, found)
    session.flush()
    return consultation


def _begun(session: Session, terms: Terms, *, by: Person, place: str) -> Consultation:
    consultation = Consultation(
        token=secrets.token_urlsafe(24),
        person_id=by.id,
        at=now(session),
        place=place,
        arm=terms.arm,
        chance=terms.chance,
        round=terms.round,
        first=terms.round is not None and _is_first(session, by, terms.round),
    )
    session.add(consultation)
    return consultation


def _note_terms(consultation: Consultation, terms: Terms) -> None:
    consultation.about = cleaned(terms.about or "", limit=LONGEST_CODE) or None
    consultation.offered, consultation.trusted = terms.offered, terms.trusted


def _is_first(session: Session, person: Person, number: int) -> bool:
    """Have they asked nothing yet in the weeks of this draw?"""
    asked = select(Consultation.id).where(Consultation.person_id == person.id, Consultation.round == number)
    return session.scalar(asked.limit(1)) is None


def consultation_of(session: Session, token: str | None, *, by: Person) -> Consultation | None:
    """This person's consultation of that token; a foreign one is as if it did not exist."""
    if not token:
        return None
    # Locked where the database can: two requests of somebody who types fast must not show at once.
    return session.scalar(
        select(Consultation)
        .where(Consultation.token == token, Consultation.person_id == by.id)
        .with_for_update()
    )


def opened(session: Session, token: str | None, *, by: Person, kind: str, id: int) -> Consultation | None:
    """They opened one of the answers; None when there is no such consultation or it showed no such thing."""
    consultation = consultation_of(session, token, by=by)
    shown = _shown(consultation, kind, id)
    if shown is None:
        return None
    _open(consultation, shown, now(session))
    session.flush()
    return consultation


def solved_by(
    session: Session,
    token: str | None,
    *,
    by: Person,
    kind: str,
    id: int,
    ticket: Ticket | None = None,
) -> Consultation | None:
    """“That solved it”: a deflection, counted once; a readable article gets the reader's good verdict.

    None when there is no such consultation of this person or it never showed that answer. With a
    ``ticket``: that of a caller whom an agent answered, which is no deflection.
    """
    consultation = consultation_of(session, token, by=by)
    shown = _shown(consultation, kind, id)
    if consultation is None or shown is None:
        return None
    if consultation.outcome not in UNDECIDED:
        return consultation
    moment = now(session)
    _open(consultation, shown, moment)
    _end(consultation, Outcome.SOLVED, moment)
    consultation.solved_kind, consultation.solved_id = kind, id
    consultation.ticket_id = ticket.id if ticket is not None else None
    if kind == ARTICLE:
        _rate(session, id, by=by)
    session.flush()
    return consultation


def taken_back(session: Session, token: str | None, *, by: Person, kind: str, id: int) -> Consultation | None:
    """It did not solve it after all: the consultation goes on as if nobody had said so.

    Without a token, for those who come back to the answer another way, it is their latest one that this
    answer has ended. What has been judged for good, and a caller's ticket, stay as they are.
    """
    ended = select(Consultation).where(
        Consultation.person_id == by.id,
        Consultation.outcome == Outcome.SOLVED,
        Consultation.solved_kind == kind,
        Consultation.solved_id == id,
        Consultation.ticket_id.is_(None),
        Consultation.settled_at.is_(None),
    )
    if consultation_of(session, token, by=by) is not None:
        ended = ended.where(Consultation.token == token)
    latest = ended.order_by(Consultation.ended_at.desc(), Consultation.id.desc()).limit(1)
    consultation = session.scalar(latest.with_for_update())
    if consultation is None:
        return None
    consultation.outcome, consultation.ended_at = Outcome.OPEN, None
    consultation.solved_kind = consultation.solved_id = None
    session.flush()
    return consultation


def filed(session: Session, token: str | None, *, by: Person, ticket: Ticket) -> Consultation | None:
    """A ticket was filed all the same, by the same person; it keeps what had been shown."""
    consultation = consultation_of(session, token, by=by)
    if consultation is None or consultation.ticket_id is not None or ticket.filed_by_id != by.id:
        return None
    _end(consultation, Outcome.FILED, now(session))
    consultation.ticket_id = ticket.id
    if ticket.requester_id != by.id:
        consultation.place = CONSOLE  # asked for somebody else, wherever it was typed
    session.flush()
    return consultation


def leave_open_ones(session: Session, *, before: datetime) -> int:
    """Consultations nobody came back to since ``before`` have been left; returns how many."""
    done = session.execute(
        update(Consultation)
        .where(Consultation.outcome == Outcome.OPEN, Consultation.at < before)
        .values(outcome=Outcome.LEFT, ended_at=now(session))
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def _open(consultation: Consultation | None, shown: Shown, moment: datetime) -> None:
    shown.opened_at = shown.opened_at or moment
    if consultation is not None and shown.kind != ANNOUNCEMENT:
        consultation.opened_at = consultation.opened_at or moment


def _end(consultation: Consultation, outcome: Outcome, moment: datetime) -> None:
    consultation.outcome, consultation.ended_at = outcome, moment


def _rate(session: Session, number: int, *, by: Person) -> None:
    article = session.get(Article, number)
    if article is not None and is_readable(article, viewer_of(by)):
        articles.rate(session, article, by=by.id, solved=True)


def _shown(consultation: Consultation | None, kind: str, number: int) -> Shown | None:
    rows = consultation.shown if consultation is not None else []
    return next((row for row in rows if (row.kind, row.subject_id) == (kind, number)), None)


def _show(consultation: Consultation, found: Found) -> None:
    consultation.mode, consultation.calibration = str(found.mode), found.calibration
    consultation.announced = bool(found.announcements)
    consultation.outcome, consultation.ended_at = Outcome.OPEN, None
    kept = {(row.kind, row.subject_id): row for row in consultation.shown}
    now_shown: dict[tuple[str, int], Shown] = {}
    for rank, (key, probability) in enumerate(_answers(found), 1):
        row = kept.get(key) or Shown(kind=key[0], subject_id=key[1])
        row.rank, row.probability = rank, probability
        now_shown.setdefault(key, row)
    # What was opened was an answer that this person was given, even if it is no longer on the page.
    opened_before = [row for key, row in kept.items() if key not in now_shown and row.opened_at is not None]
    consultation.shown = [*now_shown.values(), *opened_before]


def _answers(found: Found) -> Iterator[tuple[tuple[str, int], float]]:
    for announcement in found.announcements:
        yield (ANNOUNCEMENT, announcement.id), 1.0
    for result in found.results:
        yield (result.kind, result.id), result.probability
