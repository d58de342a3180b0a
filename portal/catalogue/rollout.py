"""Which unit runs what of a system, and where it stands with a defect of it: a map of squares.

Two queries whatever the number of units. A unit without a deployment of its own runs what the nearest
unit above it runs, else the system's own version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.rollout import Standing, standing_of
from portal.catalogue.models import System
from portal.catalogue.queries import deployed, running, today
from portal.people.models import Unit

#: Departments run what their bureau runs: they get no square of their own.
SHOWN = ("company", "province", "bureau")


@dataclass(frozen=True, slots=True)
class Square:
    """One unit of the map."""

    unit: Unit
    version: str
    standing: Standing


def squares(session: Session, defect: Defect) -> list[Square]:
    """Every company, province and bureau in the order of the organisation."""
    system = session.scalar(select(System).where(System.code == defect.system))
    if system is None:
        return []
    units = session.scalars(select(Unit).where(Unit.active, Unit.kind.in_(SHOWN)).order_by(Unit.path))
    running = _deployed(session, system)
    return [_square(unit, running, system, defect) for unit in units]


def standing_in(session: Session, defect: Defect, unit: Unit) -> Square:
    """The square of one unit, whatever its kind."""
    system = session.scalar(select(System).where(System.code == defect.system))
    if system is None:
        return Square(unit, "", Standing.UNKNOWN)
    return _square(unit, _deployed(session, system), system, defect)


def counts(row: Collection[Square]) -> dict[Standing, int]:
    """How many units stand where; those that occur."""
    found = {standing: sum(square.standing == standing for square in row) for standing in Standing}
    return {standing: number for standing, number in found.items() if number}


def _deployed(session: Session, system: System) -> dict[str, str]:
    """Path of a unit → version deployed there."""
    day = today(session)
    rows = deployed(session, system).items()
    return {path: version for path, row in rows if (version := running(row, day))}


def _square(unit: Unit, running: Mapping[str, str], system: System, defect: Defect) -> Square:
    above = [path for path in running if unit.path.startswith(path)]
    version = running[max(above, key=len)] if above else system.version
    standing = standing_of(version, fixed_in=defect.fixed_in, affected=defect.affected)
    return Square(unit, version, standing)
