"""What else a reader of an article may want: others that say something near, read again under their rule.

The index knows what is near in meaning; without it, others of the same module and system stand in. The
invariant: whatever the index said, only what this reader may find comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from indexer.index import Index
from kb import shelf
from kb.models import Article
from portal.finder.prediction import is_telling
from portal.finder.shelves import reread
from portal.finder.sources import ARTICLE
from portal.people.models import Person
from portal.people.queries import viewer_of

MOST = 5
#: Read deeper than is shown: the versions of one article in other languages are no news.
DEPTH = 3 * MOST


def related_to(session: Session, person: Person, index: Index, article: Article) -> list[Article]:
    """Near articles in the language of this one; at most ``MOST``, none of them a translation of it."""
    standing_in = shelf.related_to(session, article, viewer_of(person), limit=2 * MOST)
    return list(_once([*_near(session, person, index, article), *standing_in], article))[:MOST]


def _near(session: Session, person: Person, index: Index, article: Article) -> Iterator[Article]:
    hits = index.neighbours(
        (ARTICLE, str(article.id)),
        kinds=frozenset({ARTICLE}),
        audience=viewer_of(person).tokens,
        limit=DEPTH,
    )
    keys = [hit.key for hit in hits if is_telling(hit)]
    rows = reread(session, person, keys, glance=True)
    for key in keys:
        row = rows.get(key)
        if isinstance(row, Article) and row.language == article.language:
            yield row


def _once(rows: Iterable[Article], article: Article) -> Iterator[Article]:
    seen = {family_of(article)}
    for row in rows:
        if family_of(row) not in seen:
            seen.add(family_of(row))
            yield row


def family_of(article: Article) -> int:
    """What the versions of one article in several languages have in common."""
    return article.translation_of_id or article.id
