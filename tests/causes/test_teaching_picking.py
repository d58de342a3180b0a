"""Which judgements help most: undecided, of systems hardly judged, young, and no two the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.causes.teaching.picking import Because, Candidate, in_order, worth

AT = datetime(2026, 5, 4, 3, tzinfo=UTC)


def candidate(ticket: int, probability: float = 0.5, **more: object) -> Candidate:
    values: dict[str, object] = {
        "record": ticket,
        "system": "mkt",
        "filed_at": AT - timedelta(days=1),
        "text": f"第{ticket}件事{chr(0x4E00 + 7 * ticket)}{chr(0x5E00 + 11 * ticket)}",
    } | more
    return Candidate(ticket=ticket, probability=probability, **values)  # type: ignore[arg-type]


def order(
    *held: Candidate, labels: dict[str, int] | None = None, edge: float = 0.5, most: int = 20
) -> list[int]:
    picked = in_order(held, edge=edge, labels=labels or {}, at=AT, most=most)
    return [one.candidate.ticket for one in picked]


def test_nearest_to_the_edge_comes_first() -> None:
    sure, unsure, doubtful = candidate(1, 0.97), candidate(2, 0.52), candidate(3, 0.3)
    assert order(sure, unsure, doubtful)[0] == 2
    assert order(sure, unsure, doubtful, edge=0.95)[0] == 1


def test_a_system_with_few_judgements_and_a_young_ticket_come_first() -> None:
    known, unknown = candidate(1, system="mkt"), candidate(2, system="oa")
    assert order(known, unknown, labels={"mkt": 200}) == [2, 1]
    old = candidate(3, filed_at=AT - timedelta(days=80))
    assert order(old, candidate(4)) == [4, 3]


def test_the_same_record_and_the_same_words_wait() -> None:
    first, same_record = candidate(1, 0.5, record=7), candidate(2, 0.5, record=7)
    same_words = candidate(3, 0.5, text=first.text + "。")
    other = candidate(4, 0.6)
    assert order(first, same_record, same_words, other) == [1, 4, 2, 3]


def test_each_says_why_it_helps() -> None:
    picked = in_order([candidate(1, 0.5), candidate(2, 0.99)], edge=0.5, labels={"mkt": 3}, at=AT, most=2)
    assert picked[0].why == (Because.UNDECIDED, Because.FEW_LABELS, Because.DIFFERENT)
    assert Because.UNDECIDED not in picked[1].why


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.builds(
            candidate,
            st.integers(1, 500),
            st.floats(0, 1),
            record=st.integers(1, 4),
            system=st.sampled_from(["mkt", "oa"]),
            text=st.text("转圈报错空白", max_size=12),
        ),
        max_size=25,
        unique_by=lambda one: one.ticket,
    ),
    st.integers(0, 12),
    st.randoms(use_true_random=False),
)
def test_the_order_is_that_of_the_candidates_whatever_order_they_come_in(
    held: list[Candidate], most: int, dice: object
) -> None:
    found = order(*held, most=most)
    assert len(found) == len(set(found)) == min(most, len(held))
    shuffled = list(held)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert order(*shuffled, most=most) == found
    for one in held:
        assert 0.0 <= worth(one, edge=0.5, labels=0, at=AT) <= 1.0
