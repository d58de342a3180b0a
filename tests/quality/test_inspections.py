"""Scoring and appeals: four eyes, once, on record, and nobody's second thoughts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from kb.flow import Refused
from portal.people.models import AuditEntry
from portal.people.roles import Post
from portal.quality import appeals, inspections, sheets
from portal.quality.inspections import altered_scores
from portal.quality.models import Inspection, Score, SheetVersion
from portal.quality.scoring import Grade, Item, Mark, Section
from portal.quality.sheets import newest
from portal.quality.words import InspectionState, Verdict
from portal.tickets.models import Notice
from portal.tickets.notices import Event
from portal.tickets.words import Category
from tests.quality.ways import GOOD, SHEET, Office

WORSE = {**GOOD, "1.0": Mark(2, comment="漏了一步")}


def version_of(office: Office) -> SheetVersion:
    version = newest(office.sheet())
    assert version is not None
    return version


def scored(office: Office, marks: dict[str, Mark] = WORSE) -> Inspection:
    row = office.inspection()
    by = office.world.people["inspector"]
    inspections.score(office.session, row, version_of(office), marks=marks, by=by, remark="总体尚可")
    return row


def test_a_score_is_given_told_and_signed(office: Office) -> None:
    row = scored(office)
    assert (row.state, row.tenths, row.level, row.vetoed) == (InspectionState.SCORED, 640, "合格", False)
    assert row.appeal_until is not None and row.scored_at is not None
    assert row.appeal_until > row.scored_at
    (notice,) = office.session.scalars(select(Notice).where(Notice.event == Event.INSPECTED))
    assert notice.person_id == office.world.people["agent"].id
    assert (notice.values["score"], notice.values["level"]) == ("64", "合格")
    (line,) = office.session.scalars(select(AuditEntry).where(AuditEntry.subject == "inspection"))
    assert (line.action, line.detail["digest"]) == ("score", row.scores[0].digest)
    assert altered_scores(office.session) == []


def test_whoever_touches_a_score_in_the_table_is_found(office: Office) -> None:
    row = scored(office)
    row.scores[0].tenths = 1000
    office.session.flush()
    assert altered_scores(office.session) == [row.scores[0]]


def test_a_score_is_not_given_twice(office: Office) -> None:
    row = scored(office)
    by = office.world.people["inspector"]
    with pytest.raises(Refused, match="已经评过分"):
        inspections.score(office.session, row, version_of(office), marks=GOOD, by=by)
    assert office.session.query(Score).count() == 1


@pytest.mark.parametrize("login", ["agent", "supervisor", "manager", "admin", "wang"])
def test_inspectors_inspect(office: Office, login: str) -> None:
    row = office.inspection()
    with pytest.raises(Refused, match="质检员来做"):
        inspections.take(office.session, row, by=office.world.people[login])


def test_an_inspector_who_answered_the_ticket_leaves_it_to_a_colleague(office: Office) -> None:
    row = office.inspection()
    inspector = office.world.people["inspector"]
    row.agent_id = inspector.id
    with pytest.raises(Refused, match="自己的工单"):
        inspections.take(office.session, row, by=inspector)


def test_what_a_colleague_is_scoring_is_left_to_them(office: Office) -> None:
    row, other = office.inspection(), office.colleague("inspector2", Post.INSPECTOR)
    inspections.take(office.session, row, by=other)
    with pytest.raises(Refused, match="inspector2正在评"):
        inspections.take(office.session, row, by=office.world.people["inspector"])
    inspections.put_back(office.session, row, by=other)
    inspections.take(office.session, row, by=office.world.people["inspector"])


# ── appeals ──────────────────────────────────────────────────────────────────────────────────────


def test_an_appeal_is_granted_and_both_scores_stay(office: Office) -> None:
    row, agent = scored(office), office.world.people["agent"]
    appeals.appeal(office.session, row, "步骤没有漏，见第二条答复", by=agent)
    assert row.state == InspectionState.APPEALED
    lead = office.world.people["supervisor"]
    appeals.change(office.session, row, "核对录音，步骤完整", marks=GOOD, by=lead)
    assert (row.state, row.tenths, row.level) == (InspectionState.DECIDED, 940, "优秀")
    assert [given.tenths for given in row.scores] == [640, 940]
    assert row.appeal is not None and row.appeal.verdict == Verdict.CHANGED
    assert altered_scores(office.session) == []
    heard = office.session.scalars(select(Notice).where(Notice.event == Event.APPEAL_DECIDED)).all()
    people = office.world.people
    assert {notice.person_id for notice in heard} == {people["agent"].id, people["inspector"].id}


def test_an_appeal_is_turned_down_with_a_reason(office: Office) -> None:
    row = scored(office)
    appeals.appeal(office.session, row, "不同意", by=office.world.people["agent"])
    lead = office.world.people["supervisor"]
    with pytest.raises(Refused, match="理由"):
        appeals.keep(office.session, row, "  ", by=lead)
    office.session.refresh(row)
    appeals.keep(office.session, row, "录音里确实漏了一步", by=lead)
    assert (row.state, row.tenths) == (InspectionState.DECIDED, 640)
    with pytest.raises(Refused, match="没有等待裁定"):
        appeals.keep(office.session, row, "再想想", by=lead)
    with pytest.raises(Refused, match="只能申诉一次"):
        appeals.appeal(office.session, row, "还是不同意", by=office.world.people["agent"])


def test_whoever_scored_and_whoever_was_scored_do_not_decide(office: Office) -> None:
    row = scored(office)
    appeals.appeal(office.session, row, "不同意", by=office.world.people["agent"])
    with pytest.raises(Refused, match="评分的人和当事人"):
        appeals.keep(office.session, row, "我没错", by=office.world.people["inspector"])
    with pytest.raises(Refused):
        appeals.keep(office.session, row, "给我满分", by=office.world.people["agent"])
    for login in ("expert", "admin", "wang"):
        with pytest.raises(Refused, match="裁定"):
            appeals.keep(office.session, row, "好", by=office.world.people[login])
    appeals.keep(office.session, row, "再听一遍，维持", by=office.colleague("inspector2", Post.INSPECTOR))


def test_only_the_inspected_person_appeals_and_only_in_time(office: Office) -> None:
    row = scored(office)
    with pytest.raises(Refused, match="当事人"):
        appeals.appeal(office.session, row, "替她说句话", by=office.world.people["supervisor"])
    with pytest.raises(Refused, match="理由"):
        appeals.appeal(office.session, row, "", by=office.world.people["agent"])
    until = row.appeal_until
    assert until is not None
    office.at(until)
    office.later(minutes=1)
    with pytest.raises(Refused, match="申诉期已过"):
        appeals.appeal(office.session, row, "晚了", by=office.world.people["agent"])


def test_three_working_days_pass_over_a_weekend(office: Office) -> None:
    """Scored on Thursday morning; Tuesday morning is still in time."""
    office.later(days=3)
    row = scored(office)
    assert row.scored_at is not None and row.appeal_until is not None
    assert (row.appeal_until - row.scored_at).days == 5


def test_refused_marks_leave_no_score_behind(office: Office) -> None:
    row = office.inspection()
    by = office.world.people["inspector"]
    with pytest.raises(Refused, match="请写评语"):
        inspections.score(office.session, row, version_of(office), marks={**GOOD, "0.0": Mark(1)}, by=by)
    assert row.state == InspectionState.OPEN
    assert office.session.query(Score).count() == 0


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────


def test_saving_changed_questions_writes_the_next_version(office: Office) -> None:
    sheet, manager = office.sheet(), office.world.people["manager"]
    again = sheets.save(office.session, sheet, "改了名", categories=(), content=SHEET, by=manager)
    assert (again.name, len(again.versions)) == ("改了名", 1)
    changed = replace(SHEET, comment_below=2)
    sheets.save(office.session, sheet, "改了名", categories=(), content=changed, by=manager)
    assert [version.number for version in sheet.versions] == [1, 2]


def test_a_score_keeps_the_version_it_was_given_by(office: Office) -> None:
    row = scored(office)
    version = row.scores[0].sheet_version
    changed = replace(SHEET, sections=(Section("新", (Item("全新的问题", 100),)),))
    manager = office.world.people["manager"]
    sheets.save(office.session, version.sheet, "新版", categories=(), content=changed, by=manager)
    appeals.appeal(office.session, row, "不同意", by=office.world.people["agent"])
    appeals.change(office.session, row, "改", marks=GOOD, by=office.world.people["supervisor"])
    assert row.scores[1].sheet_version_id == version.id


def test_the_sheet_made_for_the_category_comes_first(office: Office) -> None:
    general = office.sheet()
    own = office.sheet(name="咨询用", categories=("consultation",))
    manager = office.world.people["manager"]
    consultation, defect = office.file(Category.CONSULTATION), office.file(Category.DEFECT)
    assert sheets.version_for(office.session, consultation) is newest(own)
    assert sheets.version_for(office.session, defect) is newest(general)
    sheets.set_active(office.session, own, False, by=manager)
    assert sheets.version_for(office.session, consultation) is newest(general)
    sheets.set_active(office.session, general, False, by=manager)
    assert sheets.version_for(office.session, consultation) is None


@pytest.mark.parametrize("login", ["agent", "inspector", "supervisor", "wang"])
def test_sheets_are_the_managers_and_the_administrators(office: Office, login: str) -> None:
    by = office.world.people[login]
    with pytest.raises(Refused):
        sheets.save(office.session, None, "我的表", categories=(), content=SHEET, by=by)
    with pytest.raises(Refused):
        sheets.save(
            office.session, None, " ", categories=(), content=SHEET, by=office.world.people["manager"]
        )


def test_grades_reach_down_to_nothing(office: Office) -> None:
    with pytest.raises(Refused, match="0 分"):
        office.sheet(replace(SHEET, grades=(Grade("优秀", 90),)))
