"""Text becomes terms: golden cases, and what must hold for any text at all."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.characters import fold, fold_keeping_case, fold_with_origin
from indexer.codes import canonical
from indexer.highlight import highlight
from indexer.stems import stem
from indexer.synonyms import alternatives, table_of
from indexer.text import count_sounds, count_terms, terms

GOLDEN = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "golden_text.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
ANY_TEXT = st.text(alphabet=st.characters(), max_size=120)


@pytest.mark.parametrize(("what", "written", "expected"), GOLDEN)
def test_golden(what: str, written: str, expected: str) -> None:
    match what:
        case "fold":
            assert fold(written) == expected
        case "code":
            assert canonical(written) == expected
        case "stem":
            assert terms(written)[0].text == expected if "'" in written else stem(written) == expected
        case "has":
            assert set(expected.split()) <= set(count_terms(written))
        case "same":
            kept = {text: count for text, count in count_terms(written).items() if len(text) > 1}
            wanted = {text: count for text, count in count_terms(expected).items() if len(text) > 1}
            assert kept == wanted


def test_there_are_enough_golden_cases() -> None:
    assert len(GOLDEN) >= 200


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_every_folded_character_knows_its_origin(text: str) -> None:
    folded = fold_with_origin(text)
    assert folded.text == fold(text)
    assert len(folded.origin) == len(folded.text) == len(fold_keeping_case(text))
    assert list(folded.origin) == sorted(folded.origin)
    assert all(0 <= place < len(text) for place in folded.origin)


@given(ANY_TEXT)
def test_documents_and_questions_are_cut_alike(text: str) -> None:
    assert Counter(term.text for term in terms(text)) == count_terms(text)


@given(ANY_TEXT)
def test_terms_stand_where_they_say(text: str) -> None:
    length = len(fold(text))
    assert all(0 <= term.start < term.end <= length for term in terms(text))


@given(ANY_TEXT, ANY_TEXT)
def test_a_highlight_never_changes_the_text(text: str, asked: str) -> None:
    segments = highlight(text, asked)
    assert "".join(part for part, _ in segments) == text
    assert all(part for part, _ in segments)


def test_a_highlight_marks_what_the_author_wrote() -> None:
    marked = [
        part
        for part, is_marked in highlight("請檢查ＶＰＮ，錯誤 ORA-01017", "vpn 错误 ora01017")
        if is_marked
    ]
    assert marked == ["ＶＰＮ", "錯誤", "ORA-01017"]


@pytest.mark.parametrize(
    "text",
    [
        "字" * 1_000_000,
        "a1-" * 300_000,
        "a " * 300_000,
        "0x" + "f" * 100_000,
        "1." * 200_000,
        "一二三四五" * 50_000,
        "\x00\x07\x1b" * 10_000,
        "\ud800\udfff" * 1_000,
        "😀👨‍👩‍👧‍👦" * 1_000,
        "é̈" * 10_000,
        "o1l" * 50_000,
        "-" * 100_000,
        "v" * 100_000 + "1",
    ],
    ids=lambda text: repr(text[:6]),
)
@pytest.mark.timeout(60)
def test_pathological_text_is_survived(text: str) -> None:
    assert count_terms(text) is not None
    assert count_sounds(text) is not None
    assert terms(text[:20_000]) is not None


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["打不开", "无法打开", "票", "发票", "vpn", "开"]), max_size=6))
def test_short_synonyms_stand_only_for_whole_words(parts: list[str]) -> None:
    table = table_of([["票", "ticket"], ["打不开", "无法打开"]])
    text = "".join(parts)
    for others in alternatives(fold(text), terms(text), table):
        assert others


def test_a_ballot_is_not_in_an_invoice() -> None:
    table = table_of([["票", "ticket"]])
    assert alternatives("发票打印", terms("发票打印"), table) == []


def test_synonyms_speak_both_languages() -> None:
    table = table_of([["打不开", "无法打开", "can't open"]])
    asked = alternatives("file can't open", terms("file can't open"), table)
    assert [other.text for other in asked[0]] == ["打不开", "无法打开"]
