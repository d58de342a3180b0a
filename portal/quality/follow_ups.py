"""Ringing users after the close (回访): take, try, write down what they said, and what follows from it.

The invariants: nobody rings about their own work; every try is written down; an ended follow-up stays as it
is. Reopening goes through ``desk.move``, a new ticket through ``desk.file``: no second way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality.models import FollowUp, FollowUpCall
from portal.quality.words import FollowUpState, NextStep
from portal.tickets import desk
from portal.tickets.filing import clean
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action, Channel, State

SUBJECT = "follow_up"
LONGEST = 2000
LATEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the user said; ``request`` is what is to be done when it is not solved."""

    solved: bool | None
    satisfaction: int | None
    words: str = ""
    then: NextStep = NextStep.NOTHING
    request: str = ""


def objection(row: FollowUp, by: Person) -> str | None:
    """Why this person may not work on this follow-up; None when they may."""
    if row.state != FollowUpState.OPEN:
        return N_("这次回访已经结束，不能再改。")
    if Permission.FOLLOW_UP not in permissions_on(by, row.ticket):
        return N_("回访由负责这个单位的前台来做。")
    if row.agent_id == by.id:
        return N_("这张工单是您自己答复的，请由同事回访。")
    if row.holder_id not in (None, by.id):
        return N_("%(holder)s正在回访这位用户。")
    return None


def take(session: Session, row: FollowUp, *, by: Person) -> None:
    """Nobody else rings this user meanwhile."""
    _check(row, by)
    row.holder = by
    session.flush()


def put_back(session: Session, row: FollowUp, *, by: Person) -> None:
    """Back into the list; a lead may take it from somebody who has gone home."""
    if row.holder_id != by.id and Permission.REASSIGN not in permissions_on(by, row.ticket):
        raise Refused(N_("这次回访不在您手里。"))
    row.holder = None
    session.flush()


def not_reached(
    session: Session, row: FollowUp, *, by: Person, words: str = "", again: datetime | None = None
) -> FollowUpCall:
    """Nobody answered: try again later, or give up when it was the last try."""
    _check(row, by)
    call = _call(session, row, by=by, reached=False, words=words)
    row.holder = None
    if len(row.calls) >= row.tries_allowed:
        _end(session, row, FollowUpState.GIVEN_UP, by=by)
    else:
        row.next_at = _checked_again(session, again)
    session.flush()
    return call


def reached(session: Session, row: FollowUp, heard: Heard, *, by: Person) -> FollowUpCall:
    """The user answered; reopens the ticket or files a new one where that was wished."""
    _check(row, by)
    _check_heard(heard)
    call = _call(session, row, by=by, reached=True, words=heard.words)
    row.solved, row.satisfaction = heard.solved, heard.satisfaction
    row.words, row.then = clean(heard.words), heard.then
    row.holder = by
    match heard.then:
        case NextStep.REOPEN:
            _reopen(session, row, heard, by=by)
        case NextStep.NEW_TICKET:
            row.new_ticket = _file(session, row, heard, by=by)
        case NextStep.NOTHING:
            pass
    _end(session, row, FollowUpState.REACHED, by=by)
    session.flush()
    return call


def may_reopen(row: FollowUp) -> bool:
    """Is the ticket still closed? Somebody may have reopened it since it was drawn."""
    return row.ticket.state == State.CLOSED


def _check(row: FollowUp, by: Person) -> None:
    if sentence := objection(row, by):
        raise Refused(sentence, holder=row.holder.name if row.holder else "")


def _check_heard(heard: Heard) -> None:
    if heard.solved is None:
        raise Refused(N_("请选择问题是否真正解决。"))
    if heard.satisfaction not in (1, 2, 3, 4, 5):
        raise Refused(N_("请记下用户的满意度（1 到 5 分）。"))
    if len(heard.words) > LONGEST or len(heard.request) > LONGEST:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST)
    if heard.solved and heard.then != NextStep.NOTHING:
        raise Refused(N_("用户说已经解决，不需要重新打开或另提工单。"))
    if heard.then != NextStep.NOTHING and not clean(heard.request):
        raise Refused(N_("请写明还有什么没有解决，接手的同事要看得懂。"))


def _checked_again(session: Session, again: datetime | None) -> datetime:
    moment = now(session)
    if again is None:
        raise Refused(N_("请选择下次什么时候再联系。"))
    if not moment < again <= moment + LATEST:
        raise Refused(N_("下次联系的时间要在今后 30 天之内。"))
    return again


def _call(session: Session, row: FollowUp, *, by: Person, reached: bool, words: str) -> FollowUpCall:
    if len(words) > LONGEST:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST)
    call = FollowUpCall(at=now(session), by=by, reached=reached, words=clean(words))
    row.calls.append(call)
    return call


def _reopen(session: Session, row: FollowUp, heard: Heard, *, by: Person) -> None:
    given = desk.Given(note=heard.request, heard=True)
    desk.move(session, row.ticket, Action.REOPEN, by=by, given=given)


def _file(session: Session, row: FollowUp, heard: Heard, *, by: Person) -> Ticket:
    former = row.ticket
    request = desk.Request(
        text=heard.request,
        category=former.category,
        system=former.system,
        requester=former.requester,
        module=former.module
        if any(module.code == former.module for module in former.system.modules)
        else None,
        channel=Channel.HOTLINE,
    )
    return desk.file(session, request, by=by)


def _end(session: Session, row: FollowUp, state: FollowUpState, *, by: Person) -> None:
    row.state, row.finished_at, row.next_at = state, now(session), None
    record(session, "end", SUBJECT, subject_id=row.id, by=by, state=state)
