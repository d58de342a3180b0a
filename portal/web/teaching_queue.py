"""“这 20 条判断最有帮助”: one ticket at a time beside its likeliest records, judged by one key each.

Which tickets is ``causes.teaching``'s choice, judging is ``tickets.linking``, as on the workbench. The
invariants: a ticket that I may not judge isn't there; after a deed the next one lies on the table, and what
was done can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import visible_by_number
from indexer.document import Reason, ReasonKind
from kb.flow import Refused
from portal.causes.teaching import queue
from portal.causes.teaching.gathering import NEVER
from portal.causes.teaching.models import TeachingPick
from portal.causes.teaching.picking import Because
from portal.finder import linking as weighing
from portal.finder.found import Result
from portal.finder.linking import Pair
from portal.people.roles import Permission
from portal.tickets import linking
from portal.tickets.models import Ticket
from portal.tickets.piles import serves_with
from portal.web.access import needs
from portal.web.labels import named
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, parts, viewer

blueprint = Blueprint("teaching_queue", __name__)

JUDGES = needs(Permission.CURATE_DEFECTS)
CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Offered:
    """A likely record with its evidence."""

    result: Result
    defect: Defect
    pairs: tuple[Pair, ...]
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """The ticket on the table."""

    ticket: Ticket
    because: tuple[Because, ...]
    offered: tuple[Offered, ...]


@blueprint.get("/learning/queue")
@JUDGES
def page() -> str:
    return _drawn(request.args.get("ticket", ""))


def _drawn(asked: str = "", *, problem: str = "", said: str = "", done: str = "") -> str:
    """``done``: the ticket whose last deed ``u`` takes back."""
    picks = queue.picks_for(db(), me())
    pick = next((row for row in picks if row.ticket.number == asked), picks[0] if picks else None)
    return render_template(
        "teaching/_queue.html" if is_fragment() else "teaching/queue.html",
        here="teaching_queue.page",
        picks=picks,
        total=queue.how_many_for(db(), me()),
        question=_question(pick) if pick is not None else None,
        progress=queue.progress(db()),
        problem=problem,
        said=said,
        done=done,
    )


def _question(pick: TeachingPick) -> Question:
    ticket = pick.ticket
    module = next((row.name for row in ticket.system.modules if row.code == ticket.module), "")
    found = parts().finder.likely_defects(db(), me(), ticket, limit=CANDIDATES)
    offered = tuple(
        _offered(ticket, row, row.subject, module) for row in found if isinstance(row.subject, Defect)
    )
    because = tuple(Because(why) for why in pick.why if why in set(Because))
    return Question(ticket, because, offered)


def _offered(ticket: Ticket, result: Result, defect: Defect, module: str) -> Offered:
    called = {ReasonKind.SAME_MODULE: module, ReasonKind.SAME_SYSTEM: named(ticket.system)}
    why = tuple(replace(reason, text=called.get(reason.kind) or reason.text) for reason in result.why)
    return Offered(result, defect, weighing.side_by_side(ticket, defect), why)


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/learning/queue/<number>/<deed>")
@JUDGES
def judge(number: str, deed: str) -> Response:
    if deed not in DEEDS:
        abort(404)
    ticket = _ticket(number)
    try:
        said, following, done = DEEDS[deed](ticket)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return make_response(_drawn(number, problem=sentence), 422)
    if is_fragment():
        return make_response(_drawn(following, said=said, done=done))
    flash(said, "success")
    return redirect(url_for("teaching_queue.page", ticket=following or None))


def _ticket(number: str) -> Ticket:
    ticket = db().scalars(select(Ticket).where(Ticket.number == number)).first()
    if ticket is None or ticket.category in NEVER or not serves_with(me(), ticket, Permission.LINK_DEFECTS):
        abort(404)
    return ticket


#: What is said, the ticket that is asked next (empty: the first), the ticket whose deed can be taken back.
Done = tuple[str, str, str]


def _link(ticket: Ticket) -> Done:
    defect = _named(request.form.get("record", ""))
    linking.link(db(), ticket, defect, by=me(), probability=_chance(defect))
    return (
        _("%(ticket)s 已关联到缺陷 %(number)s。", ticket=ticket.number, number=defect.number),
        "",
        ticket.number,
    )


def _reject(ticket: Ticket) -> Done:
    defect = _named(request.form.get("record", ""))
    linking.reject(db(), ticket, defect, by=me(), probability=_chance(defect))
    said = _("已记下 %(number)s 不是 %(ticket)s 的根因。", ticket=ticket.number, number=defect.number)
    return said, "", ticket.number


def _none(ticket: Ticket) -> Done:
    defects = [_named(number) for number in request.form.getlist("shown")[:CANDIDATES]]
    chances = {row.id: chance for row in defects if (chance := _chance(row)) is not None}
    linking.none_of_these(db(), ticket, defects, by=me(), chances=chances)
    return _("已记下：%(ticket)s 背后没有已知的缺陷。", ticket=ticket.number), "", ticket.number


def _skip(ticket: Ticket) -> Done:
    queue.pass_by(db(), ticket, by=me())
    return _("已跳过 %(ticket)s，以后不再问您这一张。", ticket=ticket.number), "", ticket.number


def _undo(ticket: Ticket) -> Done:
    if not queue.take_up(db(), ticket, by=me()):
        linking.undo_last(db(), ticket, by=me())
    return _("已撤销对 %(ticket)s 的判断。", ticket=ticket.number), ticket.number, ""


DEEDS: dict[str, Callable[[Ticket], Done]] = {
    "link": _link,
    "reject": _reject,
    "none": _none,
    "skip": _skip,
    "undo": _undo,
}


def _named(number: str) -> Defect:
    return visible_by_number(db(), number[:40], viewer()) or abort(404)


def _chance(defect: Defect) -> float | None:
    """What was shown, or ordered by, when it was judged."""
    told = request.form.get(f"chance-{defect.number}", type=float)
    return told if told is not None and 0.0 <= told <= 1.0 else None
