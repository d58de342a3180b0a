"""Reading the catalogue: systems by code, and the version a unit runs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Select, event, select
from sqlalchemy.orm import Session, object_session

from kb.columns import now
from portal.catalogue.models import Deployment, Module, System
from portal.db import forget, kept
from portal.people.models import Unit

#: A roll-out begins with the day of the desk.
ZONE = ZoneInfo("Asia/Shanghai")


def systems_in_order(session: Session, *, active_only: bool = True) -> list[System]:
    """Systems by group and name."""
    wanted = select(System).order_by(System.group, System.id)
    return list(session.scalars(wanted.where(System.active) if active_only else wanted))


def systems_by_code(session: Session) -> dict[str, System]:
    """Every system, those out of use too: old texts still name them."""
    return {system.code: system for system in systems_in_order(session, active_only=False)}


def system_by_code(session: Session, code: str | None) -> System | None:
    return session.scalar(select(System).where(System.code == code)) if code else None


def system_ids(session: Session | None, codes: Collection[str]) -> list[int] | Select[int]:
    """The ids of these systems, as values wherever there is a session; see ``people.queries.unit_ids``."""
    if session is None:
        return select(System.id).where(System.code.in_(codes))
    known = kept(session, "systems", lambda: dict(session.execute(select(System.code, System.id)).all()))
    return sorted(known[code] for code in set(codes) if code in known)


def _forget(_mapper: object, _connection: object, system: System) -> None:
    forget(object_session(system))


for moment in ("after_insert", "after_update", "after_delete"):
    event.listen(System, moment, _forget)


def system_names(session: Session) -> dict[str, str]:
    """code → name of every system."""
    return dict(session.execute(select(System.code, System.name)).all())


def module_names(session: Session) -> dict[tuple[str, str], str]:
    """(system code, module code) → name of every module."""
    rows = session.execute(select(System.code, Module.code, Module.name).join(Module))
    return {(system, module): name for system, module, name in rows}


def today(session: Session) -> date:
    """The day of the desk's own time zone."""
    return now(session).astimezone(ZONE).date()


def running(row: Deployment, day: date) -> str:
    """What is deployed on this day; empty before its first day, then what is above counts."""
    if row.next_on is not None and row.next_on <= day:
        return row.next_version
    return "" if row.since is not None and row.since > day else row.version


def deployed(session: Session, system: System) -> dict[str, Deployment]:
    """Path of a unit → what is deployed or planned there."""
    rows = session.execute(
        select(Unit.path, Deployment)
        .join(Deployment, Deployment.unit_id == Unit.id)
        .where(Deployment.system_id == system.id)
    )
    return dict(rows.all())


def version_in(session: Session, system: System, unit: Unit) -> str:
    """The version that ``unit`` runs: its own, else that of the nearest unit above, else the system's."""
    day = today(session)
    above = {
        len(path): version
        for path, row in deployed(session, system).items()
        if unit.path.startswith(path) and (version := running(row, day))
    }
    return above[max(above)] if above else system.version


def planned_in(session: Session, system: System, unit: Unit) -> tuple[str, date] | None:
    """The version that ``unit`` is to run next, and from which day on; None when nothing is planned."""
    day = today(session)
    above = {len(path): row for path, row in deployed(session, system).items() if unit.path.startswith(path)}
    for length in sorted(above, reverse=True):
        row = above[length]
        if row.next_on is not None and row.next_on > day:
            return row.next_version, row.next_on
        if row.since is not None and row.since > day:
            return row.version, row.since
        return None  # its own deployment goes before a plan of the unit above
    return None
