"""Reading the catalogue: systems by code, and the version a unit runs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.catalogue.models import Deployment, Module, System
from portal.people.models import Unit


def systems_in_order(session: Session, *, active_only: bool = True) -> list[System]:
    """Systems by group and name."""
    wanted = select(System).order_by(System.group, System.id)
    return list(session.scalars(wanted.where(System.active) if active_only else wanted))


def systems_by_code(session: Session) -> dict[str, System]:
    """Every system, those out of use too: old texts still name them."""
    return {system.code: system for system in systems_in_order(session, active_only=False)}


def system_by_code(session: Session, code: str | None) -> System | None:
    return session.scalar(select(System).where(System.code == code)) if code else None


def system_names(session: Session) -> dict[str, str]:
    """code → name of every system."""
    return dict(session.execute(select(System.code, System.name)).all())


def module_names(session: Session) -> dict[tuple[str, str], str]:
    """(system code, module code) → name of every module."""
    rows = session.execute(select(System.code, Module.code, Module.name).join(Module))
    return {(system, module): name for system, module, name in rows}


def version_in(session: Session, system: System, unit: Unit) -> str:
    """The version that ``unit`` runs: its own, else that of the nearest unit above, else the system's."""
    rows = session.execute(
        select(Unit.path, Deployment.version)
        .join(Deployment, Deployment.unit_id == Unit.id)
        .where(Deployment.system_id == system.id)
    ).all()
    above = [(len(path), version) for path, version in rows if unit.path.startswith(path)]
    return max(above)[1] if above else system.version
