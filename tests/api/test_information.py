"""Information forms and taking the next ticket through the API."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.forms import editing
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import Kind, Need
from portal.tickets.words import Action, Category
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World

BODY = {"text": "电费核算页面转圈", "category": "defect", "system": "mkt"}


@pytest.fixture
def form(maker: sessionmaker[Session], desk_world: World) -> dict[str, str]:
    """A published form of the marketing system's defects; name → key of its fields."""
    with transaction(maker) as session:
        world = World.of(session)
        admin = world.people["admin"]
        made = editing.start(session, Scope(world.systems["mkt"], Category.DEFECT), by=admin)
        for text in (
            FieldText(Kind.TEXT, "做到哪一步", "Which step", need=Need.FILING),
            FieldText(Kind.YES_NO, "重启过吗", "Restarted", need=Need.ESCALATION),
            FieldText(Kind.CHOICE, "浏览器", "Browser", choices="谷歌 | Chrome\n火狐 | Firefox"),
        ):
            editing.put_field(session, made, text, by=admin)
        editing.publish(session, made, by=admin)
        return {field.name: field.key for field in editing.draft_of(made)}


def call(browser: Any, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"X-CSRFToken": browser.token()}
    return browser.open(f"/api/v1{path}", method=method, json=body, headers=headers)


def test_a_form_says_what_it_wants(client: Clients, form: dict[str, str]) -> None:
    wang = client("wang")
    (told,) = wang.get("/api/v1/catalogue/systems/mkt/forms").json
    assert (told["category"], told["module"], told["sub"], told["version"]) == ("defect", "", "", 1)
    assert [field["key"] for field in told["fields"]] == list(form.values())
    assert told["fields"][2]["choices"] == [
        {"name": "谷歌", "name_en": "Chrome"},
        {"name": "火狐", "name_en": "Firefox"},
    ]
    assert wang.get("/api/v1/catalogue/systems/oa/forms").json == []
    assert wang.get("/api/v1/catalogue/systems/nothing/forms").status_code == 404


def test_a_ticket_is_filed_with_its_answers(client: Clients, form: dict[str, str]) -> None:
    wang = client("wang")
    refused = call(wang, "POST", "/tickets", BODY)
    assert refused.status_code == 422
    assert "做到哪一步" in refused.json["detail"]
    wrong = call(
        wang, "POST", "/tickets", {**BODY, "answers": {form["浏览器"]: "欧朋", form["做到哪一步"]: "登录"}}
    )
    assert (wrong.status_code, "浏览器" in wrong.json["detail"]) == (422, True)
    assert call(wang, "POST", "/tickets", {**BODY, "answers": {"f1": 3}}).status_code == 422
    answers = {form["做到哪一步"]: "登录", form["浏览器"]: "谷歌", "f99": "没有这一项"}
    number = call(wang, "POST", "/tickets", {**BODY, "answers": answers}).json["number"]
    told = wang.get(f"/api/v1/tickets/{number}").json["answers"]
    assert [(row["name"], row["value"]) for row in told] == [
        ("做到哪一步", "登录"),
        ("重启过吗", ""),
        ("浏览器", "谷歌"),
    ]
    assert "answers" not in wang.get("/api/v1/tickets").json["items"][0]  # a list asks once, not once a row


def test_answers_are_filled_in_by_those_whose_turn_it_is(
    client: Clients, form: dict[str, str], filed: Filing, moved: Moving
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    agent, path = client("agent"), f"/tickets/{number}/answers"
    refused = call(agent, "POST", f"/tickets/{number}/moves", {"action": "escalate", "note": "请看"})
    assert (refused.status_code, "做到哪一步、重启过吗" in refused.json["detail"]) == (422, True)
    given = {"answers": {form["做到哪一步"]: "导出", form["重启过吗"]: "yes"}}
    told = call(agent, "PUT", path, given).json
    assert [row["text"] for row in told] == ["导出", "是", ""]
    assert call(agent, "PUT", path, {**given, "version": 1}).status_code == 409
    assert call(client("expert"), "PUT", path, given).status_code == 422  # the front has it
    assert call(client("zhao"), "PUT", path, given).status_code == 404
    assert client("zhao").get(f"/api/v1{path}").status_code == 404
    assert (
        call(agent, "POST", f"/tickets/{number}/moves", {"action": "escalate", "note": "请看"}).status_code
        == 200
    )
    trail = client("expert").get(f"/api/v1/tickets/{number}/trail").json
    assert [row["note"] for row in trail if row["action"] == "inform"] == ["做到哪一步：导出；重启过吗：是"]


def test_the_next_ticket_is_taken(client: Clients, filed: Filing) -> None:
    number, agent = filed(), client("agent")
    taken = call(agent, "POST", "/tickets/next")
    assert (taken.status_code, taken.json["number"], taken.json["holder"]["login"]) == (200, number, "agent")
    assert call(agent, "POST", "/tickets/next").status_code == 404
    assert call(client("wang"), "POST", "/tickets/next").status_code == 404
