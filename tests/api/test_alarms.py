"""Alarms over the API: read by staff, decided by the verbs of the page, paged, 404 for the unseen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.tickets import linking
from tests.api.conftest import Program, Programs
from tests.causes.alarm_desk import AlarmDesk
from tests.statements import statements_sent
from tests.world import World


@pytest.fixture
def desk(session: Session, desk_world: World) -> AlarmDesk:
    return AlarmDesk(session, desk_world)


def raised(desk: AlarmDesk, *, title: str = "阶梯电费重复累计", tickets: int = 2) -> tuple[int, list[str]]:
    """An alarm on a repaired record by the system's own links; its id and its tickets."""
    defect = desk.record(title=title)
    found = [desk.ticket() for _ in range(tickets)]
    for ticket in found:
        linking.link(desk.session, ticket, defect, by=None, probability=0.97)
    (alarm,) = desk.alarms(defect)
    desk.session.commit()
    return alarm.id, [ticket.number for ticket in found]


def read(caller: Program, path: str, **query: Any) -> Any:
    answer = caller.get(path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_an_alarm_is_read_dismissed_taken_back_and_confirmed(program: Programs, desk: AlarmDesk) -> None:
    number, tickets = raised(desk)
    expert, path = program("expert"), f"/alarms/{number}"
    alarm = read(expert, path)
    assert (alarm["state"], alarm["system"], alarm["fixed_in"], alarm["unseen"]) == (
        "open",
        "mkt",
        "6.2.0",
        0,
    )
    assert {row["ticket"] for row in alarm["tickets"]} == set(tickets)
    assert alarm["tickets"][0]["running"] == "6.2.1"

    silent = expert.post(f"{path}/moves", {"action": "dismiss"})
    assert silent.status_code == 422
    assert "为什么不是复发" in silent.text
    late = {"action": "dismiss", "reason": "是别的菜单", "version": alarm["version"] + 1}
    assert expert.post(f"{path}/moves", late).status_code == 409

    dismissed: Any = expert.post(f"{path}/moves", {**late, "version": alarm["version"]}).json
    assert (dismissed["state"], dismissed["reason"], dismissed["decided_by"]) == (
        "dismissed",
        "是别的菜单",
        "expert",
    )
    assert expert.post(f"{path}/moves", {**late, "version": None}).status_code == 409, "decided already"
    undone: Any = expert.post(f"{path}/moves", {"action": "undo", "version": dismissed["version"]}).json
    assert (undone["state"], undone["decided_by"]) == ("open", None)

    foreign = expert.post(f"{path}/moves", {"action": "confirm", "tickets": ["GD202001010001"]})
    assert foreign.status_code == 422
    assert expert.post(f"{path}/moves", {"action": "confirm", "tickets": []}).status_code == 422
    confirmed: Any = expert.post(f"{path}/moves", {"action": "confirm", "tickets": tickets[:1]}).json
    assert confirmed["state"] == "confirmed"
    assert [row["ticket"] for row in confirmed["tickets"]] == tickets[:1], "the other does not show it"
    assert read(expert, f"/defects/{alarm['defect']}")["state"] == "confirmed"


def test_alarms_are_listed_narrowed_and_paged(program: Programs, desk: AlarmDesk, engine: Engine) -> None:
    numbers = [raised(desk, title=f"阶梯电费重复累计{turn}")[0] for turn in range(3)]
    agent = program("agent")
    first = read(agent, "/alarms", limit=2)
    assert [row["id"] for row in first["items"]] == numbers[:0:-1]
    rest = read(agent, "/alarms", limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in rest["items"]] == numbers[:1]
    assert rest["next_cursor"] is None
    assert read(agent, "/alarms", system="oa")["items"] == []
    assert read(agent, "/alarms", state="dismissed")["items"] == []
    defect = first["items"][0]["defect"]
    assert [row["id"] for row in read(agent, "/alarms", defect=defect.lower())["items"]] == [numbers[2]]
    assert agent.get("/alarms", state="strange").status_code == 422
    assert agent.get("/alarms", cursor="???").status_code == 400
    with statements_sent(engine) as few:
        read(agent, "/alarms", limit=1)
    with statements_sent(engine) as many:
        read(agent, "/alarms", limit=3)
    assert len(many) == len(few)


def test_tickets_out_of_sight_are_counted_and_stay_on_it(program: Programs, desk: AlarmDesk) -> None:
    defect = desk.record()
    mine, theirs = desk.ticket(), desk.ticket(by="zhao", running="6.2.1")
    for ticket in (mine, theirs):
        linking.link(desk.session, ticket, defect, by=None, probability=0.97)
    (alarm,) = desk.alarms(defect)
    desk.session.commit()
    seen = read(program("agent"), f"/alarms/{alarm.id}")
    assert [row["ticket"] for row in seen["tickets"]] == [mine.number]
    assert seen["unseen"] == 1
    assert theirs.number not in str(seen)


def test_who_may_not_see_or_decide(program: Programs, desk: AlarmDesk) -> None:
    number, _tickets = raised(desk)
    path = f"/alarms/{number}"
    for login in ("wang", "admin"):
        assert program(login).get(path).status_code == 404
        assert program(login).get("/alarms").status_code == 404
    for login in ("agent", "engineer", "manager"):
        assert program(login).get(path).status_code == 200, login
        assert program(login).post(f"{path}/moves", {"action": "undo"}).status_code == 404, login
    assert program("").get(path).status_code == 401
    reader = program("expert", scopes=("read",))
    assert reader.post(f"{path}/moves", {"action": "undo"}).status_code == 403
    expert = program("expert")
    assert expert.post(f"{path}/moves", {"action": "undo"}).status_code == 422, "the control"
    for absent in (f"/alarms/{number + 7}", f"/alarms/{2**80}"):
        assert expert.get(absent).status_code == 404
        assert expert.post(f"{absent}/moves", {"action": "undo"}).status_code == 404


def test_the_description_names_them(program: Programs) -> None:
    paths: Any = read(program("expert"), "/openapi.json")["paths"]
    assert "get" in paths["/api/v1/alarms"]
    assert "post" in paths["/api/v1/alarms/{number}/moves"]
