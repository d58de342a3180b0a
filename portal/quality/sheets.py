"""Scoring sheets: written by administrators, kept version by version, chosen for a ticket.

The invariant: a version is never changed; saving a sheet whose questions differ writes the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality.models import ScoreSheet, SheetVersion
from portal.quality.scoring import Sheet, checked_sheet, sheet_from
from portal.tickets.models import Ticket
from portal.tickets.words import Category

SUBJECT = "score_sheet"


def save(
    session: Session,
    sheet: ScoreSheet | None,
    name: str,
    *,
    categories: Sequence[str],
    content: Sheet,
    by: Person,
) -> ScoreSheet:
    """A new sheet, or the next version of one."""
    _check(by)
    title = _named(name)
    if not set(categories) <= set(Category):
        raise Refused(N_("请选择请求类别。"))
    checked = checked_sheet(content)
    if sheet is None:
        sheet = ScoreSheet(name=title, versions=[])
        session.add(sheet)
    sheet.name, sheet.categories = title, sorted(categories)
    session.flush()
    version = _next_version(session, sheet, checked, by=by)
    record(session, "save", SUBJECT, subject_id=sheet.id, by=by, name=title, number=version.number)
    return sheet


def _next_version(session: Session, sheet: ScoreSheet, content: Sheet, *, by: Person) -> SheetVersion:
    latest = newest(sheet)
    if latest is not None and sheet_from(latest.content) == content:
        return latest
    number = latest.number + 1 if latest else 1
    version = SheetVersion(number=number, at=now(session), by_id=by.id, content=content.as_json())
    sheet.versions.append(version)
    session.flush()
    return version


def newest(sheet: ScoreSheet) -> SheetVersion | None:
    return sheet.versions[-1] if sheet.versions else None


def set_active(session: Session, sheet: ScoreSheet, active: bool, *, by: Person) -> None:
    """Put a sheet out of use, or back; what was scored by it stays."""
    _check(by)
    sheet.active = active
    session.flush()
    record(session, "revive" if active else "retire", SUBJECT, subject_id=sheet.id, by=by, name=sheet.name)


def version_for(session: Session, ticket: Ticket) -> SheetVersion | None:
    """The newest version of the sheet made for the ticket's category, else of one made for all."""
    sheets = session.scalars(
        select(ScoreSheet)
        .where(ScoreSheet.active)
        .order_by(ScoreSheet.id)
        .options(selectinload(ScoreSheet.versions))
    ).all()
    own = [sheet for sheet in sheets if ticket.category in sheet.categories]
    general = [sheet for sheet in sheets if not sheet.categories]
    return next((version for sheet in own + general if (version := newest(sheet))), None)


def every_sheet(session: Session) -> list[ScoreSheet]:
    wanted = select(ScoreSheet).order_by(ScoreSheet.active.desc(), ScoreSheet.id)
    return list(session.scalars(wanted.options(selectinload(ScoreSheet.versions))))


def _named(name: str) -> str:
    if not 0 < len(name.strip()) <= 100:
        raise Refused(N_("请填写名称，不超过 100 字。"))
    return name.strip()


def _check(by: Person) -> None:
    if not by.may(Permission.MANAGE_QUALITY):
        raise Refused(N_("只有服务经理和系统管理员可以改抽样规则和评分表。"))
