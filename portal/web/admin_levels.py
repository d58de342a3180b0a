"""Administration of service levels: what is promised, one promise open for change, its versions and undo.

Working calendars are in ``admin_calendars``; both share one blueprint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kb.columns import now
from kb.flow import Refused
from portal.catalogue.models import System
from portal.catalogue.queries import system_by_code, systems_in_order
from portal.people.models import Unit
from portal.people.queries import unit_by_code, units_in_order
from portal.people.roles import Permission
from portal.tickets.levels import laying_down
from portal.tickets.levels.book import Book, book_of
from portal.tickets.levels.laying_down import Scope, Times
from portal.tickets.levels.models import LevelVersion
from portal.tickets.service_levels import Level, add_minutes
from portal.tickets.words import PRIORITY_LABELS, Category
from portal.web.access import needs
from portal.web.labels import named
from portal.web.level_forms import FIELDS, day_of, minutes_of, names, times_of, typed_of
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("admin_levels", __name__)


@dataclass(frozen=True, slots=True)
class Cell:
    """One promise of the table."""

    level: Level
    version: LevelVersion | None  # none: the house's own
    coming: LevelVersion | None


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the preview."""

    name: str
    minutes: int
    at: datetime


@blueprint.get("/admin/levels")
@needs(Permission.MANAGE_LEVELS)
def page() -> str:
    """Every category by priority, for all systems or as one system has it."""
    system = _system(request.args.get("system", ""))
    return render_template(
        "admin/levels.html",
        rows=table_of(db(), system),
        system=system,
        systems=systems_in_order(db()),
        priorities=PRIORITY_LABELS,
        unknown=_unknown_years(),
    )


def table_of(session: Session, system: System | None) -> dict[Category, list[Cell]]:
    """What counts now, and what is laid down for later."""
    book, moment = book_of(session), now(session)
    return {
        category: [
            _cell(book, Scope(category, priority, system), moment) for priority in sorted(PRIORITY_LABELS)
        ]
        for category in Category
    }


def _cell(book: Book, scope: Scope, moment: datetime) -> Cell:
    kind = (scope.category, scope.priority)
    versions = book.levels.get((*kind, scope.system_id), [])
    return Cell(
        book.level(*kind, system_id=scope.system_id, at=moment),
        book.level_version(*kind, system_id=scope.system_id, at=moment),
        next((version for version in versions if version.since > moment), None),
    )


def _unknown_years() -> list[int]:
    """Years that are at hand and whose public holidays nobody knows yet."""
    calendar = book_of(db()).calendar((), now(db()))
    this = now(db()).astimezone(calendar.place)
    return [
        year
        for year in (this.year, *([this.year + 1] if this.month >= 11 else []))
        if not calendar.is_known(year)
    ]


def _system(code: str) -> System | None:
    system = system_by_code(db(), code)
    if code and system is None:
        abort(404)
    return system


def _scope(category: str, priority: int) -> Scope:
    if category not in set(Category) or priority not in PRIORITY_LABELS:
        abort(404)
    return Scope(Category(category), priority, _system(request.args.get("system", "")))


# ── one promise ──────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/admin/levels/<category>/<int:priority>")
@needs(Permission.MANAGE_LEVELS)
def level(category: str, priority: int) -> str:
    """One promise: what counts, the form, the preview, the versions."""
    return _level_page(_scope(category, priority))


def _level_page(
    scope: Scope, *, typed: Mapping[str, str] | None = None, times: Times | None = None, problem: str = ""
) -> str:
    session, moment = db(), now(db())
    cell = _cell(book_of(session), scope, moment)
    shown = times.level(scope.category) if times else cell.level
    unit = _unit_of_preview()
    return render_template(
        "admin/level.html",
        scope=scope,
        cell=cell,
        fields=FIELDS,
        typed=typed or typed_of(cell.level),
        problem=problem,
        preview=dues_of(session, shown, unit, at=moment),
        previewed=times is not None,
        unit=unit,
        units=[row for row in units_in_order(session) if row.active],
        versions=laying_down.versions_of(session, scope),
        now=moment,
        priority_name=PRIORITY_LABELS[scope.priority],
        minutes_of=minutes_of,
    )


def dues_of(session: Session, level: Level, unit: Unit, *, at: datetime) -> list[Due]:
    """When a ticket that somebody of this unit files now would be due."""
    calendar = book_of(session).calendar(unit.ancestry, at)
    lines = [(name, minutes_of(level, field)) for field, name in FIELDS.items()]
    return [Due(name, mins, add_minutes(at, mins, level=level, calendar=calendar)) for name, mins in lines]


def _unit_of_preview() -> Unit:
    return unit_by_code(db(), request.values.get("unit", "")) or me().unit


@blueprint.post("/admin/levels/<category>/<int:priority>")
@needs(Permission.MANAGE_LEVELS)
def change(category: str, priority: int) -> Response | str | tuple[str, int]:
    """Preview, lay down, or return to what is general; the button says which."""
    scope = _scope(category, priority)
    typed = {name: _word(name, 600) for name in (*names(), "since", "note")}
    try:
        return _done(scope, request.form.get("deed", ""), typed)
    except Refused as refusal:
        db().rollback()
        return _level_page(_scope(category, priority), typed=typed, problem=sentence_of(refusal)), 422


def _done(scope: Scope, deed: str, typed: Mapping[str, str]) -> Response | str:
    words: dict[str, Any] = {"since": day_of(typed["since"]), "note": typed["note"], "by": me()}
    if deed == "general":
        laying_down.return_to_general(db(), scope, **words)
        return _to_level(scope, _("已改回通用的时限，之前提交的工单不受影响。"))
    times = times_of(scope.category, typed)
    if deed == "preview":
        return _level_page(scope, typed=typed, times=times)
    laying_down.lay_down(db(), scope, times, **words)
    return _to_level(scope, _("已保存。从生效时起新提交的工单按新的时限，之前提交的不受影响。"))


def _word(name: str, limit: int) -> str:
    return request.form.get(name, "").strip()[:limit].replace("\x00", "")


def _to_level(scope: Scope, sentence: str) -> Response:
    flash(sentence, "success")
    system = scope.system.code if scope.system else None
    here = url_for(".level", category=scope.category, priority=scope.priority, system=system)
    return redirect(here)


@blueprint.post("/admin/levels/versions/<int:number>/undo")
@needs(Permission.MANAGE_LEVELS)
def undo(number: int) -> Response:
    """Take back the last version of one promise."""
    version = db().get(LevelVersion, number)
    if version is None:
        abort(404)
    laying_down.undo(db(), version, by=me())
    scope = Scope(version.category, version.priority, version.system)
    return _to_level(scope, _("已撤销，回到之前的时限。再撤销一次可以恢复。"))


@blueprint.app_template_global()
def level_scope_name(system: System | None) -> str:
    """Whose promise this is, in words."""
    return named(system) if system else _("全部系统")
