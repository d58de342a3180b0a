"""A NUL in an address, an argument or a field: no row is called so, nothing fails, nothing of it is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Comment, Ticket
from tests.web.conftest import Clients, Filing

NUL = "\x00"


@pytest.mark.parametrize(
    "address", ["/my/tickets/a%00", "/kb/%00", "/tickets/%00", "/defects/%00", "/faults/%00"]
)
def test_nothing_is_called_so(client: Clients, address: str) -> None:
    assert client("agent").get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/search?q=a%00b&system=%00&kind=%00",
        "/kb?system=%00&q=%00a",
        "/ask?text=%00&system=%00&category=%00&article=%00",
        "/console?who=%00",
        "/queues?q=%00&system=%00&unit=%00",
        "/defects?system=%00&q=%00",
    ],
)
def test_an_argument_is_read_without_it(client: Clients, address: str) -> None:
    answer = client("agent").get(address)
    assert answer.status_code == 200
    assert NUL not in answer.text


def test_what_is_written_is_kept_without_it(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    browser, number = client("wang"), filed()
    asked = {
        "step": "file",
        "text": f"打\x1b印{NUL}不\u202e了",
        "system": f"mkt{NUL}",
        "category": "defect",
        "token": NUL,
    }
    assert browser.submit("/ask", asked).status_code == 302
    assert browser.submit(f"/my/tickets/{number}/comments", {"text": f"补充{NUL}一句"}).status_code == 302
    assert browser.submit(f"/my/tickets/{number}/watchers", {"login": f"zh{NUL}ao"}).status_code == 302
    assert client().sign_in(f"wang{NUL}").status_code == 302
    with maker() as session:
        assert "打印不了" in session.scalars(select(Ticket.text)).all()
        assert session.scalars(select(Comment.text)).all() == ["补充一句"]
