"""An article through its life by the API: the pages' table, planned publication, what to check again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.models import Article
from portal import config
from portal.cli.curating import look_for_decay
from portal.db import transaction
from portal.people.models import Person
from tests.api.conftest import Program, Programs
from tests.world import person

DRAFT = {"title": "公文撤回", "body": "1. 点撤回\n2. 写明原因", "kind": "howto", "system": "oa"}


@pytest.fixture
def reviewer(maker: sessionmaker[Session], desk_world: object, program: Programs) -> Program:
    with transaction(maker) as session:
        editor = session.scalars(select(Person).where(Person.login == "editor")).one()
        other = person("editor2", editor.unit)
        other.posts = [type(row)(post=row.post, systems=[]) for row in editor.posts]
        session.add(other)
    return program("editor2")


def submitted(program: Programs) -> str:
    editor = program("editor")
    told: Any = editor.post("/articles", DRAFT).json
    assert editor.post(f"/articles/{told['number']}/moves", {"action": "submit"}).status_code == 200
    return str(told["number"])


def test_steps_say_what_they_need_and_planning_is_one(program: Programs, reviewer: Program) -> None:
    number = submitted(program)
    steps: Any = reviewer.get(f"/articles/{number}/moves").json
    assert {row["action"]: row["needs"] for row in steps} == {
        "publish": [],
        "schedule": ["publish_at"],
        "send_back": ["note"],
    }
    path = f"/articles/{number}/moves"
    assert reviewer.post(path, {"action": "schedule"}).status_code == 422
    assert reviewer.post(path, {"action": "schedule", "publish_at": "tomorrow"}).status_code == 422
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert program("editor").post(path, {"action": "schedule", "publish_at": later}).status_code == 422
    told: Any = reviewer.post(path, {"action": "schedule", "publish_at": later}).json
    assert (told["state"], told["confidence"]) == ("scheduled", "verified")
    assert told["publish_at"]
    for worker in ("release", "expire"):
        assert reviewer.post(path, {"action": worker}).status_code == 422, "the worker's alone"
    assert program("wang").get(f"/articles/{number}").status_code == 404


def test_what_to_check_again_comes_with_its_reasons(
    program: Programs, reviewer: Program, maker: sessionmaker[Session], settings: config.Settings
) -> None:
    number = submitted(program)
    reviewer.post(f"/articles/{number}/moves", {"action": "publish"})
    with transaction(maker) as session:
        article = session.scalars(select(Article)).one()
        article.review_on = (datetime.now(UTC) + timedelta(days=2)).date()
    look_for_decay(settings, maker)
    listed: Any = reviewer.get("/articles/to-check").json
    (row,) = listed["items"]
    assert row["article"]["number"] == number
    assert "body" not in row["article"]
    assert [reason["sign"] for reason in row["reasons"]] == ["review_due"]
    assert "复核日期" in row["reasons"][0]["sentence"]
    assert reviewer.get("/articles/to-check", sign="behind").json["items"] == []  # type: ignore[index]
    standing: Any = program("expert").get(f"/articles/{number}/standing").json
    assert 0 < standing["score"] < 100
    assert {"also", "picture"} <= {check["key"] for check in standing["missing"]}
    for login in ("wang", "agent", "manager"):
        assert program(login).get("/articles/to-check").status_code == 404
        assert program(login).get(f"/articles/{number}/standing").status_code == 404
