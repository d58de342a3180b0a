"""Alarms that a repair did not hold: the list, and the three things a person makes of one.

Who may decide and what follows is in ``portal.causes.alarms``; every member of staff may read along. The
invariants: whatever is refused, the reason that was typed comes back; after a deed the list is where it was,
and where the alarm stood lies what takes it back.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from kb.flow import Refused
from portal.catalogue.queries import systems_by_code
from portal.causes import alarms as verbs
from portal.causes.alarms import lists
from portal.causes.alarms.deciding import may_decide
from portal.causes.alarms.told import Told, told_of
from portal.finder.linking import side_by_side
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.moves import Overtaken
from portal.tickets.recurrence.models import ALARM_LABELS, BASIS_LABELS, AlarmState, RecurrenceAlarm
from portal.tickets.recurrence.trust import LEAST, record_of
from portal.web.access import needs
from portal.web.addresses import LARGEST
from portal.web.auth import local_path
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("alarms", __name__)

PER_PAGE = 20
#: What of the list was on the screen.
PLACE = ("state", "system", "page")


@blueprint.get("/defects/alarms")
@needs(Permission.READ_STAFF_TEXTS)
def page() -> str:
    return _drawn()


def _drawn(*, problem: str = "", about: int = 0, reason: str = "") -> str:
    system = request.values.get("system", "")
    heights = lists.counts(db(), me(), system=system)
    state = _state(request.values.get("state", ""), heights)
    cursor = pages(heights[state], per_page=PER_PAGE)
    wanted, done = lists.Wanted(state, system), _just_done()
    return render_template(
        "alarms/page.html",
        lines=lists.listed(db(), me(), wanted, limit=cursor.per_page, offset=cursor.offset),
        done=done,
        said=_said(done) if done is not None else "",
        at=about or request.args.get("at", type=int),
        heights=heights,
        state=state,
        tabs=lists.TAB_LABELS,
        cursor=cursor,
        system=system,
        systems=systems_by_code(db()),
        record=record_of(db()),
        least=LEAST,
        problem=problem,
        about=about,
        reason=reason,
        **words(),
    )


def _just_done() -> RecurrenceAlarm | None:
    """The alarm that was decided a moment ago, while that can be taken back."""
    number = request.args.get("done", 0, type=int)
    alarm = lists.one(db(), me(), number) if 0 < number <= LARGEST else None
    if alarm is None or alarm.is_waiting or alarm.before is None or not may_decide(me(), alarm):
        return None
    return alarm


def _said(alarm: RecurrenceAlarm) -> str:
    """What became of it, for whoever did it."""
    number = alarm.defect.number
    if alarm.state == AlarmState.CONFIRMED:
        return _("已确认 %(number)s 复发，缺陷已重新打开。", number=number)
    if alarm.state == AlarmState.DISMISSED:
        return _("已记为误报，%(number)s 恢复原状；这些工单不再推荐给它。", number=number)
    return _("已撤销对 %(number)s 的判定，报警重新等待判断。", number=number)


def words() -> dict[str, object]:
    """What drawing an alarm needs, wherever it is drawn."""
    return {
        "bases": BASIS_LABELS,
        "alarm_states": ALARM_LABELS,
        "may_decide": lambda alarm: may_decide(me(), alarm),
        "side_by_side": side_by_side,
    }


def _state(asked: str, heights: dict[AlarmState, int]) -> AlarmState:
    """What waits comes first: the loud ones, else the quiet ones."""
    if asked in set(AlarmState):
        return AlarmState(asked)
    quiet = not heights[AlarmState.OPEN] and heights[AlarmState.POSSIBLE]
    return AlarmState.POSSIBLE if quiet else AlarmState.OPEN


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/defects/alarms/<int:number>/confirm")
@needs(Permission.CURATE_DEFECTS)
def confirm(number: int) -> Response:
    alarm, given = _alarm(number), request.form.getlist("ticket", type=int)
    # Only tickets that the person could see had a box to tick; the others stay on it.
    shown = set(request.form.getlist("shown", type=int))
    unseen = {row.ticket_id for row in alarm.sightings} - shown
    deed = lambda: verbs.confirm(db(), alarm, by=me(), tickets={*given, *unseen}, seen=_seen())  # noqa: E731
    return _done(alarm, deed)


@blueprint.post("/defects/alarms/<int:number>/dismiss")
@needs(Permission.CURATE_DEFECTS)
def dismiss(number: int) -> Response:
    alarm, reason = _alarm(number), request.form.get("reason", "")
    deed = lambda: verbs.dismiss(db(), alarm, reason, by=me(), seen=_seen())  # noqa: E731
    return _done(alarm, deed, reason=reason)


@blueprint.post("/defects/alarms/<int:number>/undo")
@needs(Permission.CURATE_DEFECTS)
def undo(number: int) -> Response:
    alarm = _alarm(number)
    deed = lambda: verbs.undo(db(), alarm, by=me(), seen=_seen())  # noqa: E731
    return _done(alarm, deed)


def _alarm(number: int) -> RecurrenceAlarm:
    alarm = lists.one(db(), me(), number)
    if alarm is None:
        abort(404)
    return alarm


def _seen() -> int | None:
    return request.form.get("seen", type=int)


def _done(alarm: RecurrenceAlarm, deed: Callable[[], object], *, reason: str = "") -> Response:
    number, where = alarm.id, request.form.get("next", "")
    try:
        deed()
    except Refused as refusal:
        sentence, status = sentence_of(refusal), 409 if isinstance(refusal, Overtaken) else 422
        db().rollback()
        return make_response(_drawn(problem=sentence, about=number, reason=reason), status)
    if where or alarm.is_waiting:
        flash(_said(alarm), "success")
    return redirect(local_path(where) if where else _back_in_place(alarm))


def _back_in_place(alarm: RecurrenceAlarm) -> str:
    """The list as it was: at the line that takes the deed back, or at the alarm that waits again."""
    place = {name: value for name in PLACE if (value := request.values.get(name))}
    if alarm.is_waiting:
        return url_for("alarms.page", **place, at=alarm.id, _anchor=f"alarm-{alarm.id}")  # type: ignore[arg-type]
    beside = request.form.get("beside", type=int)
    return url_for("alarms.page", **place, done=alarm.id, at=beside, _anchor="done")  # type: ignore[arg-type]


# ── for other pages ──────────────────────────────────────────────────────────────────────────────


@blueprint.app_template_global()
def version_told(ticket: Ticket, defect: Defect) -> Told | None:
    """Where this ticket stands to the repair of this record, for ``alarms/_told.html``."""
    return told_of(db(), ticket, defect)


@blueprint.app_template_global()
def alarms_waiting() -> int:
    """How many alarms wait for this person's word."""
    return lists.waiting(db(), me())
