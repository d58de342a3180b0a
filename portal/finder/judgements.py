"""What people of this desk have judged: which answer solved a question, which record is behind a ticket.

Every judgement says where it comes from. Only people's words are read here, never what the system decided
by itself: it must not learn from its own echo. The invariant: a judgement stands as it stands now; what was
taken back, or struck out as a mistake (``lessons``), teaches nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, selectinload

from defects.flow import DefectState
from defects.models import Defect
from indexer.document import Key
from indexer.words import N_
from kb.counting import count_of
from portal.finder.lessons.models import Source
from portal.finder.lessons.standing import struck
from portal.finder.link_signs import said_in
from portal.finder.models import Consultation, Outcome
from portal.finder.sources import ARTICLE, DEFECT
from portal.finder.wording import cleaned
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Category, State

#: The newest of each kind; a desk changes its words over the years.
MOST = 4_000
#: Of the tickets without a record, at most so many for each with one.
OTHERS = 4
ANSWERS = frozenset({ARTICLE, DEFECT})


class Provenance(StrEnum):
    SOLVED = "solved"
    IN_VAIN = "in_vain"
    ANSWERED = "answered"
    LINKED = "linked"
    REJECTED = "rejected"
    NONE = "none"
    MERGED = "merged"


PROVENANCE_LABELS = {
    Provenance.SOLVED: N_("用户说解决了"),
    Provenance.IN_VAIN: N_("看过仍提单"),
    Provenance.ANSWERED: N_("用知识答复"),
    Provenance.LINKED: N_("关联缺陷"),
    Provenance.REJECTED: N_("否决缺陷"),
    Provenance.NONE: N_("都不是"),
    Provenance.MERGED: N_("合并缺陷"),
}


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
    about: str = ""
    """The category of its ticket; empty where no ticket came of it."""


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
    rows = session.execute(
        select(Consultation, Ticket.category)
        .join(Ticket, Consultation.ticket_id == Ticket.id, isouter=True)
        .where(
            Consultation.outcome.in_((Outcome.SOLVED, Outcome.FILED)),
            Consultation.id.not_in(struck(Source.CONSULTATION)),
        )
        .order_by(Consultation.id.desc())
        .limit(MOST)
    )
    for row, category in rows:
        yield from _of_consultation(row, str(category or ""))


def _of_consultation(row: Consultation, about: str) -> Iterator[Judgement]:
    near = {"system": row.system} if row.system else {}
    at = row.ended_at or row.at
    if row.outcome == Outcome.SOLVED and row.solved_kind in ANSWERS and row.solved_id:
        right = (row.solved_kind, str(row.solved_id))
        yield Judgement(row.text, row.solved_kind, Provenance.SOLVED, at, right, near=near, about=about)
    if row.outcome == Outcome.FILED:
        for kind in sorted(ANSWERS):
            # Only what was read and did not help; the rest may never have been looked at.
            opened = [one for one in row.shown if one.kind == kind and one.opened_at is not None]
            wrong = frozenset((kind, str(one.subject_id)) for one in opened)
            if wrong:
                yield Judgement(
                    row.text,
                    kind,
                    Provenance.IN_VAIN,
                    at,
                    wrong=wrong,
                    near=near,
                    ticket=row.ticket_id,
                    about=about,
                )


#: A person's judgement that nobody has taken back or struck out.
STANDING = (
    DefectLink.by_id.is_not(None),
    DefectLink.verdict != LinkVerdict.UNDONE,
    # "None of these" is one answer: struck out, none of its rows teaches.
    func.coalesce(DefectLink.together, DefectLink.id).not_in(struck(Source.LINK)),
)


def _linked(session: Session) -> dict[Ticket, list[DefectLink]]:
    """Tickets with the standing judgements of people, oldest first."""
    rows = session.scalars(
        select(DefectLink)
        .where(*STANDING)
        .options(selectinload(DefectLink.ticket).selectinload(Ticket.defect_links))
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
        _said(links, linked=bool(right)),
        links[-1].at,
        (DEFECT, str(right[0].defect_id)) if right else None,
        wrong,
        {"system": ticket.system.code},
        ticket.id,
        str(ticket.category),
    )


def _said(links: Sequence[DefectLink], *, linked: bool) -> Provenance:
    if linked:
        return Provenance.LINKED
    return Provenance.NONE if links[-1].together is not None else Provenance.REJECTED


def _answered(session: Session) -> Iterator[Judgement]:
    rows = session.scalars(
        select(ArticleLink)
        .where(ArticleLink.id.not_in(struck(Source.ANSWER)))
        .options(selectinload(ArticleLink.ticket))
        .order_by(ArticleLink.id.desc())
        .limit(MOST)
    )
    for row in rows:
        right = (ARTICLE, str(row.article_id))
        near = {"system": row.ticket.system.code}
        yield Judgement(
            said_in(row.ticket),
            ARTICLE,
            Provenance.ANSWERED,
            row.at,
            right,
            near=near,
            ticket=row.ticket_id,
            about=str(row.ticket.category),
        )


def _merged(session: Session) -> Iterator[Judgement]:
    """What a duplicate said is a way to ask for the record it was merged into."""
    rows = session.scalars(
        select(Defect)
        .where(
            Defect.state == DefectState.DUPLICATE,
            Defect.duplicate_of_id.is_not(None),
            Defect.id.not_in(struck(Source.MERGE)),
        )
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
    linked = [case for ticket, links in _linked(session).items() if (case := _case(ticket, links))]
    with_record = sum(one.right is not None for one in linked)
    known = {one.ticket.id for one in linked}
    found = [*linked, *_of_another_kind(session, known, most=_others(len(linked), with_record))]
    return sorted(found, key=lambda one: (one.at, one.ticket.id))


def _others(linked: int, with_record: int) -> int:
    """So many that have no record behind them as the desk really meets, within what learning can bear.

    What a model promises is counted on these cases: with as many of either kind as the other it would promise
    too much wherever most tickets are no defects.
    """
    return min(MOST, OTHERS * max(with_record, linked - with_record))


def _case(ticket: Ticket, links: Sequence[DefectLink]) -> Case | None:
    """None while only the system says what is behind it: people have merely told it apart from others."""
    right = [row.defect_id for row in links if row.verdict == LinkVerdict.LINKED]
    if not right and any(row.is_live for row in ticket.defect_links):
        return None
    return Case(ticket, right[-1] if right else None, links[-1].at)


def _of_another_kind(session: Session, known: Collection[int], *, most: int) -> Iterator[Case]:
    """Closed tickets that were no defect, the newest: those are met by the linking too."""
    rows = session.scalars(
        select(Ticket).where(*_is_of_another_kind()).order_by(Ticket.id.desc()).limit(most)
    )
    return (Case(row, None, row.closed_at or row.filed_at) for row in rows if row.id not in known)


def _is_of_another_kind() -> tuple[ColumnElement[bool], ...]:
    return (
        Ticket.state == State.CLOSED,
        Ticket.category.not_in((Category.DEFECT, Category.FAULT)),
        ~Ticket.defect_links.any(),
    )


def how_many_cases(session: Session) -> int:
    """``len(cases(session))`` without reading one of them, for a page; a test proves both equal."""
    live = select(DefectLink.ticket_id).where(DefectLink.verdict == LinkVerdict.LINKED)
    of_people = select(DefectLink.ticket_id).where(*STANDING)
    with_record = _distinct(session, of_people.where(DefectLink.verdict == LinkVerdict.LINKED))
    without = _distinct(session, of_people.where(DefectLink.ticket_id.not_in(live)))
    linked = with_record + without
    closed = select(Ticket.id).where(*_is_of_another_kind()).limit(_others(linked, with_record))
    return linked + count_of(session, closed)


def _distinct(session: Session, tickets: Select[int]) -> int:
    return count_of(session, tickets.distinct())
