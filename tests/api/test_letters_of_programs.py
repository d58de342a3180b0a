"""A NUL in what a program sends: nothing fails, nothing of it is kept."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.api.arguments import only_seen
from portal.tickets.models import Comment, Ticket
from tests.api.conftest import Programs

NUL = "\x00"


def test_texts_come_in_without_it_however_deep_they_lie(
    program: Programs, maker: sessionmaker[Session]
) -> None:
    wang = program("wang")
    asked = {"text": f"打\x1b印{NUL}不\u202e了", "system": f"mkt{NUL}", "category": "defect", "module": NUL}
    answer = wang.post("/tickets", asked)
    assert answer.status_code == 201, answer.text
    number = answer.json["number"]  # type: ignore[index]
    assert wang.post(f"/tickets/{number}/comments", {"text": f"补充{NUL}一句"}).status_code == 201
    assert wang.get(f"/tickets/{number}%00").status_code == 404
    with maker() as session:
        assert session.scalars(select(Ticket.text)).all() == ["打印不了"]
        assert session.scalars(select(Comment.text)).all() == ["补充一句"]


def test_what_is_no_text_stays_as_it_is() -> None:
    said = {"a": [1, None, True, {"b\x00": "c\x00d"}], "e": 2.5}
    assert only_seen(said) == {"a": [1, None, True, {"b": "cd"}], "e": 2.5}
