"""A form that names a row by a number that no row can have is told so; nobody sees a fault."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Ticket
from portal.tickets.words import PRIORITY_LABELS, Action
from portal.web.addresses import LARGEST, key_in
from tests.web.conftest import Clients, Filing, Moving

HUGE = "99999999999999999999"


@pytest.mark.parametrize("said", ["", "x", "-1", "1.5", str(LARGEST + 1), HUGE])
def test_what_no_row_can_be_called_is_no_number(said: str) -> None:
    with pytest.raises(ValueError):
        key_in(said)


@pytest.mark.parametrize("said", ["0", "17", str(LARGEST)])
def test_what_a_row_can_be_called_is_a_number(said: str) -> None:
    assert key_in(said) == int(said)


@pytest.mark.parametrize("room", ["tickets", "workbench"])
def test_a_colleague_that_cannot_be_is_nobody(
    client: Clients, filed: Filing, moved: Moving, room: str
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="请研判")
    moved(number, Action.TAKE, "expert")
    given = {"person": HUGE, "priority": HUGE, "seen": HUGE, "note": "交给同事"}
    answer = client("expert").submit(f"/{room}/{number}/moves/reassign", given)
    assert answer.status_code in (404, 409, 422)
    given |= {"seen": ""}
    assert client("expert").submit(f"/{room}/{number}/moves/reassign", given).status_code in (404, 422)


@pytest.mark.parametrize("level", [HUGE, "7", "0"])
def test_a_level_that_cannot_be_changes_no_level(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session], level: str
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="请研判")
    moved(number, Action.TAKE, "expert")
    given = {"ruling": "defect:", "priority": level, "note": "按缺陷处理"}
    assert client("expert").submit(f"/tickets/{number}/moves/rule", given).status_code in (302, 422)
    with maker() as session:
        assert session.scalars(select(Ticket.priority)).one() in PRIORITY_LABELS


def test_columns_of_a_view_that_cannot_be(client: Clients) -> None:
    answer = client("agent").submit("/queues/columns", {"view": HUGE, "column": ["ticket"]})
    assert answer.status_code == 302


def test_a_form_like_one_that_cannot_be_starts_empty(client: Clients) -> None:
    given = {"system": "mkt", "category": "defect:", "like": HUGE}
    assert client("admin").submit("/admin/forms", given).status_code == 302
