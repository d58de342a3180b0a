"""Half a year of tickets, played by the desk's verbs under a simulated clock.

Time runs forward for each ticket; a scene that would lie in the future is not played, so that the
newest tickets stand open wherever they are today.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from operator import itemgetter

from sqlalchemy.orm import Session

from defects.flow import OPEN, DefectState
from defects.models import Defect
from defects.recurrence import GONE
from kb.columns import CLOCK
from kb.models import Article
from portal.catalogue.models import System
from portal.people.models import Person
from portal.sample import information, material
from portal.sample.cast import Cast
from portal.sample.stories import REMARKS, Scene, story_of
from portal.tickets import desk, linking
from portal.tickets.filing import may_file_for
from portal.tickets.flow import HOLDER_FREE, Who
from portal.tickets.models import Ticket
from portal.tickets.service_levels import Level, add_minutes
from portal.tickets.words import Action, Category, Channel, State
from portal.tickets.working_calendar import is_workday

#: One in so many tickets on a defect that was said to be gone shows that it is not.
RECURS_EVERY = 40
DAYS = 182
INTERNAL = "内部："
WORKING = Level(0, 0, 0)
CHANNELS = (Channel.WEB, Channel.HOTLINE, Channel.APP, Channel.MINI)
CHANNEL_SHARES = (46, 34, 12, 8)
#: When it is said, and the deed of saying it.
Remark = tuple[datetime, Callable[[], object]]


@dataclass
class Stage:
    """Everything a ticket of the sample may touch."""

    session: Session
    cast: Cast
    systems: dict[str, System]
    shelf: dict[str, Article]
    records: dict[str, Defect]
    dice: random.Random
    today: datetime

    def at(self, moment: datetime) -> None:
        self.session.info[CLOCK] = moment


def sayings(dice: random.Random, count: int) -> list[tuple[material.Scenario, str]]:
    """(concern, one person's words), every written sentence at most once, in random order."""
    pool = [
        (scenario, say)
        for scenario in (*material.scenarios(), *material.defect_scenarios())
        if scenario.category != Category.FAULT
        for say in scenario.says
    ]
    dice.shuffle(pool)
    return pool[:count]


def moments(dice: random.Random, count: int, today: datetime) -> list[datetime]:
    """When tickets are filed: working days and hours mostly, mornings and Mondays more, growing."""
    days = [today - timedelta(days=back) for back in range(DAYS, -1, -1)]
    weights = [_weight(day, number) for number, day in enumerate(days)]
    chosen = dice.choices(days, weights, k=count)
    found = []
    for day in chosen:
        hour = dice.choices((8, 9, 10, 11, 13, 14, 15, 16, 17, 20), (9, 18, 15, 9, 3, 13, 14, 11, 6, 2))[0]
        local = datetime.combine(day.astimezone(desk.ZONE).date(), time(hour, dice.randrange(60)), desk.ZONE)
        found.append(min(local, today - timedelta(minutes=dice.randrange(3, 240))))
    return sorted(found)


def _weight(day: datetime, number: int) -> float:
    workday = is_workday(day.astimezone(desk.ZONE).date())
    monday = 1.35 if day.weekday() == 0 else 1.0
    release = 1.7 if number % 61 in (1, 2, 3) else 1.0  # a large release every two months, and its echo
    fresh = 2.2 if number > DAYS - 7 else 1.0  # enough open work to look at
    return (1.0 if workday else 0.06) * monday * release * fresh * (0.8 + 0.4 * number / DAYS)


def play_all(stage: Stage, count: int, progress: Callable[[int], None]) -> list[Ticket]:
    """File and lead ``count`` tickets through their stories."""
    pool = sayings(stage.dice, count)
    tickets = []
    for filed_at, (scenario, say) in zip(moments(stage.dice, len(pool), stage.today), pool, strict=True):
        tickets.append(play(stage, scenario, say, filed_at))
        progress(1)
    return tickets


def play(stage: Stage, scenario: material.Scenario, say: str, filed_at: datetime) -> Ticket:
    """One ticket, from its filing to its end or to the present."""
    slots = material.Slots(stage.dice, filed_at.date())
    ticket = file(stage, scenario, say, filed_at, slots=slots)
    moment = filed_at
    patience = stuck_after(stage, filed_at)
    for number, scene in enumerate(scenes_of(stage, scenario, slots)):
        if number >= patience:
            break
        moment = add_minutes(moment, scene.minutes, level=WORKING)
        if moment >= stage.today:
            break
        stage.at(moment)
        if not act(stage, ticket, scenario, scene, slots):
            break
    _remarks(stage, ticket, filed_at, slots)
    return ticket


def stuck_after(stage: Stage, filed_at: datetime) -> int:
    """After how many scenes a ticket lies still: a few of the last weeks do, and become overdue."""
    recent = timedelta(days=1) < stage.today - filed_at < timedelta(days=21)
    return stage.dice.randrange(1, 7) if recent and stage.dice.random() < 0.07 else 10_000


def file(
    stage: Stage, scenario: material.Scenario, say: str, filed_at: datetime, *, slots: material.Slots
) -> Ticket:
    """File one ticket in the user's words; an agent writes the title of those from the hotline."""
    dice = stage.dice
    stage.at(filed_at)
    requester = _requester(stage, say, filed_at)
    channel = dice.choices(CHANNELS, CHANNEL_SHARES)[0]
    text, system = slots.fill(say), stage.systems[scenario.system]
    request = desk.Request(
        text=text,
        title=scenario.title if channel == Channel.HOTLINE else "",
        category=Category(scenario.category),
        sub=scenario.sub,
        system=system,
        module=scenario.module,
        requester=requester,
        impact=dice.choices((1, 2, 3), (6, 24, 70))[0],
        urgency=dice.choices((1, 2, 3), (22, 48, 30))[0],
        channel=channel,
        answers=information.told_at_filing(stage.session, scenario, system, slots, say=say),
    )
    by = dice.choice(_answering(stage, requester)) if channel == Channel.HOTLINE else requester
    ticket = desk.file(stage.session, request, by=by)
    _ran_before(stage, ticket, scenario)
    return ticket


def _answering(stage: Stage, caller: Person) -> list[Person]:
    """Who picks up the phone when this person calls."""
    return [agent for agent in stage.cast.holding_agents() if may_file_for(agent, caller)] or [caller]


def _ran_before(stage: Stage, ticket: Ticket, scenario: material.Scenario) -> None:
    """Who reported a defect that is gone by now mostly ran the affected version then; the others recur."""
    record = stage.records.get(scenario.defect or "")
    if record is not None and record.state in GONE and record.affected and ticket.id % RECURS_EVERY:
        ticket.running_version = record.affected[-1]


def _requester(stage: Stage, say: str, filed_at: datetime) -> Person:
    """Somebody of the unit that the words name; lately often the demonstration's own employee."""
    fresh = stage.today - filed_at < timedelta(days=14)
    if fresh and stage.dice.random() < 0.03:
        return stage.cast.requesters[0]
    return stage.dice.choice(stage.cast.requesters_named_in(say) or stage.cast.requesters)


def scenes_of(stage: Stage, scenario: material.Scenario, slots: material.Slots) -> Iterator[Scene]:
    """The story, its notes filled in; a ticket on an open defect may be parked instead of repaired."""
    story = story_of(scenario, stage.dice)
    defect = stage.records.get(scenario.defect or "")
    parks = defect is not None and defect.state in OPEN and stage.dice.random() < 0.4
    for scene in story:
        if parks and scene.action == Action.TO_BACK:
            note = f"已知缺陷 {defect.number if defect else ''}，先按规避方案使用，修复部署后自动通知。"
            yield replace(scene, action=Action.PARK, note=note)
            return
        yield replace(scene, note=slots.fill(scene.note))


def act(
    stage: Stage,
    ticket: Ticket,
    scenario: material.Scenario,
    scene: Scene,
    slots: material.Slots | None = None,
) -> bool:
    """Play one scene; False when nobody of the cast may."""
    by = actor_of(stage, ticket, scene)
    if by is None:
        return False
    if scene.action == Action.TAKE and ticket.holder_id is not None:
        return True
    needs_holder = scene.who != Who.REQUESTER and scene.action not in HOLDER_FREE
    if needs_holder and ticket.holder_id is None:
        desk.move(stage.session, ticket, Action.TAKE, by=by)
    if scene.action == Action.ESCALATE and slots is not None:
        information.ask_the_rest(stage.session, ticket, slots, by=by)
    if scene.action in (Action.PARK, Action.TO_BACK):
        _link(stage, ticket, scenario, by, surely=scene.action == Action.PARK)
    if scene.action == Action.PARK and ticket.defect is None:
        return False
    desk.move(stage.session, ticket, scene.action, by=by, given=given_for(stage, scenario, scene))
    return True


def actor_of(stage: Stage, ticket: Ticket, scene: Scene) -> Person | None:
    """Who plays the scene: the user, the holder, or anybody whose post serves the ticket."""
    if scene.who == Who.REQUESTER:
        return ticket.requester
    if ticket.holder is not None:
        return ticket.holder
    leads = ticket.category == Category.COMPLAINT and scene.who == Who.FRONT
    fitting: Sequence[Person] = stage.cast.leads(ticket) if leads else stage.cast.serving(scene.who, ticket)
    return stage.dice.choice(fitting) if fitting else None


def given_for(stage: Stage, scenario: material.Scenario, scene: Scene) -> desk.Given:
    """What the person gives along with the move."""
    if scene.action == Action.CONFIRM:
        return _verdict(stage, scenario)
    answers = scene.action in (Action.ANSWER, Action.TELL)
    return desk.Given(
        note=scene.note,
        category=scene.category,
        sub=scenario.sub if scene.category == scenario.category else "",
        article=stage.shelf.get(scenario.article or "") if answers else None,
    )


def _verdict(stage: Stage, scenario: material.Scenario) -> desk.Given:
    rating = stage.dice.choices((5, 4, 3, 2, 1), (52, 28, 11, 6, 3))[0]
    speaks = scenario.words and stage.dice.random() < 0.7
    return desk.Given(rating=rating, note=stage.dice.choice(scenario.words) if speaks else "")


def _link(stage: Stage, ticket: Ticket, scenario: material.Scenario, by: Person, *, surely: bool) -> None:
    record = stage.records.get(scenario.defect or "")
    if record is None or ticket.defect is not None:
        return
    target = record
    while target.state == DefectState.DUPLICATE and target.duplicate_of is not None:
        target = target.duplicate_of
    if target.state != DefectState.NOT_A_DEFECT and (surely or stage.dice.random() < 0.86):
        linking.link(stage.session, ticket, target, by=by)


def _remarks(stage: Stage, ticket: Ticket, filed_at: datetime, slots: material.Slots) -> None:
    """Comments and urges along the way, one after the other, never after the end."""
    for moment, say in sorted(_said(stage, ticket, filed_at, slots), key=itemgetter(0)):
        stage.at(moment)
        say()


def _said(stage: Stage, ticket: Ticket, filed_at: datetime, slots: material.Slots) -> Iterator[Remark]:
    dice, end = stage.dice, ticket.closed_at or stage.today
    remarks = material.read(REMARKS)
    if dice.random() < 0.22:
        moment = filed_at + (end - filed_at) * dice.random()
        words = slots.fill(dice.choice(remarks["user"]))
        yield moment, partial(desk.comment, stage.session, ticket, words, by=ticket.requester)
    staff = stage.cast.serving(Who.MIDDLE, ticket)
    if not ticket.untouched and staff and dice.random() < 0.25:
        moment = filed_at + (end - filed_at) * dice.uniform(0.3, 0.9)
        text = slots.fill(dice.choice(remarks["staff"]))
        told = "您" in text and not text.startswith(INTERNAL)
        words = text.removeprefix(INTERNAL)
        by = dice.choice(staff)
        yield moment, partial(desk.comment, stage.session, ticket, words, by=by, internal=not told)
    slow = end - filed_at > timedelta(days=3)
    if slow and ticket.state not in (State.CLOSED, State.CANCELLED) and dice.random() < 0.5:
        moment = filed_at + (end - filed_at) * 0.8
        words = dice.choice(remarks["urges"])
        yield moment, partial(desk.urge, stage.session, ticket, by=ticket.requester, words=words)
