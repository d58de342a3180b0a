"""The answer without an index: words looked for in titles, ways of asking and bodies, by SQL alone.

Poorer and slower on purpose, and only while the index is away; the page says so. Nothing here ranks by
meaning. The invariant: it proposes keys and nothing else, like the index; the shelves decide.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, or_
from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.document import Hit, Reason, ReasonKind
from indexer.text import TermKind, terms
from kb.models import Article
from portal.faults.models import Announcement
from portal.finder.shelves import SHELVES
from portal.finder.sources import ANNOUNCEMENT, ARTICLE, DEFECT, TICKET
from portal.people.models import Person
from portal.tickets.models import Ticket

MOST_WORDS = 8
TITLE_WORTH = 3
#: Plain columns by kind, the title first; then the lists that the database keeps as JSON.
COLUMNS: dict[str, tuple[Any, ...]] = {
    ARTICLE: (Article.title, Article.body),
    DEFECT: (Defect.title, Defect.workaround),
    TICKET: (Ticket.title, Ticket.text),
    ANNOUNCEMENT: (Announcement.title, Announcement.body),
}
LISTS: dict[str, tuple[Any, ...]] = {
    ARTICLE: (Article.also, Article.keywords),
    DEFECT: (Defect.symptoms, Defect.codes),
}


def words_of(text: str) -> list[str]:
    """The words of a question that are worth looking for, the longest first."""
    wanted = [term.text for term in terms(text[:500]) if term.kind in (TermKind.WORD, TermKind.CODE)]
    wanted += [text.strip()] if 1 < len(text.strip()) <= 12 else []
    return sorted(dict.fromkeys(word for word in wanted if len(word) > 1), key=len, reverse=True)[:MOST_WORDS]


def search(
    session: Session, person: Person, text: str, *, kinds: Collection[str], limit: int
) -> tuple[Hit, ...]:
    """What holds the words, most of them first; no probability, nothing trusted."""
    words = words_of(text)
    if not words:
        return ()
    found = [
        hit for kind in COLUMNS if kind in kinds for hit in _of_kind(session, person, kind, words, limit)
    ]
    return tuple(sorted(found, key=lambda hit: -hit.score)[:limit])


def _of_kind(session: Session, person: Person, kind: str, words: list[str], limit: int) -> Iterator[Hit]:
    shelf = SHELVES[kind]
    worth = _worth(kind, words)
    wanted = (
        shelf.permitted(person)
        .with_only_columns(shelf.model.id, worth.label("worth"))
        .where(worth > 0)
        .order_by(None)
        .order_by(worth.desc(), shelf.model.id.desc())
        .limit(limit)
    )
    reason = (Reason(ReasonKind.WORDS, " · ".join(words[:4])),)
    for number, score in session.execute(wanted):
        yield Hit(kind, str(number), score=float(score), probability=0.0, trusted=False, why=reason)


def _worth(kind: str, words: list[str]) -> ColumnElement[int]:
    title, body = COLUMNS[kind]
    total: ColumnElement[int] = case((_holds(title, words[0]), TITLE_WORTH), else_=0)
    for place, word in enumerate(words):
        if place:
            total = total + case((_holds(title, word), TITLE_WORTH), else_=0)
        elsewhere = [_holds(body, word), *(_lists(column, word) for column in LISTS.get(kind, ()))]
        total = total + case((or_(*elsewhere), 1), else_=0)
    return total


def _holds(column: Any, word: str) -> ColumnElement[bool]:
    clause: ColumnElement[bool] = func.lower(column).contains(word.lower(), autoescape=True)
    return clause


def _lists(column: Any, word: str) -> ColumnElement[bool]:
    # The database keeps lists as JSON with escaped characters; the word is looked for in that spelling.
    return _holds(cast(column, Text), json.dumps(word)[1:-1])
