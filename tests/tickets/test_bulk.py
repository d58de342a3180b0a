"""Bulk deeds: nothing that a single deed could not do, each ticket with its own sentence, and a way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.texts import DefectText
from kb.flow import Refused
from portal.people.models import AuditEntry, Person
from portal.people.roles import Permission, Post
from portal.tickets import desk, flow, trail
from portal.tickets.bulk import choosing, deeds, job, parts, standing
from portal.tickets.bulk.models import Bulk, BulkItem, Deed, Fate, Phase
from portal.tickets.models import Comment, Ticket, TrailEntry, Watcher
from portal.tickets.selection import Filter
from portal.tickets.words import Action, Category, State, Tier
from tests.statements import statements_sent
from tests.tickets.people import Desk
from tests.world import build


def seen(*tickets: Ticket) -> dict[int, int]:
    return {ticket.id: ticket.version for ticket in tickets}


def begun(at_desk: Desk, deed: Deed, *tickets: Ticket, by: str = "supervisor", **given: Any) -> Bulk:
    who = at_desk.world.people[by]
    bulk = choosing.begin(at_desk.session, who, deed, seen(*tickets))
    job.preview(at_desk.session, bulk, **given)
    return bulk


def phase_of(bulk: Bulk) -> Phase:
    return bulk.phase


def fates(at_desk: Desk, bulk: Bulk) -> dict[int, Fate]:
    rows = at_desk.session.scalars(select(BulkItem).where(BulkItem.bulk_id == bulk.id))
    return {row.ticket_id: row.fate for row in rows}


def reasons(at_desk: Desk, bulk: Bulk) -> list[str]:
    rows = at_desk.session.scalars(
        select(BulkItem)
        .where(BulkItem.bulk_id == bulk.id, BulkItem.sentence != "")
        .order_by(BulkItem.ticket_id)
    )
    return [row.sentence % row.values if row.values else row.sentence for row in rows]


@pytest.fixture
def agent(at_desk: Desk) -> Person:
    return at_desk.world.people["agent"]


def test_a_lead_gives_many_to_one(at_desk: Desk, agent: Person) -> None:
    lying, held, ended = at_desk.file(), at_desk.file(), at_desk.file(Category.CONSULTATION)
    at_desk.does(held, Action.TAKE, "supervisor")
    at_desk.does(ended, Action.CANCEL, "wang")
    bulk = begun(at_desk, Deed.REASSIGN, lying, held, ended, person=agent, note="小组分工")
    assert phase_of(bulk) == Phase.PREVIEWED
    assert fates(at_desk, bulk) == {lying.id: Fate.READY, held.id: Fate.READY, ended.id: Fate.REFUSED}
    assert lying.holder_id is None  # a preview moves nothing
    assert "已撤销" in reasons(at_desk, bulk)[0]

    job.apply(at_desk.session, bulk)
    assert phase_of(bulk) == Phase.DONE
    assert (lying.holder, held.holder) == (agent, agent)
    entries = at_desk.session.scalars(select(TrailEntry).where(TrailEntry.action == Action.REASSIGN)).all()
    assert [(entry.note, entry.data["bulk"]) for entry in entries] == [("小组分工", bulk.id)] * 2
    told = at_desk.session.scalars(select(AuditEntry).where(AuditEntry.subject == "bulk")).all()
    assert [(row.action, row.subject_id) for row in told] == [("apply", str(bulk.id)), ("done", str(bulk.id))]
    assert trail.broken_tickets(at_desk.session) == []

    job.undo(at_desk.session, bulk)
    assert phase_of(bulk) == Phase.UNDONE
    assert (lying.holder, held.holder) == (None, at_desk.world.people["supervisor"])
    assert fates(at_desk, bulk) == {lying.id: Fate.UNDONE, held.id: Fate.UNDONE, ended.id: Fate.REFUSED}
    with pytest.raises(Refused, match="不能撤销"):
        job.undo(at_desk.session, bulk)


def test_who_was_faster_is_reported_and_the_others_go_on(at_desk: Desk, agent: Person) -> None:
    calm, moved, later = at_desk.file(), at_desk.file(), at_desk.file()
    bulk = choosing.begin(
        at_desk.session, at_desk.world.people["supervisor"], Deed.REASSIGN, seen(calm, moved, later)
    )
    at_desk.does(moved, Action.TAKE, "agent")  # between choosing and the preview
    job.preview(at_desk.session, bulk, person=at_desk.world.people["supervisor"])
    at_desk.does(later, Action.TAKE, "agent")  # between the preview and the deed
    job.apply(at_desk.session, bulk)
    assert fates(at_desk, bulk) == {calm.id: Fate.DONE, moved.id: Fate.REFUSED, later.id: Fate.FAILED}
    assert all("同事改动过" in why for why in reasons(at_desk, bulk))
    assert later.holder == agent


def test_what_changed_after_the_deed_is_not_taken_back(at_desk: Desk, agent: Person) -> None:
    one, other = at_desk.file(), at_desk.file()
    bulk = begun(at_desk, Deed.REASSIGN, one, other, person=agent)
    job.apply(at_desk.session, bulk)
    at_desk.does(other, Action.ESCALATE, "agent")
    job.undo(at_desk.session, bulk)
    assert fates(at_desk, bulk) == {one.id: Fate.UNDONE, other.id: Fate.KEPT}
    assert other.tier == Tier.MIDDLE


def test_the_way_back_closes_after_half_an_hour(at_desk: Desk, agent: Person) -> None:
    bulk = begun(at_desk, Deed.REASSIGN, at_desk.file(), person=agent)
    job.apply(at_desk.session, bulk)
    at_desk.later(minutes=31)
    assert not job.may_undo(at_desk.session, bulk)
    with pytest.raises(Refused, match="半小时"):
        job.undo(at_desk.session, bulk)


def test_an_escalation_has_no_way_back(at_desk: Desk) -> None:
    ticket = at_desk.file(Category.CONSULTATION)
    at_desk.does(ticket, Action.TAKE, "supervisor")
    bulk = begun(at_desk, Deed.ESCALATE, ticket, note="前台解决不了")
    job.apply(at_desk.session, bulk)
    assert ticket.tier == Tier.MIDDLE
    with pytest.raises(Refused, match="没有回头的一步"):
        job.undo(at_desk.session, bulk)


def test_comments_links_and_watching(at_desk: Desk) -> None:
    session, people = at_desk.session, at_desk.world.people
    tickets = [at_desk.file(), at_desk.file()]
    record = library.open_record(session, DefectText(title="转圈", system="mkt"), by=people["expert"].id)
    moves.move(
        session, record, DefectAction.CONFIRM, by=people["expert"].id, duties={DefectDuty.CURATE}, note="复现"
    )

    def live() -> list[bool]:
        session.expire_all()
        return [ticket.defect is not None for ticket in tickets]

    linked = begun(at_desk, Deed.LINK, *tickets, by="expert", defect=record)
    job.apply(session, linked)
    assert live() == [True, True]
    assert begun(at_desk, Deed.LINK, *tickets, by="expert", defect=record).phase == Phase.PREVIEWED
    job.undo(session, linked)
    assert live() == [False, False]

    said = begun(at_desk, Deed.COMMENT, *tickets, note="今晚统一升级", internal=True)
    job.apply(session, said)
    assert [row.text for row in session.scalars(select(Comment))] == ["今晚统一升级"] * 2
    job.undo(session, said)
    assert all(row.withdrawn_at for row in session.scalars(select(Comment)))
    assert trail.broken_tickets(session) == []

    watching = begun(at_desk, Deed.WATCH, *tickets)
    job.apply(session, watching)
    assert session.get(Watcher, (tickets[0].id, people["supervisor"].id))
    job.undo(session, watching)
    assert not session.get(Watcher, (tickets[0].id, people["supervisor"].id))


def test_priority_is_a_ruling_that_keeps_the_category(at_desk: Desk) -> None:
    ruled, lying = at_desk.at_middle(), at_desk.file()
    before = ruled.priority
    bulk = begun(at_desk, Deed.PRIORITY, ruled, lying, by="expert", priority=1, note="迎峰度夏")
    assert fates(at_desk, bulk) == {ruled.id: Fate.READY, lying.id: Fate.REFUSED}
    job.apply(at_desk.session, bulk)
    assert (ruled.priority, ruled.category) == (1, Category.DEFECT)
    job.undo(at_desk.session, bulk)
    assert ruled.priority == before


@pytest.mark.parametrize(
    ("deed", "given", "match"),
    [
        (Deed.REASSIGN, {}, "接手的同事"),
        (Deed.ESCALATE, {"note": " "}, "写明内容"),
        (Deed.COMMENT, {"note": ""}, "写明内容"),
        (Deed.COMMENT, {"note": "长" * 100_000}, "太长"),
        (Deed.LINK, {}, "缺陷编号"),
    ],
)
def test_what_a_deed_must_be_given(at_desk: Desk, deed: Deed, given: dict[str, Any], match: str) -> None:
    with pytest.raises(Refused, match=match):
        begun(at_desk, deed, at_desk.file(), **given)


def test_who_may_give_which_deed(at_desk: Desk) -> None:
    ticket, people = at_desk.file(), at_desk.world.people
    for post in Post:
        for spec in deeds.DEEDS:
            may = bool(spec.posts & people[post.value].permissions)
            try:
                choosing.begin(at_desk.session, people[post.value], spec.deed, seen(ticket))
            except Refused:
                assert not may, (post, spec.deed)
            else:
                assert may, (post, spec.deed)


def test_losing_the_post_stops_the_deed(at_desk: Desk, agent: Person) -> None:
    ticket, lead = at_desk.file(), at_desk.world.people["supervisor"]
    bulk = begun(at_desk, Deed.REASSIGN, ticket, person=agent)
    lead.posts.clear()
    at_desk.session.flush()
    with pytest.raises(Refused, match="不能批量"):
        job.apply(at_desk.session, bulk)


def test_only_what_one_serves_can_be_chosen(at_desk: Desk) -> None:
    near, far = at_desk.file(), at_desk.file(by="zhao")
    lead = at_desk.world.people["supervisor"]
    assert choosing.seen_of(at_desk.session, lead, seen(near, far)) == seen(near)
    assert choosing.all_of(at_desk.session, lead, Filter()) == seen(near)
    assert choosing.all_of(at_desk.session, at_desk.world.people["manager"], Filter()) == seen(near, far)
    with pytest.raises(Refused, match="请先选中"):
        choosing.begin(at_desk.session, lead, Deed.WATCH, {})
    with pytest.raises(Refused, match="最多"):
        choosing.begin(at_desk.session, lead, Deed.WATCH, dict.fromkeys(range(1, 502), 1))


def test_a_bulk_deed_belongs_to_whoever_gave_it(at_desk: Desk, agent: Person) -> None:
    bulk = begun(at_desk, Deed.REASSIGN, at_desk.file(), person=agent)
    people = at_desk.world.people
    assert standing.bulk_of(at_desk.session, people["supervisor"], bulk.id) is bulk
    assert standing.bulk_of(at_desk.session, people["manager"], bulk.id) is None


def test_many_are_worked_off_in_parts(at_desk: Desk, agent: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for phase, (fate, _many, work) in list(parts.WORK.items()):
        monkeypatch.setitem(parts.WORK, phase, (fate, 2, work))
    session, tickets = at_desk.session, [at_desk.file() for _ in range(5)]
    bulk = begun(at_desk, Deed.REASSIGN, *tickets, person=agent)
    assert phase_of(bulk) == Phase.CHECKING
    assert standing.counted(session, bulk) == {Fate.READY: 2, Fate.CHOSEN: 3}
    while phase_of(bulk) == Phase.CHECKING:
        parts.carry_on(session, bulk)
    job.apply(session, bulk)
    assert standing.counted(session, bulk) == {Fate.DONE: 2, Fate.READY: 3}
    assert standing.left_alone(session, at_desk.later(seconds=1)) is None  # somebody looks at it
    assert standing.left_alone(session, at_desk.later(minutes=1)) is bulk
    while phase_of(bulk) == Phase.RUNNING:
        parts.carry_on(session, bulk)
    assert standing.counted(session, bulk) == {Fate.DONE: 5}
    parts.carry_on(session, bulk)  # nothing is left, and nothing happens
    assert phase_of(bulk) == Phase.DONE


def test_what_was_never_given_is_forgotten(at_desk: Desk, agent: Person) -> None:
    session = at_desk.session
    never = choosing.begin(session, at_desk.world.people["supervisor"], Deed.WATCH, seen(at_desk.file()))
    done = begun(at_desk, Deed.REASSIGN, at_desk.file(), person=agent)
    job.apply(session, done)
    assert standing.forget_unused(session, at_desk.later(hours=1)) == 0
    assert standing.forget_unused(session, at_desk.later(days=1)) == 1
    assert [row.id for row in session.scalars(select(Bulk))] == [done.id]
    assert never.id != done.id


def test_a_bulk_deed_does_nothing_that_a_single_one_could_not(at_desk: Desk) -> None:
    """For every kind of ticket: what the preview promises is what the table has for this person."""
    tickets = [at_desk.file(category) for category in Category]
    tickets += [at_desk.at_middle(), at_desk.at_middle(Category.DATA)]
    at_desk.does(tickets[0], Action.TAKE, "agent")
    at_desk.does(tickets[1], Action.TAKE, "supervisor")
    lead = at_desk.world.people["supervisor"]
    for deed, action in ((Deed.RELEASE, Action.RELEASE), (Deed.ESCALATE, Action.ESCALATE)):
        bulk = begun(at_desk, deed, *tickets, note="写明了")
        for ticket in tickets:
            at, by = desk.situation_of(ticket), desk.actor_of(lead, ticket)
            single = any(step.action == action for step in flow.open_to(at, by))
            assert (fates(at_desk, bulk)[ticket.id] == Fate.READY) is single, (deed, ticket.category)


def test_every_deed_needs_a_permission_that_a_post_has() -> None:
    assert {Permission.REASSIGN, Permission.CURATE_DEFECTS, Permission.WORK_MIDDLE} == deeds.GIVERS


def test_previewing_more_tickets_asks_few_more_queries(at_desk: Desk, agent: Person, engine: Engine) -> None:
    """What the table itself asks about a ticket (its children, its form) is asked for each, nothing else."""
    spent = []
    for many in (4, 12):
        tickets = [at_desk.file() for _ in range(many)]
        at_desk.session.commit()
        with statements_sent(engine) as said:
            begun(at_desk, Deed.REASSIGN, *tickets, person=agent)
        spent.append(len(said))
    assert spent[1] - spent[0] <= 8 * 6


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_engine: Engine) -> None:
    with Session(postgres_engine) as session:
        at_desk = Desk(session, build(session))
        tickets = [at_desk.file(), at_desk.file()]
        bulk = begun(at_desk, Deed.REASSIGN, *tickets, person=at_desk.world.people["agent"])
        job.apply(session, bulk)
        assert standing.counted(session, bulk) == {Fate.DONE: 2}
        assert standing.left_alone(session, at_desk.later(minutes=1)) is None
        job.undo(session, bulk)
        assert standing.counted(session, bulk) == {Fate.UNDONE: 2}
        assert all(ticket.state == State.OPEN for ticket in tickets)
        assert bulk.ended_at is not None
        assert standing.forget_unused(session, bulk.ended_at + timedelta(days=3)) == 0
