"""The trail: whoever edits, removes or adds an entry is found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, update

from portal.people.models import Person
from portal.tickets import trail
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, State
from tests.tickets.people import Desk


@pytest.fixture
def walked(at_desk: Desk) -> Ticket:
    ticket = at_desk.at_middle()
    at_desk.does(ticket, Action.TO_BACK, "expert", note="请查 “连接池”\n第二行")
    at_desk.does(ticket, Action.FINISH, "engineer")
    at_desk.file(text="另一张")
    at_desk.session.commit()
    return ticket


def tampered(at_desk: Desk, ticket: Ticket, seq: int, **values: Any) -> None:
    at_desk.session.execute(
        update(TrailEntry).where(TrailEntry.ticket_id == ticket.id, TrailEntry.seq == seq).values(**values)
    )
    at_desk.session.expire_all()


def test_an_honest_trail_holds(at_desk: Desk, walked: Ticket) -> None:
    at_desk.session.expire_all()  # what the digest covers survives the database
    assert trail.first_break(walked.trail) is None
    assert trail.broken_tickets(at_desk.session) == []
    assert trail.length(at_desk.session) == 7


@pytest.mark.parametrize(
    "values",
    [
        {"note": "改写"},
        {"by_id": None},
        {"to_state": State.CLOSED},
        {"data": {"from": "x"}},
        {"previous": ""},
    ],
)
def test_an_edited_entry_is_found(at_desk: Desk, walked: Ticket, values: dict[str, Any]) -> None:
    tampered(at_desk, walked, 4, **values)
    assert trail.broken_tickets(at_desk.session) == [(walked.number, "第 4 条流转记录对不上")]


def test_an_entry_edited_with_a_new_digest_breaks_the_next(at_desk: Desk, walked: Ticket) -> None:
    tampered(at_desk, walked, 3, note="改写")
    tampered(at_desk, walked, 3, digest=trail.digest_of(walked.trail[2]))
    assert trail.broken_tickets(at_desk.session) == [(walked.number, "第 4 条流转记录对不上")]


@pytest.mark.parametrize(
    ("seq", "fault"), [(2, "第 3 条流转记录对不上"), (6, "工单现状与最后一条流转记录不一致")]
)
def test_a_removed_entry_is_found(at_desk: Desk, walked: Ticket, seq: int, fault: str) -> None:
    at_desk.session.execute(
        delete(TrailEntry).where(TrailEntry.ticket_id == walked.id, TrailEntry.seq == seq)
    )
    at_desk.session.expire_all()
    assert trail.broken_tickets(at_desk.session) == [(walked.number, fault)]


def test_a_state_written_past_the_desk_is_found(at_desk: Desk, walked: Ticket) -> None:
    at_desk.session.execute(update(Ticket).where(Ticket.id == walked.id).values(state=State.CLOSED))
    at_desk.session.expire_all()
    assert trail.broken_tickets(at_desk.session) == [(walked.number, trail.STANDS_APART)]


def test_a_ticket_without_any_trail_is_found(at_desk: Desk, walked: Ticket) -> None:
    at_desk.session.execute(delete(TrailEntry).where(TrailEntry.ticket_id == walked.id))
    at_desk.session.expire_all()
    assert trail.broken_tickets(at_desk.session) == [(walked.number, trail.STANDS_APART)]


def test_who_left_the_company_stays_in_the_trail(at_desk: Desk, walked: Ticket) -> None:
    at_desk.session.execute(update(Person).where(Person.login == "agent").values(active=False))
    at_desk.session.expire_all()
    assert walked.trail[1].by is not None
    assert walked.trail[1].by.login == "agent"
    assert trail.broken_tickets(at_desk.session) == []
