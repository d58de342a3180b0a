"""The queue over HTTP: piles, filters from the address, paging, and nothing that others may see."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from portal.tickets.words import Action, Category
from tests.statements import statements_sent


def test_the_queue_is_for_staff(client: Any) -> None:
    assert client("agent").get("/queues").status_code == 200
    assert client("wang").get("/queues").status_code == 404
    assert client("admin").get("/queues").status_code == 404


def test_each_sees_what_their_posts_serve(client: Any, filed: Any) -> None:
    near, far, office = filed(), filed(by="zhao", text="海陵的事"), filed("公文打不开", system="oa")

    def shown(login: str) -> set[str]:
        text = client(login).get("/queues?tab=served").text
        return {number for number in (near, far, office) if number in text}

    assert shown("agent") == {near, office}
    assert shown("expert") == {near, far}
    assert shown("manager") == {near, far, office}
    assert f"/tickets/{far}" not in client("agent").get(f"/queues?q={far}").text
    assert f"/tickets/{near}" in client("agent").get(f"/queues?q={near}").text


def test_my_hands_come_first(client: Any, filed: Any, moved: Any) -> None:
    taken, lying = filed(), filed()
    moved(taken, Action.TAKE, "agent")
    agent = client("agent")
    text = agent.get("/queues").text
    assert taken in text
    assert lying not in text
    text = agent.get("/queues?tab=unheld").text
    assert lying in text
    assert taken not in text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("tier=front&state=new", True),
        ("tier=back", False),
        ("system=mkt&unit=ld&category=defect", True),
        ("unit=hl", False),
        ("overdue=1", False),
        ("soon=1", False),
        ("from=2020-01-01&to=2020-01-31", False),
        ("from=2020-01-01", True),
        ("closed_from=2020-01-01", False),
        ("priority=4", True),
        ("priority=1", False),
        ("linked=0", True),
        ("linked=1", False),
        ("q=转圈", True),
        ("q=%25_%5C'%22", False),
        ("state=nonsense&tier=x&priority=9&from=yesterday&to=9999-12-31&page=abc&order=x&linked=maybe", True),
    ],
)
def test_every_figure_can_link_to_its_tickets(client: Any, filed: Any, asked: str, found: bool) -> None:
    number = filed()
    answer = client("manager").get(f"/queues?{asked}")
    assert answer.status_code == 200
    assert (number in answer.text) is found


def test_ended_tickets_are_found_when_asked_for(client: Any, filed: Any, moved: Any) -> None:
    number = filed(category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="这样做")
    moved(number, Action.CONFIRM, "wang", rating=5)
    manager = client("manager")
    for asked, found in (
        ("tab=served", False),
        ("state=closed", True),
        ("open=0", True),
        ("q=" + number, True),
    ):
        assert (f"/tickets/{number}" in manager.get(f"/queues?{asked}").text) is found, asked


def test_pages_turn_and_keep_the_filter(client: Any, filed: Any) -> None:
    numbers = [filed(f"第 {count} 个问题") for count in range(33)]
    manager = client("manager")
    first, second = (manager.get(f"/queues?system=mkt&page={page}").text for page in (1, 2))
    assert sum(number in first for number in numbers) == 30
    assert sum(number in second for number in numbers) == 3
    assert "system=mkt" in second
    assert "page=1" in second
    beyond = manager.get("/queues?system=mkt&page=99").text
    assert sum(number in beyond for number in numbers) == 3


def test_more_tickets_ask_no_more_queries(client: Any, filed: Any, moved: Any, engine: Engine) -> None:
    agent, asked = client("agent"), []
    agent.get("/queues")  # the first page of a browser also writes its session
    for more in (2, 10):
        for _ in range(more):
            moved(filed(), Action.TAKE, "agent")
        for path in ("/queues?tab=served", "/queues?tab=mine"):
            with statements_sent(engine) as said:
                assert agent.get(path).status_code == 200
            asked.append(len(said))
    assert asked[:2] == asked[2:]
