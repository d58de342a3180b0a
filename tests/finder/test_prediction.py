"""Which of the things that were found may say what a text is about."""

import pytest

from indexer.document import Hit, Reason, ReasonKind
from portal.finder.prediction import NEAR, telling

WORDS = (Reason(ReasonKind.WORDS, "公文"),)


def _hit(number: int, probability: float, why: tuple[Reason, ...] = WORDS) -> Hit:
    return Hit("ticket", str(number), score=1.0, probability=probability, trusted=False, why=why)


def test_where_one_is_near_all_that_share_something_vote() -> None:
    near, far, chance = _hit(1, NEAR), _hit(2, 0.0), _hit(3, 0.9, why=())
    assert telling("公文流转不动", [near, far, chance]) == [near, far]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("公文流转不动", [_hit(1, NEAR / 2), _hit(2, 0.0)]),
        ("公文流转不动", [_hit(1, 0.9, why=())]),
        ("……？！", [_hit(1, 0.9)]),
        ("公文流转不动", []),
    ],
)
def test_where_nothing_is_near_or_nothing_was_said_none_does(text: str, hits: list[Hit]) -> None:
    assert telling(text, hits) == []
