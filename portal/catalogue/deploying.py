"""Deployments of many units at once: read line by line, looked at, and only then written.

A line is unit, system, version, day; a first line may name its columns in another order. Who may enter them:
administrators, and engineers for their own systems. The invariant: reading writes nothing, and what a preview
shows is what the same lines would do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.signatures import version_key
from indexer.words import N_
from kb.flow import Refused
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import running, today
from portal.catalogue.rollout import Runs
from portal.catalogue.systems import VERSION, may_deploy
from portal.people.models import Person, Unit

Named = TypeVar("Named", Unit, System)

MOST_LINES = 2_000
LONGEST = 400_000
YEARS = 5
COLUMNS = ("unit", "system", "version", "since")
HEADERS = {
    **dict.fromkeys(("单位", "unit", "单位代码", "单位编码"), "unit"),
    **dict.fromkeys(("系统", "system", "系统代码", "系统编码"), "system"),
    **dict.fromkeys(("版本", "version", "版本号"), "version"),
    **dict.fromkeys(("日期", "date", "since", "启用日期", "起始", "起始日期", "计划日期"), "since"),
}
_DIVIDERS = re.compile(r"\t|[,，;；|]")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class Fate(StrEnum):
    """What a line would do."""

    RUNS = "runs"
    PLANNED = "planned"
    SAME = "same"
    WRONG = "wrong"


FATE_LABELS = {
    Fate.RUNS: N_("登记"),
    Fate.PLANNED: N_("登记计划"),
    Fate.SAME: N_("没有变化"),
    Fate.WRONG: N_("有误"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was written and as it was understood."""

    number: int
    text: str
    fate: Fate
    unit: Unit | None = None
    system: System | None = None
    version: str = ""
    since: date | None = None
    before: str = ""
    """What the unit runs until now, or is planned to run."""
    older: bool = False
    """It would run an older version than before: right after a rollback, else a mistake."""
    fault: Refused | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that lines can name."""

    units: Mapping[str, Unit]
    systems: Mapping[str, System]
    rows: Mapping[int, Mapping[str, Deployment]]
    """System → path of a unit → what is deployed there."""
    day: date


def read(session: Session, text: str, *, by: Person, only: System | None = None) -> list[Line]:
    """The lines of a pasted table or a CSV file; ``only``: without a column for the system."""
    if len(text) > LONGEST:
        raise Refused(N_("一次最多粘贴 %(n)s 行，请分几次。"), n=MOST_LINES)
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip(" \t,，;；|")]
    if len(rows) > MOST_LINES:
        raise Refused(N_("一次最多粘贴 %(n)s 行，请分几次。"), n=MOST_LINES)
    columns, rows = _columns(rows, only)
    known = _known(session)
    return list(_without_repeats(_line(number, line, columns, known, by, only) for number, line in rows))


def _columns(rows: list[tuple[int, str]], only: System | None) -> tuple[list[str], list[tuple[int, str]]]:
    named = [HEADERS.get(cell.lower(), "") for cell in _cells(rows[0][1])] if rows else []
    if {"unit", "version"} <= set(named):
        return named, rows[1:]
    return [name for name in COLUMNS if name != "system" or only is None], rows


def _cells(line: str) -> list[str]:
    divided = line.split("\t") if "\t" in line else _DIVIDERS.split(line)
    return [cell.strip().strip('"').strip() for cell in divided]


def _known(session: Session) -> _Known:
    units = session.scalars(select(Unit).where(Unit.active)).all()
    systems = session.scalars(select(System).where(System.active)).all()
    return _Known(
        _by_code_and_name(units),
        _by_code_and_name(systems),
        _deployed(session),
        today(session),
    )


def _deployed(session: Session) -> dict[int, dict[str, Deployment]]:
    found: dict[int, dict[str, Deployment]] = {}
    for path, row in session.execute(select(Unit.path, Deployment).join(Unit, Unit.id == Deployment.unit_id)):
        found.setdefault(row.system_id, {})[path] = row
    return found


def _by_code_and_name(rows: Sequence[Named]) -> dict[str, Named]:
    """A code goes before a name; a name that two have names neither."""
    names = [row.name.lower() for row in rows]
    found = {row.name.lower(): row for row in rows if names.count(row.name.lower()) == 1}
    return found | {row.code.lower(): row for row in rows}


def _line(
    number: int, text: str, columns: Sequence[str], known: _Known, by: Person, only: System | None
) -> Line:
    given = {name: cell for name, cell in zip(columns, _cells(text), strict=False) if name}
    try:
        unit = _named(known.units, given.get("unit", ""), N_("没有“%(name)s”这个单位。"), N_("缺少单位。"))
        system = only or _named(
            known.systems, given.get("system", ""), N_("没有“%(name)s”这个系统。"), N_("缺少系统。")
        )
        if not may_deploy(by, system):
            raise Refused(N_("您不负责“%(name)s”，不能登记它的版本。"), name=system.name)
        version, since = _version(given.get("version", "")), _day(given.get("since", ""), known.day)
    except Refused as fault:
        return Line(number, text, Fate.WRONG, fault=fault)
    return _understood(number, text, unit, system, version, since, known)


def _understood(
    number: int, text: str, unit: Unit, system: System, version: str, since: date | None, known: _Known
) -> Line:
    rows = known.rows.get(system.id, {})
    row, here = rows.get(unit.path), Runs(rows, system.version, known.day).at(unit)
    plan = f"{row.next_version} {row.next_on}" if row is not None and row.next_on else ""
    planned = since is not None and since > known.day
    same = (version, since) == (row.next_version, row.next_on) if planned and row is not None else False
    same = same or (not planned and row is not None and running(row, known.day) == version and not plan)
    fate = Fate.SAME if same else Fate.PLANNED if planned else Fate.RUNS
    older = bool(here) and version_key(version) < version_key(here)
    before = plan if planned and plan else here
    return Line(number, text, fate, unit, system, version, since, before=before, older=older)


def _named(known: Mapping[str, Named], name: str, wrong: str, missing: str) -> Named:
    if not name:
        raise Refused(missing)
    if name.lower() not in known:
        raise Refused(wrong, name=name[:60])
    return known[name.lower()]


def _version(text: str) -> str:
    if not text:
        raise Refused(N_("缺少版本。"))
    if not VERSION.fullmatch(text):
        raise Refused(N_("版本号只能用字母、数字、点和横线。"))
    return text


def _day(text: str, today: date) -> date | None:
    """2026-03-01, 2026/3/1, 2026年3月1日; empty: from now on."""
    if not text:
        return None
    found = _DAY.fullmatch(text)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise Refused(N_("看不懂日期“%(text)s”，请写成 2026-03-01。"), text=text[:40])
    if abs(day.year - today.year) > YEARS:
        raise Refused(N_("日期 %(text)s 离今天太远，请核对年份。"), text=text[:40])
    return day


def _without_repeats(lines: Iterable[Line]) -> Iterator[Line]:
    """A unit's version is said once; a version now and a plan for later are two things."""
    seen: dict[tuple[int, int, bool], int] = {}
    for line in lines:
        if line.unit is None or line.system is None:
            yield line
            continue
        key = (line.system.id, line.unit.id, line.fate == Fate.PLANNED)
        if key in seen:
            fault = Refused(N_("和第 %(n)s 行说的是同一个单位，请只留一行。"), n=seen[key])
            yield Line(line.number, line.text, Fate.WRONG, fault=fault)
        else:
            seen[key] = line.number
            yield line
