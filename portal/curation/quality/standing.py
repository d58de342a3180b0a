"""Counting how an article stands: its score, who opened it, whom it helped, who filed a ticket all the same.

A fixed number of statements for a few hundred articles at a time. Shares are judged by their interval; the
checks are those of ``checks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, cast, delete, func, select
from sqlalchemy.orm import Session

from kb.estimates import Estimate, rate
from kb.flow import READABLE, Confidence
from kb.links.reading import lost
from kb.models import Article, Feedback
from kb.translations.keeping import behind_among
from portal.catalogue.models import Module, System
from portal.curation.decay.evidence import filed_anyway
from portal.curation.keepers import ownerless
from portal.curation.quality.checks import Facts, Score, score_of
from portal.curation.quality.models import ArticleStanding
from portal.curation.rounds import STANDING, begun
from portal.finder.models import CONSOLE, Consultation, Outcome, Shown
from portal.finder.sources import ARTICLE
from portal.tickets.models import ArticleLink

CHUNK = 400
#: Use is counted over so many days: what nobody needed for half a year says little about today.
COUNTED = timedelta(days=180)
#: Fewer cases are shown as numbers, never as a share.
FEW = 5
#: An article that surely helped so many of its readers is proposed for verification.
PROVED = 0.6


def rated(hits: int, n: int) -> Estimate | None:
    """A share with its interval, or None where there are too few cases to speak of one."""
    return rate(hits, n) if n >= FEW else None


@dataclass(frozen=True, slots=True)
class Used:
    opened: int = 0
    filed: int = 0
    solved: int = 0
    failed: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    score: Score
    used: Used


def counted(session: Session, *, today: date, at: datetime) -> dict[int, Standing]:
    """How every readable article stands; a few hundred in memory at a time."""
    uses = _uses(session, at - COUNTED)
    modular = _with_modules(session)
    found: dict[int, Standing] = {}
    ids = list(session.scalars(_readable().order_by(Article.id)))
    for start in range(0, len(ids), CHUNK):
        scores = _scored(session, ids[start : start + CHUNK], modular=modular, today=today)
        found |= {number: Standing(score, uses.get(number, Used())) for number, score in scores.items()}
    return found


def settle(session: Session, standings: Mapping[int, Standing], *, at: datetime) -> None:
    """Write down what was counted of these articles."""
    begun(session, STANDING).at = at
    ids = list(standings)
    kept = select(ArticleStanding).where(ArticleStanding.article_id.in_(ids))
    rows = {row.article_id: row for row in session.scalars(kept)}
    there = set(session.scalars(_readable().where(Article.id.in_(ids))))
    for number, standing in standings.items():
        if number in there:
            session.add(_described(rows.get(number) or ArticleStanding(article_id=number), standing))
    session.flush()


def parts_of(standings: Mapping[int, Standing]) -> Iterator[dict[int, Standing]]:
    """A few hundred at a time, so that nobody waits long to write meanwhile."""
    items = list(standings.items())
    for start in range(0, len(items), CHUNK):
        yield dict(items[start : start + CHUNK])


def forget(session: Session) -> None:
    """Articles that readers can't find have no standing any more."""
    gone = delete(ArticleStanding).where(ArticleStanding.article_id.not_in(_readable()))
    session.execute(gone.execution_options(synchronize_session=False))


def look(session: Session, *, today: date, at: datetime) -> None:
    """Both in one transaction; the worker counts first, so that nobody waits for its reading."""
    forget(session)
    for part in parts_of(counted(session, today=today, at=at)):
        settle(session, part, at=at)


def score_now(session: Session, article: Article, *, today: date) -> Score:
    """One article's score as it stands this moment, for those who are at work on it."""
    found = _scored(session, [article.id], modular=_with_modules(session), today=today)
    return found[article.id]


def _readable() -> Select[Any]:
    return select(Article.id).where(Article.state.in_(READABLE))


def _described(row: ArticleStanding, standing: Standing) -> ArticleStanding:
    used, filed = standing.used, rated(standing.used.filed, standing.used.opened)
    row.score, row.missing = standing.score.value, list(standing.score.missing)
    row.opened, row.filed, row.answered = used.opened, used.filed, used.answered
    row.solved, row.failed = used.solved, used.failed
    row.stuck = filed.low if filed is not None else 0.0
    helped = rated(used.solved, used.solved + used.failed)
    row.proved = helped.low if helped is not None else 0.0
    return row


def _scored(
    session: Session, ids: Sequence[int], *, modular: frozenset[str], today: date
) -> dict[int, Score]:
    rows = list(session.scalars(select(Article).where(Article.id.in_(ids))))
    unowned = set(session.scalars(select(Article.id).where(Article.id.in_(ids), ownerless())))
    broken = _broken(session, ids)
    behind = behind_among(session, rows)
    return {
        row.id: score_of(
            Facts(
                title=row.title,
                body=row.body,
                kind=row.kind,
                language=row.language,
                system=row.system,
                has_modules=row.system in modular,
                module=row.module,
                category=row.category,
                keywords=len(row.keywords),
                also=len(row.also),
                owned=row.id not in unowned,
                review_in=(row.review_on - today).days if row.review_on else None,
                verified=row.confidence == Confidence.VERIFIED,
                lost_links=broken.get(row.id, 0),
                translation=row.translation_of_id is not None,
                behind=row.id in behind,
            )
        )
        for row in rows
    }


def _with_modules(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(System.code).join(Module).where(Module.active).distinct()))


def _broken(session: Session, ids: Iterable[int]) -> dict[int, int]:
    wanted = lost().where(Article.id.in_(list(ids))).order_by(None)
    rows = wanted.with_only_columns(Article.id.label("number")).subquery()
    return dict(session.execute(select(rows.c.number, func.count()).group_by(rows.c.number)).all())


def _uses(session: Session, since: datetime) -> dict[int, Used]:
    """Three statements over the period."""
    found: dict[int, dict[str, int]] = {}
    for number, opened, filed in session.execute(_opened(since)):
        found.setdefault(number, {}).update(opened=opened, filed=int(filed or 0))
    for number, solved, failed in session.execute(_verdicts(since)):
        found.setdefault(number, {}).update(solved=solved, failed=failed)
    for number, answered in session.execute(_answered(since)):
        found.setdefault(number, {}).update(answered=answered)
    return {number: Used(**numbers) for number, numbers in found.items()}


def _opened(since: datetime) -> Select[int, int, int]:
    filed = func.sum(cast(filed_anyway(), Integer))
    return (
        select(Shown.subject_id, func.count(), filed)
        .join(Consultation, Consultation.id == Shown.consultation_id)
        .where(Shown.kind == ARTICLE, Shown.opened_at >= since)
        .where(Consultation.place != CONSOLE, Consultation.outcome != Outcome.OPEN)
        .group_by(Shown.subject_id)
    )


def _verdicts(since: datetime) -> Select[int, int, int]:
    counts = (func.count().filter(Feedback.solved.is_(True)), func.count().filter(Feedback.solved.is_(False)))
    return select(Feedback.article_id, *counts).where(Feedback.at >= since).group_by(Feedback.article_id)


def _answered(since: datetime) -> Select[int, int]:
    return (
        select(ArticleLink.article_id, func.count())
        .where(ArticleLink.at >= since)
        .group_by(ArticleLink.article_id)
    )
