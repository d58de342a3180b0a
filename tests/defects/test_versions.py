"""Versions as people write them: ordered by their numbers, ranges understood, what can't be read refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defects.rollout import Standing, standing_of
from defects.versions import (
    Span,
    check_affected,
    check_fixed,
    in_order,
    is_affected,
    is_older,
    read,
    runs_fix,
    version_key,
)
from kb.flow import Refused

numbers = st.lists(st.integers(0, 999), min_size=1, max_size=4).map(tuple)
dressed = st.sampled_from(["{}", "V{}", "v{} ", " {}版本", "V{}版", "版本{}", "ver {}"])


def written(parts: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in parts)


def padded(parts: tuple[int, ...]) -> tuple[int, ...]:
    return parts + (0,) * (4 - len(parts))


@given(numbers, numbers, dressed, dressed)
def test_versions_are_ordered_by_their_numbers(
    one: tuple[int, ...], other: tuple[int, ...], dress: str, other_dress: str
) -> None:
    first, second = dress.format(written(one)), other_dress.format(written(other))
    assert (version_key(first) < version_key(second)) == (padded(one) < padded(other))
    assert (version_key(first) == version_key(second)) == (padded(one) == padded(other))
    assert runs_fix(first, second) == (padded(one) >= padded(other))


@given(numbers, numbers, numbers, st.sampled_from(["–", "~", "～", "至", " 到 ", "-V", " - ", "..", "—"]))
def test_a_range_holds_what_lies_between_and_its_ends(
    low: tuple[int, ...], high: tuple[int, ...], here: tuple[int, ...], joint: str
) -> None:
    low, high = sorted((low, high), key=padded)
    text = f"V{written(low)}{joint}{written(high)}"
    span = read(text)
    assert span is not None, text
    assert span.holds(version_key(written(here))) == (padded(low) <= padded(here) <= padded(high)), text
    assert is_affected(written(low), [text])
    assert is_affected(written(high), [text])
    check_affected([text])


@given(numbers, numbers)
def test_open_ranges(end: tuple[int, ...], here: tuple[int, ...]) -> None:
    running, at, there = written(here), padded(end), padded(here)
    for text in ("≤{}", "<= {}", "{}及以下", "{}及以前版本", "不高于V{}", "{}以下"):
        assert is_affected(running, [text.format(written(end))]) == (there <= at), text
    for text in ("≥{}", ">={}", "{}及以上", "V{}及之后", "{}起"):
        assert is_affected(running, [text.format(written(end))]) == (there >= at), text
    for text in ("<{}", "低于{}", "{}以前", "V{}之前"):
        assert is_affected(running, [text.format(written(end))]) == (there < at), text
    for text in (">{}", "高于{}", "{}之后"):
        assert is_affected(running, [text.format(written(end))]) == (there > at), text
    for text in ("全部版本", "所有", "ALL versions"):
        assert is_affected(running, [text])


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_typed_breaks_the_reading(one: str, other: str) -> None:
    for text in (one, f"{one}-{other}", f"≤{one}", f"{one}及以下"):
        read(text)
        version_key(text)
        in_order([text, other])
        runs_fix(text, other)
        standing_of(text, fixed_in=other, affected=[one, other])
        is_older(text, [other])


@given(st.lists(st.one_of(numbers.map(written), st.sampled_from(["≤2.4", "2.3–2.5", "新版", "2.4.x"]))))
def test_an_order_is_one_order(texts: list[str]) -> None:
    found = in_order(texts)
    assert in_order(reversed(found)) == found
    assert in_order(found) == found
    assert {read(text) or text for text in texts} == {read(text) or text for text in found}


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("V6.9", "V6.10"),
        ("6.3.0-beta", "6.3.0-rc1"),
        ("6.3.0-rc1", "6.3.0"),
        ("6.2.99", "6.3.0-rc1"),
        ("2.3版本", "2.4"),
        ("V6.2", "Ｖ６.３"),
        ("2.0-rc1", "2.0.0"),
        ("6.2.1", "6.2.1 build 7"),
    ],
)
def test_what_comes_before_what(earlier: str, later: str) -> None:
    assert version_key(earlier) < version_key(later)
    assert in_order([later, earlier]) == [earlier, later]


def test_forms() -> None:
    assert read("V2.3.1–V2.4.0") == Span((2, 3, 1), (2, 4))
    assert read("2.3.1-2.4.0") == Span((2, 3, 1), (2, 4))
    assert read("2.3版本") == Span((2, 3), (2, 3))
    assert read("2024-03-05") == Span((2024, 3, 5), (2024, 3, 5)), "a day is one version, no range"
    assert is_affected("2.4.17", ["2.4.x"])
    assert not is_affected("2.5", ["2.4.x"])
    assert is_affected("2.4.17", ["2.4.x及以下"])
    assert version_key("V2.3.1–V2.4.0") == (2, 3, 1)
    assert version_key("新版") == ()
    assert in_order(["6.2.0", "V6.2", "6.1", "≤5"]) == ["≤5", "6.1", "6.2.0"]


@pytest.mark.parametrize("text", ["新版", "unspecified", "2.4–", "2.3和2.4", "6.2.0 6.2.1", "x" * 200])
def test_what_cannot_be_read_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match="看不懂版本"):
        check_affected([text])


def test_other_refusals() -> None:
    with pytest.raises(Refused, match="前后颠倒"):
        check_affected(["2.4–2.3"])
    for text in ("≤2.4", "2.3–2.4", "全部版本", "下个月"):
        with pytest.raises(Refused, match="一个版本号"):
            check_fixed(text)
    with pytest.raises(Refused, match="既写成受影响的"):
        check_fixed("6.2", affected=["6.1", "V6.2.0"])
    check_fixed("6.3", affected=["6.2及以上"])
    check_fixed(None)
    check_affected([])


@pytest.mark.parametrize(
    ("running", "fixed_in", "affected", "expected"),
    [
        ("6.2.0", "6.3", ["V6.1–V6.2"], Standing.AFFECTED),
        ("6.0.9", "6.3", ["V6.1–V6.2"], Standing.CLEAR),
        ("6.2.5", "6.3", ["≤6.2"], Standing.AFFECTED),
        ("6.4", "6.3", ["≥6.1"], Standing.FIXED),
        ("6.5", "6.3", ["6.1", "6.5"], Standing.AFFECTED),
        ("2.4", None, ["2.4.0"], Standing.AFFECTED),
        ("2.6", None, ["2.3–2.5"], Standing.UNKNOWN),
        ("6.2", "新版", [], Standing.AFFECTED),
    ],
)
def test_where_a_unit_stands_by_ranges(
    running: str, fixed_in: str | None, affected: list[str], expected: Standing
) -> None:
    assert standing_of(running, fixed_in=fixed_in, affected=affected) == expected
