"""The trail: whoever edits, removes or adds an entry is found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, inspect, update

from portal.people.models import Person
from portal.tickets import trail
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.trail import checking, links
from portal.tickets.trail.models import TrailHead
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


def tampered(at_desk: Desk, ticket: Ticket, at: int, **values: Any) -> None:
    at_desk.session.execute(
        update(TrailEntry).where(TrailEntry.ticket_id == ticket.id, TrailEntry.seq == at).values(**values)
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
    ("seq", "fault"),
    [
        (2, "第 3 条流转记录对不上"),
        (1, "第 2 条流转记录对不上"),
        (6, "应有 6 条流转记录，现在只有 5 条，末尾被删掉了"),
    ],
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
    why = "应有 6 条流转记录，现在只有 0 条，末尾被删掉了"
    assert trail.broken_tickets(at_desk.session) == [(walked.number, why)]
    at_desk.session.execute(delete(TrailHead).where(TrailHead.ticket_id == walked.id))
    assert trail.broken_tickets(at_desk.session) == [(walked.number, trail.STANDS_APART)]


def test_a_last_entry_that_changed_no_state_is_missed_when_removed(at_desk: Desk, walked: Ticket) -> None:
    """The state still fits then: only the anchor tells."""
    at_desk.does(walked, Action.TAKE, "expert")
    at_desk.does(walked, Action.RELEASE, "expert")
    at_desk.session.execute(delete(TrailEntry).where(TrailEntry.ticket_id == walked.id, TrailEntry.seq == 8))
    why = "应有 8 条流转记录，现在只有 7 条，末尾被删掉了"
    assert trail.broken_tickets(at_desk.session) == [(walked.number, why)]


def test_entries_that_changed_places_are_found(at_desk: Desk, walked: Ticket) -> None:
    for seq, then in ((3, 99), (4, 3), (99, 4)):
        tampered(at_desk, walked, seq, seq=then)
    assert trail.broken_tickets(at_desk.session) == [(walked.number, "第 3 条流转记录对不上")]


def test_an_entry_put_in_between_is_found(at_desk: Desk, walked: Ticket) -> None:
    for seq in (6, 5, 4):
        tampered(at_desk, walked, seq, seq=seq + 1)
    at_desk.session.add(copied(walked.trail[2], seq=4))
    at_desk.session.flush()
    assert trail.broken_tickets(at_desk.session) == [(walked.number, "第 4 条流转记录对不上")]


def test_an_entry_forged_at_the_end_is_found(at_desk: Desk, walked: Ticket) -> None:
    """With a right digest and the right state: only the anchor tells."""
    forged = copied(walked.trail[-1], seq=7, previous=walked.trail[-1].digest, note="没有的事")
    forged.digest = trail.digest_of(forged)
    at_desk.session.add(forged)
    at_desk.session.flush()
    why = "应有 6 条流转记录，现在有 7 条，末尾被人添了"
    assert trail.broken_tickets(at_desk.session) == [(walked.number, why)]


def test_a_chain_written_anew_is_found(at_desk: Desk, walked: Ticket) -> None:
    last = walked.trail[-1]
    last.note = "改写"
    tampered(at_desk, walked, 6, note="改写", digest=trail.digest_of(last))
    why = "最后一条流转记录和封存的摘要不一致，整条记录链可能被重写"
    assert trail.broken_tickets(at_desk.session) == [(walked.number, why)]


def test_a_removed_anchor_is_found(at_desk: Desk, walked: Ticket) -> None:
    at_desk.session.execute(delete(TrailHead).where(TrailHead.ticket_id == walked.id))
    assert trail.broken_tickets(at_desk.session) == [(walked.number, trail.NO_ANCHOR)]
    at_desk.does(walked, Action.TAKE, "expert")  # the work goes on, and nothing hides the loss
    assert trail.broken_tickets(at_desk.session) == [(walked.number, trail.NO_ANCHOR)]


def test_memory_does_not_grow_with_the_desk(
    at_desk: Desk, walked: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "AT_ONCE", 1)
    parts: list[int] = []
    checked = checking.check(at_desk.session, parts.append)
    assert parts == [1, 1]
    assert (checked.tickets, checked.entries, checked.breaks) == (2, 7, ())


def copied(entry: TrailEntry, **values: Any) -> TrailEntry:
    names = [column.key for column in inspect(TrailEntry).column_attrs if column.key != "id"]
    return TrailEntry(**{**{name: getattr(entry, name) for name in names}, **values})


def test_who_left_the_company_stays_in_the_trail(at_desk: Desk, walked: Ticket) -> None:
    at_desk.session.execute(update(Person).where(Person.login == "agent").values(active=False))
    at_desk.session.expire_all()
    assert walked.trail[1].by is not None
    assert walked.trail[1].by.login == "agent"
    assert trail.broken_tickets(at_desk.session) == []


def test_the_same_content_has_the_same_digest_for_ever() -> None:
    """Chains that are years old are verified by today's code."""
    first = links.digest_of({"note": "工单", "seq": 1}, after="")
    assert first == "b1483865b85aef3595e0cf8487b7851b6e9c359731d12793de5b2e5bbc66cd42"
    alone = links.digest_of({"seq": 1, "note": "工单"})
    assert alone == "bd59365221c57129d24a2d7b6aabdc41a2bce3812b92987598a266ed782ad65a"
