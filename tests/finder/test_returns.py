"""Who came back: by the rule, within seven days, written down once; both sides of the holdout alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import sessionmaker

from kb.columns import CLOCK
from portal.cli import coming_back
from portal.config import load
from portal.finder import returns
from portal.finder.models import Arm, Consultation, Outcome
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Category, Channel
from tests.finder.conftest import Desk

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
QUESTION = "电费通知单打印空白"
AGAIN = "打印电费通知单，出来全是空白，用户在等"
DAY = timedelta(days=1)


def asked(desk: Desk, at: datetime = NOW, **more: object) -> Consultation:
    values: dict[str, object] = {"text": QUESTION, "system": "mkt", "outcome": Outcome.SOLVED, "place": "ask"}
    number = desk.session.query(Consultation).count()
    row = Consultation(
        token=f"t{number}", person_id=desk.world.people["wang"].id, at=at, ended_at=at, **(values | more)
    )
    desk.session.add(row)
    desk.session.flush()
    return row


def filed(desk_: Desk, at: datetime, text: str = AGAIN, *, system: str = "mkt", by: str = "wang") -> Ticket:
    desk_.session.info[CLOCK] = at
    world = desk_.world
    requester = world.people["wang"] if by == "agent" else world.people[by]
    request = desk.Request(
        text=text,
        category=Category.DEFECT,
        system=world.systems[system],
        requester=requester,
        channel=Channel.HOTLINE if by == "agent" else Channel.WEB,
    )
    return desk.file(desk_.session, request, by=world.people[by])


def looked_back(desk: Desk, moment: datetime) -> int:
    came = returns.look_back(desk.session, moment)
    desk.session.expire_all()
    return came


@pytest.mark.parametrize("by", ["wang", "agent"])
@pytest.mark.parametrize("outcome", [Outcome.SOLVED, Outcome.LEFT, Outcome.OPEN])
def test_a_ticket_about_the_same_thing_within_seven_days(desk_of: Desk, by: str, outcome: Outcome) -> None:
    row = asked(desk_of, outcome=outcome)
    ticket = filed(desk_of, NOW + 3 * DAY, by=by)
    assert looked_back(desk_of, NOW + 4 * DAY) == 1
    assert (row.returned_at, row.returned_ticket_id) == (ticket.filed_at, ticket.id)
    assert (row.outcome, row.ticket_id) == (outcome, None)


@pytest.mark.parametrize("days", [6.99, 7.0])
def test_the_seventh_day_counts(desk_of: Desk, days: float) -> None:
    row = asked(desk_of)
    filed(desk_of, NOW + days * DAY)
    assert looked_back(desk_of, NOW + 8 * DAY) == 1 and row.returned_at is not None


@pytest.mark.parametrize(
    "ticket",
    [
        {"at": NOW + 7 * DAY + timedelta(seconds=1)},
        {"at": NOW - timedelta(minutes=1)},
        {"at": NOW + DAY, "text": "给新同事开一个账号"},
        {"at": NOW + DAY, "system": "oa"},
        {"at": NOW + DAY, "by": "zhao"},
    ],
    ids=["too late", "before", "something else", "another system", "somebody else"],
)
def test_what_is_no_return(desk_of: Desk, ticket: dict[str, object]) -> None:
    row = asked(desk_of)
    filed(desk_of, **ticket)  # type: ignore[arg-type]
    assert looked_back(desk_of, NOW + 9 * DAY) == 0
    assert row.returned_at is None and row.settled_at is not None


def test_the_first_of_several_and_nothing_is_written_twice(desk_of: Desk) -> None:
    row = asked(desk_of)
    filed(desk_of, NOW + DAY, "给新同事开一个账号")
    first = filed(desk_of, NOW + 2 * DAY)
    filed(desk_of, NOW + 3 * DAY)
    assert looked_back(desk_of, NOW + 4 * DAY) == 1
    kept = (row.returned_at, row.returned_ticket_id)
    assert kept == (first.filed_at, first.id)
    assert [looked_back(desk_of, NOW + days * DAY) for days in (4, 5, 9, 10)] == [0, 0, 0, 0]
    assert (row.returned_at, row.returned_ticket_id) == kept


def test_it_is_settled_once_its_days_are_over(desk_of: Desk) -> None:
    row = asked(desk_of)
    looked_back(desk_of, NOW + 7 * DAY)
    assert row.settled_at is None
    looked_back(desk_of, NOW + 7 * DAY + 2 * returns.GRACE)
    settled = row.settled_at
    assert settled is not None
    filed(desk_of, NOW + 5 * DAY)  # imported afterwards: what is settled stays
    looked_back(desk_of, NOW + 20 * DAY)
    assert (row.settled_at, row.returned_at) == (settled, None)


def test_filed_from_it_joined_an_announcement_and_calls_are_not_looked_at(desk_of: Desk) -> None:
    ticket = filed(desk_of, NOW + DAY)
    rows = [
        asked(desk_of, outcome=Outcome.FILED, ticket_id=ticket.id),
        asked(desk_of, solved_kind="announcement", solved_id=1),
        asked(desk_of, place="console"),
        asked(desk_of, place="reading"),
    ]
    assert looked_back(desk_of, NOW + 9 * DAY) == 0
    assert [row.returned_at for row in rows] == [None] * 4


def test_both_sides_of_the_holdout_are_looked_at_alike(desk_of: Desk) -> None:
    rows = [asked(desk_of, arm=arm, outcome=Outcome.LEFT) for arm in (Arm.HELD, Arm.SHOWN, None)]
    filed(desk_of, NOW + DAY)
    assert looked_back(desk_of, NOW + 2 * DAY) == 3
    assert len({row.returned_ticket_id for row in rows}) == 1


def test_a_ticket_that_staff_opened_in_another_system_is_no_return(desk_of: Desk) -> None:
    row = asked(desk_of)
    parent = filed(desk_of, NOW - DAY, "给新同事开一个账号")
    child = filed(desk_of, NOW + DAY)
    child.parent_id = parent.id
    desk_of.session.flush()
    assert looked_back(desk_of, NOW + 2 * DAY) == 0 and row.returned_at is None


def test_the_job_leaves_what_was_left_and_notes_who_came_back(
    desk_of: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    came, left, fresh = asked(desk_of), asked(desk_of, outcome=Outcome.OPEN), None
    filed(desk_of, NOW + DAY)
    fresh = asked(desk_of, NOW + 9 * DAY, outcome=Outcome.OPEN)
    desk_of.session.commit()
    monkeypatch.setattr(coming_back, "moment", lambda: NOW + 9 * DAY + timedelta(minutes=30))
    maker = sessionmaker(desk_of.session.get_bind(), expire_on_commit=False)
    for _ in range(2):
        coming_back.follow_questions(load({}), maker)
    desk_of.session.expire_all()
    assert came.returned_at is not None and came.settled_at is not None
    assert (left.outcome, left.returned_at is not None) == (Outcome.LEFT, True)
    assert (fresh.outcome, fresh.settled_at) == (Outcome.OPEN, None)
