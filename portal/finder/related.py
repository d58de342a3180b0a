"""What else a reader of an article may want: others that say something near, read again under their rule.

The index knows what is near in meaning; without it, others of the same module and system stand in. The
invariant: whatever the index said, only what this reader may find comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from indexer.document import Query, ReasonKind
from indexer.index import Index
from kb import shelf
from kb.models import Article
from portal.catalogue.outgrown import asks_for, outgrown_among
from portal.finder.shelves import offered
from portal.finder.sources import ARTICLE
from portal.people.models import Person
from portal.people.queries import viewer_of

MOST = 5
#: Read deeper than is shown: the versions of one article in other languages are no news.
DEPTH = 3 * MOST
#: Read beyond what is shown, in place of known errors that the reader's unit has outgrown.
SPARE = 5
#: Words alone are shared by articles that have nothing to do with each other (手机, 提示, 打开).
NEAR = frozenset({ReasonKind.MEANING, ReasonKind.CODE, ReasonKind.SAME_SYSTEM, ReasonKind.SAME_MODULE})


def related_to(session: Session, person: Person, index: Index, article: Article) -> list[Article]:
    """Near articles in the language of this one; at most ``MOST``, none of them a translation of it."""
    nearest = [
        *_near(session, person, index, article),
        *standing_in(session, person, article, limit=2 * MOST),
    ]
    return list(_once(nearest, article))[:MOST]


def standing_in(session: Session, person: Person, article: Article, *, limit: int = MOST) -> list[Article]:
    """Others of the same module and system, without asking the index."""
    rows = shelf.related_to(session, article, viewer_of(person), limit=limit + SPARE)
    gone = outgrown_among(session, asks_for(person), rows)
    return [row for row in rows if row.id not in gone][:limit]


def _near(session: Session, person: Person, index: Index, article: Article) -> Iterator[Article]:
    # Its title asks better than its whole text does, and in a fifth of the time.
    near = {"system": article.system, "module": article.module}
    asked = Query(
        article.title,
        audience=viewer_of(person).tokens,
        kinds=frozenset({ARTICLE}),
        near={name: value for name, value in near.items() if value},
        limit=DEPTH,
        exclude=frozenset({(ARTICLE, str(article.id))}),
    )
    hits = index.search(asked).hits
    keys = [hit.key for hit in hits if NEAR & {reason.kind for reason in hit.why}]
    rows = offered(session, person, keys, glance=True)
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
