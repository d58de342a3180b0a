"""The table of steps: two readers that always agree, no tier that skips another, no dead end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.flow import Refused
from portal.people.roles import Permission
from portal.tickets import flow, flow_document
from portal.tickets.flow import ENDED, HOLDER_FREE, ROUTES, STEPS, SYSTEM, Actor, Situation, Who
from portal.tickets.forms.fields import NOTHING, Names
from portal.tickets.words import Action, Category, State, Tier

ME, COLLEAGUE, REQUESTER = 1, 2, 3
#: A merged ticket's user keeps the last word on it, and a merge can be undone.
TAKES_BACK = {Action.MERGE, Action.UNMERGE, Action.CONFIRM, Action.REOPEN}
#: Where the parent would have ended, or its user been told that it has.
ENDINGS = {
    Action.ANSWER,
    Action.LOCAL_DONE,
    Action.REPLY,
    Action.FINISH,
    Action.PASS,
    Action.CONFIRM,
    Action.MERGE,
}

situations = st.builds(
    Situation,
    state=st.sampled_from(State),
    tier=st.sampled_from(Tier),
    category=st.sampled_from(Category),
    ruled=st.booleans(),
    holder_id=st.sampled_from([None, ME, COLLEAGUE]),
    holder_name=st.just("同事"),
    requester_id=st.sampled_from([ME, REQUESTER]),
    on_defect=st.booleans(),
    untouched=st.booleans(),
    open_children=st.sampled_from([NOTHING, Names(("GD1",), ("GD1",))]),
    has_parent=st.booleans(),
    survivor_open=st.booleans(),
    survivor_told=st.booleans(),
    rated=st.booleans(),
)
actors = st.builds(
    Actor,
    person_id=st.sampled_from([None, ME]),
    permissions=st.frozensets(st.sampled_from(Permission)),
    covers=st.booleans(),
    system=st.booleans(),
)


def may(at: Situation, action: Action, by: Actor) -> bool:
    try:
        flow.step(at, action, by)
    except Refused:
        return False
    return True


@given(situations, actors)
def test_the_buttons_are_the_steps(at: Situation, by: Actor) -> None:
    drawn = {row.action for row in flow.open_to(at, by)}
    assert drawn == {action for action in Action if may(at, action, by)}


@given(situations, actors)
def test_what_is_mine_is_open_or_says_why_not(at: Situation, by: Actor) -> None:
    open_rows, closed_rows = flow.open_to(at, by), [row for row, _ in flow.closed_to(at, by)]
    assert not set(open_rows) & set(closed_rows)
    assert {*open_rows, *closed_rows} == {row for row in flow.rows_of(at) if flow.is_by(row, at, by)}


@given(situations, actors)
def test_a_step_never_leaves_from_anywhere_else(at: Situation, by: Actor) -> None:
    for row in flow.open_to(at, by):
        assert (row.start, row.tier) == (at.state, at.tier)
        assert at.state not in ENDED or (at.state == State.MERGED and row.action in TAKES_BACK)


@given(situations, actors)
def test_posts_that_do_not_serve_the_ticket_move_nothing(at: Situation, by: Actor) -> None:
    outsider = Actor(by.person_id, by.permissions, covers=False)
    for row in flow.open_to(at, outsider):
        assert row.by == Who.REQUESTER
        assert at.requester_id == by.person_id


@given(situations, actors)
def test_what_a_colleague_holds_stays_with_them(at: Situation, by: Actor) -> None:
    if at.holder_id == COLLEAGUE:
        for row in flow.open_to(at, by):
            assert row.action in HOLDER_FREE or row.by in flow.NOT_AT_THE_TABLE


@given(situations)
def test_the_back_reaches_the_user_only_through_the_middle(at: Situation) -> None:
    engineer = Actor(ME, frozenset({Permission.WORK_BACK}))
    for row in flow.open_to(at, engineer):
        if row.by == Who.BACK:
            assert row.then in (Tier.BACK, Tier.MIDDLE)
            assert row.end in (State.OPEN, State.VERIFYING)


@given(situations)
def test_the_front_ends_only_what_its_route_lets_it_answer(at: Situation) -> None:
    agent = Actor(ME, frozenset({Permission.WORK_FRONT}))
    route = ROUTES[at.category]
    for row in flow.open_to(at, agent):
        if row.by == Who.FRONT and row.end == State.CONFIRMING:
            assert at.state == State.FEEDBACK or (route.front_answers and not route.supervisor)


@given(situations, actors)
def test_nothing_leaves_the_middle_before_it_is_ruled(at: Situation, by: Actor) -> None:
    onward = {Action.TO_BACK, Action.REPLY, Action.PARK, Action.SUBMIT_FAULT}
    if not at.ruled:
        assert not onward & {row.action for row in flow.open_to(at, by)}


@given(situations, actors)
def test_a_fault_reaches_the_back_through_dispatch_alone(at: Situation, by: Actor) -> None:
    if at.category == Category.FAULT and at.tier == Tier.MIDDLE and at.state == State.OPEN:
        assert Tier.BACK not in {row.then for row in flow.open_to(at, by)}


@given(situations, actors)
def test_a_parent_ends_after_its_children(at: Situation, by: Actor) -> None:
    ending = {row.action for row in flow.open_to(at, by) if row.start not in ENDED} & ENDINGS
    if at.open_children and not by.system:
        assert not ending
        assert Action.TELL not in {row.action for row in flow.open_to(at, by)}


@given(situations)
def test_a_merge_comes_before_the_work_and_ends_where_it_lay(at: Situation) -> None:
    everything = Actor(ME, frozenset(Permission))
    for row in flow.open_to(at, everything):
        if row.end == State.MERGED:
            assert row.then == row.tier
            assert row.tier in (Tier.FRONT, Tier.LOCAL, Tier.MIDDLE)
            assert row.start not in (State.VERIFYING, State.FEEDBACK, State.CONFIRMING)


@given(situations, actors)
def test_only_what_was_opened_for_a_parent_is_moved_on_by_the_system(at: Situation, by: Actor) -> None:
    if not at.has_parent and by.system and at.state in (State.NEW, State.FEEDBACK):
        assert not {Action.ESCALATE, Action.TELL} & {row.action for row in flow.open_to(at, by)}


def test_only_the_system_says_that_a_fix_is_deployed() -> None:
    at = Situation(State.PARKED, Tier.MIDDLE, Category.DEFECT, ruled=True, on_defect=True)
    everything = Actor(ME, frozenset(Permission))
    assert not may(at, Action.DEPLOYED, everything)
    assert may(at, Action.DEPLOYED, SYSTEM)


def reachable(start: tuple[State, Tier]) -> set[tuple[State, Tier]]:
    found, ahead = set(), [start]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += [(row.end, row.then) for row in STEPS if (row.start, row.tier) == here]
    return found


def test_every_place_can_be_reached_and_left_for_the_end() -> None:
    places = {(row.start, row.tier) for row in STEPS} | {(row.end, row.then) for row in STEPS}
    assert reachable((State.NEW, Tier.FRONT)) == places
    for place in places:
        assert (State.CLOSED, Tier.USER) in reachable(place) or place[0] in ENDED


def test_every_refusal_is_a_whole_sentence() -> None:
    at = Situation(State.OPEN, Tier.FRONT, Category.DEFECT, holder_id=COLLEAGUE, holder_name="王班长")
    with pytest.raises(Refused, match="王班长正在处理这张工单"):
        flow.step(at, Action.ESCALATE, Actor(ME, frozenset({Permission.WORK_FRONT})))
    with pytest.raises(Refused, match="不能验证通过"):
        flow.step(at, Action.PASS, Actor(ME, frozenset(Permission)))
    with pytest.raises(Refused, match="升级中台要由前台来做"):
        flow.step(at, Action.ESCALATE, Actor(ME, frozenset()))


def test_the_front_judges_first_and_the_middle_last() -> None:
    agent = Actor(ME, frozenset({Permission.WORK_FRONT}))
    fresh = Situation(State.OPEN, Tier.FRONT, Category.CHANGE)
    assert may(fresh, Action.CLASSIFY, agent)
    assert not may(Situation(State.OPEN, Tier.FRONT, Category.CHANGE, ruled=True), Action.CLASSIFY, agent)


def test_the_document_is_the_table() -> None:
    written = (Path(__file__).parents[2] / "docs" / "ticket-flow.md").read_text("utf-8")
    assert written == flow_document.document(), (
        "run: python -m portal.tickets.flow_document > docs/ticket-flow.md"
    )
