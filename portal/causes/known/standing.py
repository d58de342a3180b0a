"""What a record's page says of its known-error articles, and what this person may do about them.

Reading only; the deeds are ``publishing``'s and ``retiring``'s. A constant number of queries.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from defects.models import Defect, DefectArticle
from indexer.words import N_
from kb.audience import Viewer
from kb.flow import READABLE, ArticleState, Duty, Refused
from kb.models import Article, ArticleKind
from kb.queries import is_readable
from portal.catalogue.outgrown import records_of
from portal.catalogue.rollout import shown_units
from portal.causes.known import publishing
from portal.causes.known.models import KnownArticle
from portal.causes.known.retiring import Everywhere, may_put_back
from portal.causes.known.wording import part_of
from portal.people.duties import article_duties
from portal.people.models import Person

AT_ONCE, BY_REVIEW = N_("发布成知识"), N_("写成知识，提交审核")


@dataclass(frozen=True, slots=True)
class Telling:
    """One known-error article of the record."""

    article: Article
    is_behind: bool
    """The record says something else since."""
    units: int
    """Units whose people read it."""
    over: int
    """Those of them that run the repair: they are not offered it any more."""
    retired_for: str
    may_put_back: bool
    may_renew: bool


@dataclass(frozen=True, slots=True)
class Known:
    """``offer``: what the button says; without one, ``why_not`` says what is missing, or nothing is to do."""

    rows: tuple[Telling, ...]
    offer: str = ""
    why_not: Refused | None = None


def known_of(session: Session, defect: Defect, *, by: Person, viewer: Viewer) -> Known:
    rows = _rows(session, defect, by=by, viewer=viewer)
    writes = Duty.WRITE in article_duties(by)
    if not writes or any(row.article.state != ArticleState.RETIRED for row in rows):
        return Known(rows)
    try:
        publishing.check(session, defect, by=by)
    except Refused as refusal:
        return Known(rows, why_not=refusal)
    return Known(rows, offer=AT_ONCE if publishing.publishes(session, defect, by) else BY_REVIEW)


def _rows(session: Session, defect: Defect, *, by: Person, viewer: Viewer) -> tuple[Telling, ...]:
    wanted = (
        select(Article, KnownArticle)
        .join(DefectArticle, DefectArticle.article_id == Article.id)
        .outerjoin(KnownArticle, KnownArticle.article_id == Article.id)
        .where(DefectArticle.defect_id == defect.id, Article.kind == ArticleKind.KNOWN_ERROR)
        .options(selectinload(Article.moves))
        .order_by(Article.id)
    )
    found = [
        (article, known)
        for article, known in session.execute(wanted)
        if is_readable(article, viewer) or article_duties(by)
    ]
    if not found:
        return ()
    part = part_of(publishing.wanted_text(session, defect).body)
    told = records_of(session, [article.id for article, _known in found])
    everywhere = Everywhere(session, shown_units(session))
    return tuple(
        _telling(defect, article, known, told.get(article.id, []), part, everywhere, by)
        for article, known in found
    )


def _telling(
    defect: Defect,
    article: Article,
    known: KnownArticle | None,
    records: list[Defect],
    part: str,
    everywhere: Everywhere,
    by: Person,
) -> Telling:
    units = everywhere.read_in(article)
    ours = known is not None and known.retired_at is not None and article.state == ArticleState.RETIRED
    return Telling(
        article,
        is_behind=publishing.is_behind(defect, article, known, part),
        units=len(units),
        over=sum(everywhere.is_over(records, unit) for unit in units) if article.state in READABLE else 0,
        retired_for=known.retired_for if ours and known is not None else "",
        may_put_back=ours and may_put_back(article, by),
        may_renew=article.state != ArticleState.RETIRED and bool(article_duties(by)),
    )
