"""What each reason rests on, one article at a time: the verdicts, tickets, records and links themselves.

A person sees the tickets that they may see anyway; of the others only how many there are is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from defects.models import Defect, DefectArticle
from kb.counting import count_of
from kb.flow import READABLE
from kb.links.models import ArticleLink as Link
from kb.links.reading import lost
from kb.models import Article, Feedback
from portal.curation.decay.evidence import filed_anyway, opened_since, vouched
from portal.curation.decay.fixes import REPAIRED
from portal.finder.models import Consultation, Shown
from portal.people.models import Person
from portal.tickets.models import ArticleLink, Ticket
from portal.tickets.visibility import visible_tickets

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Tickets:
    """Those that this person may see, the newest first, and how many there are in all."""

    rows: list[Ticket]
    total: int

    @property
    def unseen(self) -> int:
        return max(0, self.total - len(self.rows)) if len(self.rows) < SHOWN else 0


@dataclass(frozen=True, slots=True)
class Grounds:
    verdicts: list[Feedback]
    flags: list[Feedback]
    filed: Tickets
    reopened: Tickets
    defects: list[Defect]
    links: list[tuple[Link, Article | None]]


def grounds_of(session: Session, article: Article, person: Person) -> Grounds:
    """Everything since somebody vouched for the words; flags and links as they stand now."""
    return Grounds(
        verdicts=_verdicts(session, article),
        flags=_flags(session, article),
        filed=_tickets(session, person, _filed(article)),
        reopened=_tickets(session, person, _reopened(article)),
        defects=_defects(session, article),
        links=_links(session, article),
    )


def _verdicts(session: Session, article: Article) -> list[Feedback]:
    rows = (
        select(Feedback)
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.article_id == article.id, Feedback.solved.is_(False), Feedback.at > vouched())
    )
    return list(session.scalars(rows.order_by(Feedback.at.desc(), Feedback.id).limit(SHOWN)))


def _flags(session: Session, article: Article) -> list[Feedback]:
    rows = select(Feedback).where(
        Feedback.article_id == article.id, Feedback.flagged, Feedback.handled_at.is_(None)
    )
    return list(session.scalars(rows.order_by(Feedback.at, Feedback.id).limit(SHOWN)))


def _filed(article: Article) -> Select[Any]:
    return (
        select(func.coalesce(Consultation.ticket_id, Consultation.returned_ticket_id).label("ticket_id"))
        .join(Shown, Shown.consultation_id == Consultation.id)
        .join(Article, Article.id == Shown.subject_id)
        .where(Article.id == article.id, opened_since(), filed_anyway(), Article.state.in_(READABLE))
        .where(or_(Consultation.ticket_id.is_not(None), Consultation.returned_ticket_id.is_not(None)))
    )


def _reopened(article: Article) -> Select[Any]:
    return (
        select(ArticleLink.ticket_id)
        .join(Ticket, Ticket.id == ArticleLink.ticket_id)
        .join(Article, Article.id == ArticleLink.article_id)
        .where(Article.id == article.id, ArticleLink.at > vouched(), Ticket.reopens > 0)
    )


def _tickets(session: Session, person: Person, ids: Select[Any]) -> Tickets:
    total = count_of(session, ids.distinct())
    seen = visible_tickets(person).where(Ticket.id.in_(ids)).options(joinedload(Ticket.requester))
    return Tickets(list(session.scalars(seen.order_by(Ticket.id.desc()).limit(SHOWN))), total)


def _defects(session: Session, article: Article) -> list[Defect]:
    rows = (
        select(Defect)
        .join(DefectArticle, DefectArticle.defect_id == Defect.id)
        .where(DefectArticle.article_id == article.id, Defect.state.in_(REPAIRED))
    )
    return list(session.scalars(rows.order_by(Defect.id)))


def _links(session: Session, article: Article) -> list[tuple[Link, Article | None]]:
    rows = session.execute(lost().where(Article.id == article.id).limit(SHOWN))
    return [(link, target) for link, _article, target in rows]
