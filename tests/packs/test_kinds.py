"""Defects and synonyms in packs; places that aren't here; what never leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from defects import library, moves
from defects import texts as defect_texts
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from defects.texts import DefectText
from kb.articles import text_of
from kb.audience import Audience
from kb.flow import Refused
from kb.models import Article
from portal.catalogue.models import Module, System
from portal.finder.synonyms import words
from portal.finder.synonyms.models import SynonymGroup
from portal.packs import applying, manifest
from portal.packs.models import Pack
from portal.packs.wishes import Wish, audience_upto
from portal.packs.words import Choice, Kind, Standing
from portal.people.models import Unit
from portal.tickets import desk, linking
from portal.tickets.desk import Request
from portal.tickets.words import Category
from tests.packs.desks import Desk
from tests.world import World

Friends = tuple[Desk, Desk]
TITLE = "电费重算后页面一直转圈"


def open_defect(at: Desk, *, state: DefectState = DefectState.CONFIRMED, **more: Any) -> str:
    given: dict[str, Any] = {"title": TITLE, "system": "mkt", "workaround": "先用旧版页面。", **more}
    with at.work("expert") as (session, expert):
        record = library.open_record(session, DefectText(**given), by=expert.id)
        if state != DefectState.SUSPECTED:
            duties = {DefectDuty.CURATE}
            moves.move(session, record, DefectAction.CONFIRM, by=expert.id, duties=duties)
        return record.number


def defects_of(at: Desk) -> list[Defect]:
    with at.maker() as session:
        return list(session.scalars(select(Defect).order_by(Defect.id)))


def test_a_defect_comes_confirmed_at_the_most_and_keeps_its_number_there(friends: Friends) -> None:
    here, there = friends
    open_defect(here, symptoms=["点重算一直转圈"], codes=["ORA-01017"])
    there.publish("占一个号")
    number = there.receive(here.make(), "expert")
    there.apply(number, "expert")
    [record] = defects_of(there)
    assert record.state == DefectState.CONFIRMED
    assert record.external_id is not None
    assert record.external_id.startswith("QX000001@")
    with there.maker() as session:
        moves = session.get_one(Defect, record.id).moves
        assert [move.action for move in moves] == [DefectAction.CONFIRM]
        assert "资料包" in moves[0].note


def test_an_editor_does_not_take_defects_nor_an_expert_articles(friends: Friends) -> None:
    here, there = friends
    open_defect(here)
    here.publish("怎么下载")
    number = there.receive(here.make())
    there.apply(number, "editor")
    assert defects_of(there) == []
    assert [row[0] for row in there.titled("怎么下载")] == ["KB000001"]
    there.apply(number, "expert")
    assert [row.title for row in defects_of(there)] == [TITLE]
    with pytest.raises(Refused, match="岗位"):
        there.apply(number, "agent")


def test_a_defects_state_here_is_never_moved_by_a_pack(friends: Friends) -> None:
    here, there = friends
    open_defect(here)
    there.apply(there.receive(here.make(), "expert"), "expert")
    with there.work("engineer") as (session, engineer):
        record = session.scalars(select(Defect)).one()
        moves.move(session, record, DefectAction.START, by=engineer.id, duties={DefectDuty.REPAIR})
    with here.work("expert") as (session, _):
        record = session.scalars(select(Defect)).one()
        library.describe(session, record, replace(defect_texts.text_of(record), cause="连接没有归还"))
    number = there.receive(here.make(), "expert")
    assert there.standings(number)[TITLE] == Standing.THEIRS
    there.apply(number, "expert")
    [record] = defects_of(there)
    assert (record.state, record.cause) == (DefectState.IN_PROGRESS, "连接没有归还")
    there.undo(number, "expert")
    assert defects_of(there)[0].cause == ""


def test_undoing_a_new_defect_rejects_it_and_taking_it_again_reopens_it(friends: Friends) -> None:
    here, there = friends
    open_defect(here)
    path = here.make()
    number = there.receive(path, "expert")
    there.apply(number, "expert")
    there.undo(number, "expert")
    assert [row.state for row in defects_of(there)] == [DefectState.NOT_A_DEFECT]
    again = there.receive(path, "expert")
    assert there.standings(again)[TITLE] == Standing.NEW
    there.apply(again, "expert")
    assert [row.state for row in defects_of(there)] == [DefectState.CONFIRMED]


def test_who_reported_it_does_not_leave_with_it(friends: Friends) -> None:
    here, _ = friends
    number = open_defect(here, symptoms=["王小雨的电话 13800138000 打不通", "报错 ORA-01017"])
    with here.work("expert") as (session, expert):
        wang = World.of(session).people["wang"]
        system = session.scalars(select(System).where(System.code == "mkt")).one()
        asked = Request(text="一直转圈", category=Category.DEFECT, system=system, requester=wang)
        ticket = desk.file(session, asked, by=wang)
        record = session.scalars(select(Defect).where(Defect.number == number)).one()
        linking.link(session, ticket, record, by=expert)
    with manifest.opened(here.make()) as found:
        said = b"".join(found.archive.lines("defects.jsonl")).decode()
    assert "ORA-01017" in said
    for secret in ("王小雨", "13800138000", "expert", "GD2"):
        assert secret not in said, secret


def test_audience_is_respected(friends: Friends) -> None:
    here, _ = friends
    here.publish("人人可见")
    here.publish("本省可见", units=["ld"])
    here.publish("服务台看", audience=Audience.STAFF)
    here.publish("专家看", audience=Audience.EXPERTS)
    titles = {}
    for widest in ("everyone", "staff", "experts"):
        path = here.make(Wish(kinds=frozenset({Kind.ARTICLE}), audience=audience_upto(widest)))
        with manifest.opened(path) as found:
            said = b"".join(found.archive.lines("articles.jsonl")).decode()
        titles[widest] = {title for title in ("人人可见", "本省可见", "服务台看", "专家看") if title in said}
    assert titles["everyone"] == {"人人可见"}
    assert titles["staff"] == {"人人可见", "本省可见", "服务台看"}
    assert titles["experts"] == {"人人可见", "本省可见", "服务台看", "专家看"}


def other_catalogue(at: Desk) -> None:
    """The same system under another code, a module less, and one unit under another code."""
    with at.work() as (session, _):
        system = session.scalars(select(System).where(System.code == "mkt")).one()
        system.code = "yx"
        for module in session.scalars(select(Module).where(Module.system_id == system.id)):
            module.name = f"{module.name}（新）"
        unit = session.scalars(select(Unit).where(Unit.code == "ld")).one()
        unit.code, unit.name = "guangdong", "另一个名字"


def test_places_are_found_by_name_and_the_rest_is_asked(friends: Friends) -> None:
    here, there = friends
    other_catalogue(there)
    here.publish("怎么下载", system="mkt", module="bill")
    here.publish("本省可见", units=["ld"])
    number = there.receive(here.make())
    assert there.standings(number) == {"怎么下载": Standing.NEW, "本省可见": Standing.UNFIT}
    assert "只给某些单位看" in there.fates(number)["本省可见"][1]
    with there.work() as (session, editor):
        pack = session.get_one(Pack, number)
        mapping = {"unit": {"ld": "guangdong"}, "module": {"mkt/bill": "yx/bill"}}
        applying.compare_again(session, pack, by=editor, mapping=mapping)
    there.go_on(number)
    assert set(there.standings(number).values()) == {Standing.NEW}
    there.apply(number)
    with there.maker() as session:
        texts = {row.title: text_of(row) for row in session.scalars(select(Article))}
    assert (texts["怎么下载"].system, texts["怎么下载"].module) == ("yx", "bill")
    assert texts["本省可见"].units == ("guangdong",)


def test_without_a_place_it_comes_without_or_not_at_all(friends: Friends) -> None:
    here, there = friends
    other_catalogue(there)
    here.publish("怎么下载", system="mkt", module="bill")
    number = there.receive(here.make())
    with there.work() as (session, editor):
        applying.compare_again(session, session.get_one(Pack, number), by=editor, strict=True)
    there.go_on(number)
    assert there.standings(number) == {"怎么下载": Standing.UNFIT}
    with there.work() as (session, editor):
        applying.compare_again(session, session.get_one(Pack, number), by=editor, strict=False)
    there.go_on(number)
    there.apply(number)
    with there.maker() as session:
        text = text_of(session.scalars(select(Article)).one())
    assert (text.system, text.module) == ("yx", None)


def test_synonyms_come_as_a_set_and_what_was_taken_out_stays_out(friends: Friends) -> None:
    here, there = friends
    with here.work() as (session, editor):
        words.add(session, ["网厅", "网上营业厅"], by=editor)
        words.add(session, ["工单", "单子"], by=editor)
    with there.work() as (session, editor):
        words.add(session, ["单子", "工单"], by=editor)
    path = here.make()
    number = there.receive(path)
    assert there.standings(number) == {"网厅、网上营业厅": Standing.NEW, "工单、单子": Standing.UNCHANGED}
    there.apply(number)
    with there.work() as (session, editor):
        group = session.scalars(select(SynonymGroup).where(SynonymGroup.source != "")).one()
        assert (group.source, group.words) == (here.name, ["网厅", "网上营业厅"])
        words.remove(session, group, by=editor)
    again = there.receive(path)
    assert there.standings(again)["网厅、网上营业厅"] == Standing.OURS


def test_synonyms_are_taken_back(friends: Friends) -> None:
    here, there = friends
    with here.work() as (session, editor):
        words.add(session, ["网厅", "网上营业厅"], by=editor)
    number = there.take(here.make())
    there.undo(number)
    with there.maker() as session:
        assert session.scalars(words.in_use()).all() == []


def test_a_group_that_was_removed_there_is_offered_for_removal(friends: Friends) -> None:
    here, there = friends
    with here.work() as (session, editor):
        group = words.add(session, ["网厅", "网上营业厅"], by=editor)
        number = group.id
    there.take(here.make())
    with here.work() as (session, editor):
        words.remove(session, session.get_one(SynonymGroup, number), by=editor)
    pack = there.receive(here.make())
    title = "网厅、网上营业厅"
    assert there.standings(pack) == {title: Standing.GONE}
    there.choose(pack, title, Choice.TAKE)
    there.apply(pack)
    with there.maker() as session:
        assert session.scalars(words.in_use()).all() == []
