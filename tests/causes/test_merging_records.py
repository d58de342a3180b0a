"""Merging records: everything on the duplicate goes along to the survivor, and parting gives it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.countermeasures import Plan, measures_of
from defects.cross_links import targets_for
from defects.flow import DefectAction, DefectState
from defects.models import Defect
from defects.queries import articles_about
from defects.texts import DefectText
from kb.articles import ArticleText, write
from kb.audience import Audience, Viewer
from kb.flow import Refused
from portal.causes import life
from portal.causes.keys import charging
from portal.causes.life import Given
from portal.causes.merging.models import RecordMerge
from portal.tickets import desk, linking
from portal.tickets.models import DefectLink, LinkVerdict, Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.words import Category
from tests.world import World

TEXT = DefectText(title="甲", system="mkt", symptoms=("甲的话",), codes=("BILL-1001",), affected=("6.1",))
M, R = DefectAction.MERGE, DefectAction.REOPEN


def recorded(session: Session, world: World, title: str, **changes: object) -> Defect:
    text = replace(TEXT, title=title, symptoms=(f"{title}的话",), **changes)  # type: ignore[arg-type]
    return library.open_record(session, text, by=world.people["expert"].id)


def filed(session: Session, world: World, by: str = "wang") -> Ticket:
    who = world.people[by]
    request = desk.Request(text="转圈", category=Category.DEFECT, system=world.systems["mkt"], requester=who)
    return desk.file(session, request, by=who)


def live(session: Session, ticket: Ticket) -> str:
    session.expire_all()
    return ticket.defect.title if ticket.defect else ""


def test_everything_goes_along_and_comes_back(session: Session, desk_world: World) -> None:
    world, expert = desk_world, desk_world.people["expert"]
    kept = recorded(
        session, world, "甲", owner_middle_id=world.people["engineer"].id, key=True, due_on=date(2026, 9, 1)
    )
    double = recorded(session, world, "乙", owner_middle_id=expert.id, key=True, due_on=date(2026, 8, 1))
    engineer = world.people["engineer"]
    charging.plan(session, double, Plan("查", engineer.id, date(2026, 7, 1), "查到"), by=expert)
    linked, moved_on, rejected, both = (filed(session, world) for _ in range(4))
    linking.link(session, linked, double, by=expert, probability=0.8)
    linking.link(session, moved_on, double, by=expert)
    linking.reject(session, rejected, double, by=expert)
    linking.reject(session, both, double, by=expert)
    linking.link(session, both, kept, by=expert)
    article = write(session, ArticleText(title="怎样绕过", body="文"), by=expert.id)
    library.tie(session, double, article)

    life.move(session, double, M, by=expert, given=Given(into=kept, note="同一处"))
    assert double.state == DefectState.DUPLICATE
    assert (live(session, linked), live(session, moved_on), live(session, both)) == ("甲", "甲", "甲")
    (carried,) = [row for row in linked.defect_links if row.is_live]
    assert (carried.by_id, carried.probability) == (expert.id, 0.8), "the judgement is still the expert's"
    refused = [row.defect_id for row in rejected.defect_links if row.verdict == LinkVerdict.REJECTED]
    assert kept.id in refused, "whoever said not this one said it of the survivor, too"
    assert articles_about(session, kept) == [article]
    assert [row.what for row in measures_of(session, kept)] == ["查"]
    assert {"甲的话", "乙的话"} == set(kept.symptoms)
    told = session.scalars(select(Notice.person_id).where(Notice.event == Event.RECORD_MERGED)).all()
    assert told == [engineer.id], "its own deed is no news to the expert"

    other = recorded(session, world, "丙")
    linking.link(session, moved_on, other, by=expert)
    with pytest.raises(Refused, match="写明原因"):
        life.move(session, double, R, by=expert)
    life.move(session, double, R, by=expert, given=Given(note="是两处"))
    assert (double.state, double.duplicate_of_id) == (DefectState.SUSPECTED, None)
    assert (live(session, linked), live(session, moved_on), live(session, both)) == ("乙", "丙", "甲")
    assert articles_about(session, kept) == []
    assert articles_about(session, double) == [article]
    assert [row.what for row in measures_of(session, double)] == ["查"]
    assert list(kept.symptoms) == ["甲的话"]
    standing = [row for row in rejected.defect_links if row.verdict == LinkVerdict.REJECTED]
    assert [row.defect_id for row in standing] == [double.id]
    one_live = [row for row in session.scalars(select(DefectLink)) if row.is_live]
    assert len(one_live) == 3


def test_chains_collapse_and_unfold(session: Session, desk_world: World) -> None:
    world, expert = desk_world, desk_world.people["expert"]
    first, second, third, last = (recorded(session, world, name) for name in "甲乙丙丁")
    tickets = [filed(session, world) for _ in range(3)]
    for ticket, defect in zip(tickets, (second, third, last), strict=True):
        linking.link(session, ticket, defect, by=expert)
    life.move(session, last, M, by=expert, given=Given(into=third))
    life.move(session, third, M, by=expert, given=Given(into=second))
    life.move(session, second, M, by=expert, given=Given(into=first))
    assert {row.duplicate_of_id for row in (second, third, last)} == {first.id}
    assert [live(session, ticket) for ticket in tickets] == ["甲", "甲", "甲"]
    for wrong, sentence in ((first, "它自己"), (last, "它自己")):
        with pytest.raises(Refused, match=sentence):
            life.move(session, first, M, by=expert, given=Given(into=wrong))
    life.move(session, second, R, by=expert, given=Given(note="拆开"))
    assert (third.duplicate_of_id, last.duplicate_of_id) == (second.id, second.id)
    assert [live(session, ticket) for ticket in tickets] == ["乙", "乙", "乙"]
    life.move(session, last, R, by=expert, given=Given(note="拆开"))
    assert [live(session, ticket) for ticket in tickets] == ["乙", "乙", "丁"]
    life.move(session, third, R, by=expert, given=Given(note="拆开"))
    assert [live(session, ticket) for ticket in tickets] == ["乙", "丙", "丁"]
    assert all(row.parted_at for row in session.scalars(select(RecordMerge)))
    life.move(session, third, M, by=expert, given=Given(into=second))
    assert live(session, tickets[1]) == "乙", "and again"


def test_what_may_not_be_merged(session: Session, desk_world: World) -> None:
    world, expert = desk_world, desk_world.people["expert"]
    key = recorded(session, world, "重点", key=True, due_on=date(2026, 9, 1), owner_middle_id=expert.id)
    plain, none, other = (recorded(session, world, name) for name in ("普通", "不是", "另一条"))
    life.move(session, none, DefectAction.REJECT, by=expert, given=Given(note="按设计"))
    for defect, into, by, sentence in (
        (key, plain, "expert", "没有人追"),
        (plain, none, "expert", "不是缺陷"),
        (plain, other, "engineer", "岗位"),
        (none, plain, "expert", "不能并入"),
    ):
        with pytest.raises(Refused, match=sentence):
            life.move(session, defect, M, by=world.people[by], given=Given(into=into))
        session.flush()
    with pytest.raises(Refused, match="并入哪一条"):
        life.move(session, other, M, by=expert)
    life.move(session, plain, M, by=expert, given=Given(into=key))
    assert plain.duplicate_of_id == key.id


def test_a_link_to_a_merged_record_leads_to_its_survivor(session: Session, desk_world: World) -> None:
    world, expert = desk_world, desk_world.people["expert"]
    kept, double = recorded(session, world, "甲", workaround="先这样"), recorded(session, world, "乙")
    life.move(session, double, M, by=expert, given=Given(into=kept))
    everyone = Viewer(levels=frozenset({Audience.EVERYONE}))
    staff = Viewer(levels=frozenset({Audience.EVERYONE, Audience.STAFF}))
    words = f"[[{double.number}]] [[{kept.number}]]"
    assert {row.title for row in targets_for(session, [words], staff).values()} == {"甲"}
    assert targets_for(session, [words], everyone) == {}, "not confirmed yet"
    life.move(session, kept, DefectAction.CONFIRM, by=expert)
    found = targets_for(session, [words], everyone)
    assert {number: row.address for number, row in found.items()} == {
        double.number: f"/defects/{kept.number}",
        kept.number: f"/defects/{kept.number}",
    }
