"""Reading the defect library: who may see a record, and lists for staff and users.

``is_visible`` and ``visible_defects`` are one rule in two shapes; a test proves them equal.
Staff see every record; everybody else sees the known ones whose workaround is meant for them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from defects.flow import KNOWN
from defects.models import Defect, DefectArticle
from kb.audience import Audience, Viewer
from kb.models import Article


def is_public(defect: Defect) -> bool:
    """May every employee be shown the symptom and the workaround?"""
    return defect.shown_to_users and defect.state in KNOWN and bool(defect.workaround)


def is_visible(defect: Defect, viewer: Viewer) -> bool:
    """May this viewer see the record? (What of it they see is the page's business.)"""
    return Audience.STAFF in viewer.levels or (Audience.EVERYONE in viewer.levels and is_public(defect))


def visible_defects(viewer: Viewer) -> Select[Defect]:
    """Every record this viewer may see."""
    public = and_(Defect.shown_to_users, Defect.state.in_(KNOWN), Defect.workaround != "")
    if Audience.STAFF in viewer.levels:
        return select(Defect)
    if Audience.EVERYONE in viewer.levels:
        return select(Defect).where(public)
    return select(Defect).where(or_(False))


def defect_by_number(session: Session, number: str) -> Defect | None:
    return session.scalar(select(Defect).where(Defect.number == number.strip().upper()))


def visible_by_number(session: Session, number: str, viewer: Viewer) -> Defect | None:
    """The record with this number, if this viewer may see it."""
    found = defect_by_number(session, number)
    return found if found is not None and is_visible(found, viewer) else None


def defects_by_id(session: Session, ids: Collection[int]) -> dict[int, Defect]:
    rows = session.scalars(select(Defect).where(Defect.id.in_(ids)))
    return {defect.id: defect for defect in rows}


def articles_about(session: Session, defect: Defect) -> list[Article]:
    """The articles that tell users about this defect."""
    return list(
        session.scalars(
            select(Article)
            .join(DefectArticle, DefectArticle.article_id == Article.id)
            .where(DefectArticle.defect_id == defect.id)
            .order_by(Article.id)
        )
    )
