"""Scoring sheets (评分表) for those who write them: the list, one sheet as a form that grows by its buttons.

The form carries the whole sheet; a button adds, drops or moves one line and shows it again, nothing is
written before "save". So it works without a script, and nothing typed is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality import sheets as verbs
from portal.quality.models import Score, ScoreSheet, SheetVersion
from portal.quality.scoring import Grade, Item, Section, Sheet, sheet_from
from portal.tickets.words import CATEGORY_LABELS
from portal.web.access import needs
from portal.web.quality_pages import blueprint
from portal.web.refusals import sentence_of
from portal.web.request import db, me

__all__ = ["blueprint"]

MANAGE = Permission.MANAGE_QUALITY
MOST_SECTIONS, MOST_LINES, MOST_GRADES = 12, 40, 8


@dataclass
class Draft:
    """A sheet while it is written: it need not make sense yet."""

    name: str = ""
    categories: list[str] = field(default_factory=list)
    sections: list[tuple[str, list[Item]]] = field(default_factory=list)
    grades: list[Grade] = field(default_factory=list)
    comment_below: int = 3
    appeal_days: int = 3

    @property
    def weight(self) -> int:
        return sum(item.weight for _title, items in self.sections for item in items if not item.veto)

    def as_sheet(self) -> Sheet:
        return Sheet(
            tuple(Section(title.strip(), tuple(items)) for title, items in self.sections),
            tuple(self.grades),
            self.comment_below,
            self.appeal_days,
        )


@blueprint.get("/quality/sheets")
@needs(MANAGE)
def sheets() -> str:
    """Every sheet, with its newest version."""
    return render_template(
        "quality/sheets.html",
        here="quality.sheets",
        rows=[
            (row, version, _brief(version))
            for row in verbs.every_sheet(db())
            if (version := verbs.newest(row))
        ],
        used=_used(),
        categories=CATEGORY_LABELS,
    )


def _brief(version: SheetVersion) -> tuple[int, int]:
    """How many items, how many of them vetoes."""
    items = [item for _key, item in sheet_from(version.content).keyed()]
    return len(items), sum(item.veto for item in items)


def _used() -> dict[int, int]:
    """Sheet id → how many scores were given by it."""
    rows = db().execute(
        select(SheetVersion.sheet_id, func.count())
        .join(Score, Score.sheet_version_id == SheetVersion.id)
        .group_by(SheetVersion.sheet_id)
    )
    return dict(rows.all())


@blueprint.route("/quality/sheets/new", methods=["GET", "POST"])
@needs(MANAGE)
def new_sheet() -> Response | str | tuple[str, int]:
    return _sheet(None)


@blueprint.route("/quality/sheets/<int:number>", methods=["GET", "POST"])
@needs(MANAGE)
def sheet(number: int) -> Response | str | tuple[str, int]:
    return _sheet(_known(number))


def _known(number: int) -> ScoreSheet:
    row = db().get(ScoreSheet, number)
    if row is None:
        abort(404)
    return row


def _sheet(row: ScoreSheet | None) -> Response | str | tuple[str, int]:
    if request.method == "GET":
        return _form(row, _stored(row))
    draft, number = _typed(), row.id if row is not None else 0
    deed = request.form.get("deed", "save")
    if deed != "save":
        return _form(row, _changed(draft, deed))
    try:
        saved = verbs.save(
            db(), row, draft.name, categories=draft.categories, content=draft.as_sheet(), by=me()
        )
    except Refused as refusal:
        db().rollback()
        return _form(_known(number) if number else None, draft, problem=sentence_of(refusal)), 422
    flash(_("评分表已保存，现在是第 %(n)s 版。", n=len(saved.versions)), "success")
    return redirect(url_for("quality.sheets"))


def _form(row: ScoreSheet | None, draft: Draft, *, problem: str = "") -> str:
    versions = row.versions if row is not None else []
    names = select(Person.id, Person.name).where(Person.id.in_({version.by_id for version in versions}))
    return render_template(
        "quality/sheet.html",
        here="quality.sheets",
        row=row,
        draft=draft,
        versions=versions[::-1],
        authors=dict(db().execute(names).all()),
        problem=problem,
        categories=CATEGORY_LABELS,
    )


def _stored(row: ScoreSheet | None) -> Draft:
    version = verbs.newest(row) if row is not None else None
    if row is None or version is None:
        return _blank()
    held = sheet_from(version.content)
    return Draft(
        row.name,
        list(row.categories),
        [(section.title, list(section.items)) for section in held.sections],
        list(held.grades),
        held.comment_below,
        held.appeal_days,
    )


def _blank() -> Draft:
    """Something to begin with."""
    grades = [Grade(_("优秀"), 90), Grade(_("合格"), 75), Grade(_("不合格"), 0)]
    return Draft(sections=[("", [Item("", 100)])], grades=grades)


# ── reading the form ─────────────────────────────────────────────────────────────────────────────


def _typed() -> Draft:
    return Draft(
        name=_text("name"),
        categories=[value for value in request.form.getlist("categories") if value in CATEGORY_LABELS],
        sections=[_section(number) for number in range(min(_number("sections"), MOST_SECTIONS))],
        grades=[
            Grade(_text(f"grade-{number}-name"), _number(f"grade-{number}-from"))
            for number in range(min(_number("grades"), MOST_GRADES))
        ],
        comment_below=_number("comment_below"),
        appeal_days=_number("appeal_days"),
    )


def _section(number: int) -> tuple[str, list[Item]]:
    count = min(_number(f"items-{number}"), MOST_LINES)
    return _text(f"section-{number}"), [_item(f"{number}-{place}") for place in range(count)]


def _item(key: str) -> Item:
    veto = request.form.get(f"veto-{key}") == "1"
    return Item(_text(f"item-{key}"), 0 if veto else _number(f"weight-{key}"), veto)


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\x00", "").strip()[:400]


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def _changed(draft: Draft, deed: str) -> Draft:
    """The draft after one button; a button that makes no sense changes nothing."""
    what, *place = deed.split("-")
    where = [int(part) for part in place if part.isdecimal() and len(part) < 4]
    match what, where:
        case "section", []:
            draft.sections.append(("", [Item("", 0)]))
        case "grade", []:
            draft.grades.append(Grade("", 0))
        case "item", [section] if section < len(draft.sections):
            draft.sections[section][1].append(Item("", 0))
        case "dropsection", [section]:
            _drop(draft.sections, section)
        case "dropgrade", [grade]:
            _drop(draft.grades, grade)
        case "dropitem", [section, item] if section < len(draft.sections):
            _drop(draft.sections[section][1], item)
        case "up", [section, item] if section < len(draft.sections):
            _lift(draft.sections[section][1], item)
        case _:
            pass
    return draft


def _drop(rows: list[Any], number: int) -> None:
    if number < len(rows):
        del rows[number]


def _lift(rows: list[Any], number: int) -> None:
    if 0 < number < len(rows):
        rows[number - 1 : number + 1] = [rows[number], rows[number - 1]]


@blueprint.post("/quality/sheets/<int:number>/active")
@needs(MANAGE)
def switch_sheet(number: int) -> Response:
    """Into use or out of it."""
    row = _known(number)
    verbs.set_active(db(), row, request.form.get("active") == "1", by=me())
    flash(_("评分表已启用。") if row.active else _("评分表已停用，按它评过的分不变。"), "success")
    return redirect(url_for("quality.sheets"))
