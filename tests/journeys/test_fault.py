"""One outage from five reports to recovery: gathered, ruled, announced, repaired, told, confirmed."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.trail import broken_tickets
from portal.tickets.words import Action, Category, State, Tier
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World, person

REPORTERS = ("r1", "r2", "r3", "r4", "r5")
BYSTANDER = "r6"


def hire(maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        unit = World.of(session).units["ld-cy"]
        session.add_all(person(login, unit) for login in (*REPORTERS, BYSTANDER))


def report(filed: Filing, moved: Moving) -> list[str]:
    numbers = [filed("营销系统打不开，一直转圈", by=login, category=Category.FAULT) for login in REPORTERS]
    for number in numbers:
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ESCALATE, "agent", note="十分钟内多人反映")
        moved(number, Action.RULE, "expert", category=Category.FAULT)
    return numbers


def places(maker: sessionmaker[Session]) -> set[tuple[State, Tier]]:
    with maker() as session:
        return {(ticket.state, ticket.tier) for ticket in session.scalars(select(Ticket))}


def test_an_outage_from_reports_to_recovery(
    app: Flask, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    hire(maker)
    numbers = report(filed, moved)
    expert, dispatcher, engineer, agent = (
        client(login) for login in ("expert", "dispatcher", "engineer", "agent")
    )

    # the middle gathers the five reports into one event and submits it
    event = expert.submit("/faults", {"tickets": numbers, "title": "营销系统打不开"}).location
    deed = {"action": "submit", "note": "岭东多个单位同时打不开"}
    assert expert.submit(f"{event}/moves", deed).status_code == 302
    assert places(maker) == {(State.OPEN, Tier.DISPATCH)}

    # nobody but dispatch rules; the announcement waits for the ruling
    declare = {"action": "declare", "note": "核实属实，请后台立即抢修"}
    assert expert.submit(f"{event}/moves", declare).status_code == 422
    text = {"kind": "fault", "title": "营销系统打不开", "body": "抢修中", "systems": ["mkt"], "units": ["ld"]}
    words = f"/announcements/new?fault={event.rsplit('/', 1)[1]}"
    assert expert.submit(words, {**text, "publish": "1"}).status_code == 422
    assert dispatcher.submit(f"{event}/moves", declare).status_code == 302
    assert places(maker) == {(State.OPEN, Tier.BACK)}

    # the middle announces it; who is hit sees it first and says "me too" instead of filing
    told = expert.submit(words, {**text, "publish": "1"}).location
    bystander = client(BYSTANDER)
    assert "营销系统打不开" in bystander.get("/account").text
    assert "营销系统打不开" not in client("zhao").get("/account").text  # another province
    assert bystander.submit(f"{event}/me-too", {"next": "/account"}).status_code == 302

    # the back recovers, the middle verifies; the front may not tell before that
    recovered = {"action": "recover", "note": "已重启认证服务"}
    assert engineer.submit(f"{event}/moves", recovered).status_code == 302
    assert places(maker) == {(State.VERIFYING, Tier.MIDDLE)}
    outcome = {"words": "营销系统已恢复，请重新登录"}
    assert agent.submit(f"{event}/tell", outcome).status_code == 422
    assert expert.submit(f"{told}/recover", {"words": "已恢复"}).status_code == 422
    verified = {"action": "verify", "note": "抽查三个单位，均已恢复"}
    assert expert.submit(f"{event}/moves", verified).status_code == 302
    assert places(maker) == {(State.FEEDBACK, Tier.FRONT)}

    # the front tells all five at once; the recovery announcement ends it and reaches the bystander
    assert agent.submit(f"{event}/tell", outcome).status_code == 302
    assert places(maker) == {(State.CONFIRMING, Tier.USER)}
    assert expert.submit(f"{told}/recover", {"words": "已恢复，可正常使用"}).status_code == 302
    assert 'class="announcement kind' not in bystander.get("/account").text
    assert "已恢复，可正常使用" in bystander.get(told).text
    with maker() as session:
        heard = {
            notice.person_id for notice in session.scalars(select(Notice).filter_by(event=Event.RECOVERED))
        }
        assert heard == {World.of(session).people[BYSTANDER].id}

    for number, login in zip(numbers, REPORTERS, strict=True):
        moved(number, Action.CONFIRM, login, rating=5)
    assert places(maker) == {(State.CLOSED, Tier.USER)}
    with maker() as session:
        assert broken_tickets(session) == []
    assert bystander.submit(f"{event}/me-too").status_code == 404  # over: nothing live concerns them
