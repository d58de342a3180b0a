"""Deflection line by line: by week, by system, by unit, and what each article came to.

The same conditions as the whole, grouped; the invariant: lines by system, by unit and by week add up to it.
Articles don't: a question shows several of them, and one that a viewer may not read has no line.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal_column, select
from sqlalchemy.orm import Session

from kb.models import Article
from kb.queries import readable_articles
from portal.catalogue.models import System
from portal.finder.models import Consultation, Outcome, Shown
from portal.finder.sources import ARTICLE
from portal.insight.consultations import is_self_service, narrowed
from portal.insight.deflection import Tally, tally_columns
from portal.insight.estimates import Estimate, rate
from portal.insight.periods import WEEK, Period, Scope
from portal.insight.unit_level import level_below, unit_names
from portal.people.models import Person, Unit
from portal.people.queries import viewer_of


@dataclass(frozen=True, slots=True)
class Line:
    """One system, unit or week with how its questions ended; no code means that nobody knew."""

    code: str
    name: str
    name_en: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class WeekLine:
    """One week back from the end of the period; the first may be shorter."""

    period: Period
    tally: Tally


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """What came of showing one article."""

    number: str
    title: str
    shown: int
    opened: int
    stayed: int
    returned: int
    filed: int
    """Opened, and a ticket was filed all the same."""

    @property
    def solved(self) -> int:
        return self.stayed + self.returned

    @property
    def rate(self) -> Estimate | None:
        """Of those who opened it, whose problem it really solved."""
        return rate(self.stayed, self.opened)


def by_system(session: Session, scope: Scope, period: Period) -> list[Line]:
    """The busiest first; questions of which nobody knew the system at the end."""
    rows = _grouped(session, scope, period, func.coalesce(Consultation.about, ""))
    names = _systems(session)
    lines = [_line(code, names, tally) for code, tally in rows.items()]
    return sorted(lines, key=lambda line: (not line.code, -line.tally.asked, line.code))


def by_unit(session: Session, scope: Scope, period: Period) -> list[Line]:
    """By the units one level below the one that is looked at, or below the company."""
    rows = session.execute(
        select(Unit.path, *tally_columns())
        .select_from(Consultation)
        .join(Person, Person.id == Consultation.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(*narrowed(scope, period), is_self_service())
        .group_by(Unit.path)
    )
    level = level_below(session, scope)
    found: dict[str, Tally] = {}
    for row in rows:
        code = level.line_of(row.path)
        found[code] = _added(found.get(code, Tally()), Tally.of(row))
    names = unit_names(session, found)
    lines = [_line(code, names, tally) for code, tally in found.items()]
    return sorted(lines, key=lambda line: (-line.tally.asked, line.code))


def by_week(session: Session, scope: Scope, period: Period) -> list[WeekLine]:
    """Every week of the period, oldest first; what is left over is a shorter week at the beginning."""
    weeks = weeks_of(period)
    number = case(
        *(
            (Consultation.at >= week.since, literal_column(str(place)))
            for place, week in reversed(list(enumerate(weeks)))
        ),
    )
    rows = _grouped(session, scope, period, number)
    return [WeekLine(week, rows.get(place, Tally())) for place, week in enumerate(weeks)]


def weeks_of(period: Period) -> list[Period]:
    weeks = period.weeks() if period.until - period.since >= WEEK else []
    start = weeks[0].since if weeks else period.until
    return [Period(period.since, start), *weeks] if period.since < start else weeks


def _grouped(session: Session, scope: Scope, period: Period, key: ColumnElement[Any]) -> dict[Any, Tally]:
    named = key.label("key")
    rows = session.execute(
        select(named, *tally_columns()).where(*narrowed(scope, period), is_self_service()).group_by(named)
    )
    return {row.key: Tally.of(row) for row in rows}


def _line(code: str, names: dict[str, tuple[str, str]], tally: Tally) -> Line:
    name, name_en = names.get(code, (code, ""))
    return Line(code, name, name_en, tally)


def _added(one: Tally, other: Tally) -> Tally:
    return Tally(
        **{field.name: getattr(one, field.name) + getattr(other, field.name) for field in fields(one)}
    )


def _systems(session: Session) -> dict[str, tuple[str, str]]:
    rows = session.execute(select(System.code, System.name, System.name_en))
    return {code: (name, name_en) for code, name, name_en in rows}


# ── articles ─────────────────────────────────────────────────────────────────────────────────────


def by_article(
    session: Session, scope: Scope, period: Period, *, limit: int | None = None, offset: int = 0
) -> tuple[list[ArticleLine], int]:
    """Articles that were shown and that this viewer may read, most shown first; and how many."""
    readable = readable_articles(viewer_of(scope.person)).with_only_columns(Article.id)
    counted = (
        select(Shown.subject_id.label("id"), *_article_columns())
        .join(Consultation, Consultation.id == Shown.consultation_id)
        .where(
            Shown.kind == ARTICLE,
            Shown.subject_id.in_(readable),
            *narrowed(scope, period),
            is_self_service(),
        )
        .group_by(Shown.subject_id)
        .subquery()
    )
    columns = [column for column in counted.c if column.name != "id"]
    rows = session.execute(
        select(Article.number, Article.title, *columns, func.count().over().label("lines"))
        .join(counted, counted.c.id == Article.id)
        .order_by(counted.c.shown.desc(), Article.id)
        .limit(limit)
        .offset(offset)
    ).all()
    return [_article(row) for row in rows], rows[0].lines if rows else 0


def _article_columns() -> list[ColumnElement[int]]:
    opened = Shown.opened_at.is_not(None)
    solved = and_(
        Consultation.outcome == Outcome.SOLVED,
        Consultation.solved_kind == ARTICLE,
        Consultation.solved_id == Shown.subject_id,
    )
    came = Consultation.returned_at.is_not(None)
    conditions = {
        "opened": opened,
        "stayed": and_(solved, ~came),
        "returned": and_(solved, came),
        "filed": and_(opened, Consultation.outcome == Outcome.FILED),
    }
    return [
        func.count().label("shown"),
        *(
            func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name)
            for name, condition in conditions.items()
        ),
    ]


def _article(row: Row[Any]) -> ArticleLine:
    told = row._mapping
    return ArticleLine(
        told["number"],
        told["title"],
        *(int(told[name]) for name in ("shown", "opened", "stayed", "returned", "filed")),
    )
