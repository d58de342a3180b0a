"""What the sample's records tell users: known-error articles written with the verb, and planned roll-outs.

One article of a record that is being worked on, one of a repaired record whose repair runs in some units and
is planned for others, and one that is older than what its record says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from defects.flow import DefectState
from defects.models import Defect
from defects.signatures import runs_fix
from kb.columns import CLOCK
from portal.catalogue import systems
from portal.catalogue.models import Deployment, System
from portal.causes.known import publishing
from portal.people.models import Person

TOLD_BEFORE = timedelta(days=25)
#: Days until the repair comes to the first units that lack it; the others have no plan yet.
PLANNED_IN = (6, 20)
ADDED = "做完以后刷新页面再核对一遍结果。"


def tell_users(
    session: Session, records: dict[str, Defect], *, editor: Person, admin: Person, today: datetime
) -> None:
    """Where there are too few records for that, there are fewer articles."""
    session.info[CLOCK] = today - TOLD_BEFORE
    hurting = _fitting(session, records, DefectState.CONFIRMED, DefectState.IN_PROGRESS)[:2]
    repaired = [row for row in _fitting(session, records, DefectState.VERIFIED) if _behind(session, row)][:2]
    for record in (*hurting, *repaired):
        publishing.publish(session, record, by=editor)
    session.info[CLOCK] = today
    for record in repaired:
        _plan(session, record, by=admin, today=today)
    for record in hurting[1:]:
        record.workaround = f"{record.workaround.rstrip()}\n{ADDED}"
    session.flush()


def _fitting(session: Session, records: dict[str, Defect], *states: DefectState) -> list[Defect]:
    found = [records[name] for name in sorted(records) if records[name].state in states]
    return [
        row
        for row in found
        if row.workaround.strip() and row.shown_to_users and not publishing.told_by(session, row)
    ]


def _behind(session: Session, record: Defect) -> list[Deployment]:
    """Units with a row of their own that lack the repair."""
    rows = session.scalars(
        select(Deployment)
        .join(System, System.id == Deployment.system_id)
        .where(System.code == record.system, Deployment.next_on.is_(None))
        .options(joinedload(Deployment.unit), joinedload(Deployment.system))
        .order_by(Deployment.id)
    )
    found = list(rows)
    lacking = [row for row in found if not runs_fix(row.version, record.fixed_in)]
    return lacking if len(lacking) < len(found) else []


def _plan(session: Session, record: Defect, *, by: Person, today: datetime) -> None:
    for row, days in zip(_behind(session, record), PLANNED_IN, strict=False):
        since = (today + timedelta(days=days)).date()
        version = record.fixed_in or ""
        systems.deploy(session, row.system, row.unit, version=version, since=since, by=by)
