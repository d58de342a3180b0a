"""Information forms: written as drafts, asked by version, filled in with a line of the trail each time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal import db
from portal.people.audit import entries
from portal.tickets import desk, informing, trail
from portal.tickets.attachments import Upload, attach
from portal.tickets.conditions import is_informed
from portal.tickets.flow import Actor
from portal.tickets.forms import editing, sheets
from portal.tickets.forms.answering import Answers
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import Choice, Field, Kind, Need, checked, packed, unpacked
from portal.tickets.forms.models import InfoForm
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.statements import statements_sent
from tests.tickets.people import Desk
from tests.web.conftest import png_of
from tests.world import build

STEP = FieldText(Kind.TEXT, "做到哪一步", "Which step", need=Need.FILING)
CODE = FieldText(Kind.CODE, "错误代码", "Error code", need=Need.ESCALATION)
BROWSER = FieldText(Kind.CHOICE, "浏览器", choices="谷歌 | Chrome\n火狐 | Firefox")


def written(at_desk: Desk, *texts: FieldText, **scope: Any) -> InfoForm:
    """A published form of the marketing system's defects."""
    admin, system = at_desk.world.people["admin"], at_desk.world.systems["mkt"]
    where = Scope(system, scope.pop("category", Category.DEFECT), **scope)
    form = editing.start(at_desk.session, where, by=admin)
    for text in texts:
        editing.put_field(at_desk.session, form, text, by=admin)
    editing.publish(at_desk.session, form, by=admin)
    return form


def keys(form: InfoForm) -> dict[str, str]:
    return {field.name: field.key for field in editing.draft_of(form)}


# ── what a field is ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (Kind.TEXT, "  点“打印”\n之后 ", "点“打印” 之后"),
        (Kind.LONG, "一\r\n二\x00 ", "一\n二"),
        (Kind.NUMBER, "１２．５", "12.5"),
        (Kind.NUMBER, "-3", "-3"),
        (Kind.DATE, "2026-02-28", "2026-02-28"),
        (Kind.CHOICE, "谷歌", "谷歌"),
        (Kind.YES_NO, "yes", "yes"),
        (Kind.VERSION, "Ｖ2.3.1", "V2.3.1"),
        (Kind.VERSION, "6.2.1-SP3_b7", "6.2.1-SP3_b7"),
        (Kind.CODE, "ORA－01017", "ORA-01017"),
        (Kind.SCREENSHOT, "什么都不留", ""),
        (Kind.NUMBER, "   ", ""),
    ],
)
def test_a_value_is_kept_in_one_form(kind: Kind, typed: str, kept: str) -> None:
    assert checked(Field("f1", kind, "项目", choices=(Choice("谷歌"),)), typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        (Kind.NUMBER, "十二", "“项目”要填数字"),
        (Kind.NUMBER, "1" * 30, "“项目”要填数字"),
        (Kind.DATE, "2026-02-30", "“项目”要填日期"),
        (Kind.DATE, "20260228", "“项目”要填日期"),
        (Kind.CHOICE, "欧朋", "从给出的选项里选"),
        (Kind.YES_NO, "也许", "请选“是”或“否”"),
        (Kind.VERSION, "最新版", "要填版本号"),
        (Kind.TEXT, "长" * 201, "最多 200 个字"),
        (Kind.LONG, "长" * 4001, "最多 4000 个字"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(kind: Kind, typed: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        checked(Field("f1", kind, "项目", choices=(Choice("谷歌"),)), typed)


def test_fields_survive_being_kept() -> None:
    field = Field(
        "f3", Kind.CHOICE, "浏览器", "Browser", "看右上角", "Top right", Need.FILING, (Choice("谷歌", "C"),)
    )
    assert unpacked(packed([field])) == (field,)


# ── writing a form ───────────────────────────────────────────────────────────────────────────────


def test_a_draft_asks_nobody_before_it_is_published(at_desk: Desk) -> None:
    admin, system = at_desk.world.people["admin"], at_desk.world.systems["mkt"]
    form = editing.start(at_desk.session, Scope(system, Category.DEFECT), by=admin)
    editing.put_field(at_desk.session, form, STEP, by=admin)
    assert sheets.sheet_of(at_desk.session, at_desk.file()) is None
    editing.publish(at_desk.session, form, by=admin)
    sheet = sheets.sheet_of(at_desk.session, at_desk.file())
    assert sheet is not None
    assert [field.name for field in sheet.fields] == ["做到哪一步"]


def test_fields_are_ordered_changed_and_taken_out(at_desk: Desk) -> None:
    admin = at_desk.world.people["admin"]
    form = written(at_desk, STEP, CODE, BROWSER)
    key = keys(form)
    editing.move_field(at_desk.session, form, key["浏览器"], steps=-1, by=admin)
    assert list(keys(form)) == ["做到哪一步", "浏览器", "错误代码"]
    editing.move_field(at_desk.session, form, key["做到哪一步"], steps=-1, by=admin)
    assert list(keys(form)) == ["做到哪一步", "浏览器", "错误代码"]
    editing.order_fields(at_desk.session, form, [key["错误代码"], key["浏览器"]], by=admin)
    assert list(keys(form)) == ["错误代码", "浏览器", "做到哪一步"]
    editing.put_field(at_desk.session, form, FieldText(Kind.TEXT, "哪一步"), by=admin, key=key["做到哪一步"])
    editing.drop_field(at_desk.session, form, key["浏览器"], by=admin)
    assert list(keys(form)) == ["错误代码", "哪一步"]
    fresh = editing.put_field(at_desk.session, form, BROWSER, by=admin)
    assert fresh.key not in key.values()  # a key is never given twice
    assert form.changed
    editing.discard(at_desk.session, form, by=admin)
    assert list(keys(form)) == ["做到哪一步", "错误代码", "浏览器"]
    assert not form.changed
    told = [line.action for line in at_desk.session.scalars(entries(subject="form"))]
    assert {"create", "change", "order", "remove", "publish", "discard"} == set(told)


def test_only_administrators_write_forms(at_desk: Desk) -> None:
    form = written(at_desk, STEP)
    for login in ("manager", "supervisor", "expert", "wang"):
        with pytest.raises(Refused, match="只有系统管理员"):
            editing.put_field(at_desk.session, form, CODE, by=at_desk.world.people[login])
        with pytest.raises(Refused, match="只有系统管理员"):
            editing.publish(at_desk.session, form, by=at_desk.world.people[login])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FieldText(Kind.TEXT, "  "), "请写明要收集什么"),
        (FieldText(Kind.TEXT, "长" * 61), "不超过 60"),
        (FieldText(Kind.TEXT, "做到哪一步"), "已经有一项叫"),
        (FieldText(Kind.CHOICE, "浏览器", choices="谷歌"), "2 到 30 个"),
        (FieldText(Kind.CHOICE, "浏览器", choices="谷歌\n谷歌"), "2 到 30 个"),
        (FieldText(Kind.CHOICE, "浏览器", choices="|Chrome\n火狐"), "2 到 30 个"),
        (FieldText(Kind.TEXT, "好", hint="长" * 201), "说明太长"),
    ],
)
def test_a_field_that_says_nothing_is_refused(at_desk: Desk, text: FieldText, sentence: str) -> None:
    form = written(at_desk, STEP)
    with pytest.raises(Refused, match=sentence):
        editing.put_field(at_desk.session, form, text, by=at_desk.world.people["admin"])


def test_one_form_for_one_scope(at_desk: Desk) -> None:
    form = written(at_desk, STEP, CODE)
    admin, system = at_desk.world.people["admin"], at_desk.world.systems["mkt"]
    with pytest.raises(Refused, match="已经有一张"):
        editing.start(at_desk.session, Scope(system, Category.DEFECT), by=admin)
    with pytest.raises(Refused, match="没有这样的模块"):
        editing.start(at_desk.session, Scope(system, Category.DEFECT, module="mail"), by=admin)
    with pytest.raises(Refused, match="细类和类别对不上"):
        editing.start(at_desk.session, Scope(system, Category.DEFECT, sub="how_to"), by=admin)
    copy = editing.start(at_desk.session, Scope(system, Category.DEFECT, "bill"), by=admin, like=form)
    assert list(keys(copy)) == ["做到哪一步", "错误代码"]
    with pytest.raises(Refused, match="不用再发布"):
        editing.publish(at_desk.session, form, by=admin)


# ── which form a ticket has ──────────────────────────────────────────────────────────────────────


def test_the_form_that_fits_closest_asks(at_desk: Desk) -> None:
    written(at_desk, FieldText(Kind.TEXT, "类别"))
    written(at_desk, FieldText(Kind.TEXT, "细类"), sub="function")
    written(at_desk, FieldText(Kind.TEXT, "模块"), module="bill")

    def asked(**more: Any) -> str:
        sheet = sheets.sheet_of(at_desk.session, at_desk.file(**more))
        return sheet.fields[0].name if sheet else ""

    assert asked() == "类别"
    assert asked(module="meter") == "类别"
    assert asked(sub="function") == "细类"
    assert asked(module="bill", sub="function") == "模块"
    assert asked(system="oa") == ""
    assert asked(category=Category.DATA) == ""
    mkt = at_desk.world.systems["mkt"]
    assert sheets.parts_asked_for(at_desk.session, mkt, Category.DEFECT) == ({"bill"}, {"function"})
    assert [row.module for row in sheets.published_for(at_desk.session, mkt)] == ["", "", "bill"]


def test_a_form_asks_nothing_of_tickets_filed_before_it(at_desk: Desk) -> None:
    before = at_desk.file()
    at_desk.later(minutes=5)
    form = written(at_desk, CODE)
    first = at_desk.file()
    at_desk.later(minutes=5)
    admin = at_desk.world.people["admin"]
    editing.put_field(at_desk.session, form, STEP, by=admin)
    editing.publish(at_desk.session, form, by=admin)
    second = at_desk.file()
    assert sheets.sheet_of(at_desk.session, before) is None
    numbers = [
        sheet.number for sheet in (sheets.sheet_of(at_desk.session, row) for row in (first, second)) if sheet
    ]
    assert numbers == [1, 2]
    editing.set_retired(at_desk.session, form, True, by=admin)
    assert sheets.sheet_of(at_desk.session, second) is None


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def test_filing_without_what_is_demanded_names_it(at_desk: Desk) -> None:
    form = written(at_desk, STEP, CODE)
    key = keys(form)
    with pytest.raises(Refused, match="还差这些信息，请填好再提交：做到哪一步"):
        at_desk.file(answers=Answers({key["错误代码"]: "E-1"}))
    at_desk.session.rollback()


def test_a_call_that_is_answered_at_once_needs_no_answers(at_desk: Desk) -> None:
    form = written(at_desk, STEP)
    ticket = at_desk.file(answers=Answers({keys(form)["做到哪一步"]: ""}, partly=True))
    assert sheets.answer_texts(at_desk.session, [ticket.id]) == {}


def test_the_front_can_not_escalate_before_it_has_asked(at_desk: Desk) -> None:
    form = written(at_desk, STEP, CODE, FieldText(Kind.SCREENSHOT, "出错的画面", need=Need.ESCALATION))
    key = keys(form)
    ticket = at_desk.file(answers=Answers({key["做到哪一步"]: "打印预览"}))
    at_desk.does(ticket, Action.TAKE, "agent")
    with pytest.raises(Refused, match="升级前还要问清：错误代码、出错的画面"):
        at_desk.does(ticket, Action.ESCALATE, "agent")
    agent = at_desk.world.people["agent"]
    informing.inform(at_desk.session, ticket, {key["错误代码"]: "0x80070005"}, by=agent)
    with pytest.raises(Refused, match="升级前还要问清：出错的画面"):
        at_desk.does(ticket, Action.ESCALATE, "agent")


def test_a_picture_on_the_ticket_is_the_screenshot(at_desk: Desk, tmp_path: Any) -> None:
    shot = FieldText(Kind.SCREENSHOT, "出错的画面", need=Need.FILING)
    written(at_desk, shot, FieldText(Kind.SCREENSHOT, "版本画面", need=Need.ESCALATION))
    with pytest.raises(Refused, match="出错的画面"):
        at_desk.file(answers=Answers({}, pictures=0))
    ticket = at_desk.file(answers=Answers({}, pictures=1))
    assert at_desk.file(answers=Answers({})).number != ticket.number  # by a channel where files follow
    agent = at_desk.world.people["agent"]
    assert str(sheets.missing_of(at_desk.session, ticket)) == "出错的画面、版本画面"
    uploads = [Upload("a.png", png_of(3, 3)), Upload("b.png", png_of(4, 4))]
    for upload, missing in zip(uploads, ("版本画面", ""), strict=True):
        attach(at_desk.session, ticket, [upload], by=agent, folder=tmp_path, limit_mb=1)
        assert str(sheets.missing_of(at_desk.session, ticket)) == missing


def test_a_known_defect_needs_no_questions(at_desk: Desk) -> None:
    written(at_desk, CODE)
    at = desk.situation_of(ticket := at_desk.file())
    assert not at.lacks  # nobody has taken it: nothing to decide yet
    at_desk.does(ticket, Action.TAKE, "agent")
    at = desk.situation_of(ticket)
    assert str(at.lacks) == "错误代码"
    assert is_informed(at, Actor(1)) is not None
    assert is_informed(replace(at, on_defect=True), Actor(1)) is None


def test_every_change_of_an_answer_is_in_the_trail(at_desk: Desk) -> None:
    form = written(at_desk, STEP, BROWSER, FieldText(Kind.YES_NO, "重启过吗"))
    key, agent = keys(form), at_desk.world.people["agent"]
    ticket = at_desk.file(answers=Answers({key["做到哪一步"]: "登录"}))
    at_desk.does(ticket, Action.TAKE, "agent")
    version = ticket.version
    given = {key["做到哪一步"]: "登录以后", key["浏览器"]: "谷歌", key["重启过吗"]: "yes"}
    entry = informing.inform(at_desk.session, ticket, given, by=agent, seen=version)
    assert entry is not None
    assert entry.action == Action.INFORM
    assert entry.note == "做到哪一步：登录 → 登录以后；浏览器：谷歌；重启过吗：是"
    assert entry.data["form_version"] == 1
    assert ticket.version > version
    assert informing.inform(at_desk.session, ticket, given, by=agent) is None  # nothing changed, nothing said
    cleared = informing.inform(at_desk.session, ticket, {key["浏览器"]: ""}, by=agent)
    assert cleared is not None
    assert cleared.note == "浏览器：谷歌 → （空）"
    assert trail.first_break(ticket.trail) is None
    texts = sheets.answer_texts(at_desk.session, [ticket.id])
    assert texts == {ticket.id: "做到哪一步：登录以后\n重启过吗：是"}


def test_whoever_works_on_it_or_is_asked_fills_it_in(at_desk: Desk) -> None:
    form = written(at_desk, STEP)
    ticket, people = at_desk.file(), at_desk.world.people
    given = {keys(form)["做到哪一步"]: "第一步"}
    assert informing.may_inform(people["wang"], ticket)
    assert not informing.may_inform(people["zhao"], ticket)
    assert informing.may_inform(people["agent"], ticket)
    assert not informing.may_inform(people["expert"], ticket)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.CLASSIFY, "agent", category=Category.DEFECT)
    informing.inform(at_desk.session, ticket, given, by=people["wang"])
    at_desk.does(ticket, Action.ESCALATE, "agent")
    assert informing.may_inform(people["expert"], ticket)
    for login in ("wang", "agent", "zhao"):
        with pytest.raises(Refused, match="正在处理这张工单的环节"):
            informing.inform(at_desk.session, ticket, given, by=people[login])
    with pytest.raises(desk.Overtaken):
        informing.inform(at_desk.session, ticket, given, by=people["expert"], seen=1)


def test_a_new_ruling_asks_anew_and_keeps_what_was_said(at_desk: Desk) -> None:
    form = written(at_desk, STEP)
    other = written(at_desk, FieldText(Kind.NUMBER, "多少条"), category=Category.DATA)
    ticket = at_desk.file(answers=Answers({keys(form)["做到哪一步"]: "导出"}))
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.CLASSIFY, "agent", category=Category.DATA)
    shown = sheets.filled_of(at_desk.session, ticket)
    assert [(row.former, [line.field.name for line in row.lines]) for row in shown] == [
        (False, ["多少条"]),
        (True, ["做到哪一步"]),
    ]
    agent = at_desk.world.people["agent"]
    informing.inform(at_desk.session, ticket, {keys(other)["多少条"]: "12"}, by=agent)
    at_desk.does(ticket, Action.CLASSIFY, "agent", category=Category.DEFECT)
    shown = sheets.filled_of(at_desk.session, ticket)
    assert [[line.value for line in row.lines] for row in shown] == [["导出"], ["12"]]


def test_answers_of_many_tickets_are_one_query(at_desk: Desk, engine: Engine) -> None:
    form = written(at_desk, STEP)
    key = keys(form)["做到哪一步"]
    tickets = [at_desk.file(answers=Answers({key: f"第 {n} 步"})) for n in range(5)]
    at_desk.session.commit()
    with statements_sent(engine) as asked, Session(engine) as session:
        texts = sheets.answer_texts(session, [row.id for row in tickets])
    assert len(texts) == 5
    assert len([line for line in asked if line.startswith("SELECT")]) == 1


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_engine: Engine) -> None:
    with db.sessions_of(postgres_engine)() as session:
        world = build(session)
        at_desk = Desk(session, world)
        form = written(at_desk, STEP, CODE)
        key = keys(form)
        ticket = at_desk.file(answers=Answers({key["做到哪一步"]: "登录"}))
        at_desk.does(ticket, Action.TAKE, "agent")
        with pytest.raises(Refused, match="错误代码"):
            at_desk.does(ticket, Action.ESCALATE, "agent")
        informing.inform(session, ticket, {key["错误代码"]: "E-7"}, by=world.people["agent"])
        at_desk.does(ticket, Action.ESCALATE, "agent")
        session.commit()
        assert sheets.answer_texts(session, [ticket.id]) == {ticket.id: "做到哪一步：登录\n错误代码：E-7"}
        assert isinstance(session.get(Ticket, ticket.id), Ticket)
