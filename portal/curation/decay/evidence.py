"""Gathering what is known of every readable article since somebody vouched for its words.

A fixed number of statements, however many articles there are; what the numbers mean is said by ``rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Case, ColumnElement, Integer, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session, aliased, lazyload, load_only

from kb.flow import READABLE
from kb.links.reading import TARGET, lost
from kb.models import Article, ArticleUnit, Feedback, Reason
from kb.translations.keeping import behind_among
from portal.curation.decay.fixes import fixes_of
from portal.curation.decay.releases import Releases
from portal.curation.decay.rules import Known, Usual
from portal.finder.models import CONSOLE, Consultation, Outcome, Shown
from portal.finder.sources import ARTICLE
from portal.tickets.models import ArticleLink, Ticket


@dataclass(slots=True)
class Gathered:
    """Everything known, by article, and what is usual among them."""

    known: dict[int, Known] = field(default_factory=dict)
    usual: Usual = field(default_factory=Usual)


@dataclass(frozen=True, slots=True)
class Standing:
    """What every rule must know of an article itself."""

    id: int
    system: str | None
    units: tuple[str, ...]
    review_on: date | None
    since: datetime


def vouched() -> Case[Any]:
    """SQL: since when evidence counts; words that changed later than they were checked begin anew."""
    checked = func.coalesce(Article.checked_at, Article.created_at)
    return case((Article.worded_at > checked, Article.worded_at), else_=checked)


def gathered(session: Session, *, today: date, at: datetime) -> Gathered:
    """What is known of every readable article."""
    standings = _standings(session)
    found = {row.id: _of_itself(row, today) for row in standings}
    for number, facts in _facts(session, standings, at=at):
        if number in found:
            found[number] = replace(found[number], **facts)
    return Gathered(found, _usual(found))


def _standings(session: Session) -> list[Standing]:
    units: dict[int, list[str]] = {}
    for number, code in session.execute(select(ArticleUnit.article_id, ArticleUnit.unit)):
        units.setdefault(number, []).append(code)
    columns = (Article.id, Article.system, Article.review_on, vouched())
    rows = session.execute(select(*columns).where(Article.state.in_(READABLE)).order_by(Article.id))
    return [
        Standing(number, system, tuple(sorted(units.get(number, ()))), review_on, since)
        for number, system, review_on, since in rows
    ]


def _of_itself(row: Standing, today: date) -> Known:
    if row.review_on is None:
        return Known()
    return Known(review_in=(row.review_on - today).days, review_on=row.review_on.isoformat())


def _facts(session: Session, standings: list[Standing], *, at: datetime) -> list[tuple[int, dict[str, Any]]]:
    releases = Releases.of(session)
    return [
        *_verdicts(session),
        *_flags(session, at),
        *_read_and_filed(session),
        *_answered(session),
        *((row.id, releases.passed(row.system, row.since)) for row in standings),
        *((number, {"fixes": fixes}) for number, fixes in fixes_of(session, standings).items()),
        *((number, {"lost_links": count}) for number, count in _lost(session).items()),
        *((number, {"behind": True}) for number in _behind(session, standings)),
    ]


def _verdicts(session: Session) -> list[tuple[int, dict[str, Any]]]:
    """Those for whom it was not about their problem found the wrong article, not a wrong one."""
    counts = (
        func.count().filter(Feedback.solved.is_(True)),
        func.count().filter(
            Feedback.solved.is_(False), or_(Feedback.reason.is_(None), Feedback.reason != Reason.NOT_MINE)
        ),
        func.count().filter(Feedback.solved.is_(False), Feedback.reason == Reason.OUTDATED),
    )
    rows = session.execute(
        select(Feedback.article_id, *counts)
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.flagged.is_(False), Feedback.at > vouched(), Article.state.in_(READABLE))
        .group_by(Feedback.article_id)
    )
    return [(number, {"solved": s, "failed": f, "outdated": o}) for number, s, f, o in rows]


def _flags(session: Session, at: datetime) -> list[tuple[int, dict[str, Any]]]:
    """A flag is open until an editor has dealt with it, whatever else was changed meanwhile."""
    rows = session.execute(
        select(Feedback.article_id, func.count(), func.min(Feedback.at))
        .join(Article, Article.id == Feedback.article_id)
        .where(
            Feedback.flagged,
            Feedback.handled_at.is_(None),
            Feedback.at > func.coalesce(Article.checked_at, Article.created_at),
            Article.state.in_(READABLE),
        )
        .group_by(Feedback.article_id)
    )
    return [(number, {"flags": count, "flagged_days": (at - first).days}) for number, count, first in rows]


def opened_since() -> ColumnElement[bool]:
    """SQL: somebody opened this answer for themselves after its words were vouched for.

    That an agent files a ticket for a caller says nothing about the article.
    """
    return and_(
        Shown.kind == ARTICLE,
        Shown.opened_at > vouched(),
        Consultation.outcome != Outcome.OPEN,
        Consultation.place != CONSOLE,
    )


def filed_anyway() -> ColumnElement[bool]:
    """SQL: a ticket was filed then, or within a few days about the same thing."""
    return or_(Consultation.outcome == Outcome.FILED, Consultation.returned_at.is_not(None))


def _read_and_filed(session: Session) -> list[tuple[int, dict[str, Any]]]:
    filed = func.sum(cast(filed_anyway(), Integer))
    rows = session.execute(
        select(Shown.subject_id, func.count(), filed)
        .join(Consultation, Consultation.id == Shown.consultation_id)
        .join(Article, Article.id == Shown.subject_id)
        .where(opened_since(), Article.state.in_(READABLE))
        .group_by(Shown.subject_id)
    )
    return [(number, {"opened": opened, "filed": int(count or 0)}) for number, opened, count in rows]


def _answered(session: Session) -> list[tuple[int, dict[str, Any]]]:
    rows = session.execute(
        select(ArticleLink.article_id, func.count(), func.sum(cast(Ticket.reopens > 0, Integer)))
        .join(Article, Article.id == ArticleLink.article_id)
        .join(Ticket, Ticket.id == ArticleLink.ticket_id)
        .where(ArticleLink.at > vouched(), Article.state.in_(READABLE))
        .group_by(ArticleLink.article_id)
    )
    return [(number, {"answered": n, "reopened": int(count or 0)}) for number, n, count in rows]


def _lost(session: Session) -> dict[int, int]:
    """Links that lead nowhere since the words were vouched for; the list of all of them is another one."""
    gone = func.coalesce(TARGET.updated_at, Article.worded_at, Article.created_at)
    broken = lost().where(gone >= vouched()).order_by(None)
    rows = broken.with_only_columns(Article.id.label("number")).subquery()
    return dict(session.execute(select(rows.c.number, func.count()).group_by(rows.c.number)).all())


def _behind(session: Session, standings: list[Standing]) -> list[int]:
    """Translations whose original was reworded after somebody vouched for them, and that say less by now."""
    wanted = select(Article).where(Article.state.in_(READABLE), Article.translation_of_id.is_not(None))
    light = (load_only(Article.id, Article.translation_of_id), lazyload(Article.unit_rows))
    behind = behind_among(session, list(session.scalars(wanted.options(*light))))
    if not behind:
        return []
    original = aliased(Article)
    reworded = session.execute(
        select(Article.id, original.worded_at)
        .join(original, original.id == Article.translation_of_id)
        .where(Article.state.in_(READABLE))
    )
    since = {row.id: row.since for row in standings}
    return [number for number, at in reworded if number in behind and (at is None or at > since[number])]


def _usual(known: Mapping[int, Known]) -> Usual:
    def share(hits: int, n: int) -> float:
        return hits / n if n else 0.0

    rows = known.values()
    failed, solved = sum(row.failed for row in rows), sum(row.solved for row in rows)
    return Usual(
        failed=share(failed, failed + solved),
        filed=share(sum(row.filed for row in rows), sum(row.opened for row in rows)),
        reopened=share(sum(row.reopened for row in rows), sum(row.answered for row in rows)),
    )
