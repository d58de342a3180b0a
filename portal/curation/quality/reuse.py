"""Whose articles others build on: readers helped, tickets answered by colleagues. Reuse, not volume.

What an author did with their own article is left out, and an article that nobody used adds nothing to
anybody. Nobody is listed for not having been used: a line begins with the first use. The share of readers
who were helped stands with its interval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from kb.estimates import Estimate
from kb.flow import READABLE
from kb.models import Article, Feedback
from portal.curation.quality.standing import rated
from portal.people.models import Person
from portal.people.queries import people_by_id
from portal.tickets.models import ArticleLink

BEST = 3


@dataclass(frozen=True, slots=True)
class Reused:
    """One article and what others did with it."""

    article: Article
    helped: int
    not_helped: int
    answered: int

    @property
    def uses(self) -> int:
        return self.helped + self.answered


@dataclass(slots=True)
class Line:
    """One author: how often others used their articles, and which ones most."""

    person: Person
    articles: list[Reused] = field(default_factory=list)
    readable: int = 0

    @property
    def uses(self) -> int:
        return sum(row.uses for row in self.articles)

    @property
    def helped(self) -> int:
        return sum(row.helped for row in self.articles)

    @property
    def answered(self) -> int:
        return sum(row.answered for row in self.articles)

    @property
    def success(self) -> Estimate | None:
        return rated(self.helped, self.helped + sum(row.not_helped for row in self.articles))

    @property
    def per_article(self) -> float:
        """Uses for each article that readers can find now: many that nobody needs make this small."""
        return self.uses / max(self.readable, len(self.articles))

    @property
    def best(self) -> list[Reused]:
        return sorted(self.articles, key=lambda row: (-row.uses, row.article.id))[:BEST]


def reuse(session: Session, *, since: datetime, only: Person | None = None) -> list[Line]:
    """Authors by how much others used what they wrote; five statements. ``only``: nobody else's line."""
    whose = Article.author_id == only.id if only is not None else None
    helped = _verdicts(session, since, whose, solved=True)
    failed = _verdicts(session, since, whose, solved=False)
    answered = _answers(session, since, whose)
    used = sorted(helped.keys() | answered.keys())
    articles = {row.id: row for row in session.scalars(select(Article).where(Article.id.in_(used)))}
    people = people_by_id(session, [row.author_id for row in articles.values()])
    lines = {number: Line(person) for number, person in people.items()}
    for number in used:
        if (line := lines.get(articles[number].author_id)) is not None:
            line.articles.append(
                Reused(
                    articles[number], helped.get(number, 0), failed.get(number, 0), answered.get(number, 0)
                )
            )
    for author, count in _readable(session, list(lines)).items():
        lines[author].readable = count
    return sorted(lines.values(), key=lambda line: (-line.uses, -line.per_article, line.person.id))


def _verdicts(
    session: Session, since: datetime, whose: ColumnElement[bool] | None, *, solved: bool
) -> dict[int, int]:
    rows = (
        select(Feedback.article_id, func.count())
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.solved.is_(solved), Feedback.at >= since, Feedback.person_id != Article.author_id)
        .group_by(Feedback.article_id)
    )
    return dict(session.execute(rows if whose is None else rows.where(whose)).all())


def _answers(session: Session, since: datetime, whose: ColumnElement[bool] | None) -> dict[int, int]:
    rows = (
        select(ArticleLink.article_id, func.count())
        .join(Article, Article.id == ArticleLink.article_id)
        .where(ArticleLink.at >= since, ArticleLink.by_id != Article.author_id)
        .group_by(ArticleLink.article_id)
    )
    return dict(session.execute(rows if whose is None else rows.where(whose)).all())


def _readable(session: Session, authors: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(Article.author_id, func.count())
        .where(Article.author_id.in_(authors), Article.state.in_(READABLE))
        .group_by(Article.author_id)
    )
    return dict(rows.all())
