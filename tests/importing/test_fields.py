"""A raw value becomes one of ours or a sentence; several wrong ones are told together."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kb.importing import fields
from kb.importing.articles import FIELDS
from kb.importing.outcome import BadRow
from kb.models import KIND_LABELS, ArticleKind


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [
        (fields.text(10), " 一\r\n二 ", "一\n二"),
        (fields.text(10), 12, "12"),
        (fields.text(10), "a\x00\x07b", "ab"),
        (fields.code(), "", None),
        (fields.choice(ArticleKind, KIND_LABELS), "常见问题", ArticleKind.FAQ),
        (fields.choice(ArticleKind, KIND_LABELS), "HowTo", ArticleKind.HOWTO),
        (fields.words(9), "甲、乙，丙;甲", ("甲", "乙", "丙")),
        (fields.words(9), ["甲,乙", " "], ("甲,乙",)),
        (fields.words(9), "甲,乙\n", ("甲,乙",)),
        (fields.lines(9), "一,二\n三", ("一,二", "三")),
        (fields.number(1, 4, 3), None, 3),
        (fields.number(1, 4), "4", 4),
        (fields.switch(), "是", True),
        (fields.switch(default=True), None, True),
        (fields.day, "2026年3月1日", date(2026, 3, 1)),
        (fields.day, "2026/3/1", date(2026, 3, 1)),
        (fields.moment, "2026-03-01 08:00", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
        (fields.moment, "2026-03-01T08:00:00+00:00", datetime(2026, 3, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_value_is_read(read: fields.Reader, raw: Any, value: Any) -> None:
    assert read(raw) == value


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (fields.text(3), "四个字了"),
        (fields.text(9), {"a": 1}),
        (fields.text(9), "\ud800"),
        (fields.choice(ArticleKind, KIND_LABELS), "novel"),
        (fields.words(3), "这个词太长"),
        (fields.words(3, most=1), "甲、乙"),
        (fields.number(1, 4), "5"),
        (fields.number(1, 4), "²"),
        (fields.number(1, 4), "9" * 5000),
        (fields.switch(), "maybe"),
        (fields.day, "2026-02-30"),
        (fields.day, "明天"),
        (fields.moment, "yesterday"),
        (fields.moment, "0001-01-01T00:00"),
    ],
)
def test_a_value_that_does_not_fit_is_a_sentence(read: fields.Reader, raw: Any) -> None:
    with pytest.raises(BadRow):
        read(raw)


def test_everything_wrong_with_a_row_is_told_at_once() -> None:
    with pytest.raises(BadRow, match=r"类型（kind）.*缺少正文（body）"):
        fields.take(FIELDS, {"title": "一", "kind": "novel"})
