"""What is news to those who follow an article, and telling them.

Words change in many ways: by hand, by an import, by a pack, at a planned moment. So nobody who changes them
tells; the worker compares what each follower knows with what stands there now. An article that is being
changed is left alone until nobody has touched it for ``QUIET``. The invariants: nobody is told the same
twice, of a change of their own, or of words they may not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from kb.audience import tokens_of
from kb.care import successor
from kb.compare import Change, compare
from kb.flow import READABLE
from kb.models import Article, Revision
from kb.queries import is_readable
from portal.curation.following.follows import latest_revision
from portal.curation.following.models import ArticleFollower
from portal.people.models import Person
from portal.people.queries import people_by_id, viewer_of
from portal.tickets.notices import Event, tell

#: So long nobody has changed a word: several savings in a row are one change.
QUIET = timedelta(minutes=15)
#: A change is considerable from this share of the text on, or from so many characters.
SHARE, CHARACTERS = 0.1, 80
#: Followers that are looked at in one round; the others' turn comes with the next.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class Words:
    """The wordings that matter for these articles: those followers know, and the latest."""

    revisions: Mapping[tuple[int, int], Revision]
    latest: Mapping[int, int]

    @property
    def writers(self) -> set[int]:
        return {row.author_id for row in self.revisions.values()}

    def now(self, article: Article) -> Revision | None:
        return self.revisions.get((article.id, self.latest.get(article.id, 0)))

    def known(self, row: ArticleFollower) -> Revision | None:
        return self.revisions.get((row.article_id, row.revision))


def tell_followers(session: Session, at: datetime) -> int:
    """Look at every article that changed since its followers were told; returns how many were told now."""
    rows = [(row, article) for row, article in session.execute(_waiting(at))]
    if not rows:
        return 0
    words = words_of(session, [row for row, _ in rows])
    people = people_by_id(session, words.writers | {row.person_id for row, _ in rows})
    told = 0
    for article, pairs in groupby(rows, key=lambda pair: pair[1]):
        followers = [row for row, _ in pairs]
        if article.state in READABLE:
            told += _tell_of_words(session, article, followers, people=people, words=words, at=at)
        else:
            told += _tell_of_the_end(session, article, followers, people=people, at=at)
    session.flush()
    return told


def _waiting(at: datetime) -> Select[*tuple[ArticleFollower, Article]]:
    """Followers of articles that ended, came back, or say something else than when they were looked at."""
    changed = and_(Article.worded_at > ArticleFollower.looked_at, Article.worded_at <= at - QUIET)
    found = and_(Article.state.in_(READABLE), or_(ArticleFollower.gone, changed))
    ended = and_(Article.state.not_in(READABLE), ArticleFollower.gone.is_(False))
    return (
        select(ArticleFollower, Article)
        .join(Article, Article.id == ArticleFollower.article_id)
        .where(or_(found, ended))
        .order_by(ArticleFollower.article_id, ArticleFollower.person_id)
        .limit(MOST)
    )


def words_of(session: Session, rows: Iterable[ArticleFollower]) -> Words:
    known = {(row.article_id, row.revision) for row in rows}
    articles = {article for article, _ in known}
    highest = select(Revision.article_id, func.max(Revision.number)).where(Revision.article_id.in_(articles))
    found = session.execute(highest.group_by(Revision.article_id)).all()
    latest: dict[int, int] = {article: number for article, number in found}  # noqa: C416 - rows are no pairs to mypy
    wanted = known | set(latest.items())
    numbers = {number for _, number in wanted}
    revisions = session.scalars(
        select(Revision).where(Revision.article_id.in_(articles), Revision.number.in_(numbers))
    )
    return Words({(row.article_id, row.number): row for row in revisions}, latest)


def is_considerable(known: Revision | None, present: Revision) -> bool:
    """Is this more than a slip of the pen put right?"""
    if known is None or known.title.strip() != present.title.strip():
        return True
    pieces = compare(known.body, present.body)
    changed = sum(len(piece.text.strip()) for piece in pieces if piece.change != Change.SAME)
    return changed >= min(CHARACTERS, SHARE * max(len(known.body), len(present.body), 1))


# ── another wording ──────────────────────────────────────────────────────────────────────────────


def _tell_of_words(
    session: Session,
    article: Article,
    followers: Sequence[ArticleFollower],
    *,
    people: Mapping[int, Person],
    words: Words,
    at: datetime,
) -> int:
    present = words.now(article)
    if present is None:
        return 0
    weighed: dict[int, bool] = {}
    to = []
    for row in followers:
        row.looked_at = at
        if not is_readable(article, viewer_of(people.get(row.person_id))):
            continue
        if row.revision not in weighed:
            weighed[row.revision] = is_considerable(words.known(row), present)
        if weighed[row.revision] or row.gone:
            row.revision, row.title, row.gone = present.number, article.title, False
            to.append(row.person_id)
    values = {"article": article.number, "title": article.title}
    by = people.get(present.author_id)
    return len(tell(session, Event.ARTICLE_CHANGED, to=to, values=values, by=by)) if to else 0


# ── the end of an article ────────────────────────────────────────────────────────────────────────


def _tell_of_the_end(
    session: Session,
    article: Article,
    followers: Sequence[ArticleFollower],
    *,
    people: Mapping[int, Person],
    at: datetime,
) -> int:
    into = successor(session, article)
    told, left = 0, {}
    for row in followers:
        row.gone, row.looked_at = True, at
        person = people.get(row.person_id)
        viewer = viewer_of(person)
        if person is None or not tokens_of(article.audience, article.units) & viewer.tokens:
            continue
        if into is not None and is_readable(into, viewer):
            left[row.person_id] = row
        else:
            values = {"former": article.number, "title": row.title}
            told += len(tell(session, Event.ARTICLE_GONE, to=[person.id], values=values))
    return told + (_follow_on(session, article, into, left, at=at) if into is not None and left else 0)


def _follow_on(
    session: Session, article: Article, into: Article, left: Mapping[int, ArticleFollower], *, at: datetime
) -> int:
    """Whoever followed an article that was replaced follows the one that answers in its place."""
    theirs = select(ArticleFollower.person_id).where(ArticleFollower.article_id == into.id)
    there = set(session.scalars(theirs.where(ArticleFollower.person_id.in_(left))))
    number = latest_revision(session, into)
    for person, row in left.items():
        session.delete(row)
        if person not in there:
            session.add(
                ArticleFollower(
                    article_id=into.id,
                    person_id=person,
                    since=row.since,
                    revision=number,
                    title=into.title,
                    looked_at=at,
                )
            )
    values = {"former": article.number, "article": into.number, "title": into.title}
    return len(tell(session, Event.ARTICLE_REPLACED, to=left, values=values))
