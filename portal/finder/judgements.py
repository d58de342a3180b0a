"""What people of this desk have judged: which answer solved a question, which record is behind a ticket.

Every judgement says where it comes from. Only people's words are read here, never what the system decided
by itself: it must not learn from its own echo. The invariant: a judgement stands as it stands now; what was
taken back teaches nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from defects.flow import DefectState
from defects.models import Defect
from indexer.document import Key
from portal.finder.likely import judged as judged_on
from portal.finder.link_signs import said_in
from portal.finder.models import Consultation, Outcome
from portal.finder.sources import ARTICLE, DEFECT
from portal.finder.wording import cleaned
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Category, State

#: The newest of each kind; a desk changes its words over the years.
MOST = 4_000
ANSWERS = frozenset({ARTICLE, DEFECT})


class Provenance(StrEnum):
    SOLVED = "solved"
    IN_VAIN = "in_vain"
    ANSWERED = "answered"
    LINKED = "linked"
    REJECTED = "rejected"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One question and what people said about answers of one kind to it."""

    text: str
    kind: str
    provenance: Provenance
    at: datetime
    right: Key | None = None
    wrong: frozenset[Key] = frozenset()
    near: Mapping[str, str] = field(default_factory=dict)
    ticket: int | None = None
    """Its words may have taught a record; where they did, they must not be met again."""


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket of which it is known what is behind it, or that no record is."""

    ticket: Ticket
    right: int | None
    at: datetime


def judgements(session: Session) -> list[Judgement]:
    """Oldest first."""
    found = [
        *_consulted(session),
        *(one for ticket, links in _linked(session).items() for one in _of_links(ticket, links)),
        *_answered(session),
        *_merged(session),
    ]
    return sorted((one for one in found if one.text), key=lambda one: one.at)


def how_many(session: Session) -> int:
    """Roughly, without reading any of them: is it worth learning again?"""
    sources = (
        select(func.count()).select_from(DefectLink).where(DefectLink.by_id.is_not(None)),
        select(func.count()).select_from(ArticleLink),
        select(func.count())
        .select_from(Consultation)
        .where(Consultation.outcome.in_((Outcome.SOLVED, Outcome.FILED))),
    )
    return sum(session.scalar(source) or 0 for source in sources)


def counts(found: Sequence[Judgement]) -> dict[str, int]:
    """Provenance → how many."""
    return dict(Counter(str(one.provenance) for one in found))


def _consulted(session: Session) -> Iterator[Judgement]:
    rows = session.scalars(
        select(Consultation)
        .where(Consultation.outcome.in_((Outcome.SOLVED, Outcome.FILED)))
        .order_by(Consultation.id.desc())
        .limit(MOST)
    )
    for row in rows:
        yield from _of_consultation(row)


def _of_consultation(row: Consultation) -> Iterator[Judgement]:
    near = {"system": row.system} if row.system else {}
    at = row.ended_at or row.at
    if row.outcome == Outcome.SOLVED and row.solved_kind in ANSWERS and row.solved_id:
        right = (row.solved_kind, str(row.solved_id))
        yield Judgement(row.text, row.solved_kind, Provenance.SOLVED, at, right, near=near)
    if row.outcome == Outcome.FILED:
        for kind in sorted(ANSWERS):
            # Only what was read and did not help; the rest may never have been looked at.
            opened = [one for one in row.shown if one.kind == kind and one.opened_at is not None]
            wrong = frozenset((kind, str(one.subject_id)) for one in opened)
            if wrong:
                yield Judgement(
                    row.text, kind, Provenance.IN_VAIN, at, wrong=wrong, near=near, ticket=row.ticket_id
                )


def _linked(session: Session) -> dict[Ticket, list[DefectLink]]:
    """Tickets with the standing judgements of people, oldest first."""
    rows = session.scalars(
        select(DefectLink)
        .where(DefectLink.by_id.is_not(None), DefectLink.verdict != LinkVerdict.UNDONE)
        .options(selectinload(DefectLink.ticket))
        .order_by(DefectLink.id.desc())
        .limit(MOST)
    )
    found: defaultdict[Ticket, list[DefectLink]] = defaultdict(list)
    for row in rows:
        found[row.ticket].insert(0, row)
    return found


def _of_links(ticket: Ticket, links: Sequence[DefectLink]) -> Iterator[Judgement]:
    right = [row for row in links if row.verdict == LinkVerdict.LINKED][-1:]
    wrong = frozenset(
        (DEFECT, str(row.defect_id)) for row in links if row.verdict == LinkVerdict.REJECTED
    ) - {(DEFECT, str(row.defect_id)) for row in right}
    yield Judgement(
        said_in(ticket),
        DEFECT,
        Provenance.LINKED if right else Provenance.REJECTED,
        links[-1].at,
        (DEFECT, str(right[0].defect_id)) if right else None,
        wrong,
        {"system": ticket.system.code},
        ticket.id,
    )


def _answered(session: Session) -> Iterator[Judgement]:
    rows = session.scalars(
        select(ArticleLink)
        .options(selectinload(ArticleLink.ticket))
        .order_by(ArticleLink.id.desc())
        .limit(MOST)
    )
    for row in rows:
        right = (ARTICLE, str(row.article_id))
        near = {"system": row.ticket.system.code}
        text = said_in(row.ticket)
        yield Judgement(text, ARTICLE, Provenance.ANSWERED, row.at, right, near=near, ticket=row.ticket_id)


def _merged(session: Session) -> Iterator[Judgement]:
    """What a duplicate said is a way to ask for the record it was merged into."""
    rows = session.scalars(
        select(Defect)
        .where(Defect.state == DefectState.DUPLICATE, Defect.duplicate_of_id.is_not(None))
        .order_by(Defect.id.desc())
        .limit(MOST)
    )
    for row in rows:
        right = (DEFECT, str(row.duplicate_of_id))
        text = cleaned("\n".join((row.title, *row.symptoms)))
        yield Judgement(text, DEFECT, Provenance.MERGED, row.updated_at, right, near={"system": row.system})


# ------------------------------------------------------------------ what is behind a ticket


def cases(session: Session) -> list[Case]:
    """Oldest first: linked by people, told apart from every offered record, or closed as something else."""
    linked = [_case(ticket, links) for ticket, links in _linked(session).items()]
    with_record = sum(one.right is not None for one in linked)
    known = {one.ticket.id for one in linked}
    found = [*linked, *_of_another_kind(session, known, most=max(with_record, len(linked) - with_record))]
    return sorted(found, key=lambda one: (one.at, one.ticket.id))


def _case(ticket: Ticket, links: Sequence[DefectLink]) -> Case:
    standing = judged_on(ticket).linked
    return Case(ticket, max(standing) if standing else None, links[-1].at)


def _of_another_kind(session: Session, known: Collection[int], *, most: int) -> Iterator[Case]:
    """As many closed tickets that were no defect, the newest: those are met by the linking too."""
    rows = session.scalars(
        select(Ticket)
        .where(
            Ticket.state == State.CLOSED,
            Ticket.category.not_in((Category.DEFECT, Category.FAULT)),
            ~Ticket.defect_links.any(),
        )
        .order_by(Ticket.id.desc())
        .limit(most)
    )
    return (Case(row, None, row.closed_at or row.filed_at) for row in rows if row.id not in known)
