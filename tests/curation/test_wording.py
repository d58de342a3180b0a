"""Sentences: cut, compared, near-identical ones put together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.curation.wording import (
    distinct,
    headline,
    likeness,
    middle_of,
    says_the_same,
    sentences_of,
    together,
)

TEXTS = st.text(alphabet="报销单据怎么冲借款打印机卡纸abc。；\n 0123", max_size=60)


def test_a_text_is_cut_where_its_sentences_end_and_loses_the_marks_of_lists() -> None:
    text = "1. 打开报销单。\n2、点“冲借款”；保存！\n① 版本 V2.3.1 才有 - 见说明"
    expected = ["打开报销单。", "点“冲借款”；", "保存！", "版本 V2.3.1 才有 - 见说明"]
    assert sentences_of(text) == expected


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=400))
def test_whatever_is_typed_can_be_cut_and_headed(text: str) -> None:
    assert all(part.strip() for part in sentences_of(text))
    assert len(headline(text)) <= 60
    assert "\n" not in headline(text)


@settings(deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_likeness_is_the_same_from_both_sides(one: str, other: str) -> None:
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert 0.0 <= likeness(one, other) <= 1.0
    assert likeness(one, one) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("报销的时候怎么抵上月借的备用金", "上月借的备用金报销的时候怎么抵", True),
        ("请在购票软件里开具电子发票。", "请在购票软件里开具电子发票，", True),
        ("打印机卡纸了", "报销单怎么冲借款", False),
        ("点“补充归档”", "进客户档案，点“补充归档”，填原因", True),
    ],
)
def test_the_same_in_nearly_the_same_words(one: str, other: str, same: bool) -> None:
    assert says_the_same(one, other) is same


@settings(deadline=None, derandomize=True)
@given(st.lists(TEXTS, max_size=12))
def test_every_text_is_put_in_exactly_one_place(texts: list[str]) -> None:
    places = [place for group in together(texts) for place in group]
    assert sorted(places) == list(range(len(texts)))
    assert [group[0] for group in together(texts)] == sorted(group[0] for group in together(texts))


@settings(deadline=None, derandomize=True)
@given(st.lists(TEXTS, max_size=12), st.integers(1, 5))
def test_no_two_of_the_kept_ones_say_the_same(texts: list[str], most: int) -> None:
    kept = distinct(texts, most=most)
    assert len(kept) <= most
    pairs = [(one, other) for place, one in enumerate(kept) for other in kept[place + 1 :]]
    assert not any(says_the_same(one, other) for one, other in pairs)


def test_the_middle_is_the_one_most_like_the_others() -> None:
    texts = ["打印机卡纸", "报销借款怎么冲", "借款报销时怎么冲掉", "报销怎么冲借款"]
    assert middle_of(texts) != 0
