"""An article read aloud: what becomes a card, that nothing is lost, and the words for a chat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.steps import CHAT_LIMIT, Card, cards_of, for_chat

BODY = """先看页面上写的是什么。

## 批量补召
1. 打开【采集质量】，选日期。
2. 按「失败原因」分组。
   - `0x21` 适合补召
   - `0x30` 无效
3. 点【补召】。

还不行就等十分钟。

## 现场处理
1. 断电。
2. 送电。
"""


def spoken(cards: tuple[Card, ...]) -> list[tuple[str, int, int]]:
    return [(card.heading, card.number, card.of) for card in cards]


def test_numbered_lines_are_steps_and_everything_else_is_said_between_them() -> None:
    cards = cards_of(BODY)
    assert spoken(cards) == [
        ("", 0, 0),
        ("批量补召", 1, 3),
        ("批量补召", 2, 3),
        ("批量补召", 3, 3),
        ("批量补召", 0, 0),
        ("现场处理", 1, 2),
        ("现场处理", 2, 2),
    ]
    assert cards[2].text == "按「失败原因」分组。\n\n- `0x21` 适合补召\n- `0x30` 无效"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("1. 打开", 1),
        ("12) open", 12),
        ("3、打开", 3),
        ("4．打开", 4),
        ("5）打开", 5),
        ("第二步：打开", 2),
        ("第十二步，打开", 12),
        ("步骤 3：打开", 3),
        ("步骤二、打开", 2),
        ("Step 7: open", 7),
        ("1.5 倍电流", 0),
        ("2026 年的规定", 0),
        ("1.", 0),
    ],
)
def test_how_a_step_may_be_numbered(line: str, number: int) -> None:
    assert cards_of(line)[0].number == number


def test_a_number_within_code_is_no_step() -> None:
    cards = cards_of("先执行：\n```\n1. not a step\n## no heading\n```\n1. 再确认")
    assert [card.number for card in cards] == [0, 1]


def test_headings_below_headings_are_said_together() -> None:
    cards = cards_of("## 处理\n### 在手机上\n1. 点设置\n### 在网页上\n1. 点头像\n## 仍不行\n提单")
    assert [card.heading for card in cards] == ["处理 · 在手机上", "处理 · 在网页上", "仍不行"]


def test_windows_line_ends_change_nothing() -> None:
    assert cards_of(BODY.replace("\n", "\r\n")) == cards_of(BODY)


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "",
                "## 标题",
                "1. 打开",
                "2. 点击",
                "   续行",
                "- 列点",
                "```",
                "| 甲 | 乙 |",
                "第二步：好",
                "\t1. 缩进",
            ]
        ),
        st.text(alphabet="字a1.#`|- 　、", max_size=12),
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=100)
@given(LINES)
def test_cards_are_slices_in_order_and_no_line_is_lost(lines: list[str]) -> None:
    body = "\n".join(lines)
    cards = cards_of(body)
    place = 0
    for card in cards:
        place = body.index(card.source, place) + len(card.source)
        assert card.source.strip()
        assert 0 <= card.number <= card.of or card.number == card.of == 0
    kept = "".join("".join(card.source.split()) for card in cards)
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            assert "".join(line.split()) in kept


def test_the_words_for_a_chat_keep_numbers_and_chinese_punctuation() -> None:
    text = for_chat("补召示数", cards_of(BODY), link="http://desk/kb/KB000001")
    assert text.splitlines() == [
        "【补召示数】",
        "先看页面上写的是什么。",
        "批量补召：",
        "1. 打开【采集质量】，选日期。",
        "2. 按「失败原因」分组。",
        "· 0x21 适合补召",
        "· 0x30 无效",
        "3. 点【补召】。",
        "还不行就等十分钟。",
        "现场处理：",
        "1. 断电。",
        "2. 送电。",
        "http://desk/kb/KB000001",
    ]


def test_an_english_article_is_put_in_english_marks() -> None:
    assert (
        for_chat("Reset it", cards_of("## On the phone\n1. Open it."))
        == "Reset it\nOn the phone:\n1. Open it."
    )


@settings(deadline=None, max_examples=100)
@given(st.integers(min_value=1, max_value=400), st.sampled_from(["", "http://desk/kb/KB000001"]))
def test_what_is_too_long_for_a_chat_ends_at_a_whole_line_with_the_link(count: int, link: str) -> None:
    cards = cards_of("\n".join(f"{n}. 打开第 {n} 个页面，再点确定。" for n in range(1, count + 1)))
    text = for_chat("很长", cards, link=link)
    assert len(text) <= CHAT_LIMIT + 2
    assert not link or text.endswith(link)
    assert ("……" in text) == (f"{count}. " not in text)
