"""How users say it: the words of tickets and questions that an article solved or a record explained.

The newest few teach the index; they are masked, cut, and never shown (``shelves`` quotes only what the
row itself says). The invariant: ``marks`` changes for a subject exactly when its chosen words may have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.finder.lessons.models import Source
from portal.finder.lessons.standing import struck
from portal.finder.masking import masked
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket
from portal.tickets.words import State

#: The newest of each kind; more add little.
LEARNT_TICKETS = 12
LEARNT_CHARACTERS = 200
#: From this rating on, the user agreed that it was solved.
CONTENT = 3

_FILER, _ASKER = aliased(Person), aliased(Person)


def of_articles(session: Session, ids: Collection[int]) -> Mapping[int, list[str]]:
    """Closed tickets that were answered with it, then questions it has solved before a ticket was filed."""
    said = _said(session, _solved_tickets().where(ArticleLink.article_id.in_(ids)))
    asked = _said(session, _solved_questions().where(Consultation.solved_id.in_(ids)))
    return {number: _distinct([*said[number], *asked[number]]) for number in ids}


def of_defects(session: Session, ids: Collection[int]) -> Mapping[int, list[str]]:
    """Tickets that people have linked to the record."""
    said = _said(session, _linked_tickets().where(DefectLink.defect_id.in_(ids)))
    return {number: _distinct(said[number]) for number in ids}


def article_marks(session: Session, ids: Collection[int] | None = None) -> dict[int, str]:
    """Article → what tells one set of words from another; nothing for articles that have none."""
    tickets = _counted(session, _solved_tickets(), ArticleLink.article_id, ids)
    questions = _counted(session, _solved_questions(), Consultation.solved_id, ids)
    return {
        number: f"{tickets.get(number, '')}/{questions.get(number, '')}"
        for number in tickets.keys() | questions.keys()
    }


def defect_marks(session: Session, ids: Collection[int] | None = None) -> dict[int, str]:
    return _counted(session, _linked_tickets(), DefectLink.defect_id, ids)


# ---------------------------------------------------------------------------- the three sources


def _solved_tickets() -> Select[*tuple[Any, ...]]:
    return _of_tickets(ArticleLink).where(
        Ticket.state == State.CLOSED,
        or_(Ticket.rating.is_(None), Ticket.rating >= CONTENT),
        ArticleLink.id.not_in(struck(Source.ANSWER)),
    )


def _linked_tickets() -> Select[*tuple[Any, ...]]:
    """By people alone: with the words of what the system linked, a record would draw more of the same."""
    return _of_tickets(DefectLink).where(
        DefectLink.verdict == LinkVerdict.LINKED,
        DefectLink.by_id.is_not(None),
        DefectLink.id.not_in(struck(Source.LINK)),
    )


def _of_tickets(link: type[ArticleLink | DefectLink]) -> Select[*tuple[Any, ...]]:
    subject = ArticleLink.article_id if link is ArticleLink else DefectLink.defect_id
    return (
        select(subject, link.id, Ticket.text, Person.name, _FILER.name)
        .join(Ticket, link.ticket_id == Ticket.id)
        .join(Person, Ticket.requester_id == Person.id)
        .join(_FILER, Ticket.filed_by_id == _FILER.id)
    )


def _solved_questions() -> Select[*tuple[Any, ...]]:
    return (
        select(Consultation.solved_id, Consultation.id, Consultation.text, _ASKER.name, _ASKER.name)
        .join(_ASKER, Consultation.person_id == _ASKER.id)
        .where(
            Consultation.outcome == Outcome.SOLVED,
            Consultation.solved_kind == "article",
            Consultation.id.not_in(struck(Source.CONSULTATION)),
        )
    )


# ---------------------------------------------------------------------------- reading them


def _said(session: Session, wanted: Select[*tuple[Any, ...]]) -> Mapping[int, list[str]]:
    """The newest words of each subject; the database leaves the others where they are."""
    subject, number = wanted.selected_columns[0], wanted.selected_columns[1]
    rank = func.row_number().over(partition_by=subject, order_by=number.desc()).label("rank")
    ranked = wanted.add_columns(rank).subquery()
    rows = session.execute(select(ranked).where(ranked.c.rank <= LEARNT_TICKETS).order_by(ranked.c.rank))
    said: defaultdict[int, list[str]] = defaultdict(list)
    for of, _, text, requester, filer, _ in rows:
        # Masked before it is cut: half a number is no longer seen to be one.
        said[of].append(
            masked(text[: 4 * LEARNT_CHARACTERS], names={requester, filer})[:LEARNT_CHARACTERS].strip()
        )
    return said


def _counted(
    session: Session, wanted: Select[*tuple[Any, ...]], subject: Any, ids: Collection[int] | None
) -> dict[int, str]:
    number = wanted.selected_columns[1]
    counts = wanted.with_only_columns(subject, func.count(), func.sum(number)).group_by(subject)
    rows = session.execute(counts if ids is None else counts.where(subject.in_(ids)))
    return {of: f"{count}.{total}" for of, count, total in rows}


def _distinct(texts: list[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text][:LEARNT_TICKETS]


def with_marks(version: str, marks: Mapping[int, str], number: int) -> str:
    return f"{version}:{marks[number]}" if number in marks else version


def versions(rows: Iterable[Any], marks: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """(id, version) of rows → what their documents call their version."""
    return ((str(number), with_marks(f"{number}:{version}", marks, number)) for number, version in rows)
