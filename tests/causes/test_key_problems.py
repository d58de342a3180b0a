"""Key problems: countermeasures, closing on evidence, the list, reminders told once and not at night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import countermeasures, library
from defects.countermeasures import Plan, Progress, measures_of, progress_of
from defects.flow import QUIET_DAYS, DefectAction, DefectDuty, DefectState
from defects.models import Countermeasure, Defect
from defects.texts import DefectText
from kb.columns import CLOCK
from kb.flow import Refused
from portal.catalogue.models import Deployment
from portal.catalogue.queries import ZONE
from portal.causes import life
from portal.causes.keys import charging, overview, recipe
from portal.causes.keys.overview import Which, is_overdue
from portal.causes.keys.proof import proof_of
from portal.causes.keys.reminders import remind
from portal.causes.life import Given
from portal.people.duties import defect_duties
from portal.people.models import Person
from portal.tickets import desk, linking
from portal.tickets.models import DefectLink, LinkVerdict, Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.words import Category
from tests.statements import statements_sent
from tests.world import MOMENT, World

ROAD = (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX, DefectAction.VERIFY)
TODAY = MOMENT.astimezone(ZONE).date()
DAY = timedelta(days=1)


@pytest.fixture
def clocked(session: Session, desk_world: World) -> Iterator[Session]:
    session.info[CLOCK] = MOMENT
    yield session
    session.info.pop(CLOCK, None)


def recorded(session: Session, world: World, *actions: DefectAction, **changes: object) -> Defect:
    text = DefectText(
        title="阶梯重复累计",
        system="mkt",
        key=True,
        due_on=TODAY + 10 * DAY,
        cause="缓存",
        fixed_in="6.2.1",
        affected=("6.1",),
        data_fix="重算电费",
        owner_middle_id=world.people["expert"].id,
        owner_back_id=world.people["engineer"].id,
    )
    defect = library.open_record(session, replace(text, **changes), by=world.people["expert"].id)  # type: ignore[arg-type]
    for action in actions:
        life.move(session, defect, action, by=_who(world, action))
    return defect


def _who(world: World, action: DefectAction) -> Person:
    return world.people["engineer" if action in (DefectAction.START, DefectAction.FIX) else "expert"]


def planned(session: Session, world: World, defect: Defect, **changes: object) -> Countermeasure:
    text = Plan("补上清缓存的任务", world.people["engineer"].id, TODAY + 2 * DAY, "连续三天抽查无重复")
    return charging.plan(session, defect, replace(text, **changes), by=world.people["expert"])  # type: ignore[arg-type]


def filed(session: Session, world: World, defect: Defect, by: str = "wang") -> Ticket:
    who = world.people[by]
    request = desk.Request(
        text="又多算", category=Category.DEFECT, system=world.systems["mkt"], requester=who
    )
    ticket = desk.file(session, request, by=who)
    # Beside the verb: what is counted here is what a link says, not the alarm that it raises.
    session.add(
        DefectLink(ticket=ticket, defect=defect, verdict=LinkVerdict.LINKED, by_id=1, at=ticket.filed_at)
    )
    session.flush()
    return ticket


def test_measures_are_planned_changed_done_dropped_and_taken_back(
    clocked: Session, desk_world: World
) -> None:
    session, world = clocked, desk_world
    expert, engineer, analyst = (world.people[name] for name in ("expert", "engineer", "analyst"))
    defect = recorded(session, world)
    for changes, sentence in (
        ({"what": " "}, "要做什么"),
        ({"who_id": None}, "由谁来做"),
        ({"due_on": None}, "哪天之前"),
        ({"done_when": ""}, "怎样算完成"),
        ({"what": "很长" * 2000}, "写得太长"),
        ({"who_id": world.people["wang"].id}, "只能交给"),
        ({"who_id": 99999}, "只能交给"),
    ):
        with pytest.raises(Refused, match=sentence):
            planned(session, world, defect, **changes)
    measure = planned(session, world, defect)
    with pytest.raises(Refused, match="岗位"):
        charging.plan(session, defect, Plan("x", expert.id, TODAY, "y"), by=world.people["wang"])
    plain = recorded(session, world, key=False)
    with pytest.raises(Refused, match="只有重点问题"):
        planned(session, world, plain)
    with pytest.raises(Refused, match="完成情况"):
        countermeasures.finish(session, measure, by=engineer.id, duties=defect_duties(engineer), result=" ")
    other = world.people["editor"]
    with pytest.raises(Refused, match="由负责人或中台"):
        countermeasures.finish(session, measure, by=other.id, duties=defect_duties(other), result="好了")
    with pytest.raises(Refused, match="只有中台"):
        countermeasures.drop(session, measure, by=engineer.id, duties=defect_duties(engineer), why="x")
    with pytest.raises(Refused, match="同事改动"):
        charging.change(session, measure, Plan("a", engineer.id, TODAY, "b"), by=expert, seen=99)
    charging.change(
        session, measure, Plan("改成双写", analyst.id, TODAY, "b"), by=expert, seen=measure.version
    )
    countermeasures.finish(session, measure, by=expert.id, duties=defect_duties(expert), result="抽查了三天")
    dropped = planned(session, world, defect)
    countermeasures.drop(session, dropped, by=expert.id, duties=defect_duties(expert), why="并进上一项")
    assert progress_of(session, [defect.id, plain.id]) == {defect.id: Progress(1, 1, None)}
    with pytest.raises(Refused, match="已经了结"):
        charging.change(session, measure, Plan("a", engineer.id, TODAY, "b"), by=expert)
    countermeasures.take_back(session, dropped, duties=defect_duties(expert))
    with pytest.raises(Refused, match="本来就没有"):
        countermeasures.take_back(session, dropped, duties=defect_duties(expert))
    assert progress_of(session, [defect.id]) == {defect.id: Progress(1, 2, TODAY + 2 * DAY)}
    assert [row.what for row in measures_of(session, defect)] == ["改成双写", "补上清缓存的任务"]
    assert charging.open_measures_of(session, engineer) == [dropped]
    assert {person.login for person in charging.chargeable(session)} == {"analyst", "engineer", "expert"}


def test_a_key_problem_closes_on_evidence_alone(clocked: Session, desk_world: World) -> None:
    session, world = clocked, desk_world
    expert = world.people["expert"]
    defect = recorded(session, world, *ROAD)

    def closes(sentence: str, *, evidence: str = "抽查了两周的电费") -> None:
        with pytest.raises(Refused, match=sentence):
            life.move(session, defect, DefectAction.CLOSE, by=expert, given=Given(evidence=evidence))
        assert defect.state == DefectState.VERIFIED

    closes("要有整改措施")
    measure = planned(session, world, defect)
    closes("没有完成")
    countermeasures.finish(session, measure, by=expert.id, duties=defect_duties(expert), result="好了")
    closes(f"连续 {QUIET_DAYS} 天")
    session.info[CLOCK] = MOMENT + QUIET_DAYS * DAY
    filed(session, world, defect, by="zhao")  # 海陵 runs 6.1.8, before the fix: that proves nothing
    proof = proof_of(session, defect)
    assert (proof.days, proof.tickets, proof.holds) == (QUIET_DAYS, 0, True)
    assert proof.units == 4
    assert proof.reached == 3, "all but 海陵"
    filed(session, world, defect, by="wang")
    assert (proof_of(session, defect).days, proof_of(session, defect).tickets) == (0, 1)
    closes("连续")
    session.info[CLOCK] = MOMENT + 2 * QUIET_DAYS * DAY
    closes("写明依据", evidence="  ")
    with pytest.raises(Refused, match="岗位"):
        life.move(
            session, defect, DefectAction.CLOSE, by=world.people["engineer"], given=Given(evidence="好了")
        )
    entry = life.move(session, defect, DefectAction.CLOSE, by=expert, given=Given(evidence="抽查两周"))
    assert defect.state == DefectState.CLOSED
    assert entry.evidence == "抽查两周"
    assert entry.facts["days"] == QUIET_DAYS
    assert entry.facts["reached"] == 3
    with pytest.raises(Refused, match="已经了结"):
        countermeasures.take_back(session, measure, duties=defect_duties(expert))
    plain = recorded(session, world, *ROAD, key=False)
    life.move(session, plain, DefectAction.CLOSE, by=expert)
    assert plain.state == DefectState.CLOSED, "any other record needs none of this"


def test_where_nobody_runs_the_fix_nothing_is_proved(clocked: Session, desk_world: World) -> None:
    session, world = clocked, desk_world
    defect = recorded(session, world, *ROAD, fixed_in="7.0")
    session.info[CLOCK] = MOMENT + 99 * DAY
    proof = proof_of(session, defect)
    assert (proof.reached, proof.holds, proof.days) == (0, False, 99)
    session.add(Deployment(system=world.systems["mkt"], unit=world.units["ld"], version="7.0.1"))
    session.flush()
    assert proof_of(session, defect).holds
    unversioned = recorded(session, world, *ROAD, system="nowhere", fixed_in="7.0")
    assert not proof_of(session, unversioned).holds, "fixed today"
    session.info[CLOCK] = MOMENT + 199 * DAY
    assert proof_of(session, unversioned).holds, "a desk without versions is asked for the days alone"


def test_the_list_says_who_how_far_and_whether_fewer_suffer(clocked: Session, desk_world: World) -> None:
    session, world = clocked, desk_world
    expert = world.people["expert"]
    late = recorded(session, world, title="晚了", due_on=TODAY - DAY)
    soon = recorded(session, world, title="快了", due_on=TODAY + DAY, owner_back_id=None)
    done = recorded(session, world, *ROAD, title="待关", due_on=TODAY - DAY)
    recorded(session, world, title="不是重点", key=False, due_on=TODAY - DAY)
    everything = select(Defect)

    def listed(which: Which) -> list[str]:
        found = overview.key_problems(everything, which, today=TODAY)
        return [row.title for row in session.scalars(overview.by_urgency(found))]

    assert listed(Which.OPEN) == ["晚了", "快了"]
    assert listed(Which.OVERDUE) == ["晚了"]
    assert listed(Which.TO_CLOSE) == ["待关"]
    assert listed(Which.CLOSED) == []
    assert listed(Which.ALL) == ["晚了", "快了", "待关"]
    planned(session, world, late)
    assert listed(Which.UNPLANNED) == ["快了"]
    rows = session.scalars(everything).all()
    overdue = set(session.scalars(everything.where(overview.overdue(TODAY))))
    assert overdue == {row for row in rows if is_overdue(row, TODAY)} == {late}
    owned = session.scalars(overview.owned_by(everything, world.people["engineer"])).all()
    assert {row.title for row in owned} >= {"晚了", "待关"}
    assert soon not in owned
    assert overview.sums_of(session, everything, today=TODAY) == overview.Sums(2, 1, 1, 1)
    session.info[CLOCK] = MOMENT - 40 * DAY
    filed(session, world, late)
    filed(session, world, late)
    session.info[CLOCK] = MOMENT - DAY
    filed(session, world, late)
    session.info[CLOCK] = MOMENT
    library.remark(session, late, "供应商周五给补丁", by=expert.id)
    with statements_sent(session) as asked:
        (line, _other, _done) = overview.lines_of(session, [late, soon, done], moment=MOMENT)
    assert len(asked) == 4
    assert (line.now, line.before, line.progress.total) == (1, 2, 1)
    assert line.word is not None
    assert line.word.text == "供应商周五给补丁"


def told(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(Notice).where(Notice.event.in_((Event.KEY_DUE, Event.KEY_OVERDUE))))
    logins = {person.id: person.login for person in session.scalars(select(Person))}
    return sorted((logins[row.person_id], row.event) for row in rows)


def test_reminders_are_told_once_in_working_hours(clocked: Session, desk_world: World) -> None:
    session, world = clocked, desk_world
    defect = recorded(session, world, due_on=TODAY + 7 * DAY)
    recorded(session, world, due_on=TODAY + 8 * DAY, title="还早")
    recorded(session, world, due_on=TODAY - 60 * DAY, title="早就过了，清单会说")
    planned(session, world, defect, due_on=TODAY + 3 * DAY)
    night = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # half past midnight
    assert remind(session, night, zone=ZONE) == 0
    assert remind(session, MOMENT, zone=ZONE) == 3
    assert told(session) == [("engineer", Event.KEY_DUE)] * 2 + [("expert", Event.KEY_DUE)]
    assert remind(session, MOMENT, zone=ZONE) == 0
    later = MOMENT + 8 * DAY  # Tuesday of next week: both days have passed, and the other one is close
    assert remind(session, later, zone=ZONE) == 6
    assert told(session).count(("expert", Event.KEY_OVERDUE)) == 2
    library.postpone(
        session, defect, date(2026, 3, 12), by=1, duties=frozenset(DefectDuty), reason="供应商延期"
    )
    assert remind(session, later, zone=ZONE) == 2, "a new day is news again"
    assert remind(session, later, zone=ZONE) == 0


def test_a_recipe_is_run_once_on_a_ticket_of_the_record(clocked: Session, desk_world: World) -> None:
    session, world = clocked, desk_world
    engineer, expert = world.people["engineer"], world.people["expert"]
    defect = recorded(session, world)
    ticket, foreign = filed(session, world, defect), filed(session, world, recorded(session, world))
    with pytest.raises(Refused, match="没有关联"):
        recipe.ran(session, defect, foreign, by=engineer)
    recipe.ran(session, defect, ticket, by=engineer, note="补了 3 条")
    with pytest.raises(Refused, match="登记过了"):
        recipe.ran(session, defect, ticket, by=expert)
    assert recipe.count_of(session, defect) == 1
    assert [run.note for run in recipe.runs_seen(session, defect, expert)] == ["补了 3 条"]
    assert recipe.runs_seen(session, defect, world.people["zhao"]) == [], "not their ticket"
    recipe.take_back(session, defect, ticket)
    with pytest.raises(Refused, match="没有登记过"):
        recipe.take_back(session, defect, ticket)
    empty = recorded(session, world, data_fix="")
    linking.link(session, foreign, empty, by=None)
    with pytest.raises(Refused, match="还没有数据补救"):
        recipe.ran(session, empty, foreign, by=engineer)
    assert [person for person in ("agent", "wang", "expert") if recipe.may_read(world.people[person])] == [
        "expert"
    ]
