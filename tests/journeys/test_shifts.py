"""Roads around the people of the desk over HTTP: second line and back, a shift that ends, a form to fill."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.forms import editing
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import Kind, Need
from portal.tickets.words import Action, Category, State, Tier
from tests.journeys.walk import Walk
from tests.web.conftest import Clients, Filing
from tests.world import World, person

Maker = sessionmaker[Session]


def test_second_line_asks_hands_back_comes_again_and_is_done(
    client: Clients, filed: Filing, maker: Maker
) -> None:
    walk = Walk(filed("打印机卡纸", category=Category.RESOURCE, sub="device"), client, maker)
    local = "local_support"
    assert walk.offered(local) == set()  # not theirs yet
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.TO_LOCAL, note="三楼 302，联系王小雨，下午都在")
    assert "待领取" in client(local).get("/queues?tab=unheld").text
    assert walk.number in client(local).get("/queues?tab=unheld").text
    assert client(local).submit("/tickets/take-next").location.endswith(walk.number)
    assert "本地支持人员" in client("wang").get(f"/my/tickets/{walk.number}").text
    walk.does(local, Action.ASK, note="打印机型号是什么？")
    assert walk.stands() == (State.WAITING, Tier.LOCAL)
    walk.user("wang", Action.SUPPLY, note="HP 1020")
    walk.does(local, Action.TO_FRONT, note="要先登记资产，请前台补登记")
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.TO_LOCAL, note="已登记，资产号 A-77")
    walk.does(local, Action.TAKE)
    walk.is_refused(local, Action.ANSWER, "不能答复用户")  # second line never speaks for the front
    walk.does(local, Action.LOCAL_DONE, note="换了搓纸轮，当场试打 20 张")
    assert walk.stands() == (State.FEEDBACK, Tier.FRONT)
    walk.does("agent", Action.TELL, note="已换好，可以打印了")
    walk.user("wang", Action.CONFIRM, rating="5")
    assert walk.stands() == (State.CLOSED, Tier.USER)
    assert "退回 1 次" in client("agent").get(walk.at()).text


@pytest.mark.slow
def test_second_line_escalates_what_it_can_not_mend(client: Clients, filed: Filing, maker: Maker) -> None:
    walk = Walk(filed("电脑里批量导入报错", category=Category.DATA, sub="modify"), client, maker)
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.TO_LOCAL, note="请现场看看是不是本机的问题")
    walk.does("local_support", Action.TAKE)
    walk.does("local_support", Action.ESCALATE, note="换机器一样，是数据问题")
    assert walk.stands() == (State.OPEN, Tier.MIDDLE)
    walk.does("expert", Action.RULE, ruling="data:modify", priority="3")
    walk.does("expert", Action.TO_FRONT, note="户号没有给")
    walk.does("agent", Action.TO_LOCAL, note="请现场抄户号")
    assert walk.stands() == (State.OPEN, Tier.LOCAL)


def test_a_form_a_shift_and_a_ruling_that_differs(client: Clients, filed: Filing, maker: Maker) -> None:
    with transaction(maker) as session:
        world = World.of(session)
        second = person("agent2", world.units["ld-cy"], name="刘二")
        second.posts.append(PersonPost(post=Post.AGENT, unit=world.units["ld"], systems=[]))
        session.add(second)
        form = editing.start(session, Scope(world.systems["mkt"], Category.DEFECT), by=world.people["admin"])
        text = FieldText(Kind.CODE, "错误代码", need=Need.ESCALATION)
        field = editing.put_field(session, form, text, by=world.people["admin"])
        editing.publish(session, form, by=world.people["admin"])
        name = f"answer-{form.id}-{field.key}"
    walk = Walk(filed(), client, maker)
    walk.does("agent", Action.TAKE)
    walk.is_refused("agent", Action.ESCALATE, "升级前还要问清：错误代码")
    given = {"ticket": [walk.number], "to": "agent2", "note": "在等他报代码"}
    assert client("agent").submit("/handover", given).status_code == 302
    taker = client("agent2")
    assert "在等他报代码" in taker.get("/handover").text
    found = re.search(r'action="(/handover/\d+/acknowledge)"', taker.get("/handover").text)
    assert found
    assert taker.submit(found[1]).status_code == 302
    assert (
        client("wang").submit(f"/my/tickets/{walk.number}/information", {name: "0x80070005"}).status_code
        == 302
    )
    walk.does("agent2", Action.ESCALATE, note="代码已经问到")
    walk.does("expert", Action.RULE, ruling="data:modify", priority="2")
    page = " ".join(re.sub(r"<[^>]+>", " ", client("manager").get(walk.at()).text).split())
    assert "前台初判 缺陷 中台研判 数据处理" in page
    assert "错误代码 0x80070005" in page  # asked before it was reclassified, kept ever after
    deeds = walk.deeds()
    assert deeds == [
        Action.FILE,
        Action.TAKE,
        Action.HAND_OVER,
        Action.INFORM,
        Action.ESCALATE,
        Action.RULE,
    ]
