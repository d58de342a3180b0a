"""Where a draft's sentences came from, as far as somebody may see those tickets.

The invariants: a ticket that the viewer may not open is a number in a count and nothing else; the number
of statements doesn't grow with the sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Article
from portal.curation.drafts.escaping import escaped
from portal.curation.drafts.models import DraftSource, Part, Said
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets

_QUIET = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket that this viewer may open, and where in it the sentence stands."""

    number: str
    title: str
    said: Said


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the draft; ``stands``: is it still in the text as it was said?"""

    part: Part
    text: str
    seen: tuple[Seen, ...]
    unseen: int
    stands: bool

    @property
    def count(self) -> int:
        return len({ticket.number for ticket in self.seen}) + self.unseen


def sources_of(session: Session, article: Article, person: Person) -> list[Sentence]:
    """The sentences in the order of the draft; none of them when the viewer may open none of the tickets."""
    rows = session.scalars(
        select(DraftSource)
        .where(DraftSource.article_id == article.id)
        .order_by(DraftSource.place, DraftSource.id)
    ).all()
    visible = _visible(session, {row.ticket_id for row in rows}, person)
    if not visible:
        return []
    whole = _bare(" ".join((article.title, article.body, *article.also)))
    return [_sentence(list(group), visible, whole) for _, group in groupby(rows, key=lambda row: row.place)]


def _visible(session: Session, ids: set[int], person: Person) -> dict[int, tuple[str, str]]:
    if not ids:
        return {}
    rows = visible_tickets(person).with_only_columns(Ticket.id, Ticket.number, Ticket.title)
    return {number: (name, title) for number, name, title in session.execute(rows.where(Ticket.id.in_(ids)))}


def _sentence(rows: Sequence[DraftSource], visible: dict[int, tuple[str, str]], whole: str) -> Sentence:
    seen = tuple(Seen(*visible[row.ticket_id], row.said) for row in rows if row.ticket_id in visible)
    unseen = len({row.ticket_id for row in rows if row.ticket_id not in visible})
    text = rows[0].sentence
    return Sentence(rows[0].part, text, seen, unseen, _bare(escaped(text)) in whole)


def _bare(text: str) -> str:
    return _QUIET.sub("", text.replace("&lt;", "")).lower()
