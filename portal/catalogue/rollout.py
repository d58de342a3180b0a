"""Which unit runs what of a system, where it stands with a defect of it, and when the repair arrives.

Two queries whatever the number of units. A unit without a deployment of its own runs what the nearest
unit above it runs, else the system's own version. The invariant: a plan counts from its day on, and one
that does not bring the repair is no plan of the repair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.rollout import Standing, standing_of
from defects.signatures import runs_fix
from indexer.words import N_
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import deployed, running, system_by_code, today
from portal.people.models import Unit

#: Departments run what their bureau runs: they get no square of their own.
SHOWN = ("company", "province", "bureau")


class Coming(StrEnum):
    """Is the repair of a defect there?"""

    HERE = "here"
    PLANNED = "planned"
    UNPLANNED = "unplanned"
    NO_FIX = "no_fix"


COMING_LABELS = {
    Coming.HERE: N_("已用上"),
    Coming.PLANNED: N_("已排期"),
    Coming.UNPLANNED: N_("还没有计划"),
    Coming.NO_FIX: N_("还没有修复版本"),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a repair reaches a unit. ``version`` is the one that brings it: running, planned, or the fix."""

    standing: Coming
    version: str
    planned_on: date | None = None


@dataclass(frozen=True, slots=True)
class Square:
    """One unit of the map."""

    unit: Unit
    version: str
    standing: Standing
    arrival: Arrival = Arrival(Coming.NO_FIX, "")


@dataclass(frozen=True, slots=True)
class Runs:
    """What is deployed and planned of one system: path of a unit → its row."""

    rows: Mapping[str, Deployment]
    otherwise: str
    day: date

    def at(self, unit: Unit, day: date | None = None) -> str:
        """The version that this unit runs on that day; today unless another is named."""
        found = (running(row, day or self.day) for row in self._chain(unit))
        return next(filter(None, found), self.otherwise)

    def plans(self, unit: Unit) -> list[tuple[date, str]]:
        """The days to come on which another version begins there, and which one."""
        days = {
            day
            for row in self._chain(unit)
            for day in (row.since, row.next_on)
            if day is not None and day > self.day
        }
        found, before = [], self.at(unit)
        for day in sorted(days):
            if (version := self.at(unit, day)) != before:
                found.append((day, version))
            before = version
        return found

    def _chain(self, unit: Unit) -> list[Deployment]:
        """What is said of the unit itself, then of those above it."""
        codes = unit.ancestry
        paths = ("/" + "".join(f"{code}/" for code in codes[:depth]) for depth in range(len(codes), 0, -1))
        return [self.rows[path] for path in paths if path in self.rows]


def runs_of(session: Session, system: System) -> Runs:
    return Runs(deployed(session, system), system.version, today(session))


def shown_units(session: Session) -> list[Unit]:
    """Every company, province and bureau in the order of the organisation."""
    wanted = select(Unit).where(Unit.active, Unit.kind.in_(SHOWN)).order_by(Unit.path)
    return list(session.scalars(wanted))


def squares(session: Session, defect: Defect) -> list[Square]:
    """Every company, province and bureau in the order of the organisation."""
    system = system_by_code(session, defect.system)
    if system is None:
        return []
    runs = runs_of(session, system)
    return [_square(unit, runs, defect) for unit in shown_units(session)]


def standing_in(session: Session, defect: Defect, unit: Unit) -> Square:
    """The square of one unit, whatever its kind."""
    system = system_by_code(session, defect.system)
    if system is None:
        return Square(unit, "", Standing.UNKNOWN)
    return _square(unit, runs_of(session, system), defect)


def arrival_of(session: Session, defect: Defect, unit: Unit) -> Arrival:
    """Is the repair of this defect running in this unit, and if not: from which day on?"""
    return standing_in(session, defect, unit).arrival


def arrivals(session: Session, defect: Defect, units: Iterable[Unit]) -> dict[int, Arrival]:
    """The same for many units at once: id of the unit → its arrival."""
    system = system_by_code(session, defect.system)
    if system is None:
        return {unit.id: Arrival(Coming.NO_FIX, "") for unit in units}
    runs = runs_of(session, system)
    return {unit.id: _arrival(unit, runs, defect) for unit in units}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the repair of one record has come: units by what :class:`Coming` says, and the next day."""

    defect: Defect
    units: Mapping[Coming, int]
    next_on: date | None


def progress_of(runs: Runs, units: Collection[Unit], defects: Iterable[Defect]) -> list[Progress]:
    """The same of many records of one system, without asking again for each."""
    return [_progress(defect, [_arrival(unit, runs, defect) for unit in units]) for defect in defects]


def _progress(defect: Defect, found: Collection[Arrival]) -> Progress:
    counted = Counter(arrival.standing for arrival in found)
    days = [arrival.planned_on for arrival in found if arrival.planned_on is not None]
    return Progress(defect, counted, min(days, default=None))


def counts(row: Collection[Square]) -> dict[Standing, int]:
    """How many units stand where; those that occur."""
    found = {standing: sum(square.standing == standing for square in row) for standing in Standing}
    return {standing: number for standing, number in found.items() if number}


def _square(unit: Unit, runs: Runs, defect: Defect) -> Square:
    version = runs.at(unit)
    standing = standing_of(version, fixed_in=defect.fixed_in, affected=defect.affected)
    return Square(unit, version, standing, _arrival(unit, runs, defect))


def _arrival(unit: Unit, runs: Runs, defect: Defect) -> Arrival:
    if not defect.fixed_in:
        return Arrival(Coming.NO_FIX, "")
    here = runs.at(unit)
    if runs_fix(here, defect.fixed_in):
        return Arrival(Coming.HERE, here)
    for day, version in runs.plans(unit):
        if runs_fix(version, defect.fixed_in):
            return Arrival(Coming.PLANNED, version, day)
    return Arrival(Coming.UNPLANNED, defect.fixed_in)
