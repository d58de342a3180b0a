"""What is laid down counts from its moment on and never before; tickets keep what they were filed under."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal.people.models import AuditEntry
from portal.tickets import desk
from portal.tickets.levels import laying_down, timetables
from portal.tickets.levels.book import book_of
from portal.tickets.levels.frozen import calendar_from, calendar_of, content_of
from portal.tickets.levels.laying_down import Scope, Times
from portal.tickets.levels.models import FrozenCalendar, LevelVersion
from portal.tickets.levels.spoken_hours import OwnDay, days_written, hours_of, own_days_of, written
from portal.tickets.levels.timetables import Timetable
from portal.tickets.levels.year_view import year_of
from portal.tickets.models import Ticket
from portal.tickets.selection import is_soon
from portal.tickets.service_levels import LEVELS, VISITED, Level
from portal.tickets.words import Action, Category, Tier
from portal.tickets.working_calendar import DEFAULT, DayKind, Holidays
from tests.statements import statements_sent
from tests.tickets.people import Desk
from tests.world import MOMENT

SHORT = Times(respond=10, close=120, tiers=dict.fromkeys(VISITED, 60), warn=50)
CONSULTATION = Scope(Category.CONSULTATION, 4)
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Nine to five without a break, in Berlin, without China's holidays.
BERLIN = Timetable("Europe/Berlin", (((540, 1020),),) * 5 + ((), ()), Holidays.NONE)


def lay(
    at_desk: Desk, scope: Scope = CONSULTATION, times: Times = SHORT, since: date | None = None
) -> LevelVersion:
    by = at_desk.world.people["manager"]
    return laying_down.lay_down(at_desk.session, scope, times, since=since, note="按年度协议", by=by)


def say(at_desk: Desk, unit: str, timetable: Timetable, since: date | None = None) -> None:
    people, units = at_desk.world.people, at_desk.world.units
    timetables.lay_down(at_desk.session, units[unit], timetable, since=since, note="", by=people["manager"])


def allowed(at_desk: Desk, scope: Scope = CONSULTATION) -> Level:
    moment = at_desk.later()
    return book_of(at_desk.session).level(
        scope.category, scope.priority, system_id=scope.system_id, at=moment
    )


# ── levels ───────────────────────────────────────────────────────────────────────────────────────


def test_nothing_laid_down_is_the_house_s_table(at_desk: Desk) -> None:
    assert allowed(at_desk) == LEVELS[Category.CONSULTATION][3]


def test_a_new_level_is_for_tickets_filed_from_then_on(at_desk: Desk) -> None:
    before = at_desk.file(Category.CONSULTATION)
    due = before.close_due
    at_desk.later(minutes=1)
    lay(at_desk)
    after = at_desk.file(Category.CONSULTATION)
    assert before.close_due == due
    assert after.close_due == after.filed_at + timedelta(hours=4)  # two hours, over the noon break
    assert (after.level["close"], before.level["close"]) == (120, 840)


def test_a_ruling_gives_what_counted_when_the_ticket_was_filed(at_desk: Desk) -> None:
    ticket = at_desk.file(Category.DEFECT)
    at_desk.later(minutes=1)
    lay(at_desk)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ESCALATE, "agent")
    at_desk.does(ticket, Action.RULE, "expert", category=Category.CONSULTATION)
    assert ticket.level["close"] == 840


def test_a_system_s_own_level_stands_before_the_general_one(at_desk: Desk) -> None:
    mkt, oa = (at_desk.world.systems[code] for code in ("mkt", "oa"))
    lay(at_desk)
    own = replace(CONSULTATION, system=mkt)
    lay(at_desk, own, replace(SHORT, close=240))
    assert allowed(at_desk, own).close == 240
    assert allowed(at_desk, replace(CONSULTATION, system=oa)).close == 120
    laying_down.return_to_general(
        at_desk.session, own, since=None, note="", by=at_desk.world.people["manager"]
    )
    assert allowed(at_desk, own).close == 120


def test_what_is_laid_down_for_later_counts_from_its_midnight(at_desk: Desk) -> None:
    lay(at_desk, since=date(2026, 3, 4))
    assert allowed(at_desk).close == 840
    at_desk.at(datetime(2026, 3, 3, 23, 59, tzinfo=SHANGHAI))
    assert allowed(at_desk).close == 840
    at_desk.at(datetime(2026, 3, 4, 0, 0, tzinfo=SHANGHAI))
    assert allowed(at_desk).close == 120


def test_undo_is_a_version_too_and_can_be_undone(at_desk: Desk) -> None:
    manager = at_desk.world.people["manager"]
    first = lay(at_desk)
    at_desk.later(minutes=1)
    undone = laying_down.undo(at_desk.session, first, by=manager)
    assert allowed(at_desk).close == 840
    with pytest.raises(Refused, match="最后一次"):
        laying_down.undo(at_desk.session, first, by=manager)
    at_desk.later(minutes=1)
    laying_down.undo(at_desk.session, undone, by=manager)
    assert allowed(at_desk).close == 120
    assert len(laying_down.versions_of(at_desk.session, CONSULTATION)) == 3


def test_what_is_undone_before_its_day_never_counts(at_desk: Desk) -> None:
    later = lay(at_desk, since=date(2026, 3, 4))
    laying_down.undo(at_desk.session, later, by=at_desk.world.people["manager"])
    at_desk.later(days=10)
    assert allowed(at_desk).close == 840


def test_each_tier_may_have_its_own_time(at_desk: Desk) -> None:
    tiers = {**dict.fromkeys(VISITED, 60), Tier.FRONT: 30, Tier.BACK: 100}
    lay(at_desk, Scope(Category.DEFECT, 4), replace(SHORT, tiers=tiers))
    at_desk.later(minutes=1)
    ticket = at_desk.file()
    assert ticket.tier_due == ticket.filed_at + timedelta(minutes=30)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ESCALATE, "agent")
    assert ticket.tier_due == at_desk.later() + timedelta(minutes=60)


def test_the_warning_is_the_level_s_and_the_list_is_the_chip_s(at_desk: Desk) -> None:
    lay(at_desk)  # warned of after half of two hours
    ticket = at_desk.file(Category.CONSULTATION)
    for minutes, soon in ((59, False), (1, True), (30, True)):
        moment = at_desk.later(minutes=minutes)
        clock = desk.clock_of(at_desk.session, ticket)
        assert clock is not None
        listed = at_desk.session.scalars(select(Ticket.id).where(is_soon(moment))).all()
        assert (clock.soon, bool(listed)) == (soon, soon)


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (replace(SHORT, respond=0), "1 分钟到 250 个工作日"),
        (replace(SHORT, close=110_000), "1 分钟到 250 个工作日"),
        (replace(SHORT, respond=121), "比办结时限还长"),
        (replace(SHORT, tiers={**SHORT.tiers, Tier.BACK: 500}), "比办结时限还长"),
        (replace(SHORT, warn=100), "50 到 99"),
    ],
)
def test_what_no_clock_could_run_by_is_refused(at_desk: Desk, times: Times, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        lay(at_desk, times=times)


def test_nothing_is_laid_down_for_the_past_nor_for_ever_nor_twice(at_desk: Desk) -> None:
    with pytest.raises(Refused, match="不能早于今天"):
        lay(at_desk, since=date(2026, 3, 1))
    with pytest.raises(Refused, match="一年以内"):
        lay(at_desk, since=date(2028, 1, 1))
    lay(at_desk)
    with pytest.raises(Refused, match="完全一样"):
        lay(at_desk)


def test_only_managers_and_administrators_lay_down(at_desk: Desk) -> None:
    for login in ("wang", "agent", "expert", "supervisor"):
        by = at_desk.world.people[login]
        with pytest.raises(Refused, match="只有服务经理"):
            laying_down.lay_down(at_desk.session, CONSULTATION, SHORT, since=None, note="", by=by)
        with pytest.raises(Refused, match="只有服务经理"):
            timetables.lay_down(at_desk.session, by.unit, BERLIN, since=None, note="", by=by)


def test_the_audit_keeps_what_was_laid_down(at_desk: Desk) -> None:
    lay(at_desk)
    say(at_desk, "hl", BERLIN)
    lines = at_desk.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(line.action, line.subject, line.subject_id) for line in lines] == [
        ("lay_down", "level", "consultation/4/*"),
        ("lay_down", "calendar", "hl"),
    ]
    assert lines[0].detail["note"] == "按年度协议"


# ── calendars ────────────────────────────────────────────────────────────────────────────────────


def test_a_unit_leaves_to_those_above_what_it_doesn_t_say(at_desk: Desk) -> None:
    typhoon, festival = OwnDay(date(2026, 3, 3), (), "台风"), OwnDay(date(2026, 3, 4), ((600, 660),), "节")
    say(at_desk, "hq", Timetable(week=(((480, 960),),) * 5 + ((), ())))
    say(at_desk, "ld", Timetable(days=(typhoon,)))
    say(at_desk, "ld-cy", Timetable(days=(festival,)))
    calendar = book_of(at_desk.session).calendar(("hq", "ld", "ld-cy"), MOMENT)
    assert calendar.week[0] == ((480, 960),)
    assert calendar.hours(date(2026, 3, 3)) == ()
    assert calendar.hours(date(2026, 3, 4)) == ((600, 660),)
    assert book_of(at_desk.session).calendar(("hq", "hl"), MOMENT).hours(date(2026, 3, 3)) == ((480, 960),)


def test_a_ticket_is_counted_for_ever_by_the_calendar_it_was_filed_under(at_desk: Desk) -> None:
    say(at_desk, "hl", BERLIN)  # at ten in Shanghai it is three at night there
    ticket = at_desk.file(Category.CONSULTATION, by="zhao", impact=1)
    assert ticket.close_due == datetime(2026, 3, 2, 16, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # 7 hours from 9
    at_desk.later(minutes=1)
    say(at_desk, "hl", Timetable())
    assert calendar_of(at_desk.session, ticket).zone == "Europe/Berlin"
    at_desk.at(datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")))
    clock = desk.clock_of(at_desk.session, ticket)
    assert clock is not None
    assert clock.left == 360
    later = at_desk.file(Category.CONSULTATION, by="zhao")
    assert calendar_of(at_desk.session, later) == DEFAULT


def test_a_frozen_calendar_is_stored_once_and_reads_back_the_same(at_desk: Desk) -> None:
    say(at_desk, "hl", replace(BERLIN, days=(OwnDay(date(2026, 12, 25), (), "圣诞"),)))
    for _ in range(3):
        at_desk.file(Category.CONSULTATION, by="zhao")
    stored = at_desk.session.scalars(select(FrozenCalendar)).all()
    assert len(stored) == 1
    calendar = calendar_from(stored[0].content)
    assert content_of(calendar) == stored[0].content
    assert calendar.exceptions == ((date(2026, 12, 25), ()),)


def test_lists_ask_no_more_for_many_calendars_than_for_one(at_desk: Desk) -> None:
    session, tickets = at_desk.session, []
    for hour in range(8, 14):
        at_desk.later(minutes=1)
        say(at_desk, "hl", replace(BERLIN, week=(((hour * 60, 1200),),) * 5 + ((), ())))
        tickets.append(at_desk.file(Category.CONSULTATION, by="zhao"))
    assert statements(session, tickets) <= 1
    assert statements(session, tickets) == 0


def statements(session: Session, tickets: list[Ticket]) -> int:
    with statements_sent(session) as asked:
        for ticket in tickets:
            assert desk.clock_of(session, ticket) is not None
    return len(asked)


def test_undoing_a_calendar(at_desk: Desk) -> None:
    say(at_desk, "hl", BERLIN)
    at_desk.later(minutes=1)
    version = timetables.versions_of(at_desk.session, at_desk.world.units["hl"])[0]
    timetables.undo(at_desk.session, version, by=at_desk.world.people["manager"])
    assert book_of(at_desk.session).calendar(("hq", "hl"), at_desk.later()) == DEFAULT


def test_calendars_no_clock_could_run_by_are_refused(at_desk: Desk) -> None:
    with pytest.raises(Refused, match="没有名为"):
        say(at_desk, "hl", Timetable(zone="Mars/Olympus"))
    with pytest.raises(Refused, match="至少 10 小时"):
        say(at_desk, "hl", Timetable(week=(((0, 60),),) * 7))
    with pytest.raises(Refused, match="完全一样"):
        say(at_desk, "hl", Timetable())


# ── as people write them ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("8:30-12:00 14:00-17:30", ((510, 720), (840, 1050))),
        ("8：30—12：00，14:00至17:30", ((510, 720), (840, 1050))),
        ("0:00-24:00", ((0, 1440),)),
        ("休", ()),
        ("", ()),
        ("Off", ()),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, hours: tuple[tuple[int, int], ...]) -> None:
    assert hours_of(text) == hours
    assert hours_of(written(hours)) == hours


@pytest.mark.parametrize(
    "text",
    ["上午", "8-12", "25:00-26:00", "8:60-9:00", "17:00-8:00", "9:00-12:00 11:00-13:00", "8:30-12:00 x"],
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        hours_of(text)


def test_own_days_are_read_line_by_line_and_written_back() -> None:
    text = "2026-07-15 休 台风停工\n\n2026-07-18 8:30-12:00 补班\n2026-08-03~2026-08-05 休 高温假"
    days = own_days_of(text)
    assert [(own.day.day, bool(own.hours), own.name) for own in days] == [
        (15, False, "台风停工"), (18, True, "补班"),
        (3, False, "高温假"), (4, False, "高温假"), (5, False, "高温假"),
    ]  # fmt: skip
    assert own_days_of(days_written(days)) == days


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("七月十五日 休", "第 1 行看不懂"),
        ("2026-07-15 休\n2026-02-30 休", "第 2 行：没有"),
        ("2026-07-15", "第 1 行"),
        ("2026-07-15 也许", "请写“休”或时间段"),
        ("2026-07-15 休\n2026-07-15 8:00-12:00", "第 2 行：2026-07-15 已经写过"),
        ("2026-07-15~2026-07-01 休", "从早到晚"),
        ("2026-07-15 12:00-8:00", "结束不晚于开始"),
    ],
)
def test_own_days_that_make_no_sense_name_their_line(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        own_days_of(text)
    assert sentence in refused.value.sentence % refused.value.values


def test_the_year_to_look_at_says_what_each_day_is() -> None:
    calendar = replace(DEFAULT, exceptions=((date(2026, 7, 15), ()), (date(2026, 7, 18), ((510, 720),))))
    year = year_of(calendar, 2026, {date(2026, 7, 15): "台风"})
    days = {one.day: one for month in year.months for week in month.weeks for one in week if one}
    assert len(days) == 365
    kinds = {
        (1, 1): DayKind.HOLIDAY, (1, 4): DayKind.MAKE_UP, (3, 2): DayKind.WORK, (3, 7): DayKind.REST,
        (7, 15): DayKind.OWN_REST, (7, 18): DayKind.OWN_WORK, (10, 3): DayKind.HOLIDAY,
    }  # fmt: skip
    assert {key: days[date(2026, *key)].kind for key in kinds} == kinds
    assert days[date(2026, 7, 15)].name == "台风"
    assert (year.known, year.worked) == (True, sum(bool(calendar.hours(day)) for day in days))
    assert not year_of(calendar, 2027, {}).known
