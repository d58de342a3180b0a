"""What an author may point a cross-link at: a number typed, titles that hold the words, what search finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from defects.models import Defect
from defects.queries import visible_defects
from kb.flow import READABLE, ArticleState
from kb.models import Article
from portal.finder.sources import ARTICLE, DEFECT
from portal.web.request import db, me, parts, viewer

MOST = 8
NUMBER = re.compile(r"^(KB|QX)-?0*(\d{1,9})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Linkable:
    """One line to choose."""

    number: str
    title: str
    state: str
    readable: bool


def linkable(text: str, *, own: str) -> list[Linkable]:
    """At most eight, the surest first; nothing twice and never the article itself."""
    found: dict[str, Linkable] = {}
    for line in _lines(text):
        if line.number != own:
            found.setdefault(line.number, line)
        if len(found) >= MOST:
            break
    return list(found.values())


def _lines(text: str) -> Iterator[Linkable]:
    if match := NUMBER.match(text):
        yield from _numbered(f"{match[1].upper()}{int(match[2]):06d}")
        return
    yield from _titled(text)
    if len(text) > 1:
        for row in parts().finder.search(db(), me(), text, kinds=(ARTICLE, DEFECT), limit=MOST).results:
            yield Linkable(row.ref, row.title, row.state, readable=True)


def _numbered(number: str) -> Iterator[Linkable]:
    article = db().scalar(select(Article).where(Article.number == number))
    if article is not None:
        yield _article(article)
    record = db().scalar(visible_defects(viewer()).where(Defect.number == number))
    if record is not None:
        yield Linkable(record.number, record.title, str(record.state), readable=True)


def _titled(text: str) -> Iterator[Linkable]:
    """Without a word: what was changed last."""
    rows = select(Article).where(Article.state != ArticleState.RETIRED)
    rows = rows.where(Article.title.icontains(text, autoescape=True)) if text else rows
    order = (Article.state.in_(READABLE).desc(), Article.updated_at.desc(), Article.id)
    yield from (_article(row) for row in db().scalars(rows.order_by(*order).limit(MOST)))


def _article(row: Article) -> Linkable:
    return Linkable(row.number, row.title, str(row.state), readable=row.state in READABLE)
