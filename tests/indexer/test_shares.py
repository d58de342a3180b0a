"""Wilson's bounds: one arithmetic for the interval and for the bound, checked against known values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.confidence import wilson_lower as of_confidence
from indexer.shares import ONE_SIDED, TWO_SIDED, wilson_interval, wilson_lower
from kb.estimates import rate


@pytest.mark.parametrize(
    ("right", "shown", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662)],
)
def test_published_values(right: int, shown: int, low: float, high: float) -> None:
    """The last one is Newcombe's example (1998), 81 of 263."""
    found = wilson_interval(right / shown, shown)
    assert found == pytest.approx((low, high), abs=1e-4)


@given(shown=st.integers(1, 10_000), data=st.data())
def test_both_share_one_arithmetic(shown: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, shown))
    low, high = wilson_interval(right / shown, shown)
    assert -1e-12 <= low <= right / shown + 1e-12
    assert right / shown - 1e-12 <= high <= 1 + 1e-12
    assert wilson_lower(right, shown, surety=TWO_SIDED) == low
    assert wilson_lower(right, shown) >= low - 1e-12, "wrong at one end only, it may stand higher"
    estimate = rate(right, shown)
    assert estimate is not None
    assert (estimate.low, estimate.high) == (max(0.0, low), min(1.0, high))


def test_nothing_was_shown() -> None:
    assert wilson_lower(0, 0) == 0.0
    assert of_confidence is wilson_lower
    assert ONE_SIDED < TWO_SIDED
