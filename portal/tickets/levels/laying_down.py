"""Laying down service levels: a version with its moment of effect, never for the past; and taking it back.

Nothing is overwritten: to take something back is a further version that says what was said before. The
invariant: every version is in the audit, and what is laid down has been checked so that no clock can fail
on it. Calendars are laid down in ``timetables``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.models import System
from portal.people.audit import record
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.levels.book import book_of, forget
from portal.tickets.levels.models import LevelVersion
from portal.tickets.service_levels import DAY_MINUTES, VISITED, Level, level_from, tier_minutes
from portal.tickets.words import TIER_LABELS, Category, Tier
from portal.tickets.working_calendar import DEFAULT

LEVEL = "level"
LONGEST = 250 * DAY_MINUTES
FARTHEST = timedelta(days=366)
NOTE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """What a level is of; without a system of every system that has none of its own."""

    category: Category
    priority: int
    system: System | None = None

    @property
    def name(self) -> str:
        return f"{self.category}/{self.priority}/{self.system.code if self.system else '*'}"

    @property
    def system_id(self) -> int | None:
        return self.system.id if self.system else None


@dataclass(frozen=True, slots=True)
class Times:
    """What is allowed, in minutes of the time in which the category counts."""

    respond: int
    close: int
    tiers: Mapping[Tier, int]
    warn: int

    def level(self, category: Category) -> Level:
        return Level(
            respond=self.respond,
            tier=self.tiers[Tier.MIDDLE],
            close=self.close,
            round_the_clock=category == Category.FAULT,
            own=tuple((tier, self.tiers[tier]) for tier in VISITED),
            warn=self.warn,
        )


def lay_down(
    session: Session, scope: Scope, times: Times, *, since: date | None, note: str, by: Person
) -> LevelVersion:
    """From that day on this is allowed; without a day, and for today, from now on."""
    check_may(by)
    _check(scope, times)
    level, moment = times.level(scope.category), moment_of(session, since)
    before = book_of(session).level(scope.category, scope.priority, system_id=scope.system_id, at=moment)
    if is_same(before, level) and (scope.system is None or _has_own(session, scope, moment)):
        raise Refused(N_("和那时生效的时限完全一样，没有可保存的改动。"))
    return _write(session, scope, level.as_json(), since=moment, note=note, by=by)


def return_to_general(
    session: Session, scope: Scope, *, since: date | None, note: str, by: Person
) -> LevelVersion:
    """From that day on nothing of its own: what is more general counts again."""
    check_may(by)
    moment = moment_of(session, since)
    if not _has_own(session, scope, moment):
        raise Refused(N_("这里没有单独的规定，本来就按通用的时限。"))
    return _write(session, scope, {}, since=moment, note=note, by=by)


def undo(session: Session, version: LevelVersion, *, by: Person) -> LevelVersion:
    """Take back the last thing that was laid down here; from now on, or before it ever counted."""
    check_may(by)
    scope = Scope(version.category, version.priority, version.system)
    versions = book_of(session).levels.get((scope.category, scope.priority, scope.system_id), [])
    former = before_last(versions, version)
    return _write(
        session,
        scope,
        dict(former.level) if former else {},
        since=max(version.since, now(session)),
        note="",
        by=by,
        undoes=version,
    )


def _write(
    session: Session,
    scope: Scope,
    level: dict[str, object],
    *,
    since: datetime,
    note: str,
    by: Person,
    undoes: LevelVersion | None = None,
) -> LevelVersion:
    version = LevelVersion(
        category=scope.category,
        priority=scope.priority,
        system=scope.system,
        since=since,
        level=level,
        note=noted(note),
        undoes_id=undoes.id if undoes else None,
        made_at=now(session),
        by=by,
    )
    session.add(version)
    session.flush()
    forget(session)
    deed = "undo" if undoes else "lay_down"
    record(session, deed, LEVEL, subject_id=scope.name, by=by, **told(version, _spoken(level)))
    return version


def told(version: Any, content: Mapping[str, object]) -> dict[str, object]:
    """What the audit keeps of a version."""
    return {"since": version.since.isoformat(timespec="minutes"), "note": version.note, **content}


def _spoken(level: dict[str, object]) -> dict[str, object]:
    """A level flat, as a line of the audit shows it."""
    if not level:
        return {"level": "—"}
    flat = level_from(level)
    tiers = {tier.value: tier_minutes(flat, tier) for tier in VISITED}
    return {"respond": flat.respond, **tiers, "close": flat.close, "warn": flat.warn}


def is_same(one: Level, other: Level) -> bool:
    """Do both allow the same, however they are written down?"""
    return _allowed(one) == _allowed(other)


def _allowed(level: Level) -> tuple[int, ...]:
    return (level.respond, level.close, level.warn, *(tier_minutes(level, tier) for tier in VISITED))


def _has_own(session: Session, scope: Scope, at: datetime) -> bool:
    book = book_of(session)
    found = book.level_version(scope.category, scope.priority, system_id=scope.system_id, at=at)
    return found is not None and found.system_id == scope.system_id


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


V = TypeVar("V", bound=_Numbered)


def before_last(versions: list[V], version: V) -> V | None:
    """What this version, the last one laid down, put aside; refuses when it isn't the last."""
    if max(row.id for row in versions) != version.id:
        raise Refused(N_("只能撤销最后一次改动；请刷新看最新的版本。"))
    place = next(number for number, row in enumerate(versions) if row.id == version.id)
    return versions[place - 1] if place else None


def moment_of(session: Session, since: date | None) -> datetime:
    """From when: now for today, else that day's midnight at the desk; never in the past."""
    moment = now(session)
    today = moment.astimezone(DEFAULT.place).date()
    if since is None or since == today:
        return moment
    if since < today:
        raise Refused(N_("生效日期不能早于今天：已经发生的不会改写。"))
    if since > today + FARTHEST:
        raise Refused(N_("生效日期最远在一年以内。"))
    return datetime.combine(since, time(), DEFAULT.place).astimezone(UTC)


def noted(note: str) -> str:
    text = note.replace("\x00", "").strip()
    if len(text) > NOTE_LIMIT:
        raise Refused(N_("说明请控制在 %(limit)s 个字以内。"), limit=NOTE_LIMIT)
    return text


def check_may(by: Person) -> None:
    if not by.may(Permission.MANAGE_LEVELS):
        raise Refused(N_("只有服务经理和系统管理员可以改服务时限和工作日历。"))


def _check(scope: Scope, times: Times) -> None:
    if scope.priority not in (1, 2, 3, 4):
        raise Refused(N_("优先级只能是 1 到 4 级。"))
    for name, minutes in _named(times):
        if not 1 <= minutes <= LONGEST:
            raise Refused(N_("“%(name)s”要在 1 分钟到 250 个工作日之间。"), name=name)
        if minutes > times.close:
            raise Refused(N_("“%(name)s”比办结时限还长，请把它改短，或把办结时限改长。"), name=name)
    if not 50 <= times.warn <= 99:
        raise Refused(N_("提醒的百分比要在 50 到 99 之间。"))


def _named(times: Times) -> Iterator[tuple[str, int]]:
    yield N_("办结总时长"), times.close
    yield N_("响应"), times.respond
    for tier in VISITED:
        yield TIER_LABELS[tier], times.tiers[tier]


def versions_of(session: Session, scope: Scope) -> list[LevelVersion]:
    """Everything that was ever laid down here, the last first."""
    wanted = select(LevelVersion).where(
        LevelVersion.category == scope.category, LevelVersion.priority == scope.priority
    )
    system = LevelVersion.system_id
    mine = system.is_(None) if scope.system is None else system == scope.system.id
    return list(session.scalars(wanted.where(mine).order_by(LevelVersion.id.desc())))
