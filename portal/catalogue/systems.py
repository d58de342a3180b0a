"""What administrators do with the catalogue: systems, modules, the version a unit runs, data services.

Nothing is deleted that tickets may name: systems and modules are retired. The invariant: every change is in
the audit, and a deployment's former version stays readable there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.catalogue.models import DataService, Deployment, Module, System
from portal.catalogue.queries import today
from portal.people.audit import record
from portal.people.models import Person, Unit
from portal.people.roles import PERMISSIONS, Permission
from portal.people.units import checked_name

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,39}")
SYSTEM, MODULE, DEPLOYMENT, SERVICE = "system", "module", "deployment", "service"


@dataclass(frozen=True, slots=True)
class SystemText:
    """What is said of a system."""

    name: str
    name_en: str = ""
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ServiceText:
    """One line of the data-service catalogue."""

    name: str
    what: str
    how: str
    self_service: bool
    name_en: str = ""
    system: str | None = None
    approver: str = ""
    working_days: int = 0


def add_system(session: Session, code: str, text: SystemText, *, by: Person) -> System:
    """A new system."""
    _check(by)
    key = _coded(code)
    if session.scalar(select(System.id).where(System.code == key)) is not None:
        raise Refused(N_("编码 %(code)s 已经用过了。"), code=key)
    system = System(code=key)
    _describe(system, text)
    session.add(system)
    session.flush()
    record(session, "create", SYSTEM, subject_id=key, by=by, name=system.name)
    return system


def change_system(session: Session, system: System, text: SystemText, *, by: Person) -> None:
    """Rename it, or set the version that runs where nothing else is said."""
    _check(by)
    before = [system.name, system.group, system.version]
    _describe(system, text)
    session.flush()
    after = [system.name, system.group, system.version]
    record(session, "change", SYSTEM, subject_id=system.code, by=by, before=before, after=after)


def _describe(system: System, text: SystemText) -> None:
    if text.version.strip() and not VERSION.fullmatch(text.version.strip()):
        raise Refused(N_("版本号只能用字母、数字、点和横线。"))
    system.name, system.name_en = checked_name(text.name), text.name_en.strip()[:200]
    system.group, system.version = text.group.strip()[:200], text.version.strip()


def set_system_active(session: Session, system: System, active: bool, *, by: Person) -> None:
    """Retire a system, or take it into use again; its tickets stay."""
    _check(by)
    system.active = active
    session.flush()
    record(session, "reactivate" if active else "deactivate", SYSTEM, subject_id=system.code, by=by)


def add_module(session: Session, system: System, code: str, *, name: str, by: Person) -> Module:
    """A new module of a system."""
    _check(by)
    key = _coded(code)
    if any(module.code == key for module in system.modules):
        raise Refused(N_("编码 %(code)s 已经用过了。"), code=key)
    module = Module(code=key, name=checked_name(name))
    system.modules.append(module)
    session.flush()
    record(session, "create", MODULE, subject_id=f"{system.code}/{key}", by=by, name=module.name)
    return module


def change_module(session: Session, module: Module, *, name: str, active: bool, by: Person) -> None:
    """Rename or retire a module."""
    _check(by)
    before = [module.name, module.active]
    module.name, module.active = checked_name(name), active
    session.flush()
    subject = f"{module.system.code}/{module.code}"
    record(session, "change", MODULE, subject_id=subject, by=by, before=before, after=[module.name, active])


def deploy(
    session: Session, system: System, unit: Unit, *, version: str, since: date | None, by: Person
) -> Deployment:
    """Write down which version a unit, and everything below it, runs from when on."""
    if not may_deploy(by, system):
        raise Refused(N_("只有系统管理员和负责这个系统的运维人员可以登记各单位的版本。"))
    if not VERSION.fullmatch(version.strip()):
        raise Refused(N_("版本号只能用字母、数字、点和横线。"))
    wanted = select(Deployment).where(Deployment.system_id == system.id, Deployment.unit_id == unit.id)
    row = session.scalar(wanted)
    former = row.version if row is not None else None
    if row is None:
        row = Deployment(system=system, unit=unit, version="")
        session.add(row)
    if row.version and since is not None and since > today(session):
        row.next_version, row.next_on = version.strip(), since  # until then it runs what it runs
    else:
        row.version, row.since = version.strip(), since
        row.next_version, row.next_on = "", None
    session.flush()
    words = {"before": former, "after": version.strip(), "since": since.isoformat() if since else None}
    record(session, "deploy", DEPLOYMENT, subject_id=f"{system.code}/{unit.code}", by=by, **words)
    return row


def save_service(
    session: Session, text: ServiceText, *, by: Person, service: DataService | None = None
) -> DataService:
    """Write a new line of the data-service catalogue, or change one."""
    _check(by)
    name = checked_name(text.name)
    other = session.scalar(select(DataService).where(DataService.name == name))
    if other is not None and other is not service:
        raise Refused(N_("目录里已经有“%(name)s”。"), name=name)
    if text.system and session.scalar(select(System.id).where(System.code == text.system)) is None:
        raise Refused(N_("请选择目录里的系统。"))
    if not text.what.strip() or not text.how.strip():
        raise Refused(N_("请写明能得到什么、怎样办理。"))
    if not 0 <= text.working_days <= 250:
        raise Refused(N_("工作日数在 0 到 250 之间。"))
    action = "create" if service is None else "change"
    service = service or DataService()
    service.name, service.name_en, service.system = name, text.name_en.strip()[:200], text.system or None
    service.what, service.how = text.what.strip(), text.how.strip()
    service.self_service, service.working_days = text.self_service, text.working_days
    service.approver = text.approver.strip()[:200]
    session.add(service)
    session.flush()
    record(session, action, SERVICE, subject_id=service.id, by=by, name=name)
    return service


def remove_service(session: Session, service: DataService, *, by: Person) -> None:
    """Take a line out of the data-service catalogue; nothing points at it."""
    _check(by)
    record(session, "remove", SERVICE, subject_id=service.id, by=by, name=service.name)
    session.delete(service)
    session.flush()


def _coded(code: str) -> str:
    key = code.strip().lower()
    if not CODE.fullmatch(key):
        raise Refused(N_("编码只能用小写字母、数字、横线和下划线。"))
    return key


def may_deploy(by: Person, system: System) -> bool:
    """Administrators for every system, engineers for their own."""
    own = any(
        Permission.REPAIR_DEFECTS in PERMISSIONS[row.post] and system.code in row.systems for row in by.posts
    )
    return by.may(Permission.MANAGE_CATALOGUE) or (own and by.active)


def _check(by: Person) -> None:
    if not by.may(Permission.MANAGE_CATALOGUE):
        raise Refused(N_("只有系统管理员可以管理系统目录。"))
