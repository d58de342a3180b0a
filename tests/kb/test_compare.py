"""Comparing two texts: both can be put together again from the pieces, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.compare import Change, Piece, compare, excerpt

texts = st.text(alphabet="ab 汉字\n-1.<>&", max_size=60)


@settings(max_examples=300, deadline=None)
@given(texts, texts)
def test_the_pieces_make_both_texts(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert "".join(piece.text for piece in pieces if piece.change != Change.REMOVED) == new
    assert "".join(piece.text for piece in pieces if piece.change != Change.ADDED) == old


def test_words_are_told_apart_inside_a_line() -> None:
    assert compare("点击保存按钮\n再见\n", "点击提交按钮\n再见\n") == [
        Piece(Change.SAME, "点击"),
        Piece(Change.REMOVED, "保存"),
        Piece(Change.ADDED, "提交"),
        Piece(Change.SAME, "按钮\n再见\n"),
    ]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("old", "new"),
    [("a " * 40_000, "b " * 40_000), ("a\n" * 40_000, "\n" * 40_000), ("汉" * 900, "汉字" * 500)],
)
def test_long_texts_are_bounded(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert "".join(piece.text for piece in pieces if piece.change != Change.REMOVED) == new


def test_what_two_changes_share_by_chance_goes_along() -> None:
    """A sentence written anew reads as one change, not as shreds."""
    assert compare("请在系统中重新登录后再试一次", "请在门户里更新密码后再试一次") == [
        Piece(Change.SAME, "请在"),
        Piece(Change.REMOVED, "系统中重新登录"),
        Piece(Change.ADDED, "门户里更新密码"),
        Piece(Change.SAME, "后再试一次"),
    ]


def test_what_two_lines_share_stays() -> None:
    pieces = compare("甲一\n乙二\n", "甲三\n乙四\n")
    assert [piece.text for piece in pieces if piece.change == Change.SAME] == ["甲", "\n乙", "\n"]


def test_an_excerpt_shows_what_changed_and_what_is_near() -> None:
    old = "".join(f"第{n}行\n" for n in range(20))
    new = old.replace("第5行", "第五行").replace("第15行", "第十五行")
    assert "".join(piece.text for piece in excerpt(compare(old, new)) if piece.change != Change.REMOVED) == (
        "…\n第4行\n第五行\n第6行\n…\n第14行\n第十五行\n第16行\n…"
    )


def test_an_excerpt_of_a_short_text_is_the_text() -> None:
    pieces = compare("甲\n乙\n", "甲\n丙\n")
    assert excerpt(pieces) == pieces
