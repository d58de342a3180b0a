"""The sample's outages: six people report, the middle gathers, dispatch rules, the back recovers.

Played by the verbs of ``portal.faults.board``, so that tickets follow their event as they really do.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from portal.faults import board
from portal.faults.flow import AnnouncementKind, AnnouncementState, FaultAction
from portal.faults.models import Announcement, FaultEvent
from portal.people.models import Person
from portal.people.roles import Post
from portal.sample import material
from portal.sample.halfyear import Stage, act, file
from portal.sample.stories import Scene
from portal.tickets import desk
from portal.tickets.flow import Who
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier


def play_outages(stage: Stage) -> None:
    """Spread the written outages over the half year; the last is being worked on now."""
    written = [scenario for scenario in material.scenarios() if scenario.event]
    for number, scenario in enumerate(written):
        back = (len(written) - 1 - number) * 11 + stage.dice.randrange(2, 7)
        started = start_of(scenario, stage.today - timedelta(days=back))
        fresh = len(written) - 1 - number
        if fresh < len(UNFINISHED):
            # Two are going on now: one waits for the dispatcher's ruling, one is being repaired.
            started = stage.today - timedelta(minutes=UNFINISHED[fresh])
        _play(stage, scenario, started)


#: Minutes after the beginning → how it goes on, in words for those affected.
PROGRESS = (
    (40, "后台已经定位到出问题的服务，正在切换到备用节点。切换期间请不要反复重试，已填的内容请先存在本地。"),
    (58, "备用节点已经接管一半的访问，一部分单位可以登录了；还登录不上的请过十分钟再试。"),
)
#: Minutes ago that the newest outages began, the newest first.
UNFINISHED = (20, 60)


def start_of(scenario: material.Scenario, day: datetime) -> datetime:
    """When it began: recovery comes 75 minutes later, at the hour that the written texts name."""
    told = f"{(scenario.event or {})['recovery']} {scenario.notes['back']} 10:20"
    clock = re.search(r"(\d{1,2}):(\d{2})", told)
    assert clock is not None  # the text above ends in one
    local = day.astimezone(desk.ZONE).replace(hour=int(clock[1]), minute=int(clock[2]))
    return local.astimezone(UTC) - timedelta(minutes=75)


def _play(stage: Stage, scenario: material.Scenario, start: datetime) -> None:
    event = scenario.event or {}
    tickets = _reports(stage, scenario, start)
    expert = stage.dice.choice(stage.cast.serving(Who.MIDDLE, tickets[0]))
    _to_middle(stage, scenario, tickets, expert, start + timedelta(minutes=10))
    stage.at(start + timedelta(minutes=14))
    fault = board.gather(stage.session, tickets, title=event["title"], by=expert)
    fault.units = sorted({*fault.units, *event["units"]})
    _step(stage, fault, FaultAction.SUBMIT, expert, scenario.notes["middle"], start, 16)
    dispatcher = stage.dice.choice(stage.cast.holding(Post.DISPATCHER))
    if start + timedelta(minutes=22) > stage.today:
        return
    _step(stage, fault, FaultAction.DECLARE, dispatcher, f"核实属实：{scenario.notes['front']}", start, 22)
    announcement = _announce(stage, fault, event, expert, start + timedelta(minutes=28))
    _hit_too(stage, fault, tickets, start + timedelta(minutes=32))
    for minutes, words in PROGRESS:
        if start + timedelta(minutes=minutes) <= stage.today:
            stage.at(start + timedelta(minutes=minutes))
            until = start + timedelta(minutes=minutes + 30)
            board.go_on(stage.session, announcement, words, by=expert, until=until)
    engineer = stage.dice.choice(stage.cast.serving(Who.BACK, tickets[0]))
    if start + timedelta(minutes=75) > stage.today:
        return
    _step(stage, fault, FaultAction.RECOVER, engineer, scenario.notes["back"], start, 75)
    _step(stage, fault, FaultAction.VERIFY, expert, "抽查各受影响单位，均已恢复。", start, 90)
    stage.at(start + timedelta(minutes=95))
    board.recover(stage.session, announcement, event["recovery"], by=expert)
    _tell(stage, fault, scenario, tickets, start + timedelta(minutes=100))


def _hit_too(stage: Stage, fault: FaultEvent, tickets: list[Ticket], moment: datetime) -> None:
    """Some colleagues of the reporters saw the announcement and pressed “me too”."""
    stage.at(moment)
    reporters = {ticket.requester_id for ticket in tickets}
    units = {ticket.unit_id for ticket in tickets}
    near = [row for row in stage.cast.people if row.unit_id in units and row.id not in reporters]
    for person in stage.dice.sample(near, min(len(near), 7)):
        board.me_too(stage.session, fault, by=person)


def _reports(stage: Stage, scenario: material.Scenario, start: datetime) -> list[Ticket]:
    return [
        file(stage, scenario, say, moment, slots=material.Slots(stage.dice, moment.date()))
        for number, say in enumerate(scenario.says)
        for moment in [start + timedelta(minutes=number)]
    ]


def _to_middle(
    stage: Stage, scenario: material.Scenario, tickets: list[Ticket], expert: Person, moment: datetime
) -> None:
    for ticket in tickets:
        stage.at(moment)
        act(stage, ticket, scenario, Scene(Who.FRONT, Action.TAKE, 0))
        act(stage, ticket, scenario, Scene(Who.FRONT, Action.ESCALATE, 0, scenario.notes["front"]))
        ticket_expert = expert if expert in stage.cast.serving(Who.MIDDLE, ticket) else None
        if ticket_expert is not None:
            desk.move(stage.session, ticket, Action.TAKE, by=expert)
        act(stage, ticket, scenario, Scene(Who.MIDDLE, Action.RULE, 0, category=Category.FAULT))


def _step(
    stage: Stage, fault: FaultEvent, action: FaultAction, by: Person, note: str, start: datetime, minutes: int
) -> None:
    stage.at(start + timedelta(minutes=minutes))
    board.move(stage.session, fault, action, by=by, note=note)


def _announce(
    stage: Stage, fault: FaultEvent, event: dict[str, object], by: Person, moment: datetime
) -> Announcement:
    stage.at(moment)
    text = board.AnnouncementText(
        kind=AnnouncementKind.FAULT,
        title=str(event["title"]),
        body=f"**期间怎么办**\n\n{event['meanwhile']}",
        systems=tuple(fault.systems),
        units=tuple(fault.units),
        next_update_at=moment + timedelta(hours=1),
    )
    announcement = board.write_announcement(stage.session, text, by=by, fault=fault)
    board.publish(stage.session, announcement, by=by)
    return announcement


def _tell(
    stage: Stage,
    fault: FaultEvent,
    scenario: material.Scenario,
    tickets: list[Ticket],
    moment: datetime,
) -> None:
    """Each desk tells all reporters of its units at once; then they confirm, one by one."""
    stage.at(moment)
    for ticket in tickets:
        agents = stage.cast.serving(Who.FRONT, ticket)
        if (ticket.state, ticket.tier) == (State.FEEDBACK, Tier.FRONT) and agents:
            board.tell_all(stage.session, fault, scenario.notes["answer"], by=stage.dice.choice(agents))
    for ticket in tickets:
        if ticket.state == State.CONFIRMING:
            stage.at(moment + timedelta(minutes=stage.dice.randrange(30, 300)))
            act(stage, ticket, scenario, Scene(Who.REQUESTER, Action.CONFIRM, 0))


def announce(stage: Stage) -> None:
    """The announcements that stand for themselves; three of them are live."""
    by = stage.cast.holding(Post.EXPERT)[0]
    for row in material.read("announcements.yaml"):
        moment = stage.today - timedelta(hours=int(row["hours_ago"]))
        stage.at(moment)
        text = board.AnnouncementText(
            kind=AnnouncementKind(row["kind"]),
            title=row["title"],
            body=row["body"],
            systems=tuple(row["systems"]),
            units=tuple(row["units"]),
            next_update_at=moment + timedelta(hours=4),
        )
        announcement = board.write_announcement(stage.session, text, by=by)
        board.publish(stage.session, announcement, by=by)
        if AnnouncementState(row["state"]) == AnnouncementState.RECOVERED:
            stage.at(moment + timedelta(hours=3))
            board.recover(stage.session, announcement, row["recovery"], by=by)
