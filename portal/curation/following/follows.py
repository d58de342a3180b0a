"""Following an article and letting it go; what somebody follows.

Telling them is ``news``' business. Verbs never commit. The invariants: only what somebody may read can be
followed, and of an article that left them they see the title they knew and nothing newer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, joinedload

from indexer.words import N_
from kb.columns import now
from kb.flow import READABLE, Refused
from kb.models import Article, Revision
from kb.queries import is_readable
from portal.curation.following.models import ArticleFollower
from portal.people.models import Person
from portal.people.queries import viewer_of

MOST = 300


@dataclass(frozen=True, slots=True)
class Followed:
    """One article that somebody follows; no article where they may not read it any more."""

    number: str
    title: str
    since: datetime
    article: Article | None
    retired: bool


def follow(session: Session, article: Article, *, by: Person) -> None:
    """From now on they hear of it; twice is once."""
    if not is_readable(article, viewer_of(by)):
        raise Refused(N_("这篇知识您看不到，不能关注。"))
    if is_following(session, article, by):
        return
    held = select(func.count()).where(ArticleFollower.person_id == by.id)
    if (session.scalar(held) or 0) >= MOST:
        raise Refused(N_("最多关注 %(most)s 篇知识，请先取消不再需要的。"), most=MOST)
    moment = now(session)
    session.add(
        ArticleFollower(
            article_id=article.id,
            person_id=by.id,
            since=moment,
            revision=latest_revision(session, article),
            title=article.title,
            looked_at=moment,
        )
    )
    session.flush()


def latest_revision(session: Session, article: Article) -> int:
    return session.scalar(select(func.max(Revision.number)).where(Revision.article_id == article.id)) or 0


def unfollow(session: Session, article: Article, *, by: Person) -> bool:
    """They wish to hear no more of it; False when they did not follow it."""
    row = session.get(ArticleFollower, (article.id, by.id))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def is_following(session: Session, article: Article, person: Person) -> bool:
    return session.get(ArticleFollower, (article.id, person.id)) is not None


def followed_by(session: Session, person: Person) -> list[Followed]:
    """What this person follows, latest first."""
    rows = session.scalars(
        select(ArticleFollower)
        .where(ArticleFollower.person_id == person.id)
        .options(joinedload(ArticleFollower.article).options(defer(Article.body)))
        .order_by(ArticleFollower.since.desc(), ArticleFollower.article_id.desc())
    )
    viewer = viewer_of(person)
    return [_shown(row, row.article if is_readable(row.article, viewer) else None) for row in rows]


def _shown(row: ArticleFollower, article: Article | None) -> Followed:
    title = article.title if article is not None else row.title
    retired = row.article.state not in READABLE
    return Followed(row.article.number, title, row.since, article, retired)
