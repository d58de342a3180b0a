"""Defects, people, the catalogue and tickets: the same reader and report, each with its own rules."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import importing as defect_import
from defects.flow import DefectState
from defects.models import Defect
from kb.importing.outcome import Outcome
from kb.importing.plan import plan_for
from portal.catalogue import importing as catalogue_import
from portal.catalogue.models import DataService, Deployment, Module, System
from portal.people import importing as people_import
from portal.people.models import AuditEntry, Person, Unit
from portal.people.roles import Post
from portal.tickets import importing as ticket_import
from portal.tickets import trail
from portal.tickets.models import Ticket
from portal.tickets.references import References
from portal.tickets.words import State, Tier
from tests.importing.conftest import reasons, rows_of
from tests.world import World


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.unchanged


# ── defects ──────────────────────────────────────────────────────────────────────────────────────

RECORD = {
    "external_id": "D1",
    "title": "跨月冲销落到已关账期间",
    "system": "mkt",
    "symptoms": "冲销跑到上个月\n报 FI-0609",
    "codes": "ora 01017",
    "severity": "2",
    "owner_middle": "expert",
}


def defects(session: Session, *values: dict[str, Any], **options: Any) -> Outcome:
    records = plan_for("defect", defect_import.FIELDS).records(rows_of(*values), source="old")
    settle = References(session).of_defect
    return defect_import.load(session, records, by=1, settle=settle, **options)


def test_defects_come_once_with_their_codes_and_owners(session: Session, desk_world: World) -> None:
    assert counts(defects(session, RECORD)) == (1, 0, 0)
    assert counts(defects(session, RECORD)) == (0, 0, 1)
    assert counts(defects(session, {**RECORD, "workaround": "手填日期"})) == (0, 1, 0)
    defect = session.scalars(select(Defect)).one()
    assert defect.codes == ["ORA-01017", "FI-0609"]
    assert defect.owner_middle_id == desk_world.people["expert"].id


def test_a_later_state_is_walked_to_through_the_table(session: Session, desk_world: World) -> None:
    row = {**RECORD, "state": "已修复", "cause": "默认旧日期", "fixed_in": "6.2.2"}
    assert counts(defects(session, row)) == (1, 0, 0)
    defect = session.scalars(select(Defect)).one()
    assert defect.state == DefectState.FIXED
    assert [move.end for move in defect.moves] == ["confirmed", "in_progress", "fixed"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "fixed"}, "根因"),
        ({"state": "duplicate"}, "并入"),
        ({"key": "是"}, "整改期限"),
        ({"severity": "9"}, "1 到 4"),
        ({"owner_back": "nobody"}, "没有账号"),
        ({"system": "nosuch"}, "没有名为“nosuch”的系统"),
    ],
)
def test_a_defect_that_cannot_stand_is_refused(
    session: Session, desk_world: World, values: dict[str, Any], words: str
) -> None:
    assert words in reasons(defects(session, {**RECORD, **values}))[0]


# ── people ───────────────────────────────────────────────────────────────────────────────────────

NINA = {"login": "Nina", "name": "倪娜", "unit": "ld-cy", "posts": "expert:mkt+oa；服务受理岗@ld"}


def people(session: Session, *values: dict[str, Any], **options: Any) -> Outcome:
    records = plan_for("person", people_import.FIELDS).records(rows_of(*values), source="hr")
    return people_import.load(session, records, by=None, systems={"mkt", "oa"}, **options)


def test_people_come_with_their_posts_and_no_password(session: Session, desk_world: World) -> None:
    assert counts(people(session, NINA)) == (1, 0, 0)
    assert counts(people(session, NINA)) == (0, 0, 1)
    nina = session.scalars(select(Person).where(Person.login == "nina")).one()
    held = {(row.post, row.unit.code if row.unit else None, tuple(row.systems)) for row in nina.posts}
    assert held == {(Post.EXPERT, None, ("mkt", "oa")), (Post.AGENT, "ld", ())}
    assert nina.password_hash == ""
    assert session.scalars(select(AuditEntry.subject_id)).all() == ["nina"]


def test_a_file_without_posts_leaves_them_and_an_empty_cell_takes_them(
    session: Session, desk_world: World
) -> None:
    people(session, NINA)
    bare = {name: value for name, value in NINA.items() if name != "posts"}
    assert counts(people(session, {**bare, "phone": "1"})) == (0, 1, 0)
    nina = session.scalars(select(Person).where(Person.login == "nina")).one()
    assert len(nina.posts) == 2
    people(session, {**bare, "posts": ""})
    assert not nina.posts


def test_units_may_stand_after_their_children_and_paths_follow_a_move(
    session: Session, desk_world: World
) -> None:
    child = {"record": "unit", "code": "nw-1", "name": "一科", "parent": "nw"}
    parent = {"record": "unit", "code": "nw", "name": "新局", "parent": "ld"}
    assert counts(people(session, child, parent)) == (2, 0, 0)
    assert counts(people(session, {**parent, "parent": "hl"})) == (0, 1, 0)
    unit = session.scalars(select(Unit).where(Unit.code == "nw-1")).one()
    assert unit.path == "/hq/hl/nw/nw-1/"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({**NINA, "login": "a b"}, "账号"),
        ({**NINA, "unit": "nosuch"}, "nosuch"),
        ({**NINA, "posts": "king"}, "只能是"),
        ({**NINA, "posts": "expert:nosuch"}, "nosuch"),
        ({"record": "unit", "code": "a/b", "name": "x"}, "单位代码"),
        ({"record": "unit", "code": "x", "name": "x", "parent": "nosuch"}, "上级单位"),
        ({"record": "unit", "code": "hq", "name": "x", "parent": "ld"}, "自己的上级"),
    ],
)
def test_a_person_or_unit_that_cannot_stand_is_refused(
    session: Session, desk_world: World, values: dict[str, Any], words: str
) -> None:
    assert words in reasons(people(session, values))[0]


# ── catalogue ────────────────────────────────────────────────────────────────────────────────────

CATALOGUE = (
    {"record": "deployment", "system": "gis", "unit": "nw", "version": "5.3", "since": "2026-01-02"},
    {"record": "module", "system": "gis", "code": "map", "name": "图形浏览"},
    {"record": "system", "code": "gis", "name": "电网GIS平台", "version": "5.3.0"},
    {"record": "unit", "code": "nw", "name": "新局", "parent": "ld"},
    {"record": "service", "name": "台区清单", "system": "gis", "self_service": "是", "working_days": 2},
)


def catalogue(session: Session, *values: dict[str, Any], **options: Any) -> Outcome:
    records = plan_for("entry", catalogue_import.FIELDS).records(rows_of(*values), source="cmdb")
    return catalogue_import.load(session, records, by=None, **options)


def test_a_catalogue_comes_in_any_order_once(session: Session, desk_world: World) -> None:
    assert counts(catalogue(session, *CATALOGUE)) == (5, 0, 0)
    assert counts(catalogue(session, *CATALOGUE)) == (0, 0, 5)
    assert counts(catalogue(session, {**CATALOGUE[2], "active": "否"})) == (0, 1, 0)
    assert session.scalars(select(Module.name).where(Module.code == "map")).one() == "图形浏览"
    assert session.scalars(select(DataService.working_days)).one() == 2
    assert len(session.scalars(select(Deployment)).all()) == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"record": "system", "name": "x"}, "code"),
        ({"record": "module", "system": "nosuch", "code": "a", "name": "a"}, "nosuch"),
        ({"record": "deployment", "system": "mkt", "unit": "nosuch", "version": "1"}, "nosuch"),
        ({"record": "planet", "name": "x"}, "只能是"),
        ({"record": "unit", "code": "x", "name": "x", "parent": "nosuch"}, "上级单位"),
    ],
)
def test_a_catalogue_row_that_cannot_stand_is_refused(
    session: Session, desk_world: World, values: dict[str, Any], words: str
) -> None:
    before = len(session.scalars(select(System)).all())
    outcome = catalogue(session, values, CATALOGUE[2], skip_bad=True)
    assert words in reasons(outcome)[0]
    assert outcome.new == 1
    assert len(session.scalars(select(System)).all()) == before + 1


# ── tickets ──────────────────────────────────────────────────────────────────────────────────────

TICKET = {
    "external_id": "T1",
    "text": "登录报 ORA-01017，怎么办？急。",
    "category": "缺陷",
    "system": "mkt",
    "requester": "wang",
    "filed_at": "2026-01-05 09:30",
    "closed_at": "2026-01-06 10:00",
    "state": "已办结",
    "rating": 5,
}


def tickets(session: Session, *values: dict[str, Any], **options: Any) -> Outcome:
    records = plan_for("ticket", ticket_import.FIELDS).records(rows_of(*values), source="old")
    return ticket_import.load(session, records, by=1, references=References(session), **options)


def test_tickets_come_once_and_their_trail_says_where_from(session: Session, desk_world: World) -> None:
    defects(session, RECORD)
    rows = [{**TICKET, "defect": "D1"}, {**TICKET, "external_id": "T2", "state": "处理中", "closed_at": ""}]
    assert counts(tickets(session, *rows)) == (2, 0, 0)
    assert counts(tickets(session, *rows)) == (0, 0, 2)
    closed, opened = session.scalars(select(Ticket).order_by(Ticket.id))
    assert (closed.state, closed.tier, closed.title) == (State.CLOSED, Tier.USER, "登录报 ORA-01017，怎么办")
    assert closed.defect is not None
    assert closed.number == "GD202601050001"
    assert (opened.state, opened.tier, opened.number) == (State.NEW, Tier.FRONT, "GD202601050002")
    assert closed.trail[0].data["source"] == "old"
    assert trail.broken_tickets(session) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"requester": "nobody"}, "没有账号为“nobody”"),
        ({"defect": "QX9"}, "没有编号为 QX9 的缺陷"),
        ({"filed_at": ""}, "提交时间"),
        ({"closed_at": "2025-01-01"}, "早于"),
        ({"state": "new"}, "closed_at"),
        ({"sub": "how_to"}, "子类"),
        ({"category": "晚饭"}, "只能是"),
        ({"rating": 6}, "1 到 5"),
    ],
)
def test_a_ticket_that_cannot_stand_is_refused(
    session: Session, desk_world: World, values: dict[str, Any], words: str
) -> None:
    assert words in reasons(tickets(session, {**TICKET, **values}))[0]
