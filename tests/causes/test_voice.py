"""Reports to those responsible: what they count, to whom they come, that they come once and stay as sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as settled
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from defects.texts import DefectText
from kb.columns import CLOCK
from kb.flow import Refused
from portal import config
from portal.causes.voice import issuing, readers
from portal.causes.voice.gathering import gathered
from portal.causes.voice.models import VoiceIssue, VoiceReport
from portal.causes.voice.report import Change, Line, Report, Sums, as_json, from_json
from portal.causes.voice.stretches import Choice, Rhythm, stretch_of
from portal.causes.wall.models import WallGroup, WallMember
from portal.cli import voicing
from portal.tickets import desk, linking
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.telling.models import Happening
from portal.tickets.words import Category
from tests.statements import statements_sent
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
#: Two ordinary weeks: no public holiday lies in them or right after.
BEFORE, WEEK = date(2026, 3, 9), date(2026, 3, 16)
MONDAY_MORNING = datetime(2026, 3, 23, 8, 31, tzinfo=ZONE)
EVERY = frozenset(DefectDuty)
A = DefectAction


def on(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


@pytest.fixture
def clocked(session: Session, desk_world: World) -> Iterator[Session]:
    yield session
    session.info.pop(CLOCK, None)


def at(session: Session, day: date, hour: int = 10) -> None:
    session.info[CLOCK] = on(day, hour)


def record(session: Session, world: World, title: str, **more: object) -> Defect:
    values = {"system": "mkt", "cause": "默认旧日期", "fixed_in": "6.9.0", **more}
    text = DefectText(title=title, **values)  # type: ignore[arg-type]
    return library.open_record(session, text, by=world.people["expert"].id)


def walk(session: Session, defect: Defect, *actions: DefectAction) -> None:
    for action in actions:
        moves.move(session, defect, action, by=1, duties=EVERY, note="按表走")


def ticket(session: Session, world: World, *, to: Defect | None, by: str = "wang") -> Ticket:
    person = world.people[by]
    words = desk.Request(
        text="电费核算页面打不开", category=Category.DEFECT, system=world.systems["mkt"], requester=person
    )
    found = desk.file(session, words, by=person)
    if to is not None:
        linking.link(session, found, to, by=None)
    return found


@pytest.fixture
def story(clocked: Session, desk_world: World) -> Session:
    """Two weeks of one system: a record that grows, one that came back, one whose promise is broken."""
    session, world = clocked, desk_world
    at(session, BEFORE)
    growing = record(session, world, "核算页面打不开", severity=2)
    again = record(session, world, "跨月冲销落到旧期间")
    promised = record(
        session, world, "抄表重复", key=True, due_on=WEEK, owner_middle_id=world.people["expert"].id
    )
    walk(session, growing, A.CONFIRM)
    walk(session, again, A.CONFIRM, A.START, A.FIX, A.VERIFY)
    walk(session, promised, A.CONFIRM, A.START, A.FIX)
    ticket(session, world, to=growing)
    at(session, WEEK + timedelta(days=1))
    ticket(session, world, to=growing)
    ticket(session, world, to=growing, by="zhao")
    ticket(session, world, to=None)
    moves.move(session, again, A.RECUR, by=None, duties={DefectDuty.SYSTEM}, note="新版本又有")
    walk(session, promised, A.FAIL, A.FIX)
    at(session, WEEK + timedelta(days=9))
    walk(session, growing, A.START)  # after the period: not in its report
    ticket(session, world, to=growing)
    session.commit()
    return session


def report_of(session: Session, system: str = "mkt") -> Report:
    return gathered(session, stretch_of(Rhythm.WEEKLY, WEEK), zone=ZONE)[system]


def test_a_report_counts_the_period_and_the_one_before_as_they_were(story: Session) -> None:
    report = report_of(story)
    top = report.top[0]
    assert (top.title, top.tickets, top.before, top.total, top.change) == ("核算页面打不开", 2, 1, 3, 1)
    assert top.state == DefectState.CONFIRMED  # it moved on after the period had ended
    assert top.age == 14
    assert [line.title for line in report.recurring] == ["跨月冲销落到旧期间"]
    assert [(line.title, line.failed, line.failures) for line in report.failing] == [("抄表重复", 1, 1)]
    assert [line.title for line in report.overdue] == ["抄表重复"]
    sums = report.sums
    assert (sums.open, sums.opened, sums.tickets, sums.tickets_before) == (3, 0, 2, 1)
    assert (sums.recurred, sums.failed, sums.overdue, sums.unlinked) == (1, 1, 1, 1)
    told = [(change.action, change.on) for change in report.changes]
    assert told == [(A.FIX, date(2026, 3, 17)), (A.FAIL, date(2026, 3, 17)), (A.RECUR, date(2026, 3, 17))]


def test_what_is_not_over_is_compared_with_as_much_of_the_period_before(story: Session) -> None:
    week = stretch_of(Rhythm.WEEKLY, WEEK + timedelta(days=7))

    def so_far(day: int) -> Sums:
        upto = on(WEEK + timedelta(days=7 + day), 9)
        return gathered(story, week, zone=ZONE, upto=upto, system="mkt")["mkt"].sums

    assert (so_far(1).tickets, so_far(1).tickets_before) == (0, 0)  # Tuesday nine o'clock; they came at ten
    assert (so_far(2).tickets, so_far(2).tickets_before) == (0, 2)
    assert (so_far(3).tickets, so_far(3).tickets_before) == (1, 2)


def test_a_short_month_is_compared_with_the_whole_of_a_long_one(story: Session, desk_world: World) -> None:
    growing = story.scalars(select(Defect).where(Defect.title == "核算页面打不开")).one()
    at(story, date(2026, 3, 31))
    ticket(story, desk_world, to=growing)
    april = gathered(story, stretch_of(Rhythm.MONTHLY, date(2026, 4, 5)), zone=ZONE)["mkt"]
    assert april.sums.tickets_before == 5


def test_a_false_alarm_that_was_taken_back_is_no_recurrence(story: Session) -> None:
    again = story.scalars(select(Defect).where(Defect.title == "跨月冲销落到旧期间")).one()
    at(story, WEEK + timedelta(days=2))
    moves.move(story, again, A.RETRACT, by=None, duties={DefectDuty.SYSTEM}, note="误报")
    report = report_of(story)
    assert report.sums.recurred == 0
    assert report.recurring == []
    assert report.sums.ended == 0


def test_another_system_has_a_report_of_its_own_and_says_nothing(story: Session) -> None:
    assert not report_of(story, "oa").sums.says_something


def test_the_number_of_queries_depends_on_nothing(story: Session, desk_world: World) -> None:
    with statements_sent(story) as few:
        report_of(story)
    at(story, WEEK)
    for number in range(12):
        ticket(story, desk_world, to=record(story, desk_world, f"又一条 {number}", system="oa"))
    story.commit()
    with statements_sent(story) as many:
        report_of(story)
    assert len(many) == len(few) < 12


def test_groups_of_unlinked_tickets_are_counted_while_they_grow(story: Session, desk_world: World) -> None:
    at(story, WEEK + timedelta(days=2))
    alike = [ticket(story, desk_world, to=None) for _ in range(3)]
    mkt = desk_world.systems["mkt"]
    group = WallGroup(system_id=mkt.id, created_at=on(WEEK), updated_at=on(WEEK))
    story.add(group)
    story.flush()
    members = [WallMember(ticket_id=row.id, group_id=group.id, placed_at=on(WEEK)) for row in alike]
    story.add_all(members)
    story.flush()
    assert report_of(story).sums.groups == 1
    later = gathered(story, stretch_of(Rhythm.WEEKLY, WEEK + timedelta(days=7)), zone=ZONE)["mkt"]
    assert later.sums.groups == 0  # nothing came to it any more
    group.dismissed_at = on(WEEK)
    story.flush()
    assert report_of(story).sums.groups == 0


def test_merged_records_speak_through_the_one_they_went_into(story: Session, desk_world: World) -> None:
    at(story, WEEK)
    twin = record(story, desk_world, "核算页打不开")
    growing = story.scalars(select(Defect).where(Defect.title == "核算页面打不开")).one()
    moves.merge(story, twin, growing, by=1, duties=EVERY)
    assert "核算页打不开" not in [line.title for line in report_of(story).lines]


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────

texts = st.text(max_size=12)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
counts = st.integers(0, 10_000)
lines = st.builds(
    Line,
    number=texts,
    title=texts,
    state=st.sampled_from(DefectState),
    severity=st.integers(1, 4),
    opened_on=days,
    age=counts,
    key=st.booleans(),
    due_on=st.none() | days,
    tickets=counts,
    before=counts,
    recurred=counts,
    parked=counts,
    open=st.booleans(),
    overdue=st.booleans(),
)
changes = st.builds(
    Change, number=texts, title=texts, on=days, action=st.none() | st.sampled_from(DefectAction), note=texts
)


@settled(deadline=None, max_examples=60)
@given(
    st.builds(
        Report,
        system=st.just("mkt"),
        stretch=st.builds(stretch_of, st.sampled_from(Rhythm), days),
        upto=days,
        sums=st.builds(Sums, open=counts, tickets=counts, unlinked=counts),
        lines=st.lists(lines, max_size=40).map(tuple),
        changes=st.lists(changes, max_size=4).map(tuple),
    )
)
def test_what_is_kept_comes_back_the_same_and_trimming_changes_no_list(report: Report) -> None:
    assert from_json(report.system, report.stretch, as_json(report)) == report
    trimmed = report.trimmed()
    for name in ("top", "recurring", "failing", "overdue", "waited_for", "oldest"):
        assert getattr(trimmed, name) == getattr(report, name)


@settled(deadline=None)
@given(st.sampled_from(Rhythm), days)
def test_periods_lie_side_by_side_and_hold_their_days(rhythm: Rhythm, day: date) -> None:
    stretch = stretch_of(rhythm, day)
    assert stretch.first <= day <= stretch.last
    assert stretch.before.after == stretch.first
    assert stretch_of(rhythm, stretch.after).before == stretch


def test_an_old_report_lacks_what_was_not_counted_yet() -> None:
    report = Report("mkt", stretch_of(Rhythm.WEEKLY, WEEK), WEEK, Sums(open=2))
    kept = as_json(report)
    del kept["sums"]["parked"]
    kept["sums"]["once_counted"] = 7
    assert from_json("mkt", report.stretch, kept) == report


# ── who and when ─────────────────────────────────────────────────────────────────────────────────


def test_reports_are_due_in_the_first_working_hour_after_their_period(
    session: Session, desk_world: World
) -> None:
    weekly = stretch_of(Rhythm.WEEKLY, WEEK)

    def due(moment: datetime) -> list[object]:
        return [found for found in issuing.due(session, moment, zone=ZONE) if found.rhythm == Rhythm.WEEKLY]

    assert due(datetime(2026, 3, 22, 10, tzinfo=ZONE)) == []  # a Sunday
    assert due(datetime(2026, 3, 23, 3, tzinfo=ZONE)) == []  # at night
    assert due(MONDAY_MORNING) == [weekly]
    assert due(datetime(2026, 3, 25, 16, tzinfo=ZONE)) == [weekly]  # the worker slept
    session.add(VoiceIssue(rhythm=Rhythm.WEEKLY, first=WEEK, at=MONDAY_MORNING))
    assert due(MONDAY_MORNING) == []


def test_after_a_holiday_the_first_working_day_counts(session: Session, desk_world: World) -> None:
    """The first week of October 2025 was free, and so was its Wednesday the eighth."""
    october = [datetime(2025, 10, day, 9, tzinfo=ZONE) for day in (1, 6, 8, 9)]
    found = [[row.rhythm for row in issuing.due(session, moment, zone=ZONE)] for moment in october]
    assert found == [[], [], [], [Rhythm.WEEKLY, Rhythm.MONTHLY]]


def issue(session: Session, rhythm: Rhythm = Rhythm.WEEKLY) -> list[VoiceReport]:
    stretch = stretch_of(rhythm, WEEK)
    reports = gathered(session, stretch, zone=ZONE)
    session.info[CLOCK] = MONDAY_MORNING
    return issuing.issue(session, stretch, reports, at=MONDAY_MORNING, locale="zh_CN")


def told(session: Session) -> dict[int, Notice]:
    session.flush()
    rows = session.scalars(select(Notice).where(Notice.event == Event.CAUSES_REPORT)).all()
    assert len({row.person_id for row in rows}) == len(rows)
    return {row.person_id: row for row in rows}


def test_those_responsible_are_told_once_and_nobody_else(story: Session, desk_world: World) -> None:
    (row,) = issue(story)
    assert row.system == "mkt"
    people = desk_world.people
    assert set(told(story)) == {people[login].id for login in ("expert", "engineer", "manager")}
    values = told(story)[people["expert"].id].values
    assert values["report"] == str(row.id)
    assert (values["system"], values["tickets"], values["failed"]) == ("营销业务应用系统", "2", "1")
    assert issue(story) == []
    assert len(told(story)) == 3
    heard = story.scalars(select(Happening).where(Happening.event == Event.CAUSES_REPORT)).all()
    assert len(heard) == 1  # whoever reads what, a robot hears of it once


def test_two_workers_cannot_issue_the_same_period(story: Session) -> None:
    issue(story)
    story.add(VoiceIssue(rhythm=Rhythm.WEEKLY, first=WEEK, at=MONDAY_MORNING))
    with pytest.raises(IntegrityError):
        story.flush()
    story.rollback()


def test_each_chooses_how_often(story: Session, desk_world: World) -> None:
    people = desk_world.people
    readers.choose(story, people["expert"], Choice.MONTHLY)
    readers.choose(story, people["engineer"], Choice.OFF)
    issue(story)
    assert set(told(story)) == {people["manager"].id}
    story.info.pop(CLOCK)
    at(story, WEEK)
    issue(story, Rhythm.MONTHLY)
    assert set(told(story)) == {people["manager"].id, people["expert"].id}
    readers.choose(story, people["expert"], Choice.WEEKLY)
    assert readers.choices_of(story, [people["expert"]]) == {people["expert"].id: Choice.WEEKLY}
    with pytest.raises(Refused, match="每周"):
        readers.choose(story, people["expert"], "hourly")


def test_the_owner_of_a_record_answers_for_its_system(story: Session, desk_world: World) -> None:
    analyst, agent = desk_world.people["analyst"], desk_world.people["agent"]
    assert not readers.reach_of(story, agent)
    growing = story.scalars(select(Defect).where(Defect.title == "核算页面打不开")).one()
    growing.owner_back_id = agent.id
    story.flush()
    assert readers.reach_of(story, agent).systems == {"mkt"}
    assert readers.reach_of(story, analyst).everything
    issue(story)
    assert agent.id in told(story)


def test_everybody_who_is_told_may_read_what_they_were_told_of(story: Session, desk_world: World) -> None:
    everybody = readers.responsible(story)
    assert {person.login for person in everybody} == {"expert", "engineer", "manager"}
    for person in desk_world.people.values():
        assert readers.answers_for_some(story, person) == (person in everybody)
        for system in ("mkt", "oa"):
            if person in everybody and everybody[person].holds(system):
                assert readers.reach_of(story, person).holds(system)


def test_a_person_is_told_in_their_language(story: Session, desk_world: World) -> None:
    desk_world.systems["mkt"].name_en = "Marketing"
    desk_world.people["expert"].locale = "en"
    issue(story)
    assert told(story)[desk_world.people["expert"].id].values["system"] == "Marketing"
    assert told(story)[desk_world.people["engineer"].id].values["system"] == "营销业务应用系统"


def test_what_was_sent_stays_as_it_was(story: Session) -> None:
    (row,) = issue(story)
    before = issuing.report_of(row)
    story.scalars(select(Defect).where(Defect.number == before.top[0].number)).one().title = "改了名"
    story.flush()
    story.expire(row)
    assert issuing.report_of(row) == before
    assert report_of(story) != before


def test_the_worker_issues_what_is_due_once(
    story: Session, maker: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config.load({"TIERDESK_DATA_DIR": str(tmp_path / "data"), "TIERDESK_ENCODER": "none"})
    monkeypatch.setattr(voicing, "moment", lambda: MONDAY_MORNING)
    for _round in range(3):
        voicing.voice_problems(settings, maker)
    with maker() as session:
        kept = session.execute(select(VoiceReport.rhythm, VoiceReport.first, VoiceReport.system)).all()
        assert [tuple(row) for row in kept] == [(Rhythm.WEEKLY, WEEK, "mkt")]
        issued = set(session.scalars(select(VoiceIssue.rhythm)))
        assert issued == {Rhythm.WEEKLY, Rhythm.MONTHLY}  # February had nothing to say
        assert len(told(session)) == 3
