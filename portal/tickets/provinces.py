"""Which province a unit belongs to, read once for a whole table.

The company's own departments belong to the company itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Unit

KINDS = ("company", "province")


@dataclass(frozen=True, slots=True)
class Province:
    code: str
    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Provinces:
    """``rows`` by code in the order of the organisation; ``of`` leads from the id of a unit to a code."""

    rows: Mapping[str, Province]
    of: Mapping[int, str]


def provinces_of(session: Session) -> Provinces:
    """One query."""
    columns = (Unit.id, Unit.code, Unit.name, Unit.name_en, Unit.kind, Unit.path)
    units = session.execute(select(*columns).order_by(Unit.path)).all()
    rows = {row.code: Province(row.code, row.name, row.name_en) for row in units if row.kind in KINDS}
    return Provinces(rows, {row.id: _nearest(row.path, rows) for row in units})


def _nearest(path: str, rows: Mapping[str, Province]) -> str:
    above = [code for code in path.split("/") if code in rows]
    return above[-1] if above else ""
