"""Merge, parent and child, park and release, from the first page to the last, by those whose work it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.catalogue import systems
from portal.catalogue.models import Deployment
from portal.catalogue.queries import today
from portal.db import transaction
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.journeys.test_categories import deployed, known_defect, through_middle, told_and_confirmed
from tests.journeys.walk import Walk
from tests.world import World, person

Begin = Callable[..., Walk]


@pytest.fixture
def begin(client: Any, filed: Any, maker: sessionmaker[Session]) -> Begin:
    def start(category: Category, text: str = "请帮忙看一下", **more: Any) -> Walk:
        return Walk(filed(text, category=category, **more), client, maker)

    return start


def mine(walk: Walk, login: str) -> str:
    """The page of the ticket's own user, its text alone."""
    return re.sub(r"\s+", " ", walk.visitor(login).get(f"/my/tickets/{walk.number}").text)


def test_two_users_one_problem(begin: Begin, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        session.add(person("li", World.of(session).units["ld-cy"], name="李同事"))
    kept = begin(Category.CONSULTATION, "电费发票怎么下载？我的户号 0301，密码写在附件里")
    twin = begin(Category.CONSULTATION, "发票下载按钮在哪里", by="li")
    merged = twin.visitor("agent").submit(twin.at("/merge"), {"other": kept.number, "note": "同一个问题"})
    assert merged.status_code == 302, merged.text
    assert twin.stands() == (State.MERGED, Tier.FRONT)
    page = mine(twin, "li")
    assert "还有同事遇到同样的问题" in page
    assert "0301" not in page  # another user's words stay theirs
    assert kept.number not in page
    assert twin.visitor("li").get(f"/my/tickets/{kept.number}").status_code == 404
    assert "发票下载按钮在哪里" in kept.visitor("agent").get(kept.at()).text
    kept.does("agent", Action.TAKE)
    kept.does("agent", Action.ANSWER, note="在电费核算页面点“发票”。")
    assert "在电费核算页面点“发票”。" in mine(twin, "li")
    assert twin.number in twin.visitor("li").get("/notices").text
    twin.user("li", Action.REOPEN, note="我的页面没有这个按钮")
    assert twin.stands() == (State.OPEN, Tier.FRONT)
    kept.user("wang", Action.CONFIRM, rating="5", note="")
    twin.does("agent", Action.TAKE)
    twin.does("agent", Action.ANSWER, note="已给您开通权限。")
    twin.user("li", Action.CONFIRM, rating="4", note="")
    for walk in (kept, twin):
        assert walk.stands() == (State.CLOSED, Tier.USER)
        assert walk.deeds()[0] == Action.FILE


def test_another_system_helps_and_the_parent_ends_last(begin: Begin, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        expert = World.of(session).people["dispatcher"]  # gets a second post: expert of the other system
        expert.posts.append(type(expert.posts[0])(post="expert", systems=["oa"]))
    walk = begin(Category.CHANGE, "希望审批结果推送到公文")
    through_middle(walk, "change:new")
    asked = {"system": "oa", "text": "请提供推送接口", "title": "推送接口"}
    assert walk.visitor("expert").submit(walk.at("/help"), asked).status_code == 302
    with maker() as session:
        number = session.scalars(select(Ticket.number).where(Ticket.parent_id.is_not(None))).one()
    child = Walk(number, walk.browser, maker, walk.visitors)
    assert child.stands() == (State.OPEN, Tier.MIDDLE)
    assert "协同办公系统" in mine(walk, "wang")
    assert "这些系统在一起处理" in mine(walk, "wang")
    walk.is_refused("expert", Action.REPLY, f"协同工单 {number} 还没有结束")
    child.does("dispatcher", Action.RULE, ruling="change:new", priority="3")
    child.does("dispatcher", Action.REPLY, note="接口已经提供，见文档")
    assert child.stands() == (State.CONFIRMING, Tier.USER)
    child.user("expert", Action.CONFIRM, rating="5", note="")
    assert "已处理好" in mine(walk, "wang")
    walk.does("expert", Action.REPLY, note="下周起会推送到公文")
    told_and_confirmed(walk)


def test_parked_until_the_planned_day_of_the_unit(begin: Begin, maker: sessionmaker[Session]) -> None:
    record = known_defect(maker)
    walk = begin(Category.DEFECT, "电费核算页面一直转圈")
    through_middle(walk, "defect:function")
    assert walk.visitor("expert").submit(walk.at(f"/defects/{record}"), {}).status_code == 302
    walk.does("expert", Action.PARK, note="修好之前请夜间核算")
    with transaction(maker) as session:
        world = World.of(session)
        system, unit = world.systems["mkt"], world.units["ld"]
        session.add(Deployment(system=system, unit=unit, version="6.2.1"))
        session.flush()
        planned = today(session) + timedelta(days=9)
        systems.deploy(session, system, unit, version="6.2.2", since=planned, by=world.people["admin"])
    assert "更新到 6.2.2，修复随之到位" in mine(walk, "wang")
    assert deployed(maker, record, "6.2.1") == 0
    with transaction(maker) as session:
        world = World.of(session)
        systems.deploy(
            session,
            world.systems["mkt"],
            world.units["ld"],
            version="6.2.2",
            since=None,
            by=world.people["admin"],
        )
    assert deployed(maker, record, "6.2.1") == 1
    assert walk.stands() == (State.FEEDBACK, Tier.FRONT)
    told_and_confirmed(walk)
