"""The expert's and the engineer's workbench: queue, ticket, likely root causes, and every deed by key.

What it shows is read in ``bench``; steps are ``desk.move``, judgements ``tickets.linking``; the wall of
unlinked tickets is ``wall``. The invariant: after a deed the next ticket lies on the table, after a refusal
the same one with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import visible_by_number
from kb.flow import Refused
from portal.people.roles import Permission
from portal.tickets import desk, linking
from portal.tickets.models import Ticket
from portal.tickets.words import Action
from portal.web.access import needs
from portal.web.bench import KEYS, Bench, bench_of, benched_ticket, pile_named, queue_of, table_of
from portal.web.judging import is_waiting_for_a_word, ruled_out
from portal.web.labels import label
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, viewer
from portal.web.ticket_moves import MoveForm

blueprint = Blueprint("workbench", __name__)

WORKS = needs(Permission.WORK_MIDDLE, Permission.WORK_BACK)
VERDICTS = {"link": linking.link, "reject": linking.reject, "undo": linking.undo}


@blueprint.get("/workbench")
@WORKS
def page() -> str:
    pile = pile_named(request.args.get("pile", ""))
    asked = request.args.get("ticket", "")
    first = asked or next((ticket.number for ticket in queue_of(pile)), "")
    return _drawn(bench_of(pile, benched_ticket(first) if first else None))


def _drawn(bench: Bench) -> str:
    template = "workbench/_bench.html" if is_fragment() else "workbench/page.html"
    return render_template(template, bench=bench, keys=KEYS, table=bench.table)


@blueprint.get("/workbench/<number>")
@WORKS
def ticket(number: str) -> str:
    """One ticket on the table: what j and k load, or the page with it opened."""
    pile = pile_named(request.args.get("pile", ""))
    if not is_fragment():
        return _drawn(bench_of(pile, benched_ticket(number)))
    # The queue stays on the screen as it is: j and k must not wait for it.
    bench = Bench((), {}, pile, [], table_of(benched_ticket(number)))
    return render_template("workbench/_table.html", bench=bench, keys=KEYS, table=bench.table)


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/workbench/<number>/moves/<action>")
@WORKS
def move(number: str, action: str) -> Response:
    if action not in set(Action):
        abort(404)
    taken, form, deed = benched_ticket(number), MoveForm(), Action(action)
    pile = pile_named(request.form.get("pile", ""))
    before = [row.number for row in queue_of(pile)]
    try:
        desk.move(db(), taken, deed, by=me(), given=_given(form), seen=form.seen.data)
    except Refused as refusal:
        return _refused(number, refusal, form=form)
    said = _("%(number)s “%(deed)s”已完成。", number=number, deed=label(deed))
    return _onwards(_next(before, number), said)


def _given(form: MoveForm) -> desk.Given:
    category, sub = form.ruled
    return desk.Given(note=form.note.data or "", category=category, sub=sub, priority=form.priority.data)


def _refused(number: str, refusal: Refused, *, form: MoveForm | None = None) -> Response:
    sentence, status = sentence_of(refusal), 409 if isinstance(refusal, desk.Overtaken) else 422
    db().rollback()
    pile = pile_named(request.form.get("pile", ""))
    bench = bench_of(pile, benched_ticket(number), form=form, problem=sentence)
    return make_response(_drawn(bench), status)


def _next(before: list[str], number: str) -> str:
    """This ticket while it still lies in the pile, else the one that came after it."""
    pile = pile_named(request.form.get("pile", ""))
    now = [row.number for row in queue_of(pile)]
    if number in now or not now:
        return number
    place = before.index(number) if number in before else 0
    following = [row for row in before[place:] if row in now]
    return (following or now)[0]


def _onwards(number: str, said: str) -> Response:
    name = request.form.get("pile", "")
    if not is_fragment():
        flash(said, "success")
        return redirect(url_for("workbench.page", pile=name, ticket=number))
    return make_response(_drawn(bench_of(pile_named(name), benched_ticket(number), said=said)))


@blueprint.post("/workbench/<number>/defects/<qx>/<verdict>")
@needs(Permission.LINK_DEFECTS)
def judge(number: str, qx: str, verdict: str) -> Response:
    """Link, reject, or take the last judgement back; the ticket stays on the table."""
    if verdict not in VERDICTS:
        abort(404)
    taken, defect = benched_ticket(number), _defect(qx)
    confirms = verdict == "link" and is_waiting_for_a_word(taken, defect)
    try:
        _judged(taken, defect, verdict)
    except Refused as refusal:
        return _refused(number, refusal)
    return _onwards(number, JUDGED["confirm" if confirms else verdict](defect.number))


@blueprint.post("/workbench/<number>/none-of-these")
@needs(Permission.LINK_DEFECTS)
def none_of_these(number: str) -> Response:
    """One answer to all that is shown: none of them is the cause."""
    taken = benched_ticket(number)
    try:
        judged = ruled_out(taken)
    except Refused as refusal:
        return _refused(number, refusal)
    said = _("已记下：这 %(n)s 条都不是；按 u 可一并撤销。", n=len(judged))
    return _onwards(number, said)


@blueprint.post("/workbench/<number>/undo")
@needs(Permission.LINK_DEFECTS)
def undo(number: str) -> Response:
    """Take back what was judged last, "none of these" as a whole."""
    taken = benched_ticket(number)
    try:
        undone = linking.undo_last(db(), taken, by=me())
    except Refused as refusal:
        return _refused(number, refusal)
    return _onwards(number, JUDGED["undo"](_("、").join(row.defect.number for row in undone)))


def _judged(taken: Ticket, defect: Defect, verdict: str) -> None:
    if verdict == "undo":
        linking.undo(db(), taken, defect, by=me())
        return
    shown = request.form.get("probability", type=float)
    sure = shown if shown is not None and 0.0 <= shown <= 1.0 else None
    deed = linking.link if verdict == "link" else linking.reject
    deed(db(), taken, defect, by=me(), probability=sure)


JUDGED: dict[str, Callable[[str], str]] = {
    "confirm": lambda number: _("已确认就是缺陷 %(number)s，按 u 可撤销。", number=number),
    "link": lambda number: _("已关联到缺陷 %(number)s，按 u 可撤销。", number=number),
    "reject": lambda number: _("已记下 %(number)s 不是根因，不再推荐；按 u 可撤销。", number=number),
    "undo": lambda number: _("已撤销对缺陷 %(number)s 的判断。", number=number),
}


def _defect(number: str) -> Defect:
    return visible_by_number(db(), number, viewer()) or abort(404)
