"""Groups meet those that there are: identity is kept, decisions are never taken apart."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.finder.placing import placed


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[tuple[int, ...]], dict[int, int | None], set[int]]:
    asks = draw(st.lists(st.integers(0, 40), unique=True, max_size=25))
    groups: dict[int, list[int]] = {}
    for ask in asks:
        groups.setdefault(draw(st.integers(0, 5)), []).append(ask)
    former = {ask: draw(st.none() | st.integers(1, 4)) for ask in asks}
    held = draw(st.sets(st.integers(1, 4), max_size=3))
    found = sorted((tuple(group) for group in groups.values()), key=lambda group: -len(group))
    return found, former, held


@settings(deadline=None, derandomize=True)
@given(worlds())
def test_nothing_is_in_two_gaps_and_what_was_decided_stays(
    world: tuple[list[tuple[int, ...]], dict[int, int | None], set[int]],
) -> None:
    groups, former, held = world
    found = placed(groups, former, held=held)
    members = [ask for group in found for ask in group.members]
    assert len(members) == len(set(members))
    assert not any(former.get(ask) in held for ask in members)
    named = [group.group for group in found if group.group is not None]
    assert len(named) == len(set(named))
    free = {ask for group in groups for ask in group if former.get(ask) not in held}
    assert set(members) == free


def test_a_gap_that_was_divided_leaves_its_name_to_the_larger_part() -> None:
    former = {1: 7, 2: 7, 3: 7, 4: 7, 5: 7}
    found = placed([(1, 2, 3), (4, 5)], former, held=set())
    assert [(group.group, group.members) for group in found] == [(7, (1, 2, 3)), (None, (4, 5))]


def test_new_askings_join_what_was_decided_on() -> None:
    former = {1: 7, 2: 7, 3: None, 4: 8}
    found = placed([(1, 2, 3, 4)], former, held={7})
    assert [(group.group, group.members) for group in found] == [(7, (3, 4))]


def test_a_larger_group_does_not_take_the_name_of_one_of_its_members() -> None:
    former: dict[int, int | None] = {1: 7, 2: None, 3: None, 4: None, 5: 7, 6: 7}
    found = {group.group: group.members for group in placed([(1, 2, 3, 4), (5, 6)], former, held=set())}
    assert found == {7: (5, 6), None: (1, 2, 3, 4)}
