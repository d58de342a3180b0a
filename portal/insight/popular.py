"""What people like this reader asked for lately: the popular questions of the home page.

Pure query. What solved something for colleagues of the reader's own province counts most, what answered
their tickets next, what anybody found useful last; only articles that the reader may read are counted.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Integer, ScalarSelect, case, cast, func, select
from sqlalchemy.orm import Session

from kb.columns import now
from kb.models import Article
from kb.queries import readable_articles
from kb.shelf import in_language
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person, Unit
from portal.people.queries import viewer_of
from portal.tickets.models import ArticleLink, Ticket

LATELY = timedelta(days=90)
SOLVED_WEIGHT = 8
ANSWERED_WEIGHT = 4


def popular_articles(session: Session, person: Person, *, language: str, limit: int = 6) -> list[Article]:
    """The most useful articles for this person, each once, those in their language first."""
    own_language = case((Article.language == language, 0), else_=1)
    worth = (
        SOLVED_WEIGHT * func.coalesce(_solved_near(session, person), 0)
        + ANSWERED_WEIGHT * func.coalesce(_answered_near(session, person), 0)
        + _useful()
    )
    readable = in_language(readable_articles(viewer_of(person)), language)
    wanted = readable.order_by(own_language, worth.desc(), Article.id)
    return list(session.scalars(wanted.limit(limit)))


def province_path(unit: Unit) -> str:
    """The part of the tree whose people share systems and versions: the province, else the company."""
    return "/" + "".join(f"{code}/" for code in unit.ancestry[:2])


def _near(person: Person) -> ColumnElement[bool]:
    return Unit.path.startswith(province_path(person.unit), autoescape=True)


def _solved_near(session: Session, person: Person) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(Consultation)
        .join(Person, Consultation.person_id == Person.id)
        .join(Unit, Person.unit_id == Unit.id)
        .where(
            Consultation.solved_kind == "article",
            Consultation.solved_id == Article.id,
            Consultation.outcome == Outcome.SOLVED,
            Consultation.at >= now(session) - LATELY,
            _near(person),
        )
        .scalar_subquery()
    )


def _answered_near(session: Session, person: Person) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(ArticleLink)
        .join(Ticket, ArticleLink.ticket_id == Ticket.id)
        .join(Unit, Ticket.unit_id == Unit.id)
        .where(ArticleLink.article_id == Article.id, ArticleLink.at >= now(session) - LATELY, _near(person))
        .scalar_subquery()
    )


def _useful() -> ColumnElement[int]:
    return cast(2 * Article.solved - Article.not_solved + Article.views / 20, Integer)
