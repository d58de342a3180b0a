"""Relations over the API: the same verbs as the panel; a second ticket one may not see answers 404."""

from __future__ import annotations

from typing import Any

from portal.tickets.words import Action
from tests.api.conftest import Program, Programs
from tests.web.conftest import Filing, Moving


def read(caller: Program, path: str) -> Any:
    return caller.get(path).json


def test_merge_and_back(program: Programs, filed: Filing) -> None:
    kept, twin = filed(), filed()
    agent = program("agent")
    merged = agent.post(f"/tickets/{twin}/relations", {"kind": "merge", "other": kept})
    assert merged.status_code == 200, merged.text
    assert read(agent, f"/tickets/{twin}")["state"] == "merged"
    assert [row["number"] for row in read(agent, f"/tickets/{kept}/relations")["duplicates"]] == [twin]
    assert agent.post(f"/tickets/{twin}/relations", {"kind": "unmerge", "note": "不同"}).status_code == 200
    assert read(agent, f"/tickets/{twin}")["state"] == "open"


def test_a_second_ticket_out_of_sight_is_not_there(program: Programs, filed: Filing) -> None:
    mine, foreign = filed(), filed(by="zhao", system="oa")
    agent = program("agent")
    for kind in ("merge", "child", "detach", "parent", "related", "unrelated"):
        answer = agent.post(f"/tickets/{mine}/relations", {"kind": kind, "other": foreign, "note": "x"})
        assert answer.status_code == 404, kind
        assert agent.post(f"/tickets/{mine}/relations", {"kind": kind, "note": "x"}).status_code == 422, kind
    assert program("wang").post(f"/tickets/{mine}/relations", {"kind": "related"}).status_code == 404


def test_parent_and_child(program: Programs, filed: Filing, moved: Moving) -> None:
    parent, loose = filed(), filed("公文打不开", system="oa")
    moved(parent, Action.TAKE, "agent")
    agent = program("agent")
    asked = {"kind": "child", "system": "oa", "text": "请查公文推送"}
    made: Any = agent.post(f"/tickets/{parent}/relations", asked).json
    child = made["number"]
    assert agent.post(f"/tickets/{loose}/relations", {"kind": "parent", "other": parent}).status_code == 200
    children = read(agent, f"/tickets/{parent}/relations")["children"]
    assert {row["number"] for row in children} == {child, loose}
    assert read(program("wang"), f"/tickets/{parent}/relations")["children"][0]["number"] == loose
    refused = agent.post(f"/tickets/{parent}/moves", {"action": "to_local", "note": "x"})
    assert refused.status_code == 422  # a defect's own reason, not the child's
    assert agent.post(f"/tickets/{parent}/relations", {"kind": "detach", "other": loose}).status_code == 200


def test_watchers(program: Programs, filed: Filing) -> None:
    number = filed()
    wang, zhao = program("wang"), program("zhao")
    assert zhao.get(f"/tickets/{number}/watchers").status_code == 404
    assert wang.post(f"/tickets/{number}/watchers", {"login": "zhao"}).status_code == 204
    assert [row["login"] for row in read(zhao, f"/tickets/{number}/watchers")] == ["zhao"]
    assert zhao.post(f"/tickets/{number}/watchers", {"login": "engineer"}).status_code == 422
    assert zhao.post(f"/tickets/{number}/watchers", {"on": False}).status_code == 204
    assert zhao.get(f"/tickets/{number}").status_code == 404
