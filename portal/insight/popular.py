"""What people like this reader asked for lately: the popular questions of the home page.

Pure query. What solved something for colleagues of the reader's own province counts most, what answered
their tickets next, what anybody found useful last; only articles that the reader may read are counted, and
no known error that their unit has outgrown.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Integer, Select, Subquery, case, cast, func, select
from sqlalchemy.orm import Session

from kb.columns import now
from kb.models import Article
from kb.shelf import in_language
from portal.catalogue.outgrown import offered_articles
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person, Unit
from portal.people.queries import unit_ids
from portal.tickets.models import ArticleLink, Ticket

LATELY = timedelta(days=90)
SOLVED_WEIGHT = 8
ANSWERED_WEIGHT = 4


def popular_articles(session: Session, person: Person, *, language: str, limit: int = 6) -> list[Article]:
    """The most useful articles for this person, each once, those in their language first."""
    own_language = case((Article.language == language, 0), else_=1)
    solved, answered = _solved_near(session, person), _answered_near(session, person)
    worth = (
        SOLVED_WEIGHT * func.coalesce(solved.c.times, 0)
        + ANSWERED_WEIGHT * func.coalesce(answered.c.times, 0)
        + _useful()
    )
    readable = (
        in_language(offered_articles(session, person), language)
        .outerjoin(solved, solved.c.article == Article.id)
        .outerjoin(answered, answered.c.article == Article.id)
    )
    wanted = readable.order_by(own_language, worth.desc(), Article.id)
    return list(session.scalars(wanted.limit(limit)))


def province_path(unit: Unit) -> str:
    """The part of the tree whose people share systems and versions: the province, else the company."""
    return "/" + "".join(f"{code}/" for code in unit.ancestry[:2])


def _near(session: Session, person: Person) -> list[int] | Select[int]:
    return unit_ids(session, province_path(person.unit))


def _solved_near(session: Session, person: Person) -> Subquery:
    """Article → how often it solved something there; counted once for all articles."""
    colleagues = select(Person.id).where(Person.unit_id.in_(_near(session, person)))
    return (
        select(Consultation.solved_id.label("article"), func.count().label("times"))
        .where(
            Consultation.at >= now(session) - LATELY,
            Consultation.solved_kind == "article",
            Consultation.outcome == Outcome.SOLVED,
            Consultation.person_id.in_(colleagues),
        )
        .group_by(Consultation.solved_id)
        .subquery()
    )


def _answered_near(session: Session, person: Person) -> Subquery:
    """Article → how many tickets from there it answered."""
    return (
        select(ArticleLink.article_id.label("article"), func.count().label("times"))
        .join(Ticket, ArticleLink.ticket_id == Ticket.id)
        .where(ArticleLink.at >= now(session) - LATELY, Ticket.unit_id.in_(_near(session, person)))
        .group_by(ArticleLink.article_id)
        .subquery()
    )


def _useful() -> ColumnElement[int]:
    return cast(2 * Article.solved - Article.not_solved + Article.views / 20, Integer)
