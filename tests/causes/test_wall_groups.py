"""Groups of the wall keep their identity, and what was set aside stays aside until it has really grown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.models import Defect
from defects.texts import DefectText
from kb.columns import CLOCK
from kb.flow import Refused
from portal.causes.wall import deciding
from portal.causes.wall.arranging import arrange, arranged, grown, typical
from portal.causes.wall.lists import Wall, group_for, tickets_of, wall
from portal.causes.wall.models import WallAction, WallGroup, WallMember, WallMove
from portal.causes.wall.unexplained import waiting_systems
from portal.finder.grouping import Told, together
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Category
from tests.world import MOMENT, World

DOUBLED = ("抄表数据导入后电量翻倍", "导入抄表数据之后电量翻倍了", "抄表导入完电量变成两倍，电量翻倍")
BLANK = ("票据打印出来是空白页", "打印票据一片空白", "票据打印空白，什么都没有")

Files = Callable[..., Ticket]


@pytest.fixture
def files(session: Session, desk_world: World) -> Files:
    """File a ticket of the marketing system some days ago."""

    def file(text: str, *, ago: float = 1, system: str = "mkt", by: str = "wang") -> Ticket:
        session.info[CLOCK] = MOMENT - timedelta(days=ago)
        requester = desk_world.people[by]
        request = desk.Request(
            text=text, category=Category.DEFECT, system=desk_world.systems[system], requester=requester
        )
        ticket = desk.file(session, request, by=requester)
        session.info[CLOCK] = MOMENT
        return ticket

    return file


def regroup(session: Session, *, at: datetime = MOMENT) -> None:
    """What the worker does, by words alone."""
    session.info[CLOCK] = at
    session.flush()
    for system in waiting_systems(session):
        arrange(session, arranged(session, system, None))
    session.commit()


def group_of(session: Session, ticket: Ticket) -> int | None:
    return session.get_one(WallMember, ticket.id).group_id


def shown(session: Session, person: Person, *, aside: bool = False) -> Wall:
    return wall(session, person, aside=aside, system="", limit=20, offset=0)


def dismissed(session: Session, world: World, tickets: list[Ticket]) -> WallGroup:
    group = session.get_one(WallGroup, group_of(session, tickets[0]))
    deciding.dismiss(session, group, tickets, reason="是培训环境", by=world.people["expert"])
    session.commit()
    return group


def test_alike_tickets_stand_together_under_their_own_words(
    session: Session, desk_world: World, files: Files
) -> None:
    doubled = [files(text) for text in DOUBLED]
    blank = [files(f"{text}，报错 PRT-1042", ago=20) for text in BLANK]
    alone = files("夜间批处理没有启动")
    regroup(session)
    found = shown(session, desk_world.people["expert"])
    assert [set(line.tickets) for line in found.lines] == [set(doubled), set(blank)]
    first, second = found.lines
    assert (first.is_new, second.is_new) == (True, False)
    assert first.title in DOUBLED
    assert "翻倍" in "".join(first.words)
    assert second.codes == ("PRT-1042",)
    assert (first.count, first.units, first.lately) == (3, 1, 3)
    assert sum(day.count for day in first.trend) == 3
    assert len(first.trend) == 14
    assert found.alone == 1
    assert group_of(session, alone) is None


def test_a_group_keeps_its_identity_while_tickets_come_and_go(
    session: Session, desk_world: World, files: Files
) -> None:
    tickets = [files(text) for text in DOUBLED]
    regroup(session)
    before = group_of(session, tickets[0])
    more = files("导入抄表数据以后电量又翻倍")
    regroup(session)
    assert {group_of(session, ticket) for ticket in (*tickets, more)} == {before}
    expert = desk_world.people["expert"]
    group = session.get_one(WallGroup, before)
    record = _record(session, expert)
    move = deciding.link_all(session, group, tickets[:2], record, by=expert)
    session.commit()
    assert [set(line.tickets) for line in shown(session, expert).lines] == [{tickets[2], more}]
    deciding.undo(session, move, by=expert)
    session.commit()
    assert [len(line.tickets) for line in shown(session, expert).lines] == [4]
    assert [row.action for row in group.moves] == [WallAction.LINK, WallAction.UNLINK]
    assert record.recurrences == 0


def _record(session: Session, by: Person) -> Defect:
    return library.open_record(session, DefectText(title="导入后电量翻倍", system="mkt"), by=by.id)


def test_what_was_set_aside_takes_in_what_is_alike_and_comes_back_when_it_has_grown(
    session: Session, desk_world: World, files: Files
) -> None:
    expert = desk_world.people["expert"]
    tickets = [files(text) for text in DOUBLED]
    regroup(session)
    group = dismissed(session, desk_world, tickets)
    assert shown(session, expert).lines == ()
    later = MOMENT + timedelta(days=3)

    def comes(text: str) -> Ticket:
        ticket = files(text, ago=-1)
        regroup(session, at=later)
        return ticket

    few = [comes("导入抄表数据后电量翻倍"), comes("抄表数据一导入电量就翻倍")]
    assert {group_of(session, ticket) for ticket in few} == {group.id}
    assert shown(session, expert).lines == ()
    aside = shown(session, expert, aside=True).lines
    assert [(line.count, line.since_aside, line.group.dismissed_size) for line in aside] == [(5, 2, 3)]
    comes("电量翻倍，导入抄表数据之后")
    back = shown(session, expert).lines
    assert [(line.group.id, line.count) for line in back] == [(group.id, 6)]
    assert group.came_back_at == later
    assert group.moves[-1].action == WallAction.COME_BACK
    assert group.moves[-1].by_id is None


def test_a_small_group_that_was_set_aside_does_not_draw_a_larger_one_away(
    session: Session, desk_world: World, files: Files
) -> None:
    expert = desk_world.people["expert"]
    aside = [files(text, ago=5) for text in DOUBLED[:2]]
    regroup(session)
    dismissed(session, desk_world, aside)
    standing = [files(text) for text in BLANK]
    regroup(session)
    now_named = {group_of(session, ticket) for ticket in standing}
    files("票据打印空白页，抄表数据导入后电量翻倍，票据空白")
    regroup(session)
    assert {group_of(session, ticket) for ticket in standing} == now_named
    assert len(shown(session, expert).lines) == 1


def test_a_dismissal_wants_a_reason_and_is_undone_by_its_line(
    session: Session, desk_world: World, files: Files
) -> None:
    expert = desk_world.people["expert"]
    tickets = [files(text) for text in DOUBLED]
    regroup(session)
    group = session.get_one(WallGroup, group_of(session, tickets[0]))
    with pytest.raises(Refused, match="为什么"):
        deciding.dismiss(session, group, tickets, reason="  ", by=expert)
    dismissed(session, desk_world, tickets)
    with pytest.raises(Refused, match="刚刚已经被搁置"):
        deciding.dismiss(session, group, tickets, reason="再一次", by=expert)
    move = deciding.last_deed(session, expert)
    assert move is not None
    assert deciding.last_deed(session, desk_world.people["analyst"]) is None
    with pytest.raises(Refused, match="没有可以撤销"):
        deciding.undo(session, move, by=desk_world.people["analyst"])
    deciding.undo(session, move, by=expert)
    session.commit()
    assert [line.group.id for line in shown(session, expert).lines] == [group.id]
    assert deciding.last_deed(session, expert) is None


def test_nobody_sees_a_word_or_count_of_what_their_posts_do_not_serve(
    session: Session, desk_world: World, files: Files
) -> None:
    for text in DOUBLED:
        files(text, system="oa")
    regroup(session)
    people = desk_world.people
    group = session.scalars(select(WallGroup)).one()
    assert shown(session, people["expert"]) == Wall((), 0, 0, 0)
    assert group_for(session, people["expert"], group.id) is None
    assert [line.count for line in shown(session, people["analyst"]).lines] == [3]
    assert group_for(session, people["analyst"], group.id) is group
    for login in ("wang", "agent", "engineer", "manager", "admin"):
        assert shown(session, people[login]).lines == (), login
        assert tickets_of(session, people[login], group) == []


def test_only_those_who_may_judge_decide(session: Session, desk_world: World, files: Files) -> None:
    tickets = [files(text, system="oa") for text in DOUBLED]
    regroup(session)
    group = session.scalars(select(WallGroup)).one()
    record = _record(session, desk_world.people["analyst"])
    for login in ("expert", "engineer", "manager"):
        person = desk_world.people[login]
        with pytest.raises(Refused):
            deciding.dismiss(session, group, tickets, reason="不建", by=person)
        with pytest.raises(Refused):
            deciding.link_all(session, group, tickets, record, by=person)
    deciding.link_all(session, group, tickets, record, by=desk_world.people["analyst"])
    assert all(ticket.defect is record for ticket in tickets)


def test_what_somebody_else_has_placed_meanwhile_is_not_written_twice(
    session: Session, desk_world: World, files: Files
) -> None:
    for text in DOUBLED:
        files(text)
    session.commit()
    system = desk_world.systems["mkt"].id
    mine, others = arranged(session, system, None), arranged(session, system, None)
    assert arrange(session, others) == 1
    assert arrange(session, mine) == 0
    session.commit()
    assert len(session.scalars(select(WallGroup)).all()) == 1
    assert session.scalars(select(WallMove)).all() == []


def test_setting_aside_while_the_worker_groups_is_not_overwritten(
    session: Session, desk_world: World, files: Files
) -> None:
    tickets = [files(text) for text in DOUBLED]
    regroup(session)
    files("抄表数据导入后电量翻倍了一次")
    session.commit()
    plan = arranged(session, desk_world.systems["mkt"].id, None)
    dismissed(session, desk_world, tickets)
    assert arrange(session, plan) == 0


def test_groups_stay_within_one_system() -> None:
    told = [Told(n, n % 2, "", "导入之后一直转圈没有反应") for n in range(4)]
    assert sorted(group.members for group in together(told)) == [(2, 0), (3, 1)]


@pytest.mark.parametrize(
    ("new", "before", "back"), [(2, 2, False), (3, 2, True), (4, 9, False), (5, 9, True)]
)
def test_grown_considerably(new: int, before: int, back: bool) -> None:
    assert grown(new, before) is back


def test_the_title_says_what_most_say() -> None:
    titles = ["急！！", "打印票据空白", "票据打印出来是空白页，换了电脑也一样，请尽快处理"]
    assert typical(titles, ["票据", "空白"]) == "打印票据空白"
