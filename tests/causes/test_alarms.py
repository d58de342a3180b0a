"""A repaired record is met again: when that opens it, what people make of it, and what is told instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from defects import moves
from defects.flow import DefectAction, DefectState
from defects.recurrence import recurs
from indexer.index import Index
from indexer.linking import Decision
from kb.columns import CLOCK
from kb.flow import Refused
from portal.catalogue.models import Deployment
from portal.causes import life
from portal.causes.alarms import AlarmState, confirm, dismiss, lists, look, undo
from portal.causes.alarms.round import _follow_merges
from portal.causes.alarms.told import Course, told_of
from portal.causes.autolink.models import Held
from portal.causes.life import Given
from portal.finder.find import Finder
from portal.people.duties import defect_duties
from portal.tickets import linking
from portal.tickets.models import LinkVerdict, Ticket
from portal.tickets.moves import Overtaken
from portal.tickets.notices import Event
from portal.tickets.recurrence.models import Basis, RecurrenceAlarm
from portal.tickets.recurrence.trust import LEAST, Record, record_of
from tests.causes.alarm_desk import CLOSED, CODE, FIXED, VERIFIED, AlarmDesk
from tests.world import World


@pytest.fixture
def alarm_desk(session: Session, desk_world: World) -> AlarmDesk:
    return AlarmDesk(session, desk_world)


@pytest.fixture
def finder(tmp_path: Path) -> Finder:
    """Over an empty index: what the model says stands in rows of its decisions."""
    index = Index.open(tmp_path / "index", embedder=None)
    index.rebuild(())
    return Finder(index)


def how(alarm: RecurrenceAlarm) -> tuple[AlarmState, DefectState, int]:
    """The alarm, its record, and how often that has come back."""
    return alarm.state, alarm.defect.state, alarm.defect.recurrences


def tied_to(ticket: Ticket) -> int | None:
    return ticket.defect.id if ticket.defect is not None else None


# ── a link is a word of its own ──────────────────────────────────────────────────────────────────


def test_a_persons_link_opens_the_record_and_further_tickets_gather(alarm_desk: AlarmDesk) -> None:
    defect = alarm_desk.record()
    first, second = alarm_desk.ticket(), alarm_desk.ticket()
    for ticket in (first, second):
        linking.link(alarm_desk.session, ticket, defect, by=alarm_desk.expert)
    (alarm,) = alarm_desk.alarms(defect)
    assert (alarm.state, alarm.basis, alarm.fixed_in) == (AlarmState.CONFIRMED, Basis.PERSON, "6.2.0")
    assert [(row.ticket_id, row.running) for row in alarm.sightings] == [
        (first.id, "6.2.1"),
        (second.id, "6.2.1"),
    ]
    assert (defect.state, defect.recurrences) == (DefectState.CONFIRMED, 1)
    told = alarm_desk.told(Event.RECURRED)
    assert {row.person_id for row in told} == {defect.owner_middle_id, defect.owner_back_id}
    assert told[0].values["number"] == first.number
    assert told[0].values["defect"] == defect.number


def test_a_persons_link_from_another_system_wants_one_thing_more(alarm_desk: AlarmDesk) -> None:
    """Whoever slips ties a ticket to a record far away: that alone opens nothing and disturbs nobody."""
    session, expert, defect = alarm_desk.session, alarm_desk.expert, alarm_desk.record()
    expert.posts[0].systems = ["mkt", "oa"]
    far = alarm_desk.ticket(system="oa", text="又多算了一遍")
    linking.link(session, far, defect, by=expert)
    (alarm,) = alarm_desk.alarms(defect)
    assert (alarm.basis, *how(alarm)) == (Basis.PERSON, AlarmState.POSSIBLE, DefectState.VERIFIED, 0)
    assert alarm_desk.told(Event.RECURRED) == []
    linking.undo(session, far, defect, by=expert)
    assert alarm.state == AlarmState.DISMISSED
    linking.link(session, far, defect, by=expert)
    confirm(session, alarm_desk.alarms(defect)[-1], by=expert)
    assert (defect.state, defect.recurrences) == (DefectState.CONFIRMED, 1)

    for word, text in (("code", f"报错 {CODE}"), ("another person", "也多算"), ("matcher", "阶梯又多算")):
        other = alarm_desk.record(title=word)
        ticket = alarm_desk.ticket(system="oa", text=text)
        if word == "another person":
            theirs = alarm_desk.ticket("agent", system="oa", text="多算了")
            linking.link(session, theirs, other, by=expert)
        if word == "matcher":
            linking.link(session, ticket, other, by=None, probability=0.97)
        assert other.state == DefectState.VERIFIED, word
        linking.link(session, ticket, other, by=expert)
        assert other.state == DefectState.CONFIRMED, word


def test_an_automatic_link_opens_it_too_and_waits_for_a_person(alarm_desk: AlarmDesk, finder: Finder) -> None:
    session, defect, ticket = alarm_desk.session, alarm_desk.record(), alarm_desk.ticket()
    linking.link(session, ticket, defect, by=None, probability=0.97)
    (alarm,) = alarm_desk.alarms(defect)
    assert (alarm.state, alarm.basis) == (AlarmState.OPEN, Basis.AUTOMATIC)
    assert defect.state == DefectState.CONFIRMED
    assert len(alarm_desk.told(Event.RECURRED)) == 2
    assert look(session, finder, ticket) is alarm
    assert look(session, finder, ticket) is alarm, "looking twice says the same once"
    assert len(alarm.sightings) == 1
    confirm(session, alarm, by=alarm_desk.expert)
    assert (alarm.state, defect.recurrences) == (AlarmState.CONFIRMED, 1)


def test_a_false_alarm_puts_the_record_back_and_teaches(alarm_desk: AlarmDesk) -> None:
    session, defect, ticket = alarm_desk.session, alarm_desk.record(), alarm_desk.ticket()
    linking.link(session, ticket, defect, by=None, probability=0.97)
    (alarm,) = alarm_desk.alarms(defect)
    with pytest.raises(Refused, match="为什么不是复发"):
        dismiss(session, alarm, "  ", by=alarm_desk.expert)
    dismiss(session, alarm, "是别的菜单", by=alarm_desk.expert)
    assert how(alarm) == (AlarmState.DISMISSED, DefectState.VERIFIED, 0)
    assert [row.verdict for row in ticket.defect_links] == [LinkVerdict.UNDONE, LinkVerdict.REJECTED]
    assert "是别的菜单" in defect.moves[-1].note
    assert alarm_desk.told(Event.NO_RECURRENCE)
    undo(session, alarm, by=alarm_desk.expert)
    assert how(alarm) == (AlarmState.OPEN, DefectState.CONFIRMED, 1)
    assert ticket.defect_links[-1].verdict == LinkVerdict.UNDONE
    confirm(session, alarm, by=alarm_desk.expert)
    assert tied_to(ticket) == defect.id


def test_a_link_taken_back_takes_the_alarm_back(alarm_desk: AlarmDesk) -> None:
    session, defect = alarm_desk.session, alarm_desk.record(*CLOSED)
    first, second = alarm_desk.ticket(), alarm_desk.ticket()
    for ticket in (first, second):
        linking.link(session, ticket, defect, by=alarm_desk.expert)
    linking.undo(session, first, defect, by=alarm_desk.expert)
    (alarm,) = alarm_desk.alarms(defect)
    assert (alarm.state, defect.state) == (AlarmState.CONFIRMED, DefectState.CONFIRMED), (
        "another one shows it still"
    )
    linking.reject(session, second, defect, by=alarm_desk.expert)
    assert how(alarm) == (AlarmState.DISMISSED, DefectState.CLOSED, 0)
    with pytest.raises(Refused, match="都已取消关联"):
        undo(session, alarm, by=alarm_desk.expert)


def test_what_somebody_went_on_with_is_not_put_back(alarm_desk: AlarmDesk) -> None:
    session, defect, ticket = alarm_desk.session, alarm_desk.record(), alarm_desk.ticket()
    linking.link(session, ticket, defect, by=None)
    (alarm,) = alarm_desk.alarms(defect)

    moves.move(
        session, defect, DefectAction.START, by=1, duties=defect_duties(alarm_desk.world.people["engineer"])
    )
    dismiss(session, alarm, "不是", by=alarm_desk.expert)
    assert (alarm.state, defect.state) == (AlarmState.DISMISSED, DefectState.IN_PROGRESS)


# ── the model's word without a link ──────────────────────────────────────────────────────────────


def test_a_sure_match_raises_and_an_unsure_one_only_asks(alarm_desk: AlarmDesk, finder: Finder) -> None:
    session = alarm_desk.session
    loud, quiet = alarm_desk.record(), alarm_desk.record(title="抄表数据丢失")
    sure, unsure, doubted = (alarm_desk.ticket() for _ in range(3))
    alarm_desk.decided(sure, loud)
    alarm_desk.decided(unsure, quiet, Decision.SUGGEST, probability=0.6)
    alarm_desk.decided(doubted, quiet, held=Held.PROMISE)
    raised = look(session, finder, sure)
    assert raised is not None
    assert (raised.state, raised.basis, loud.state) == (AlarmState.OPEN, Basis.MATCH, DefectState.CONFIRMED)
    assert look(session, finder, unsure) is None
    assert look(session, finder, doubted) is None, "what was not measured well enough is no sure word"
    (asked,) = alarm_desk.alarms(quiet)
    assert (asked.state, quiet.state) == (AlarmState.POSSIBLE, DefectState.VERIFIED)
    assert len(asked.sightings) == 2
    assert {row.values["defect"] for row in alarm_desk.told(Event.RECURRED)} == {loud.number}, (
        "quiet is quiet"
    )


def test_confirming_what_was_only_asked_opens_links_and_can_be_undone(
    alarm_desk: AlarmDesk, finder: Finder
) -> None:
    session, defect = alarm_desk.session, alarm_desk.record()
    shows, other = alarm_desk.ticket(), alarm_desk.ticket()
    for ticket in (shows, other):
        alarm_desk.decided(ticket, defect, Decision.SUGGEST)
        look(session, finder, ticket)
    (alarm,) = alarm_desk.alarms(defect)
    with pytest.raises(Refused, match="勾选"):
        confirm(session, alarm, by=alarm_desk.expert, tickets=())
    confirm(session, alarm, by=alarm_desk.expert, tickets=(shows.id,))
    assert how(alarm) == (AlarmState.CONFIRMED, DefectState.CONFIRMED, 1)
    assert (tied_to(shows), tied_to(other)) == (defect.id, None)
    undo(session, alarm, by=alarm_desk.expert)
    assert how(alarm) == (AlarmState.POSSIBLE, DefectState.VERIFIED, 0)
    assert tied_to(shows) is None
    dismiss(session, alarm, "不是同一个问题", by=alarm_desk.expert)
    assert look(session, finder, shows) is None, "what was rejected is not matched again"
    assert len(alarm_desk.alarms(defect)) == 1


def test_a_louder_word_makes_a_quiet_alarm_loud(alarm_desk: AlarmDesk, finder: Finder) -> None:
    defect, first, second = alarm_desk.record(), alarm_desk.ticket(), alarm_desk.ticket()
    alarm_desk.decided(first, defect, Decision.SUGGEST)
    alarm_desk.decided(second, defect)
    assert look(alarm_desk.session, finder, first) is None
    raised = look(alarm_desk.session, finder, second)
    assert raised is not None
    assert (raised.state, raised.basis, len(raised.sightings)) == (AlarmState.OPEN, Basis.MATCH, 2)


def test_after_a_false_alarm_the_system_only_asks_until_tomorrow(
    alarm_desk: AlarmDesk, finder: Finder
) -> None:
    session, defect = alarm_desk.session, alarm_desk.record()
    for _ in range(2):
        ticket = alarm_desk.ticket()
        alarm_desk.decided(ticket, defect)
        look(session, finder, ticket)
        waiting = alarm_desk.alarms(defect)[-1]
        dismiss(session, waiting, "不是", by=alarm_desk.expert)
    assert [alarm.before for alarm in alarm_desk.alarms(defect)] == [AlarmState.OPEN, AlarmState.POSSIBLE]
    session.info[CLOCK] = datetime.now(UTC) + timedelta(days=2)
    ticket = alarm_desk.ticket()
    alarm_desk.decided(ticket, defect)
    raised = look(session, finder, ticket)
    assert raised is not None
    assert raised.state == AlarmState.OPEN


def test_a_system_that_is_wrong_too_often_only_asks(alarm_desk: AlarmDesk, finder: Finder) -> None:
    session = alarm_desk.session
    for number in range(3):
        defect, ticket = alarm_desk.record(title=f"缺陷{number}"), alarm_desk.ticket()
        linking.link(session, ticket, defect, by=None)
        dismiss(session, alarm_desk.alarms(defect)[0], "不是", by=alarm_desk.expert)
    assert not record_of(session).is_trusted
    defect, ticket = alarm_desk.record(title="又一条"), alarm_desk.ticket()
    linking.link(session, ticket, defect, by=None)
    (alarm,) = alarm_desk.alarms(defect)
    assert (alarm.state, defect.state) == (AlarmState.POSSIBLE, DefectState.VERIFIED)
    linking.link(session, alarm_desk.ticket(), defect, by=alarm_desk.expert)
    assert (alarm.state, defect.state) == (AlarmState.CONFIRMED, DefectState.CONFIRMED), (
        "a person's word counts"
    )


@given(true=st.integers(0, 400), false=st.integers(0, 40))
def test_trust_is_lost_by_evidence_alone(true: int, false: int) -> None:
    record = Record(true, false, waiting=3)
    assert record.is_trusted or false / (true + false) > 0.05
    assert not record.is_trusted or false < 3 or false / (true + false) < 0.2
    assert (record.false_share is None) == (true + false < LEAST)


def test_one_ticket_of_another_system_that_merely_resembles_the_record_never_opens_it(
    alarm_desk: AlarmDesk, finder: Finder
) -> None:
    """Most repairs hold: where they run, what resembles the record is mostly something else."""
    session, defect = alarm_desk.session, alarm_desk.record()
    first, again, other = (
        alarm_desk.ticket("wang", system="oa", text="阶梯又多算了"),
        alarm_desk.ticket("wang", system="oa", text="还是多算"),
        alarm_desk.ticket("agent", system="oa", text="我们这里也多算"),
    )
    for ticket in (first, again):
        linking.link(session, ticket, defect, by=None, probability=1.0)
    (alarm,) = alarm_desk.alarms(defect)
    assert how(alarm) == (AlarmState.POSSIBLE, DefectState.VERIFIED, 0)
    assert look(session, finder, first) is None
    alarm_desk.decided(other, defect, probability=1.0)
    assert look(session, finder, other) is alarm
    assert how(alarm) == (AlarmState.OPEN, DefectState.CONFIRMED, 1), "two people say the same"
    confirm(session, alarm, by=alarm_desk.expert)
    unsure = alarm_desk.ticket("wang", text="有点像")
    alarm_desk.decided(unsure, defect, Decision.SUGGEST)
    assert look(session, finder, unsure) is None
    assert len(alarm.sightings) == 3, "what only looks alike adds nothing to what is confirmed"


# ── what shows nothing ───────────────────────────────────────────────────────────────────────────


def test_an_older_version_shows_nothing_and_is_told_when_the_repair_comes(alarm_desk: AlarmDesk) -> None:
    session, defect, ticket = alarm_desk.session, alarm_desk.record(), alarm_desk.ticket("zhao")
    linking.link(session, ticket, defect, by=None)
    assert alarm_desk.alarms(defect) == []
    assert defect.state == DefectState.VERIFIED
    told = told_of(session, ticket, defect)
    assert told is not None
    assert (told.course, told.fixed_in, told.running) == (Course.UNPLANNED, "6.2.0", "6.1.8")
    row = session.query(Deployment).one()
    row.next_version, row.next_on = "6.2.1", (datetime.now(UTC) + timedelta(days=30)).date()
    session.flush()
    told = told_of(session, ticket, defect)
    assert told is not None
    assert (told.course, told.version, told.planned_on) == (Course.PLANNED, "6.2.1", row.next_on)
    row.version, row.next_version, row.next_on = "6.2.1", "", None
    session.flush()
    told = told_of(session, ticket, defect)
    assert told is not None
    assert told.course == Course.HERE, "the repair has come since"


@pytest.mark.parametrize(
    ("actions", "state"), [(FIXED, DefectState.FIXED), (FIXED[:1], DefectState.CONFIRMED)]
)
def test_a_record_that_is_not_verified_does_not_recur(
    alarm_desk: AlarmDesk, actions: tuple[DefectAction, ...], state: DefectState
) -> None:
    defect = alarm_desk.record(*actions)
    linking.link(alarm_desk.session, alarm_desk.ticket(), defect, by=None)
    assert alarm_desk.alarms(defect) == []
    assert defect.state == state


def test_what_was_filed_before_the_repair_shows_nothing(alarm_desk: AlarmDesk) -> None:
    ticket = alarm_desk.ticket()
    defect = alarm_desk.record()
    linking.link(alarm_desk.session, ticket, defect, by=None)
    assert alarm_desk.alarms(defect) == []
    assert told_of(alarm_desk.session, ticket, defect) is None


@pytest.mark.parametrize("running", ["", "最新版"])
def test_a_version_that_nobody_knows_is_called_unknown(alarm_desk: AlarmDesk, running: str) -> None:
    defect, ticket = alarm_desk.record(), alarm_desk.ticket(running=running)
    linking.link(alarm_desk.session, ticket, defect, by=None)
    assert alarm_desk.alarms(defect) == []
    told = told_of(alarm_desk.session, ticket, defect)
    assert told is not None
    assert told.course == Course.UNKNOWN


def test_a_repair_that_did_not_hold_is_told_as_such(alarm_desk: AlarmDesk) -> None:
    session, defect, ticket = alarm_desk.session, alarm_desk.record(), alarm_desk.ticket()
    before = told_of(session, ticket, defect)
    linking.link(session, ticket, defect, by=None)
    after = told_of(session, ticket, defect)
    assert before is not None
    assert after is not None
    assert (before.course, after.course) == (Course.AGAIN, Course.RECURRED)
    assert told_of(session, alarm_desk.ticket("zhao"), defect) is None, "nothing is promised any more"


def test_the_version_is_that_of_the_records_own_system(alarm_desk: AlarmDesk) -> None:
    """Users name the wrong system; 协同办公 runs 3.4.0, which says nothing of 营销."""
    session, defect = alarm_desk.session, alarm_desk.record(fixed_in="3.0")
    assert alarm_desk.ticket(system="oa").running_version == "3.4.0"
    later = alarm_desk.record(title="新版才修", fixed_in="6.2.1")
    linking.link(session, alarm_desk.ticket(system="oa"), later, by=None)
    (alarm,) = alarm_desk.alarms(later)
    assert alarm.sightings[0].running == "6.2.1"
    old = alarm_desk.record(title="还没升级", fixed_in="6.2.0")
    linking.link(session, alarm_desk.ticket("zhao", system="oa"), old, by=None)
    assert alarm_desk.alarms(old) == []
    assert alarm_desk.alarms(defect) == []


VERSIONS = st.lists(st.integers(0, 30), min_size=1, max_size=4)


@given(running=VERSIONS, fixed_in=VERSIONS, mark=st.sampled_from(("", "V", "v")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_versions_are_compared_as_numbers(
    running: list[int], fixed_in: list[int], mark: str, alarm_desk: AlarmDesk
) -> None:
    session = alarm_desk.session
    defect = alarm_desk.record(fixed_in=mark + ".".join(map(str, fixed_in)))
    ticket = alarm_desk.ticket(running=".".join(map(str, running)))
    width = max(len(running), len(fixed_in))
    there = running + [0] * (width - len(running)) >= fixed_in + [0] * (width - len(fixed_in))
    assert recurs(defect, ticket.running_version, at=ticket.filed_at) == there
    linking.link(session, ticket, defect, by=None)
    assert bool(alarm_desk.alarms(defect)) == there


# ── rights and readers ───────────────────────────────────────────────────────────────────────────


def test_who_may_decide_and_who_was_faster(alarm_desk: AlarmDesk) -> None:
    session, defect, ticket = alarm_desk.session, alarm_desk.record(), alarm_desk.ticket()
    linking.link(session, ticket, defect, by=None)
    (alarm,) = alarm_desk.alarms(defect)
    for login in ("wang", "agent", "engineer", "manager", "admin"):
        person = alarm_desk.world.people[login]
        with pytest.raises(Refused, match="您的岗位"):
            confirm(session, alarm, by=person)
        with pytest.raises(Refused, match="您的岗位"):
            dismiss(session, alarm, "不是", by=person)
        with pytest.raises(Refused, match="您的岗位"):
            undo(session, alarm, by=person)
    looked_at = alarm.version
    confirm(session, alarm, by=alarm_desk.world.people["analyst"], seen=looked_at)
    with pytest.raises(Overtaken):
        dismiss(session, alarm, "不是", by=alarm_desk.expert, seen=looked_at)
    with pytest.raises(Overtaken):
        dismiss(session, alarm, "不是", by=alarm_desk.expert)
    with pytest.raises(Overtaken):
        undo(session, alarm, by=alarm_desk.expert, seen=looked_at)


def test_tickets_are_named_to_those_alone_who_may_open_them(alarm_desk: AlarmDesk) -> None:
    session, defect = alarm_desk.session, alarm_desk.record()
    for system in ("mkt", "oa"):
        linking.link(session, alarm_desk.ticket(system=system), defect, by=None)
    wanted = lists.Wanted(AlarmState.OPEN)
    for login, named, others in (("analyst", 2, 0), ("expert", 1, 1), ("engineer", 1, 1), ("agent", 2, 0)):
        (line,) = lists.listed(session, alarm_desk.world.people[login], wanted, limit=5)
        assert (len(line.shown), line.unseen, line.tickets) == (named, others, 2), login
    assert lists.listed(session, alarm_desk.world.people["wang"], wanted, limit=5) == []
    assert lists.counts(session, alarm_desk.world.people["wang"])[AlarmState.OPEN] == 0
    assert lists.counts(session, alarm_desk.expert, system="oa")[AlarmState.OPEN] == 0
    assert lists.counts(session, alarm_desk.expert, system="mkt")[AlarmState.OPEN] == 1


def test_an_alarm_of_a_merged_record_waits_no_more(alarm_desk: AlarmDesk) -> None:
    session, defect, into = (
        alarm_desk.session,
        alarm_desk.record(),
        alarm_desk.record(FIXED[0], title="老问题"),
    )
    linking.link(session, alarm_desk.ticket(), defect, by=None)
    (alarm,) = alarm_desk.alarms(defect)
    life.move(session, defect, DefectAction.MERGE, by=alarm_desk.expert, given=Given(into=into))

    _follow_merges(session)
    assert (alarm.state, alarm.reason != "") == (AlarmState.CONFIRMED, True)
    assert isinstance(alarm, RecurrenceAlarm)
    assert VERIFIED
