"""The judgements one by one, newest first, each with what it was read from; for striking mistakes out.

The invariants: a judgement on a ticket is shown to those who may open the ticket; the questions that people
asked for themselves only to those who steer learning, and masked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from defects.flow import DefectState
from defects.models import Defect
from defects.queries import is_visible as is_visible_defect
from kb.counting import count_of
from kb.models import Article
from kb.queries import is_readable
from portal.catalogue.models import System
from portal.causes.teaching.gathering import NEVER
from portal.finder.judgements import ANSWERS, Provenance
from portal.finder.lessons.models import Source, StruckJudgement
from portal.finder.lessons.standing import struck
from portal.finder.masking import masked
from portal.finder.models import Consultation, Outcome, Shown
from portal.finder.sources import ARTICLE, DEFECT
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import served_by

CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Wanted:
    provenance: Provenance = Provenance.LINKED
    system: str = ""
    struck: bool = False
    """Only those that are struck out."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement; ``subjects`` are the articles and records it was about, as far as they may be named."""

    source: Source
    source_id: int
    at: datetime
    text: str
    ticket: Ticket | None
    subjects: tuple[Article | Defect, ...]
    mark: StruckJudgement | None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of judgement is read."""

    source: Source
    rows: Callable[[Person, Wanted], Select[Any]]
    read: Callable[[Any], tuple[datetime, str, Ticket | None, list[tuple[str, int]]]]


def may_read(person: Person, provenance: Provenance) -> bool:
    """Questions asked for oneself belong to nobody's ticket."""
    return KINDS[provenance].source is not Source.CONSULTATION or person.may(Permission.STEER_LEARNING)


def judged_of(
    session: Session, person: Person, wanted: Wanted, *, limit: int, offset: int
) -> tuple[list[Judged], int]:
    """One page of them, and how many there are."""
    if not may_read(person, wanted.provenance):
        return [], 0
    kind = KINDS[wanted.provenance]
    rows = kind.rows(person, wanted)
    total = count_of(session, rows)
    page = session.scalars(rows.limit(limit).offset(offset)).unique().all()
    return _drawn(session, person, kind, page), total


def _drawn(session: Session, person: Person, kind: _Kind, page: Sequence[Any]) -> list[Judged]:
    read = {row.id: kind.read(row) for row in page}
    marks = _marks(session, kind.source, list(read))
    named = _named(session, person, {key for *_, keys in read.values() for key in keys})
    return [
        Judged(
            kind.source,
            number,
            at,
            text,
            ticket,
            tuple(named[key] for key in keys if key in named),
            marks.get(number),
        )
        for number, (at, text, ticket, keys) in read.items()
    ]


def _marks(session: Session, source: Source, ids: Sequence[int]) -> Mapping[int, StruckJudgement]:
    rows = session.scalars(
        select(StruckJudgement)
        .where(
            StruckJudgement.source == source,
            StruckJudgement.source_id.in_(ids),
            StruckJudgement.restored_at.is_(None),
        )
        .options(joinedload(StruckJudgement.by).lazyload(Person.posts))
    )
    return {row.source_id: row for row in rows}


def _named(
    session: Session, person: Person, keys: set[tuple[str, int]]
) -> dict[tuple[str, int], Article | Defect]:
    """What this person may see of them."""
    viewer = viewer_of(person)
    articles = session.scalars(
        select(Article).where(Article.id.in_([number for kind, number in keys if kind == ARTICLE]))
    )
    defects = session.scalars(
        select(Defect).where(Defect.id.in_([number for kind, number in keys if kind == DEFECT]))
    )
    found: dict[tuple[str, int], Article | Defect] = {
        (ARTICLE, row.id): row for row in articles if is_readable(row, viewer)
    }
    return found | {(DEFECT, row.id): row for row in defects if is_visible_defect(row, viewer)}


# ------------------------------------------------------------------ links


def _links(person: Person, wanted: Wanted) -> Select[DefectLink]:
    verdict = LinkVerdict.LINKED if wanted.provenance is Provenance.LINKED else LinkVerdict.REJECTED
    # Of "none of these" the first row stands for all.
    one_answer = (
        DefectLink.together == DefectLink.id
        if wanted.provenance is Provenance.NONE
        else or_(DefectLink.together.is_(None), DefectLink.verdict == LinkVerdict.LINKED)
    )
    rows = select(DefectLink).where(DefectLink.by_id.is_not(None), DefectLink.verdict == verdict, one_answer)
    return _of_tickets(rows, DefectLink, person, wanted, Source.LINK)


def _read_link(row: DefectLink) -> tuple[datetime, str, Ticket | None, list[tuple[str, int]]]:
    told = [row] if row.together is None else [one for one in row.ticket.defect_links if _same(one, row)]
    return row.at, _said(row.ticket), row.ticket, [(DEFECT, one.defect_id) for one in told]


def _same(one: DefectLink, row: DefectLink) -> bool:
    return one.together == row.together


def _answers(person: Person, wanted: Wanted) -> Select[ArticleLink]:
    return _of_tickets(select(ArticleLink), ArticleLink, person, wanted, Source.ANSWER)


def _read_answer(row: ArticleLink) -> tuple[datetime, str, Ticket | None, list[tuple[str, int]]]:
    return row.at, _said(row.ticket), row.ticket, [(ARTICLE, row.article_id)]


def _said(ticket: Ticket) -> str:
    told = ticket.text if ticket.text.startswith(ticket.title) else f"{ticket.title} {ticket.text}"
    return told.strip()[:CHARACTERS]


def _of_tickets(
    rows: Select[Any],
    link: type[DefectLink] | type[ArticleLink],
    person: Person,
    wanted: Wanted,
    source: Source,
) -> Select[Any]:
    rows = rows.join(Ticket, link.ticket_id == Ticket.id).where(
        served_by(person), Ticket.category.not_in(NEVER), _is_struck(link.id, source, wanted)
    )
    if wanted.system:
        rows = rows.join(System, Ticket.system_id == System.id).where(System.code == wanted.system)
    ticket = joinedload(link.ticket)
    return rows.options(
        ticket.lazyload(Ticket.requester),
        ticket.joinedload(Ticket.system).lazyload(System.modules),
        ticket.selectinload(Ticket.defect_links),
    ).order_by(link.at.desc(), link.id.desc())


def _is_struck(number: Any, source: Source, wanted: Wanted) -> Any:
    """All of them carry their mark; asked for, only the struck ones are listed."""
    return number.in_(struck(source)) if wanted.struck else and_(True)


# ------------------------------------------------------------------ questions and merges


def _questions(_person: Person, wanted: Wanted) -> Select[Consultation]:
    read = exists().where(
        Shown.consultation_id == Consultation.id, Shown.kind.in_(ANSWERS), Shown.opened_at.is_not(None)
    )
    solved = wanted.provenance is Provenance.SOLVED
    rows = select(Consultation).where(
        Consultation.outcome == (Outcome.SOLVED if solved else Outcome.FILED),
        Consultation.solved_kind.in_(ANSWERS) if solved else read,
        _is_struck(Consultation.id, Source.CONSULTATION, wanted),
    )
    if wanted.system:
        rows = rows.where(Consultation.system == wanted.system)
    newest = (Consultation.at.desc(), Consultation.id.desc())
    return rows.options(selectinload(Consultation.shown)).order_by(*newest)


def _read_question(row: Consultation) -> tuple[datetime, str, Ticket | None, list[tuple[str, int]]]:
    if row.outcome == Outcome.SOLVED and row.solved_kind and row.solved_id:
        keys = [(row.solved_kind, row.solved_id)]
    else:
        read = (one for one in row.shown if one.opened_at is not None and one.kind in ANSWERS)
        keys = [(one.kind, one.subject_id) for one in read]
    return row.ended_at or row.at, masked(row.text)[:CHARACTERS], None, keys


def _merges(_person: Person, wanted: Wanted) -> Select[Defect]:
    rows = select(Defect).where(
        Defect.state == DefectState.DUPLICATE,
        Defect.duplicate_of_id.is_not(None),
        _is_struck(Defect.id, Source.MERGE, wanted),
    )
    if wanted.system:
        rows = rows.where(Defect.system == wanted.system)
    return rows.order_by(Defect.id.desc())


def _read_merge(row: Defect) -> tuple[datetime, str, Ticket | None, list[tuple[str, int]]]:
    keys = [(DEFECT, row.id)] + ([(DEFECT, row.duplicate_of_id)] if row.duplicate_of_id else [])
    return row.updated_at, row.title, None, keys


KINDS = {
    Provenance.LINKED: _Kind(Source.LINK, _links, _read_link),
    Provenance.REJECTED: _Kind(Source.LINK, _links, _read_link),
    Provenance.NONE: _Kind(Source.LINK, _links, _read_link),
    Provenance.ANSWERED: _Kind(Source.ANSWER, _answers, _read_answer),
    Provenance.SOLVED: _Kind(Source.CONSULTATION, _questions, _read_question),
    Provenance.IN_VAIN: _Kind(Source.CONSULTATION, _questions, _read_question),
    Provenance.MERGED: _Kind(Source.MERGE, _merges, _read_merge),
}
