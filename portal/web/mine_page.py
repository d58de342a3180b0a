"""What the page of one's own ticket shows beside the ticket: merged work, helping systems, what is expected.

Reading only, for ``mine``. The invariant: of another user's ticket nothing is given but the road, the time
and the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from defects.signatures import runs_fix
from indexer.words import N_
from portal.catalogue.queries import planned_in
from portal.causes.alarms.told import Course, Told, told_of
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.plain import ELSEWHERE, Standing, standing_of
from portal.tickets.rail import Stop, rail_of
from portal.tickets.relations.panel import Helper, helpers_of
from portal.tickets.relations.standing import is_told
from portal.tickets.relations.watchers import may_invite, watchers_of
from portal.tickets.service_levels import Clock
from portal.tickets.unattended import confirms_on
from portal.tickets.words import State
from portal.web.request import db, me, parts

ANSWERED = Standing(
    N_("已有结果，等您确认"), N_("解决了请确认并打分；您这边没解决，可以重新打开，我们单独处理。")
)
DONE = Standing(N_("您已经确认，谢谢"), N_("还有问题可以再提一张工单，写上这张的编号即可。"))
#: Of a repair users are told where it is; whether it holds is the staff's to find out.
COMING = frozenset({Course.HERE, Course.PLANNED, Course.UNPLANNED})


@dataclass(frozen=True, slots=True)
class Help:
    """Another system that helps, with where it stands in plain words."""

    helper: Helper
    standing: Standing


@dataclass(frozen=True, slots=True)
class Planned:
    """When the fix that a ticket waits for comes to its unit."""

    version: str
    on: date


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds the ticket on its user's page."""

    worked_on: Ticket
    rail: tuple[Stop, ...]
    clock: Clock | None
    standing: Standing
    outcome: str
    helps: list[Help]
    planned: Planned | None
    repaired: Told | None
    confirms_on: datetime | None
    watchers: list[Person]
    may_invite: bool
    is_own: bool
    waits_for_me: bool
    """The next step is the user's own: there is nobody to be urged."""

    @property
    def goes_on(self) -> bool:
        return self.worked_on.is_open


def around(ticket: Ticket) -> Around:
    """Everything that the page of one's own ticket shows of others."""
    worked_on = ticket.survivor or ticket
    clock = desk.clock_of(db(), worked_on)
    days = parts().settings.confirm_after_days
    return Around(
        worked_on=worked_on,
        rail=rail_of(worked_on, worked_on.trail, plain=True),
        clock=clock,
        standing=standing_on_page(ticket, clock),
        outcome=worked_on.outcome if worked_on is ticket or is_told(worked_on) else "",
        helps=[_help(helper) for helper in helpers_of(db(), worked_on)],
        planned=planned_for(ticket),
        repaired=repaired_for(ticket),
        confirms_on=confirms_on(db(), ticket, days=days),
        watchers=watchers_of(db(), ticket),
        may_invite=may_invite(me(), ticket),
        is_own=me().id == ticket.requester_id,
        waits_for_me=ticket.state in (State.WAITING, State.CONFIRMING),
    )


def standing_on_page(ticket: Ticket, clock: Clock | None) -> Standing:
    """Where it stands: a merged one as it is worked on, without what is asked of other people."""
    if ticket.survivor is None:
        return standing_of(ticket, clock)
    if is_told(ticket.survivor):
        return DONE if ticket.rating else ANSWERED
    if ticket.survivor.state == State.WAITING:
        return Standing(ELSEWHERE.waiting, ELSEWHERE.next)
    return replace(standing_of(ticket.survivor, clock), next=ELSEWHERE.next)


def _help(helper: Helper) -> Help:
    if helper.done or helper.ticket.state == State.CONFIRMING:
        return Help(helper, Standing(N_("已处理好"), ""))
    if helper.ticket.state in (State.WAITING, State.MERGED):
        return Help(helper, Standing(N_("正在处理"), ""))
    return Help(helper, standing_of(helper.ticket, None))


def planned_for(ticket: Ticket) -> Planned | None:
    """The planned roll-out that brings the fix a parked ticket waits for."""
    parked = ticket.survivor or ticket
    if parked.state != State.PARKED or parked.defect is None:
        return None
    plan = planned_in(db(), ticket.system, ticket.unit)
    if plan is None or not runs_fix(plan[0], parked.defect.fixed_in):
        return None
    return Planned(*plan)


def repaired_for(ticket: Ticket) -> Told | None:
    """Where the repair of this very problem is on its way to the user; nothing of a record that is kept from
    users, or that only the system thinks is behind it."""
    worked_on = ticket.survivor or ticket
    link = next((row for row in worked_on.defect_links if row.is_live and row.by_id is not None), None)
    if link is None or not worked_on.is_open or not link.defect.shown_to_users:
        return None
    told = told_of(db(), ticket, link.defect)
    return told if told is not None and told.course in COMING else None
