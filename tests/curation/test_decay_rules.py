"""The tables of decay and quality by property: more evidence never speaks less, nothing comes of nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.estimates import rate
from kb.models import ArticleKind
from portal.curation.decay.rules import (
    ENOUGH,
    LEAST,
    RULES,
    SENTENCES,
    SIGN_LABELS,
    Fix,
    Known,
    Sign,
    Usual,
    points_of,
    sentence,
    weighed,
)
from portal.curation.quality.checks import BY_KEY, CHECKS, Facts, score_of

few = st.integers(0, 40)
fixes = st.builds(
    lambda units, reached: Fix("QX000001", "3.1", units, min(units, reached)),
    st.integers(0, 5),
    st.integers(0, 5),
)
knowns = st.builds(
    Known,
    solved=few,
    failed=few,
    outdated=few,
    opened=few,
    filed=few,
    answered=few,
    reopened=few,
    fixes=st.lists(fixes, max_size=3),
    version_then=st.sampled_from(["", "1.0"]),
    version_now=st.sampled_from(["", "1.0", "1.1"]),
    flags=st.integers(0, 3),
    flagged_days=st.integers(0, 9),
    lost_links=st.integers(0, 3),
    behind=st.booleans(),
    review_in=st.one_of(st.none(), st.integers(-30, 60)),
    review_on=st.just("2026-03-02"),
).map(
    lambda known: replace(known, opened=known.opened + known.filed, answered=known.answered + known.reopened)
)
usuals = st.builds(Usual, *(st.floats(0, 0.9) for _ in range(3)))
#: What adds to the evidence: each by itself must never make an article look better.
MORE: tuple[dict[str, int], ...] = (
    {"failed": 1},
    {"outdated": 1},
    {"filed": 1, "opened": 1},
    {"reopened": 1, "answered": 1},
    {"flags": 1, "flagged_days": 3},
    {"lost_links": 1},
)


def test_nothing_known_is_nothing_found() -> None:
    assert weighed(Known(), Usual()) == ()
    assert weighed(Known(solved=40, opened=40, answered=40, review_in=90), Usual()) == ()


def test_every_sign_has_its_rule_its_name_and_its_sentence() -> None:
    assert {sign for sign, _, _ in RULES} == set(Sign) == set(SIGN_LABELS) == set(SENTENCES)
    assert all(0 < points <= ENOUGH for _, points, _ in RULES)


@given(knowns, usuals, st.sampled_from(MORE))
def test_more_evidence_never_speaks_less(known: Known, usual: Usual, more: dict[str, int]) -> None:
    added: dict[str, Any] = {name: getattr(known, name) + by for name, by in more.items()}
    before, after = weighed(known, usual), weighed(replace(known, **added), usual)
    assert points_of(after) >= points_of(before)
    assert {row.sign for row in before} <= {row.sign for row in after}


@given(knowns, usuals)
def test_readers_whom_it_helped_never_speak_against_it(known: Known, usual: Usual) -> None:
    helped = replace(known, solved=known.solved + 1)
    assert points_of(weighed(helped, usual)) <= points_of(weighed(known, usual))


@given(knowns, usuals)
def test_a_sign_is_found_once_and_says_its_numbers(known: Known, usual: Usual) -> None:
    found = weighed(known, usual)
    assert len({row.sign for row in found}) == len(found)
    assert [row.points for row in found] == sorted((row.points for row in found), reverse=True)
    for row in found:
        assert "%(" not in sentence(row.sign, row.facts)


@given(few, few, st.floats(0, 0.95))
def test_a_share_speaks_only_when_chance_is_ruled_out(failed: int, solved: int, usual: float) -> None:
    found = {row.sign for row in weighed(Known(failed=failed, solved=solved), Usual(failed=usual))}
    share = rate(failed, failed + solved)
    certain = share is not None and failed >= LEAST and share.low > usual
    assert (Sign.FAILED in found) == certain


@pytest.mark.parametrize(
    ("fixes", "points"),
    [
        ([], 0),
        ([Fix("QX1", "2", 4, 0)], 0),
        ([Fix("QX1", "2", 4, 2)], 40),
        ([Fix("QX1", "2", 4, 4)], 100),
        ([Fix("QX1", "2", 4, 2), Fix("QX2", "2", 1, 1)], 100),
        ([Fix("QX1", "2", 0, 0)], 40),
    ],
)
def test_a_repair_counts_where_readers_have_it(fixes: list[Fix], points: int) -> None:
    assert points_of(weighed(Known(fixes=fixes), Usual())) == points


def test_one_passed_review_or_one_repair_everywhere_is_enough_two_small_things_are_not() -> None:
    assert points_of(weighed(Known(review_in=-1), Usual())) >= ENOUGH
    assert points_of(weighed(Known(fixes=[Fix("QX1", "2", 1, 1)]), Usual())) >= ENOUGH
    assert points_of(weighed(Known(lost_links=3, behind=True, flags=1, flagged_days=9), Usual())) < ENOUGH


# ── the checklist ────────────────────────────────────────────────────────────────────────────────

facts = st.builds(
    Facts,
    title=st.text(max_size=80),
    body=st.text(max_size=400),
    kind=st.sampled_from(ArticleKind),
    language=st.sampled_from(["zh", "en"]),
    system=st.sampled_from([None, "oa"]),
    has_modules=st.booleans(),
    module=st.sampled_from([None, "mail"]),
    category=st.sampled_from([None, "account"]),
    keywords=st.integers(0, 3),
    also=st.integers(0, 4),
    owned=st.booleans(),
    review_in=st.one_of(st.none(), st.integers(-9, 9)),
    verified=st.booleans(),
    lost_links=st.integers(0, 2),
    translation=st.booleans(),
    behind=st.booleans(),
)
GOOD = Facts(
    title="密码过期了怎么自己修改",
    body="进入门户首页。\n\n"
    + "\n".join(f"{n}. 第 {n} 步按提示点下一步，直到完成。" for n in range(1, 6))
    + "\n![图](/files/1)",
    kind=ArticleKind.HOWTO,
    system="oa",
    has_modules=True,
    module="mail",
    category="account",
    keywords=1,
    also=2,
    owned=True,
    review_in=90,
    verified=True,
)


def test_everything_there_is_a_hundred_and_each_lack_is_named() -> None:
    assert score_of(GOOD) == score_of(replace(GOOD, keywords=9))
    assert score_of(GOOD).value == 100
    for change, key in (
        ({"title": "帮助"}, "title"),
        ({"also": 1}, "also"),
        ({"body": GOOD.body.replace("![图](/files/1)", "")}, "picture"),
        ({"body": "见附件 ![图](/files/1)"}, "length"),
        ({"system": None}, "system"),
        ({"owned": False}, "owner"),
        ({"review_in": -1}, "review"),
        ({"verified": False}, "verified"),
        ({"lost_links": 1}, "links"),
        ({"translation": True, "behind": True}, "behind"),
    ):
        score = score_of(replace(GOOD, **change))  # type: ignore[arg-type]
        assert key in score.missing, change
        assert score.value < 100


@given(facts)
def test_a_score_is_a_share_of_what_applies(given_: Facts) -> None:
    score = score_of(given_)
    assert 0 <= score.value <= 100
    assert (score.value == 100) == (not score.missing)
    assert set(score.missing) <= {check.key for check in CHECKS if check.applies(given_)}
    weights = [BY_KEY[key].weight for key in score.missing]
    assert weights == sorted(weights, reverse=True)


@given(
    facts,
    st.sampled_from([{"owned": True}, {"verified": True}, {"also": 4}, {"lost_links": 0}, {"keywords": 3}]),
)
def test_doing_what_is_advised_never_lowers_it(given_: Facts, done: dict[str, Any]) -> None:
    assert score_of(replace(given_, **done)).value >= score_of(given_).value


def test_each_check_says_what_to_do() -> None:
    assert len(BY_KEY) == len(CHECKS)
    assert sum(check.weight for check in CHECKS) >= 100
    for check in CHECKS:
        assert check.label
        assert check.advice.endswith("。")
