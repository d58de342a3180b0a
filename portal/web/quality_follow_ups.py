"""Follow-ups (回访): the work list, the call form, and what was heard."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from kb.columns import now
from kb.flow import Refused
from portal.people.roles import Permission
from portal.quality import follow_ups as verbs
from portal.quality import lists
from portal.quality.follow_ups import Heard
from portal.quality.lists import Pile
from portal.quality.models import FollowUp, FollowUpCall
from portal.quality.scope import follow_up_of
from portal.quality.words import NEXT_STEP_LABELS, SATISFACTION_LABELS, NextStep
from portal.tickets.working_calendar import is_workday
from portal.web.access import needs
from portal.web.paging import asked_page, pages
from portal.web.quality_pages import PER_PAGE, blueprint
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

__all__ = ["blueprint"]

P = Permission
READERS = (P.FOLLOW_UP, P.READ_QUALITY)
PILES = (Pile.WAITING, Pile.MINE, Pile.LATER, Pile.ENDED)


@blueprint.get("/quality/follow-ups")
@needs(*READERS)
def follow_ups() -> str:
    """The work list, by pile."""
    pile = _asked_pile()
    part = lists.follow_ups(db(), me(), pile, limit=PER_PAGE, offset=(asked_page() - 1) * PER_PAGE)
    return render_template(
        "quality/follow_ups.html",
        here="quality.follow_ups",
        rows=part.rows,
        cursor=pages(part.total, per_page=PER_PAGE),
        pile=pile,
        piles=PILES,
        counts=lists.follow_up_counts(db(), me()),
        works=me().may(P.FOLLOW_UP),
        objection=verbs.objection,
        now=now(db()),
    )


def _asked_pile() -> Pile:
    asked = request.args.get("pile", "")
    return Pile(asked) if asked in set(PILES) else Pile.WAITING


@blueprint.post("/quality/follow-ups/next")
@needs(P.FOLLOW_UP)
def next_follow_up() -> Response:
    """Take the next user to ring."""
    row = lists.next_to_ring(db(), me())
    if row is None:
        flash(_("现在没有等您回访的用户。"), "success")
        return redirect(url_for("quality.follow_ups"))
    verbs.take(db(), row, by=me())
    return _to(row)


@blueprint.get("/quality/follow-ups/<int:number>")
@needs(*READERS)
def follow_up(number: int) -> str:
    """One user to ring: what was done for them, and the form of the call."""
    return _page(_seen(number))


def _page(row: FollowUp, *, problem: str = "") -> str:
    calls = db().scalars(
        select(FollowUpCall)
        .where(FollowUpCall.follow_up_id == row.id)
        .order_by(FollowUpCall.id)
        .options(joinedload(FollowUpCall.by))
    )
    reason = verbs.objection(row, me())
    held = Refused(reason, holder=row.holder.name if row.holder else "") if reason else None
    return render_template(
        "quality/follow_up.html",
        here="quality.follow_ups",
        row=row,
        ticket=row.ticket,
        calls=list(calls),
        objection=sentence_of(held) if held else "",
        problem=problem,
        form=request.form,
        steps=[step for step in NextStep if step != NextStep.REOPEN or verbs.may_reopen(row)],
        step_names=NEXT_STEP_LABELS,
        satisfactions=SATISFACTION_LABELS,
        again=request.form.get("again") or _usual_again(),
        last_try=len(row.calls) + 1 >= row.tries_allowed,
        may_put_back=row.holder_id is not None and _may_put_back(row),
    )


def _may_put_back(row: FollowUp) -> bool:
    return row.holder_id == me().id or me().may(P.REASSIGN)


def _usual_again() -> str:
    """The next working day at half past nine, as a date field writes it."""
    day = now(db()).astimezone(parts().settings.zone).date() + timedelta(days=1)
    while not is_workday(day):
        day += timedelta(days=1)
    return f"{day.isoformat()}T09:30"


@blueprint.post("/quality/follow-ups/<int:number>/take")
@needs(P.FOLLOW_UP)
def take_follow_up(number: int) -> Response:
    row = _seen(number)
    verbs.take(db(), row, by=me())
    return _to(row)


@blueprint.post("/quality/follow-ups/<int:number>/put-back")
@needs(P.FOLLOW_UP)
def put_back_follow_up(number: int) -> Response:
    verbs.put_back(db(), _seen(number), by=me())
    return redirect(url_for("quality.follow_ups"))


@blueprint.post("/quality/follow-ups/<int:number>/calls")
@needs(P.FOLLOW_UP)
def call(number: int) -> Response | tuple[str, int]:
    """Write down a try: reached, or not; what was typed is kept when it is refused."""
    row = _seen(number)
    try:
        _written(row)
    except Refused as refusal:
        db().rollback()
        return _page(_seen(number), problem=sentence_of(refusal)), 422
    flash(_told(row), "success")
    return redirect(url_for("quality.follow_ups"))


def _written(row: FollowUp) -> None:
    if request.form.get("reached") == "1":
        verbs.reached(db(), row, _heard(), by=me())
    elif request.form.get("reached") == "0":
        words = request.form.get("missed_words", "")
        verbs.not_reached(db(), row, by=me(), words=words, again=_moment("again"))
    else:
        abort(400)


def _heard() -> Heard:
    satisfaction, then = request.form.get("satisfaction", ""), request.form.get("then", "")
    solved = {"1": True, "0": False}.get(request.form.get("solved", ""))
    return Heard(
        solved=solved,
        satisfaction=int(satisfaction) if satisfaction in ("1", "2", "3", "4", "5") else None,
        words=request.form.get("words", ""),
        then=NextStep(then) if solved is False and then in set(NextStep) else NextStep.NOTHING,
        request=request.form.get("request", ""),
    )


def _moment(name: str) -> datetime | None:
    try:
        local = datetime.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
    return local if local.tzinfo else local.replace(tzinfo=parts().settings.zone)


def _told(row: FollowUp) -> str:
    if row.new_ticket is not None:
        return _("已记录，并为用户新提了工单 %(number)s。", number=row.new_ticket.number)
    if row.then == NextStep.REOPEN:
        return _("已记录，工单 %(number)s 已重新打开。", number=row.ticket.number)
    if row.next_at is not None:
        return _("已记录，到时间会再回到待回访列表。")
    return _("回访已记录。")


def _seen(number: int) -> FollowUp:
    row = follow_up_of(db(), me(), number)
    if row is None:
        abort(404)
    return row


def _to(row: FollowUp) -> Response:
    return redirect(url_for("quality.follow_up", number=row.id))
