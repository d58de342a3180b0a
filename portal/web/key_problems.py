"""Key problems (重点问题): their list, countermeasures, another day promised.

The verbs are ``causes.keys.charging`` and ``defects.countermeasures``. The invariant: a measure is reached
through the record it belongs to, and only by those who may see that record.
"""

from __future__ import annotations

from datetime import date

from flask import abort, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from defects import countermeasures
from defects import library as verbs
from defects.countermeasures import Plan
from defects.models import SEVERITY_LABELS, Countermeasure, Defect
from defects.queries import visible_defects
from indexer.words import N_
from kb.columns import now
from kb.counting import count_of
from kb.flow import Refused
from portal.catalogue.queries import systems_by_code
from portal.causes.keys import charging, overview
from portal.causes.keys.overview import WHICH_LABELS, Which
from portal.people.duties import defect_duties
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.defect_deeds import KEEPERS, deed, version_of
from portal.web.defect_pages import blueprint
from portal.web.defect_record import today
from portal.web.paging import pages
from portal.web.request import db, me, viewer

PER_PAGE = 30
DEEDS = ("change", "finish", "drop", "take_back")


@blueprint.get("/key-problems")
@needs(Permission.READ_EXPERT_TEXTS)
def key_problems() -> str:
    given = request.args
    asked, system, mine = given.get("which", ""), given.get("system", ""), bool(given.get("mine"))
    which = Which(asked) if asked in set(Which) else Which.OPEN
    visible = visible_defects(viewer())
    wanted = overview.key_problems(visible, which, today=today())
    wanted = wanted.where(Defect.system == system) if system else wanted
    wanted = overview.owned_by(wanted, me()) if mine else wanted
    total = count_of(db(), wanted)
    cursor = pages(total, per_page=PER_PAGE)
    shown = overview.by_urgency(wanted).limit(cursor.per_page).offset(cursor.offset)
    lines = overview.lines_of(db(), db().scalars(shown).all(), moment=now(db()))
    return render_template(
        "defects/keys.html",
        lines=lines,
        cursor=cursor,
        which=which,
        kinds=WHICH_LABELS,
        system=system,
        mine=mine,
        sums=overview.sums_of(db(), visible, today=today()),
        own=charging.open_measures_of(db(), me()),
        people=people_by_id(db(), _named(lines)),
        systems=systems_by_code(db()),
        severities=SEVERITY_LABELS,
        today=today(),
    )


def _named(lines: list[overview.Line]) -> list[int | None]:
    owners = [number for row in lines for number in (row.defect.owner_middle_id, row.defect.owner_back_id)]
    return [*owners, *(row.word.by_id for row in lines if row.word)]


@blueprint.post("/defects/<number>/due")
@needs(Permission.CURATE_DEFECTS)
def postpone(number: str) -> Response:
    form = request.form

    def promises(defect: Defect) -> None:
        verbs.postpone(
            db(),
            defect,
            _day(form.get("due_on", "")),
            by=me().id,
            duties=defect_duties(me()),
            reason=form.get("reason", ""),
        )

    return deed(number, "due", promises, anchor="measures")


@blueprint.post("/defects/<number>/measures")
@KEEPERS
def plan_measure(number: str) -> Response:
    return deed(
        number, "plan", lambda defect: charging.plan(db(), defect, _plan(), by=me()), anchor="measures"
    )


@blueprint.post("/defects/<number>/measures/<int:measure>/<action>")
@KEEPERS
def move_measure(number: str, measure: int, action: str) -> Response:
    if action not in DEEDS:
        abort(404)
    row = _measure(number, measure)
    return deed(number, f"measure-{action}-{row.id}", lambda defect: _take(row.id, action), anchor="measures")


def _measure(number: str, measure: int) -> Countermeasure:
    wanted = (
        select(Countermeasure)
        .join(Defect)
        .where(Countermeasure.id == measure, Defect.number == number.strip().upper())
    )
    return db().scalar(wanted) or abort(404)


def _take(number: int, action: str) -> None:
    measure, form = db().get_one(Countermeasure, number), request.form
    duties, version = defect_duties(me()), version_of(form.get("seen"))
    match action:
        case "change":
            charging.change(db(), measure, _plan(), by=me(), seen=version)
        case "finish":
            countermeasures.finish(
                db(), measure, by=me().id, duties=duties, result=form.get("result", ""), seen=version
            )
        case "drop":
            countermeasures.drop(
                db(), measure, by=me().id, duties=duties, why=form.get("why", ""), seen=version
            )
        case "take_back":
            countermeasures.take_back(db(), measure, duties=duties)


def _plan() -> Plan:
    form = request.form
    who = version_of(form.get("who"))
    return Plan(
        what=form.get("what", ""),
        who_id=who or None,
        due_on=_day(form.get("due_on", "")),
        done_when=form.get("done_when", ""),
    )


def _day(text: str) -> date | None:
    """A day as a date field sends it; nothing when nothing was chosen."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Refused(N_("日期要写成 2026-03-31 这样。")) from fault


#: For the list's empty state; each kind says what it means that there is none.
EMPTY = {
    Which.OPEN: N_("现在没有正在整改的重点问题"),
    Which.OVERDUE: N_("没有逾期的，都在期限内"),
    Which.UNPLANNED: N_("每个重点问题都有整改措施"),
    Which.TO_CLOSE: N_("没有等着关闭的"),
    Which.CLOSED: N_("还没有关闭过重点问题"),
    Which.ALL: N_("还没有重点问题"),
}


@blueprint.app_template_global()
def no_key_problems(which: Which) -> str:
    return _(EMPTY[which])
