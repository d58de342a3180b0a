"""The clarifying question: when it is asked, which one, what a reply changes, and what never happens."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.finder.clarify import (
    ANSWERABLE,
    MOST_OPTIONS,
    QUESTIONS,
    WORTH,
    Reply,
    competing,
    contradicts,
    gain_of,
    narrowed,
    question,
)
from portal.finder.rivals import NO_CODE, OPTION_LABELS, About, Candidate


def candidate(key: str, title: str, probability: float = 0.5, **more: object) -> Candidate:
    facets = {About(name): frozenset({str(value)}) for name, value in more.items() if name in set(About)}
    codes = frozenset(str(code) for code in (more.get("codes") or ()))  # type: ignore[attr-defined]
    said = str(more.get("said", title))
    return Candidate(key, probability, title, facets, codes, said)


def about(asked: str, *rows: Candidate, **more: object) -> About | None:
    due = question(asked, rows, **more)  # type: ignore[arg-type]
    return due.about if due else None


# ── which question ───────────────────────────────────────────────────────────────────────────────


def test_two_systems_are_told_apart_by_the_system() -> None:
    due = question(
        "导出不了", [candidate("a", "导出报表", system="pms"), candidate("b", "导出清单", system="mkt")]
    )
    assert due is not None
    assert (due.about, set(due.options)) == (About.SYSTEM, {"pms", "mkt"})


def test_telephone_or_web_page_is_asked_when_only_that_differs() -> None:
    rows = [candidate("a", "在手机上登录", system="oa"), candidate("b", "在网页上登录", system="oa")]
    assert about("登录", *rows) is About.DEVICE


def test_a_telephone_number_is_no_telephone() -> None:
    rows = [candidate("a", "换了手机号怎么办"), candidate("b", "网页上改绑定")]
    due = question("改绑定", rows)
    assert due is None or due.about is not About.DEVICE


def test_modules_are_asked_for_within_one_system() -> None:
    same = [
        candidate("a", "甲", system="mkt", module="bill"),
        candidate("b", "乙", system="mkt", module="meter"),
    ]
    assert about("", *same) is About.MODULE
    apart = [
        candidate("a", "甲", system="mkt", module="bill"),
        candidate("b", "乙", system="oa", module="mail"),
    ]
    assert about("", *apart) is About.SYSTEM


def test_codes_are_asked_for_and_having_none_is_an_answer() -> None:
    rows = [candidate("a", "收不到验证码", codes=["IAM-2003"]), candidate("b", "收不到验证码")]
    due = question("验证码", rows)
    assert due is not None
    assert (due.about, due.options) == (About.CODE, ("IAM-2003", NO_CODE))


def test_a_word_that_only_one_has_is_the_last_resort() -> None:
    due = question("4A 登不上", [candidate("a", "忘记 4A 密码"), candidate("b", "4A 账号被锁定")])
    assert due is not None
    assert due.about is About.WORD
    assert {"密码", "锁定"} & set(due.options) or {"忘记", "锁定"} & set(due.options)


# ── when none is asked ───────────────────────────────────────────────────────────────────────────


def test_nothing_is_asked_when_one_answer_is_far_ahead() -> None:
    rows = [candidate("a", "甲", 0.9, system="pms"), candidate("b", "乙", 0.3, system="mkt")]
    assert question("", rows) is None


def test_a_hopeless_list_brings_no_question_once_probabilities_are_counted() -> None:
    rows = [candidate("a", "甲", 0.06, system="pms"), candidate("b", "乙", 0.06, system="mkt")]
    assert question("", rows) is not None
    assert question("", rows, counted=True) is None


def test_nothing_is_asked_about_what_was_said() -> None:
    rows = [candidate("a", "在手机上登录", system="oa"), candidate("b", "在网页上登录", system="oa")]
    assert about("手机登录不了", *rows) is not About.DEVICE
    systems = [candidate("a", "导出", system="pms"), candidate("b", "导出", system="mkt")]
    assert question("", systems, known={About.SYSTEM}) is None
    assert question("", systems, replies=[Reply(About.SYSTEM)]) is None


@pytest.mark.parametrize("rows", [[], [candidate("a", "只有一条", system="pms")]])
def test_without_rivals_there_is_no_question(rows: list[Candidate]) -> None:
    assert question("什么", rows) is None


# ── what a reply changes ─────────────────────────────────────────────────────────────────────────


def test_a_reply_brings_what_fits_to_the_top_and_loses_nothing() -> None:
    rows = [candidate("a", "网页登录"), candidate("b", "登录须知"), candidate("c", "手机登录")]
    after = narrowed(rows, [Reply(About.DEVICE, "phone")], of=lambda row: row)
    assert [row.key for row in after] == ["c", "b", "a"]
    assert contradicts(rows[0], [Reply(About.DEVICE, "phone")])
    assert not contradicts(rows[1], [Reply(About.DEVICE, "phone")])
    assert narrowed(rows, [Reply(About.DEVICE)], of=lambda row: row) == rows


# ── properties ───────────────────────────────────────────────────────────────────────────────────

TITLES = [
    "手机登录",
    "网页登录",
    "小程序登录",
    "信创电脑打印",
    "Windows 打印",
    "无线网",
    "VPN 连不上",
    "报 IAM-2003",
    "导出报表",
    "密码忘了",
]
ROWS = st.lists(
    st.builds(
        lambda n, title, p, system, module, code: (n, title, p, system, module, code),
        st.integers(0, 10_000),
        st.sampled_from(TITLES),
        st.floats(0.01, 1.0),
        st.sampled_from(["", "pms", "mkt", "oa", "iam", "fin"]),
        st.sampled_from(["", "bill", "meter"]),
        st.sampled_from(["", "ORA-01017", "IAM-2003"]),
    ),
    max_size=9,
    unique_by=lambda row: row[0],
).map(
    lambda rows: [
        Candidate(
            f"article:{n}",
            p,
            title,
            {
                About.SYSTEM: frozenset({system} if system else ()),
                About.MODULE: frozenset({module} if module else ()),
            },
            frozenset({code} if code else ()),
            title,
        )
        for n, title, p, system, module, code in rows
    ]
)


@settings(deadline=None, max_examples=100)
@given(ROWS)
def test_what_is_asked_is_worth_it_and_can_be_answered(rows: list[Candidate]) -> None:
    due = question("", rows)
    if due is not None:
        assert WORTH <= due.gain <= 1.0
        assert 2 <= len(due.options) <= MOST_OPTIONS
        assert len(set(due.options)) == len(due.options)
        assert due.about in QUESTIONS
        assert len(competing(rows)) >= 2


@settings(deadline=None, max_examples=100)
@given(ROWS)
def test_what_is_left_for_none_of_these_is_no_gain(rows: list[Candidate]) -> None:
    relative, counted = question("", rows), question("", rows, counted=True)
    assert counted is None or (relative is not None and counted.gain <= relative.gain + 1e-9)
    faint = [
        Candidate(row.key, row.probability / 20, row.title, row.facets, row.codes, row.said) for row in rows
    ]
    assert question("", faint, counted=True) is None or sum(row.probability for row in faint) > WORTH


@settings(deadline=None, max_examples=100)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_changes_nothing(rows: list[Candidate], dice: random.Random) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert question("", rows) == question("", shuffled)


@settings(deadline=None, max_examples=100)
@given(ROWS, st.sampled_from(sorted(About)))
def test_what_was_settled_is_not_asked_again(rows: list[Candidate], settled: About) -> None:
    due = question("", rows, known={settled})
    assert due is None or due.about is not settled


@settings(deadline=None, max_examples=100)
@given(st.floats(0.05, 1.0), st.integers(2, 6), st.sampled_from(["pms", ""]))
def test_when_all_would_reply_alike_nothing_is_gained(p: float, count: int, system: str) -> None:
    rows = [
        candidate(f"a:{n}", "一样的标题", p, **({"system": system} if system else {})) for n in range(count)
    ]
    assert question("", rows) is None


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.sets(st.sampled_from("xyz"))), min_size=1, max_size=6))
def test_asking_never_makes_it_worse_and_at_best_makes_it_certain(rows: list[tuple[float, set[str]]]) -> None:
    rivals = [candidate(str(n), "", p) for n, (p, _values) in enumerate(rows)]
    values = {str(n): frozenset(found) for n, (_p, found) in enumerate(rows)}
    options = sorted({value for found in values.values() for value in found})
    gain = gain_of(rivals, values, options)
    best = max(row.probability for row in rivals) / sum(row.probability for row in rivals)
    assert 0.0 <= gain <= 1.0 - best + 1e-9


@settings(deadline=None, max_examples=100)
@given(
    ROWS, st.sampled_from(["手机上", "pms", "phone", "vpn", "IAM-2003", ""]), st.sampled_from(sorted(About))
)
def test_a_reply_keeps_every_answer_and_its_order_among_equals(
    rows: list[Candidate], value: str, about: About
) -> None:
    after = narrowed(rows, [Reply(about, value)], of=lambda row: row)
    assert sorted(row.key for row in after) == sorted(row.key for row in rows)
    against = [contradicts(row, [Reply(about, value)]) for row in after]
    assert against == sorted(against)


def test_every_question_can_be_put_into_words() -> None:
    assert set(QUESTIONS) == set(About) == set(ANSWERABLE)
    for words in (value for value in OPTION_LABELS.values()):
        assert words
