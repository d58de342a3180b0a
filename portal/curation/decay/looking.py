"""One look at every article: what speaks against it is written down, and where it is enough, it is marked.

The invariant: looking twice at the same desk changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from kb.articles import move
from kb.flow import ArticleAction, ArticleState, Duty
from kb.models import Article
from portal.curation.decay.evidence import Gathered, gathered, vouched
from portal.curation.decay.models import Signal
from portal.curation.decay.releases import note_releases
from portal.curation.decay.rules import ENOUGH, Finding, points_of, sentence, weighed
from portal.curation.keepers import tell_keepers
from portal.curation.rounds import DECAY, begun
from portal.tickets.notices import Event

#: Marked in one look, those against which most speaks first; the rest is marked by the next ones.
MARKED_AT_ONCE = 100


def look(session: Session, *, today: date, at: datetime) -> list[Article]:
    """All of it in one transaction; the worker gathers first, so that nobody waits for its reading."""
    note_releases(session, at)
    return settle(session, gathered(session, today=today, at=at), today=today, at=at)


def settle(session: Session, seen: Gathered, *, today: date, at: datetime) -> list[Article]:
    """Weigh what was gathered at that moment; the articles that were marked as to be checked again."""
    mark = begun(session, DECAY)
    findings = {number: found for number, row in seen.known.items() if (found := weighed(row, seen.usual))}
    _write(session, findings, at=at)
    marked = _mark(session, findings, today=today, at=at)
    tell_keepers(session, Event.ARTICLE_DUE, marked)
    mark.at = at
    session.flush()
    return marked


def _write(session: Session, findings: Mapping[int, Sequence[Finding]], *, at: datetime) -> None:
    said = {(number, row.sign): row for number, rows in findings.items() for row in rows}
    kept = {(row.article_id, row.sign): row for row in session.scalars(select(Signal))}
    for key, signal in kept.items():
        found = said.get(key)
        if found is None:
            session.delete(signal)
        elif (signal.points, signal.facts) != (found.points, dict(found.facts)):
            signal.points, signal.facts = found.points, dict(found.facts)
    session.add_all(
        Signal(article_id=key[0], sign=row.sign, points=row.points, facts=dict(row.facts), since=at, at=at)
        for key, row in said.items()
        if key not in kept
    )
    session.flush()
    session.execute(update(Signal).values(at=at).execution_options(synchronize_session=False))


def _mark(
    session: Session, findings: Mapping[int, Sequence[Finding]], *, today: date, at: datetime
) -> list[Article]:
    """Published ones against which enough speaks, unless somebody put them off or has just looked."""
    points = {number: points_of(rows) for number, rows in findings.items()}
    enough = [number for number, sum_ in points.items() if sum_ >= ENOUGH]
    open_ = session.scalars(
        select(Article.id).where(
            Article.state == ArticleState.PUBLISHED,
            or_(Article.snoozed_until.is_(None), Article.snoozed_until <= today),
            vouched() <= at,
        )
    )
    chosen = sorted(set(enough) & set(open_), key=lambda number: (-points[number], number))[:MARKED_AT_ONCE]
    marked = list(session.scalars(select(Article).where(Article.id.in_(chosen)).order_by(Article.id)))
    for article in marked:
        note = "；".join(sentence(row.sign, row.facts) for row in findings[article.id])
        move(session, article, ArticleAction.MARK_DUE, by=None, duties={Duty.SYSTEM}, note=note)
    return marked
