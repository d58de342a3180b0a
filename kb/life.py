"""What a step of an article's life takes along and leaves behind, beside the state itself.

Here is no writing down: ``articles.move`` does that, and importing walks the same table. The invariant: what
somebody vouched for has a moment (``checked_at``), and an approval for later has one (``publish_at``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from indexer.words import N_
from kb.flow import (
    PUBLISH_AT,
    UNTIL,
    VOUCHING,
    ArticleAction,
    ArticleState,
    Duty,
    Refused,
    Step,
    open_to,
)
from kb.models import Article, AtExpiry

REVIEW_EVERY = timedelta(days=180)
#: Nobody remembers what was approved longer ago than this, and what was put off longer is forgotten.
LONGEST_WAIT = timedelta(days=366)
LONGEST_SNOOZE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives along with a step, besides its reason; days are those of the desk's calendar."""

    publish_at: datetime | None = None
    expires_on: date | None = None
    at_expiry: AtExpiry = AtExpiry.RECHECK
    until: date | None = None

    @property
    def names(self) -> frozenset[str]:
        named = {PUBLISH_AT: self.publish_at, UNTIL: self.until}
        return frozenset(name for name, value in named.items() if value is not None)


NOTHING = Given()


def steps_open(article: Article, *, by: int | None, duties: Collection[Duty]) -> tuple[Step, ...]:
    """The steps this person may take with this article now."""
    return open_to(article.state, duties, is_author=is_own(article, by), confidence=article.confidence)


def is_own(article: Article, by: int | None) -> bool:
    """Is this person among the authors of what would be published? Then somebody else must judge it."""
    latest = article.revisions[-1].author_id if article.revisions else article.author_id
    return by is not None and by in (article.author_id, latest)


def check_given(row: Step, given: Given, *, at: datetime) -> None:
    """Raise :class:`Refused` when a moment or a day that was given can't be meant."""
    later, until = given.publish_at, given.until
    if PUBLISH_AT in row.needs and later is not None and not at < later <= at + LONGEST_WAIT:
        raise Refused(N_("发布时间须在现在之后、一年之内；要马上发布，请直接点“发布”。"))
    latest = (at + LONGEST_SNOOZE).date()
    if UNTIL in row.needs and until is not None and not at.date() < until <= latest:
        raise Refused(N_("请选今天之后、三个月之内的一天。"))
    check_expiry(given.expires_on, after=given.publish_at or at)


def check_expiry(expires_on: date | None, *, after: datetime) -> None:
    if expires_on is not None and expires_on < after.date():
        raise Refused(N_("有效期须在发布之后；到这一天为止仍然有效。"))


def settle(article: Article, row: Step, given: Given, *, at: datetime) -> None:
    """What a step leaves on the article beside its state; importing walks the table and settles, too."""
    article.confidence = row.then or article.confidence
    if row.action in VOUCHING:
        article.checked_at, article.snoozed_until = at, None
        article.review_on = (at + REVIEW_EVERY).date()
    if row.action in (ArticleAction.PUBLISH, ArticleAction.SCHEDULE):
        article.expires_on, article.at_expiry, article.expiry_told = given.expires_on, given.at_expiry, None
        article.replaced_by_id = None
    if row.action == ArticleAction.SNOOZE:
        article.snoozed_until = given.until
    article.publish_at = given.publish_at if row.action == ArticleAction.SCHEDULE else None
    if row.end == ArticleState.PUBLISHED:
        article.published_at = article.published_at or at
