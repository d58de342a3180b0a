"""``GET /tickets`` by the filters and saved views of the queue; nobody sees more by them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.views.models import SavedView
from portal.tickets.words import Action, Category
from tests.web.conftest import Clients, Filing, Moving, Visitor


def numbers(visitor: Visitor, asked: str = "") -> set[str]:
    answer = visitor.get(f"/api/v1/tickets?{asked}")
    assert answer.status_code == 200, answer.text
    return {row["number"] for row in answer.json["items"]}  # type: ignore[index]


def test_the_filters_of_the_queue(client: Clients, filed: Filing, moved: Moving) -> None:
    near, office = filed(), filed("公文打不开", system="oa")
    ended = filed(category=Category.CONSULTATION)
    moved(near, Action.TAKE, "agent")
    moved(ended, Action.CANCEL, "wang")
    agent = client("agent")
    assert numbers(agent) == {near, office, ended}
    for asked, expected in (
        ("open=true", {near, office}),
        ("open=no", {ended}),
        ("system=oa", {office}),
        ("holder=@me", {near}),
        ("tab=mine", {near}),
        ("tab=unheld", {office}),
        ("q=公文", {office}),
        ("state=cancelled", {ended}),
        ("priority=1", set()),
        ("from=7d", {near, office, ended}),
        ("to=2020-01-01", set()),
        ("linked=1", set()),
        ("urged=yes", set()),
        ("mine=1", set()),
    ):
        assert numbers(agent, asked) == expected, asked
    assert numbers(client("wang"), "mine=true&system=oa") == {office}


@pytest.mark.parametrize("asked", ["state=nonsense", "tab=x", "priority=9", "view=x", "cursor=%%%"])
def test_a_machine_is_told_what_makes_no_sense(client: Clients, asked: str) -> None:
    assert client("agent").get(f"/api/v1/tickets?{asked}").status_code in (400, 422)


def test_a_saved_view(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    near, far, office = filed(), filed(by="zhao"), filed("公文", system="oa")
    manager = client("manager")
    manager.submit("/queues/views", {"name": "营销", "system": "mkt", "tab": "served"})
    with maker() as session:
        number = session.scalars(select(SavedView.id)).one()
    views: Any = manager.get("/api/v1/tickets/views").json
    assert [(row["id"], row["name"], row["owner"]) for row in views["items"]] == [(number, "营销", "manager")]
    assert numbers(manager, f"view={number}") == {near, far}
    assert numbers(manager, f"view={number}&system=") == {near, far, office}
    agent = client("agent")
    assert agent.get(f"/api/v1/tickets?view={number}").status_code == 404
    manager.submit(f"/queues/views/{number}/share", {"post": "agent"})
    assert numbers(agent, f"view={number}") == {near}
    assert client("wang").get(f"/api/v1/tickets?view={number}").status_code == 404
    assert client("wang").get("/api/v1/tickets/views").json == {"items": [], "next_cursor": None}
