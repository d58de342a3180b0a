"""What marks come to, worked out by hand and against every machine."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.flow import Refused
from portal.quality.scoring import Grade, Item, Mark, Section, checked_marks, checked_sheet, sheet_from, total
from tests.quality.ways import GOOD, SHEET


def come_to(marks: dict[str, Mark]) -> tuple[float, str, bool]:
    result = total(SHEET, checked_marks(SHEET, marks))
    return result.tenths / 10, result.level, result.vetoed


@pytest.mark.parametrize(
    ("marks", "points", "level"),
    [
        (GOOD, 94.0, "优秀"),
        ({**GOOD, "0.0": Mark(None)}, 92.5, "优秀"),  # 74 of 80
        ({**GOOD, "1.0": Mark(3)}, 74.0, "合格"),
        ({**GOOD, "1.0": Mark(0, comment="答错了")}, 44.0, "不合格"),
        ({"0.1": Mark(5)}, 100.0, "优秀"),
        ({**GOOD, "0.0": Mark(3), "0.1": Mark(5)}, 92.0, "优秀"),
    ],
)
def test_totals_worked_out_by_hand(marks: dict[str, Mark], points: float, level: str) -> None:
    assert come_to(marks) == (points, level, False)


def test_a_violated_veto_item_makes_it_nothing() -> None:
    marks = {**GOOD, "1.1": Mark(violated=True, comment="把手机号告诉了别人")}
    assert come_to(marks) == (0.0, "不合格", True)


@pytest.mark.parametrize(
    "marks",
    [
        {**GOOD, "0.0": Mark(2)},  # low, and no word why
        {**GOOD, "0.0": Mark(2, comment="  ")},
        {**GOOD, "0.0": Mark(6)},
        {**GOOD, "0.0": Mark(-1)},
        {**GOOD, "1.1": Mark(violated=True)},
        {},  # nothing applies
        {**GOOD, "0.0": Mark(5, comment="长" * 1001)},
    ],
)
def test_marks_that_do_not_do(marks: dict[str, Mark]) -> None:
    with pytest.raises(Refused):
        checked_marks(SHEET, marks)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=3, max_size=3).filter(any))
def test_the_total_is_the_weighted_share_rounded_to_a_tenth(scores: list[int | None]) -> None:
    marks = {
        key: Mark(score, comment="说明") for key, score in zip(("0.0", "0.1", "1.0"), scores, strict=True)
    }
    applied = [(w, s) for w, s in zip((20, 30, 50), scores, strict=True) if s is not None]
    exact = Fraction(100 * sum(w * s for w, s in applied), 5 * sum(w for w, _ in applied))
    result = total(SHEET, checked_marks(SHEET, marks))
    assert abs(Fraction(result.tenths, 10) - exact) <= Fraction(1, 20)
    assert 0 <= result.tenths <= 1000


def test_a_sheet_comes_back_from_the_database_as_it_went() -> None:
    assert sheet_from(SHEET.as_json()) == SHEET
    assert checked_sheet(SHEET) == SHEET


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SHEET, sections=()),
        replace(SHEET, sections=(Section("一", (Item("甲", 99),)),)),
        replace(SHEET, sections=(Section(" ", (Item("甲", 100),)),)),
        replace(SHEET, sections=(Section("一", (Item(" ", 100),)),)),
        replace(SHEET, sections=(Section("一", (Item("甲", veto=True),)),)),
        replace(SHEET, sections=(Section("一", (Item("甲", 100), Item("乙", 0))),)),
        replace(SHEET, sections=(Section("一", tuple(Item("甲", 2) for _ in range(50))),)),
        replace(SHEET, grades=()),
        replace(SHEET, grades=(Grade("合格", 60),)),
        replace(SHEET, grades=(Grade("甲", 0), Grade("乙", 0))),
        replace(SHEET, grades=(Grade("", 0),)),
        replace(SHEET, comment_below=6),
        replace(SHEET, appeal_days=0),
    ],
)
def test_a_sheet_that_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(Refused):
        checked_sheet(wrong)  # type: ignore[arg-type]


def test_grades_are_put_in_order() -> None:
    mixed = replace(SHEET, grades=SHEET.grades[::-1])
    assert checked_sheet(mixed).grades == SHEET.grades
