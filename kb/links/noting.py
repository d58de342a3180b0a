"""Writing down what an article's words point at; called wherever the words change.

What stands in code points at nothing: the renderer says what is a link, and this reads its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.links.models import ArticleLink, LinkKind
from kb.markdown import addresses, references
from kb.models import Article

LONGEST = 500
#: Without one of these nothing is a link, and a text need not be rendered to know that.
MARKS = ("[", "<", "://")
#: A path of the desk that leads to a thing with a number. The portal's routes are tested against these.
THINGS = (
    (LinkKind.ARTICLE, re.compile(r"^/kb/(KB\d{6,9})(?:[?#].*)?$")),
    (LinkKind.DEFECT, re.compile(r"^/defects/(QX\d{6,9})(?:[?#].*)?$")),
    (LinkKind.FILE, re.compile(r"^/files/(\d{1,18})$")),
)
KINDS = {"KB": LinkKind.ARTICLE, "QX": LinkKind.DEFECT}

Pointed = tuple[LinkKind, str]


def note_links(session: Session, article: Article) -> None:
    """Make the article's rows say what its body points at now; the caller flushes."""
    wanted = set(pointed_at(article.body))
    for row in _noted(session, article):
        if (row.kind, row.target) in wanted:
            wanted.remove((row.kind, row.target))
        else:
            session.delete(row)
    session.add_all(ArticleLink(article=article, kind=kind, target=target) for kind, target in sorted(wanted))


def pointed_at(body: str) -> Iterator[Pointed]:
    """(kind, target) of every link of a text; the same one may come twice."""
    if not any(mark in body for mark in MARKS):
        return
    for reference in references(body):
        yield KINDS[reference.number[:2]], reference.number
    for address in addresses(body):
        if kept := _kind_of(address):
            yield kept


def _kind_of(address: str) -> Pointed | None:
    for kind, path in THINGS:
        if match := path.match(address):
            return kind, match[1]
    if address.startswith("#"):
        return (LinkKind.PART, address[:LONGEST]) if address.startswith("#s-") else None
    if re.match(r"https?://", address, re.IGNORECASE):
        return LinkKind.ADDRESS, address[:LONGEST]
    return (LinkKind.PAGE, address[:LONGEST]) if address.startswith("/") else None


def _noted(session: Session, article: Article) -> list[ArticleLink]:
    if not article.id:
        return []
    with session.no_autoflush:  # half of an article must not be written before the other half is there
        return list(session.scalars(select(ArticleLink).where(ArticleLink.article_id == article.id)))
