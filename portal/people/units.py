"""What administrators do with the organisation: add, rename, move and close units.

The invariant: a unit's path is its parent's path and its own code; moving a unit moves all below it.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import Person, Unit
from portal.people.roles import Permission

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
UNIT = "unit"
#: What a unit is, from the top down, and its name.
KINDS = {
    "company": N_("公司"),
    "province": N_("省公司"),
    "bureau": N_("供电局"),
    "department": N_("部门"),
}
DEEPEST = 8
PATH_LIMIT = 500


def add(session: Session, code: str, name: str, *, kind: str, above: Unit | None, by: Person) -> Unit:
    """A new unit below ``above``."""
    _check(by)
    key = code.strip().lower()
    if not CODE.fullmatch(key):
        raise Refused(N_("编码只能用小写字母、数字、横线和下划线。"))
    if session.scalar(select(Unit.id).where(Unit.code == key)) is not None:
        raise Refused(N_("编码 %(code)s 已经用过了。"), code=key)
    if kind not in KINDS:
        raise Refused(N_("请选择单位的类型。"))
    if above is not None and not above.active:
        raise Refused(N_("不能加在已停用的单位下面。"))
    unit = Unit(code=key, kind=kind, name=checked_name(name), parent=above, path=_path(above, key))
    session.add(unit)
    session.flush()
    record(
        session, "create", UNIT, subject_id=key, by=by, name=unit.name, above=above.code if above else None
    )
    return unit


def rename(session: Session, unit: Unit, name: str, *, name_en: str, by: Person) -> None:
    """Call a unit something else; its code stays."""
    _check(by)
    before = unit.name
    unit.name, unit.name_en = checked_name(name), name_en.strip()[:200]
    session.flush()
    record(session, "rename", UNIT, subject_id=unit.code, by=by, before=before, after=unit.name)


def move(session: Session, unit: Unit, above: Unit, *, by: Person) -> None:
    """Put a unit, with everything below it, under another."""
    _check(by)
    if above.path.startswith(unit.path):
        raise Refused(N_("不能把单位移到它自己或下级单位下面。"))
    if not above.active:
        raise Refused(N_("不能移到已停用的单位下面。"))
    former, fresh = unit.path, _path(above, unit.code)
    below = list(session.scalars(select(Unit).where(func.substr(Unit.path, 1, len(former)) == former)))
    for row in below:
        row.path = _fitting(fresh + row.path[len(former) :])
    before = unit.parent.code if unit.parent else None
    unit.parent = above
    session.flush()
    record(
        session, "move", UNIT, subject_id=unit.code, by=by, before=before, after=above.code, moved=len(below)
    )


def close(session: Session, unit: Unit, *, by: Person) -> None:
    """Deactivate a unit that nobody belongs to any more."""
    _check(by)
    below = func.substr(Unit.path, 1, len(unit.path)) == unit.path
    people = session.scalar(
        select(func.count())
        .select_from(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .where(below, Person.active)
    )
    if people:
        raise Refused(N_("还有 %(n)s 位在用人员属于这个单位或它的下级，请先调走。"), n=people)
    for row in session.scalars(select(Unit).where(below)):
        row.active = False
    session.flush()
    record(session, "deactivate", UNIT, subject_id=unit.code, by=by)


def reopen(session: Session, unit: Unit, *, by: Person) -> None:
    """Activate a unit again; the one above must be active."""
    _check(by)
    if unit.parent is not None and not unit.parent.active:
        raise Refused(N_("上级单位已停用，请先启用上级。"))
    unit.active = True
    session.flush()
    record(session, "reactivate", UNIT, subject_id=unit.code, by=by)


def people_in(session: Session) -> dict[int, int]:
    """Unit id → how many active people have it as their home."""
    rows = session.execute(select(Person.unit_id, func.count()).where(Person.active).group_by(Person.unit_id))
    return dict(rows.all())


def _path(above: Unit | None, code: str) -> str:
    return _fitting(f"{above.path if above else '/'}{code}/")


def _fitting(path: str) -> str:
    if len(path) > PATH_LIMIT or path.count("/") > DEEPEST + 1:
        raise Refused(N_("组织层级太深了。"))
    return path


def checked_name(name: str) -> str:
    """What a unit, a system or a module may be called; raises :class:`Refused`."""
    if not 0 < len(name.strip()) <= 200:
        raise Refused(N_("请填写名称，不超过 200 字。"))
    return name.strip()


def _check(by: Person) -> None:
    if not by.may(Permission.MANAGE_PEOPLE):
        raise Refused(N_("只有系统管理员可以管理单位。"))
