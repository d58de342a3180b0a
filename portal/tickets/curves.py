"""A record over time: its tickets week by week, by province and by version, and what was done to it.

Every linked ticket counts. The version is the one that ran when the ticket was filed; where the user named
another system it is not known. The invariant: every week stands there, also one without a ticket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import DefectAction
from defects.models import Defect, DefectMove
from defects.versions import Key, runs_fix, version_key
from indexer.words import N_
from portal.catalogue.models import Deployment, System
from portal.people.models import Unit
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.provinces import Provinces, provinces_of

WEEKS = 26
#: More lines than these nobody can tell apart.
LINES = 6
OTHERS = N_("其他")
UNKNOWN = N_("版本不明")


class MarkKind(StrEnum):
    FIXED = "fixed"
    VERIFIED = "verified"
    RECURRED = "recurred"
    DEPLOYED = "deployed"


MARK_LABELS = {
    MarkKind.FIXED: N_("修复"),
    MarkKind.VERIFIED: N_("验证"),
    MarkKind.RECURRED: N_("复发"),
    MarkKind.DEPLOYED: N_("部署"),
}
MOVES = {
    DefectAction.FIX: MarkKind.FIXED,
    DefectAction.VERIFY: MarkKind.VERIFIED,
    DefectAction.RECUR: MarkKind.RECURRED,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was done on a day; ``version`` and ``units`` for a deployment."""

    day: date
    kind: MarkKind
    version: str = ""
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its name and its tickets week by week."""

    name: str
    tickets: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.tickets)


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves by unit are named by the province's code, those by version by the version; ``OTHERS`` and
    ``UNKNOWN`` are words of ours."""

    weeks: tuple[date, ...]
    total: tuple[int, ...]
    by_unit: tuple[Curve, ...]
    by_version: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    verified: int
    """How often the repair was said to hold …"""
    recurred: int
    """… and how often it turned out not to."""
    provinces: Provinces

    @property
    def is_empty(self) -> bool:
        return not any(self.total)


def curves_of(session: Session, defect: Defect, *, zone: ZoneInfo, today: date) -> Curves:
    """The last half year. Four queries whatever the number of tickets."""
    weeks = _weeks(today)
    since = datetime(weeks[0].year, weeks[0].month, weeks[0].day, tzinfo=zone)
    rows = session.execute(
        select(Ticket.filed_at, Ticket.unit_id, Ticket.running_version, System.code)
        .join(DefectLink, DefectLink.ticket_id == Ticket.id)
        .join(System, Ticket.system_id == System.id)
        .where(DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED)
        .where(Ticket.filed_at >= since)
    )
    provinces = provinces_of(session)
    spelled: dict[Key, str] = {}
    found = [
        (
            _monday(at.astimezone(zone).date()),
            provinces.of.get(unit, ""),
            _version(version, code, defect, spelled),
        )
        for at, unit, version, code in rows
    ]
    standing = standing_moves(defect.moves)
    return Curves(
        weeks,
        _line(weeks, Counter(week for week, _unit, _version in found)),
        _most(weeks, [(week, unit) for week, unit, _version in found]),
        _by_version(weeks, [(week, version) for week, _unit, version in found]),
        tuple(sorted((*_moved(standing, zone), *_deployed(session, defect)), key=lambda mark: mark.day)),
        sum(move.action == DefectAction.VERIFY for move in standing),
        sum(move.action == DefectAction.RECUR for move in standing),
        provinces,
    )


def _weeks(today: date) -> tuple[date, ...]:
    first = _monday(today) - timedelta(weeks=WEEKS - 1)
    return tuple(first + timedelta(weeks=number) for number in range(WEEKS))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _version(running: str, system: str, defect: Defect, spelled: dict[Key, str]) -> str:
    """V6.2.1 and 6.2.1 are one line, named as it was first met."""
    key = version_key(running) if system == defect.system else ()
    return spelled.setdefault(key, running) if key else UNKNOWN


def _line(weeks: Sequence[date], counted: Counter[date]) -> tuple[int, ...]:
    return tuple(counted[week] for week in weeks)


def _curves(weeks: Sequence[date], found: Iterable[tuple[date, str]]) -> dict[str, Curve]:
    counted: dict[str, Counter[date]] = {}
    for week, name in found:
        counted.setdefault(name, Counter())[week] += 1
    return {name: Curve(name, _line(weeks, weekly)) for name, weekly in counted.items()}


def _most(weeks: Sequence[date], found: Sequence[tuple[date, str]]) -> tuple[Curve, ...]:
    """Those with most tickets, all others in one line."""
    ordered = sorted(_curves(weeks, found).values(), key=lambda curve: (-curve.total, curve.name))
    if len(ordered) <= LINES:
        return tuple(ordered)
    rest = zip(*(curve.tickets for curve in ordered[LINES - 1 :]), strict=True)
    return (*ordered[: LINES - 1], Curve(OTHERS, tuple(map(sum, rest))))


def _by_version(weeks: Sequence[date], found: Sequence[tuple[date, str]]) -> tuple[Curve, ...]:
    """The oldest version first, so that the colours tell what is new; what nobody knows comes last."""
    curves = _curves(weeks, found).values()
    newest = sorted(curves, key=lambda curve: (curve.name != UNKNOWN, version_key(curve.name)))[-LINES:]
    return tuple(sorted(newest, key=lambda curve: (curve.name == UNKNOWN, version_key(curve.name))))


# ── what was done ────────────────────────────────────────────────────────────────────────────────


def standing_moves(moves: Sequence[DefectMove]) -> list[DefectMove]:
    """Without the recurrences that turned out to be false alarms, and without what took those back."""
    found: list[DefectMove] = []
    for move in moves:
        if move.action == DefectAction.RETRACT:
            last = max((n for n, row in enumerate(found) if row.action == DefectAction.RECUR), default=None)
            found = found if last is None else found[:last] + found[last + 1 :]
        else:
            found.append(move)
    return found


def _moved(moves: Iterable[DefectMove], zone: ZoneInfo) -> list[Mark]:
    return [
        Mark(move.at.astimezone(zone).date(), MOVES[move.action]) for move in moves if move.action in MOVES
    ]


def _deployed(session: Session, defect: Defect) -> list[Mark]:
    """Which units began to run the repair on which day, as far as the catalogue knows the day."""
    if not defect.fixed_in:
        return []
    rows = session.execute(
        select(Deployment.since, Deployment.version, Unit.name)
        .join(System, Deployment.system_id == System.id)
        .join(Unit, Deployment.unit_id == Unit.id)
        .where(System.code == defect.system, Deployment.since.is_not(None))
        .order_by(Deployment.since, Unit.path)
    )
    found: dict[tuple[date, str], list[str]] = {}
    for since, version, name in rows:
        if since is not None and runs_fix(version, defect.fixed_in):
            found.setdefault((since, version), []).append(name)
    return [Mark(day, MarkKind.DEPLOYED, version, tuple(units)) for (day, version), units in found.items()]
