"""The editors' lists of articles: whose drafts, what waits for review, what is due.

Here every article is listed, whatever its state: only for those who work on articles.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import READABLE, ArticleState
from kb.models import Article, ArticleKind

#: Articles whose review date is this near belong on the list of due ones.
SOON = timedelta(days=14)
#: Handed in and not yet seen by readers.
UNPUBLISHED = (ArticleState.IN_REVIEW, ArticleState.SCHEDULED)


class Shelf(StrEnum):
    MINE = "mine"
    IN_REVIEW = "in_review"
    DUE = "due"
    ALL = "all"


SHELF_LABELS = {
    Shelf.MINE: N_("我的稿件"),
    Shelf.IN_REVIEW: N_("待审核"),
    Shelf.DUE: N_("待复核"),
    Shelf.ALL: N_("全部知识"),
}


def _rule(shelf: Shelf, by: int, today: date) -> ColumnElement[bool]:
    match shelf:
        case Shelf.MINE:
            unfinished = Article.state.in_((ArticleState.DRAFT, *UNPUBLISHED))
            return and_(or_(Article.author_id == by, Article.owner_id == by), unfinished)
        case Shelf.IN_REVIEW:
            return Article.state.in_(UNPUBLISHED)
        case Shelf.DUE:
            near = and_(Article.state.in_(READABLE), Article.review_on <= today + SOON)
            return or_(Article.state == ArticleState.DUE, near)
        case Shelf.ALL:
            return true()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an editor narrowed a list to."""

    text: str = ""
    system: str = ""
    state: ArticleState | None = None
    kind: ArticleKind | None = None


def articles_on(shelf: Shelf, *, by: int, today: date, wanted: Wanted | None = None) -> Select[Article]:
    """The articles of one list; what has waited longest comes first on the lists that ask for work."""
    wanted = wanted or Wanted()
    rows = select(Article).where(_rule(shelf, by, today))
    rows = rows.where(Article.system == wanted.system) if wanted.system else rows
    rows = rows.where(Article.state == wanted.state) if wanted.state else rows
    rows = rows.where(Article.kind == wanted.kind) if wanted.kind else rows
    rows = rows.where(_says(wanted.text)) if wanted.text else rows
    newest_first = shelf in (Shelf.MINE, Shelf.ALL)
    return rows.order_by(Article.updated_at.desc() if newest_first else Article.updated_at, Article.id)


def _says(text: str) -> ColumnElement[bool]:
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(*(column.ilike(like, escape="\\") for column in (Article.title, Article.number, Article.body)))


def counts(session: Session, shelves: Collection[Shelf], *, by: int, today: date) -> dict[Shelf, int]:
    """How many articles each list holds, in one query."""
    sums = [func.count().filter(_rule(shelf, by, today)) for shelf in shelves]
    row = session.execute(select(*sums).select_from(Article)).one()
    return dict(zip(shelves, row, strict=True))
