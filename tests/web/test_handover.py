"""Hand-over, being away, take next and sharing out, over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.assignment.models import HandOver
from portal.tickets.models import Ticket
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World, person

Maker = sessionmaker[Session]


@pytest.fixture
def second(maker: Maker, desk_world: World) -> str:
    """One more agent of the same unit."""
    with transaction(maker) as session:
        world = World.of(session)
        made = person("agent2", world.units["ld-cy"], name="刘二")
        made.posts.append(PersonPost(post=Post.AGENT, unit=world.units["ld"], systems=[]))
        session.add(made)
    return "agent2"


def holder(maker: Maker, number: str) -> str | None:
    with maker() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        return ticket.holder.login if ticket.holder else None


def test_a_shift_goes_to_a_colleague_who_acknowledges_it(
    client: Clients, filed: Filing, moved: Moving, maker: Maker, second: str
) -> None:
    numbers = [filed(), filed("发票打印空白")]
    for number in numbers:
        moved(number, Action.TAKE, "agent")
    agent = client("agent")
    page = agent.get("/handover").text
    assert all(number in page for number in numbers)
    assert "刘二 · 手上 0 张" in page
    data = {"ticket": numbers, "to": second, "note": "都等用户回话", f"note-{numbers[0]}": "今晚十点前要回"}
    assert agent.submit("/handover", data).status_code == 302
    assert [holder(maker, number) for number in numbers] == [second, second]
    assert "等对方接班" in agent.get("/handover").text

    receiver = client(second)
    assert "有 1 份交接等您接班" in receiver.get("/queues").text
    page = receiver.get("/handover").text
    assert "agent交给您 2 张工单" in page
    assert "今晚十点前要回" in page
    assert "都等用户回话" in page
    with maker() as session:
        record = session.scalars(select(HandOver)).one()
    assert agent.submit(f"/handover/{record.id}/acknowledge").status_code == 404
    assert receiver.submit(f"/handover/{record.id}/acknowledge").status_code == 302
    assert "交接等您接班" not in receiver.get("/queues").text
    assert "今晚十点前要回" in receiver.get(f"/tickets/{numbers[0]}").text  # in the trail


def test_a_refused_hand_over_keeps_every_word(
    client: Clients, filed: Filing, moved: Moving, maker: Maker, second: str
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    agent = client("agent")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"to": second}, "请写交接说明"),
        ({"to": "", f"note-{number}": "记得回电"}, "请选择交给谁"),
        ({"to": "wang", "note": "给你"}, "的岗位不负责这些工单"),
        ({"to": "nobody", "note": "给你"}, "请选择交给谁"),
    ]
    for more, sentence in cases:
        answer = agent.submit("/handover", {"ticket": [number], **more})
        assert answer.status_code == 422
        assert sentence in answer.text
        assert re.search(rf'value="{number}"[^>]*checked', answer.text)
        assert all(str(value) in answer.text for name, value in more.items() if name.startswith("note"))
    gone = agent.submit("/handover", {"ticket": [number, "GD209901010001"], "to": second, "note": "x"})
    assert "已经不在手里" in gone.text
    assert holder(maker, number) == "agent"
    assert agent.submit("/handover", {"ticket": [number], "to": "queue"}).status_code == 302
    assert holder(maker, number) is None


def test_a_lead_hands_over_for_their_people_only(
    client: Clients, filed: Filing, moved: Moving, maker: Maker, second: str
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    lead = client("supervisor")
    assert "agent" in lead.get("/handover").text
    data = {"person": "agent", "ticket": [number], "to": second, "note": "他请假了"}
    assert lead.submit("/handover", data).status_code == 302
    assert holder(maker, number) == second
    assert lead.get("/handover?person=expert").status_code == 404
    assert client("agent").get(f"/handover?person={second}").status_code == 404
    assert client("manager").get("/handover?person=expert").status_code == 200
    for login in ("wang", "admin", "editor"):
        assert client(login).get("/handover").status_code == 404


def test_away_means_nothing_is_given(client: Clients, filed: Filing, maker: Maker, second: str) -> None:
    number, agent = filed(), client("agent")
    assert agent.submit("/presence", {"deed": "away", "reason": "break", "until": "23:59"}).status_code == 302
    assert "我回来了" in agent.get("/handover").text
    refused = agent.submit("/tickets/take-next")
    assert refused.status_code == 422
    assert "不在岗" in refused.text
    assert client("supervisor").submit("/presence", {"deed": "back", "person": "agent"}).status_code == 302
    assert agent.submit("/tickets/take-next").location.endswith(number)
    assert agent.submit("/presence", {"deed": "away", "reason": "holiday"}).status_code == 400
    assert agent.submit("/presence", {"deed": "away", "reason": "break", "until": "25:99"}).status_code == 400
    assert agent.submit("/presence", {"deed": "away", "reason": "break", "person": second}).status_code == 404


def test_take_next_goes_on_until_the_queue_is_empty(client: Clients, filed: Filing) -> None:
    numbers = {filed(), filed("发票打印空白")}
    agent = client("agent")
    taken = {agent.submit("/tickets/take-next").location.rsplit("/", 1)[1] for _ in range(2)}
    assert taken == numbers
    assert "/queues" in agent.submit("/tickets/take-next").location


def test_a_queue_is_shared_out_and_taken_back(
    client: Clients, filed: Filing, moved: Moving, maker: Maker, second: str
) -> None:
    busy = filed("已经在办")
    moved(busy, Action.TAKE, "agent")
    numbers = [filed(f"第 {n} 张") for n in range(3)]
    lead = client("supervisor")
    lead.submit("/presence", {"deed": "away", "reason": "break"})
    page = lead.get("/sharing").text
    pairs = re.findall(r'name="pair" value="(\d+:\d+)"', page)
    assert len(pairs) == 3
    assert "照此分派 3 张" in page
    moved(numbers[0], Action.TAKE, "agent")  # somebody takes one between looking and pressing
    answer = lead.submit("/sharing", {"pair": pairs, "tier": "front"}, follow_redirects=True)
    assert "已分派 2 张工单" in answer.text
    assert numbers[0] in answer.text
    assert None not in {holder(maker, number) for number in numbers}
    undo = re.search(r'action="(/sharing/\d+/undo)"', answer.text)
    assert undo
    assert client("manager").submit(undo[1]).status_code == 404
    back = lead.submit(undo[1], {"tier": "front"}, follow_redirects=True)
    assert "已撤回 2 张" in back.text
    assert [holder(maker, number) for number in numbers[1:]] == [None, None]


def test_only_those_left_ticked_are_given_work(
    client: Clients, filed: Filing, maker: Maker, second: str
) -> None:
    for n in range(2):
        filed(f"第 {n} 张")
    lead = client("supervisor")
    with maker() as session:
        number = World.of(session).people[second].id
    page = lead.get(f"/sharing?tier=front&among=1&person={number}").text
    assert set(re.findall(r'name="pair" value="\d+:(\d+)"', page)) == {str(number)}
    nobody = lead.get("/sharing?tier=front&among=1").text
    assert "在岗的人都接不了" in nobody
    assert lead.get("/sharing?tier=front&system=oa").text.count('name="pair"') == 0
    for login in ("agent", "expert", "wang", "admin"):
        assert client(login).get("/sharing").status_code == 404
    assert lead.submit("/sharing", {"pair": ["x:1", "1", "999999999999:1"]}).status_code == 302
