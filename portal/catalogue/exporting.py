"""The catalogue as rows that an import reads: units, systems, modules, deployments, data services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.catalogue.importing import FIELDS
from portal.catalogue.models import DataService, Deployment, System
from portal.people.exporting import unit_rows

COLUMNS = tuple(field.name for field in FIELDS)


def catalogue_rows(session: Session) -> Iterator[dict[str, Any]]:
    """In the order in which an import writes them."""
    yield from unit_rows(session)
    systems = list(session.scalars(select(System).order_by(System.id)))
    for system in systems:
        yield _row("system", system, "code", "name", "name_en", "group", "version", "active")
    for system in systems:
        for module in system.modules:
            yield {**_row("module", module, "code", "name", "active"), "system": system.code}
    for deployment in session.scalars(select(Deployment).order_by(Deployment.id)):
        named = {"system": deployment.system.code, "unit": deployment.unit.code}
        yield {**_row("deployment", deployment, "version", "since"), **named}
    names = ("name", "name_en", "system", "what", "self_service", "how", "approver", "working_days")
    for service in session.scalars(select(DataService).order_by(DataService.id)):
        yield _row("service", service, *names)


def _row(record: str, row: object, *names: str) -> dict[str, Any]:
    return {"record": record, **{name: getattr(row, name) for name in names}}
