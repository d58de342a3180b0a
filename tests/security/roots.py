"""A desk of two systems and two units with all that leads to a root cause, and who may see what of it.

Of each system there are groups of unlinked tickets, linked ones with an alarm and a judgement, two records
that look alike, a burst, questions of the learning queue and a report. Each ticket says a mark of its own, so
that whatever an answer shows is recognised; who may read which follows from the tables below, said by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Countermeasure, Defect
from defects.texts import DefectText
from kb.columns import now
from portal.catalogue.models import System
from portal.causes.bursts.models import Burst, Series
from portal.causes.teaching.models import TeachingPick
from portal.causes.voice import issuing
from portal.causes.voice.gathering import gathered
from portal.causes.voice.stretches import Rhythm, stretch_of
from portal.causes.wall.models import TwinPair, WallGroup, WallMember
from portal.db import transaction
from portal.tickets import desk, linking
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import RecurrenceAlarm
from portal.tickets.words import Category, State, Tier
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
#: A repair that every unit runs already, so that a linked ticket raises an alarm.
FIXED_IN = {"mkt": "6.1.0", "oa": "3.1.0"}
ASKERS = ("wang", "zhao")
MARK = re.compile(r"zr(\d{2})(?!\d)")

#: Everybody there is, by what bounds the tickets that they read.
EMPLOYEES = frozenset({"wang", "zhao", "admin"})
OF_A_UNIT = frozenset({"agent", "local_support", "supervisor", "inspector"})
OF_A_SYSTEM = frozenset({"expert", "engineer"})
OF_ALL = frozenset({"analyst", "editor", "dispatcher", "manager"})
STAFF = OF_A_UNIT | OF_A_SYSTEM | OF_ALL
EVERYBODY = (*sorted(EMPLOYEES | STAFF), None)


@dataclass(frozen=True, slots=True)
class Said:
    """One ticket of this desk."""

    place: int
    number: str
    system: str
    by: str
    linked: bool

    def is_read_by(self, login: str | None) -> bool:
        """王小雨 is at home where the unit's posts serve, 赵海陵 elsewhere; the system's posts have mkt."""
        if login in OF_A_UNIT:
            return self.by == "wang"
        if login in OF_A_SYSTEM:
            return self.system == "mkt"
        return login in OF_ALL or login == self.by


@dataclass(frozen=True, slots=True)
class Found:
    """What hangs on one system: the ids and numbers by which its pages and deeds are reached."""

    group: int
    alarm: int
    burst: int
    report: int
    judgement: int
    measure: int
    record: str
    twin: str
    ticket: str
    linked: str


@dataclass(frozen=True, slots=True)
class Roots:
    tickets: tuple[Said, ...]
    of: dict[str, Found]

    def readable(self, login: str | None) -> set[int]:
        return {row.place for row in self.tickets if row.is_read_by(login)}

    def one_of_each(self) -> list[Said]:
        """A ticket of each system, of each asker, linked and not."""
        return list({(row.system, row.by, row.linked): row for row in self.tickets}.values())

    def linked(self) -> set[int]:
        return {row.place for row in self.tickets if row.linked}


def marks_in(text: str) -> set[int]:
    return {int(place) for place in MARK.findall(text)}


def plant(maker: sessionmaker[Session], _uploads: Path) -> Roots:
    """Fill the desk."""
    said: list[Said] = []
    with transaction(maker) as session:
        world = World.of(session)
        found = {code: _system(session, world, code, said) for code in ("mkt", "oa")}
        reports = _reports(session)
    return Roots(tuple(said), {code: Found(report=reports[code], **rest) for code, rest in found.items()})


def _system(session: Session, world: World, code: str, said: list[Said]) -> dict[str, int | str]:
    fixed, other = (_record(session, world, code, title) for title in ("电量翻倍", "电量又翻倍"))
    unlinked = [_ticket(session, world, code, by, said) for by in ASKERS for _ in range(2)]
    linked = [_ticket(session, world, code, by, said, linked=True) for by in ASKERS]
    for ticket in linked:
        linking.link(session, ticket, fixed, by=None, probability=0.97)  # an alarm that waits for a word
    judged = [linking.reject(session, ticket, other, by=world.people["analyst"]) for ticket in linked]
    group, burst = _around(session, world.systems[code], unlinked)
    _to_learn(session, unlinked, other)
    one, twin = sorted((fixed, other), key=lambda row: row.id)
    session.add(TwinPair(one_id=one.id, other_id=twin.id, likeness=0.9))
    session.flush()
    alarm = session.query(RecurrenceAlarm).filter_by(defect_id=fixed.id).one()
    return {
        "group": group,
        "alarm": alarm.id,
        "burst": burst,
        "judgement": judged[0].id,
        "measure": _measure(session, world, fixed),
        "record": fixed.number,
        "twin": other.number,
        "ticket": unlinked[0].number,
        "linked": linked[0].number,
    }


def _record(session: Session, world: World, code: str, title: str) -> Defect:
    by = world.people["analyst"].id
    said = ("导入抄表数据之后电量翻倍",)
    text = DefectText(title=title, system=code, symptoms=said, cause="倍率乘了两次", fixed_in=FIXED_IN[code])
    record = library.open_record(session, text, by=by)
    steps = (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX, DefectAction.VERIFY)
    for action in steps if title == "电量翻倍" else steps[:1]:
        moves.move(session, record, action, by=by, duties=set(DefectDuty), note="复现了")
    return record


def _measure(session: Session, world: World, record: Defect) -> int:
    """A step that the engineer has promised."""
    moment, analyst = now(session), world.people["analyst"]
    row = Countermeasure(
        defect_id=record.id,
        what="改倍率",
        who_id=world.people["engineer"].id,
        due_on=moment.date(),
        done_when="没有再翻倍",
        created_by=analyst.id,
        created_at=moment,
    )
    session.add(row)
    session.flush()
    return row.id


def _ticket(
    session: Session, world: World, code: str, by: str, said: list[Said], *, linked: bool = False
) -> Ticket:
    text = f"抄表数据导入后电量翻倍 zr{len(said):02d}"
    request = desk.Request(
        text=text, category=Category.DEFECT, system=world.systems[code], requester=world.people[by]
    )
    ticket = desk.file(session, request, by=world.people[by])
    ticket.state, ticket.tier = State.OPEN, Tier.MIDDLE  # however it came there
    session.flush()
    said.append(Said(len(said), ticket.number, code, by, linked))
    return ticket


def _around(session: Session, system: System, tickets: list[Ticket]) -> tuple[int, int]:
    """A group, called by the words of a ticket that not everybody reads, and a burst of it."""
    moment = now(session)
    title = tickets[-1].title
    group = WallGroup(system_id=system.id, title=title, words=[title], created_at=moment, updated_at=moment)
    session.add(group)
    session.flush()
    session.add_all(WallMember(ticket_id=row.id, group_id=group.id, placed_at=moment) for row in tickets)
    burst = Burst(
        series=Series.GROUP,
        system_id=system.id,
        group_id=group.id,
        since=moment - timedelta(hours=1),
        found_at=moment,
        last_at=moment + timedelta(minutes=1),
        count=len(tickets),
        usual=0.5,
        before=[0, 1, 0, 1],
        chance=1e-7,
    )
    session.add(burst)
    session.flush()
    return group.id, burst.id


def _to_learn(session: Session, tickets: Iterable[Ticket], likely: Defect) -> None:
    session.add_all(
        TeachingPick(
            ticket_id=row.id,
            defect_id=likely.id,
            probability=0.5,
            model="none",
            examined_at=now(session),
            rank=row.id,
            why=[],
        )
        for row in tickets
    )


def _reports(session: Session) -> dict[str, int]:
    week = stretch_of(Rhythm.WEEKLY, now(session).astimezone(ZONE).date())
    counted = gathered(session, week, zone=ZONE)
    made = issuing.issue(session, week, counted, at=now(session), locale="zh_CN")
    return {row.system: row.id for row in made}
