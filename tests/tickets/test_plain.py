"""A ticket in plain words: every place and every move has some, and nothing internal slips through."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.tickets.flow import STEPS
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.plain import (
    ANYWHERE,
    CLOSED_BY_SILENCE,
    DEEDS,
    NOTES_FOR_USER,
    PLACES,
    STATES,
    TIERS,
    By,
    question_of,
    standing_of,
    story_of,
)
from portal.tickets.service_levels import Clock
from portal.tickets.words import TIER_LABELS, Action, State, Tier
from tests.world import MOMENT

#: What no employee needs to learn.
JARGON = ("中台", "后台", "前台", "二线", "研判", "升级", "流转", "挂起")


def entry(action: Action, *, by_id: int | None = 7, note: str = "", minutes: int = 0) -> TrailEntry:
    return TrailEntry(action=action, by_id=by_id, note=note, at=MOMENT + timedelta(minutes=minutes))


def ticket(state: State = State.OPEN, tier: Tier = Tier.FRONT) -> Ticket:
    return Ticket(state=state, tier=tier, requester_id=1)


def clock(left: int, *, paused: bool = False) -> Clock:
    return Clock(due=MOMENT, left=left, total=100, paused=paused, round_the_clock=False)


def test_every_place_the_table_of_steps_reaches_has_words() -> None:
    reached = {(row.start, row.tier) for row in STEPS} | {(row.end, row.then) for row in STEPS}
    silent = {place for place in reached if place not in PLACES and place[0] not in ANYWHERE}
    assert silent == set()


def test_every_move_is_told_or_kept_on_purpose() -> None:
    assert set(DEEDS) == set(Action)


def test_every_state_and_every_tier_of_the_desk_has_a_plain_name() -> None:
    assert set(STATES) == set(State)
    assert set(TIERS) == {TIER_LABELS[tier] for tier in Tier if tier != Tier.USER}


def test_no_jargon() -> None:
    places = [*PLACES.values(), *ANYWHERE.values()]
    words = [text for place in places for text in (place.held, place.waiting, place.next)]
    words += [deed for deed in DEEDS.values() if deed]
    words += [*STATES.values(), *TIERS.values()]
    assert [text for text in words if any(term in text for term in JARGON)] == []


def test_a_promise_is_made_only_while_the_clock_runs() -> None:
    running, late, paused = (
        standing_of(ticket(), clock(50)),
        standing_of(ticket(), clock(-1)),
        standing_of(ticket(State.PARKED, Tier.MIDDLE), clock(50, paused=True)),
    )
    assert (running.until, running.late, running.paused) == (MOMENT, False, False)
    assert (late.until, late.late) == (None, True)
    assert (paused.until, paused.paused) == (None, True)
    assert standing_of(ticket(State.CLOSED, Tier.USER), None).until is None


@pytest.mark.parametrize("action", list(Action))
def test_a_note_is_shown_only_where_the_table_says_so(action: Action) -> None:
    story = story_of(ticket(), [entry(action, note="内部说法")], [])
    assert any(line.words for line in story) == (action in NOTES_FOR_USER)


def test_the_story_is_newest_first_and_moves_of_one_moment_keep_their_order() -> None:
    trail = [entry(Action.FILE, by_id=1), entry(Action.TAKE), entry(Action.ESCALATE, minutes=5)]
    story = story_of(ticket(), trail, [])
    assert [line.deed for line in story] == [
        DEEDS[Action.ESCALATE],
        DEEDS[Action.TAKE],
        DEEDS[Action.FILE],
    ]
    assert [line.by for line in story] == [By.DESK, By.DESK, By.ME]


def test_silence_is_not_told_as_the_users_own_word() -> None:
    (line,) = story_of(ticket(), [entry(Action.CONFIRM, by_id=None)], [])
    assert (line.deed, line.by) == (CLOSED_BY_SILENCE, By.SYSTEM)


def test_the_question_is_the_last_one_and_only_while_it_is_open() -> None:
    trail = [entry(Action.ASK, note="哪个浏览器？"), entry(Action.ASK, note="哪个版本？", minutes=1)]
    assert question_of(ticket(State.WAITING), trail) == "哪个版本？"
    assert question_of(ticket(State.OPEN), trail) == ""
