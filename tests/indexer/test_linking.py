"""The model of links: learned from judged reports, honest about none, never linking without proof."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.linking import (
    NEVER,
    Candidate,
    Decision,
    Judged,
    LinkModel,
    Report,
    cold_start,
    fit,
    from_json,
    stricter,
)
from indexer.linking.learning import link_from
from indexer.linking.signs import ASSURING, CHOOSING
from indexer.linking.sounds import SOUNDS, sounds

DEFECT, ELSE = "更新以后大家都打不开，还是报错", "请问在哪里申请开通，怎么填"


def candidate(number: str, strength: float, **more: float) -> Candidate:
    signs = {"matched": strength, "coverage": strength, "searched": strength, "lead": strength - 0.5}
    return Candidate(number, {**signs, "first": 0.0, **more})


def reports(count: int, *, seed: int = 3, noise: float = 0.1) -> list[Judged]:
    """Reports whose record matches well and sounds like a defect, and others that only look alike."""
    dice = random.Random(seed)
    found = []
    for n in range(count):
        linked = dice.random() < 0.6
        strength = dice.gauss(0.75 if linked else 0.35, noise)
        others = tuple(candidate(f"o{m}", dice.gauss(0.3, 0.1)) for m in range(4))
        near = (candidate("right", strength, first=1.0), *others)
        found.append(Judged(Report(DEFECT if linked else ELSE, near), "right" if linked else None))
        assert n < count
    return found


def test_it_learns_to_link_and_to_say_none() -> None:
    model = fit(reports(160), made_from="test")
    seen = [(model.proposal(one.report), one.right) for one in reports(200, seed=4)]
    linked = [(found.ranked[0][0], right) for found, right in seen if found.decision is Decision.LINK]
    assert len(linked) > 60
    assert sum(record == right for record, right in linked) >= 0.95 * len(linked)
    nothing = [right for found, right in seen if found.decision is Decision.NONE]
    assert nothing
    assert sum(right is None for right in nothing) >= 0.9 * len(nothing)


@pytest.mark.slow
def test_probabilities_were_counted() -> None:
    model = fit(reports(400, noise=0.25), made_from="test")
    chances, truths = [], []
    for one in reports(1_000, seed=9, noise=0.25):
        record, chance = model.proposal(one.report).ranked[0]
        chances.append(chance)
        truths.append(record == one.right)
    assert abs(sum(chances) - sum(truths)) / len(truths) < 0.06


def test_a_weak_match_first_gives_way_to_a_strong_one_with_the_code() -> None:
    near = (candidate("first", 0.4, first=1.0), candidate("second", 0.5, code=1.0, same_system=1.0))
    assert cold_start().proposal(Report(DEFECT, near)).ranked[0][0] == "second"


def test_without_judgements_nothing_is_ever_linked() -> None:
    model = cold_start()
    sure = Report(DEFECT, (candidate("right", 1.0, first=1.0, code=1.0, same_module=1.0, affected=1.0),))
    assert model.proposal(sure).decision is Decision.SUGGEST
    assert model.link_from == NEVER


def test_what_search_did_not_find_is_none() -> None:
    assert fit(reports(160), made_from="test").proposal(Report(DEFECT, ())) == cold_start().proposal(
        Report(ELSE, ())
    )
    assert cold_start().proposal(Report(DEFECT, ())).decision is Decision.NONE


@pytest.mark.parametrize(
    "judged", [reports(99), [one for one in reports(300) if one.right], [Judged(Report("", ()), None)] * 120]
)
def test_too_little_teaches_nothing(judged: list[Judged]) -> None:
    with pytest.raises(ValueError, match=r"too few|no candidate"):
        fit(judged, made_from="test")


def test_when_nothing_tells_right_from_wrong_nothing_is_linked() -> None:
    dice = random.Random(5)
    blurred = [
        Judged(
            Report(DEFECT, (candidate("right", 0.6, first=1.0),)), "right" if dice.random() < 0.6 else None
        )
        for _ in range(200)
    ]
    model = fit(blurred, made_from="test")
    assert all(model.proposal(one.report).decision is not Decision.LINK for one in blurred)


def test_it_survives_being_written_and_says_which_it_is() -> None:
    model = fit(reports(160), made_from="test", learned_at="2026-01-01T00:00:00+00:00")
    again = from_json(model.as_json())
    assert again == model
    assert again.version == model.version != cold_start().version
    assert cold_start().version.startswith("links-cold")
    for broken in ("{}", "[]", json.dumps({**json.loads(model.as_json()), "choice": 3})):
        with pytest.raises(ValueError, match=r"model of links|expected"):
            from_json(broken)


def test_the_same_rows_give_the_same_model() -> None:
    assert fit(reports(160), made_from="test") == fit(reports(160), made_from="test")


def models() -> LinkModel:
    return fit(reports(160), made_from="test")


MODEL = models()


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(max_size=200),
    rows=st.lists(
        st.dictionaries(
            st.sampled_from([sign.name for sign in (*CHOOSING, *ASSURING)]),
            st.floats(-5, 5, allow_nan=False),
        ),
        max_size=12,
    ),
)
def test_whatever_is_found_the_proposal_is_in_order(text: str, rows: list[dict[str, float]]) -> None:
    report = Report(text, tuple(Candidate(str(n), row) for n, row in enumerate(rows)))
    found = MODEL.proposal(report)
    chances = [chance for _, chance in found.ranked]
    assert sorted(number for number, _ in found.ranked) == sorted(str(n) for n in range(len(rows)))
    assert all(0.0 <= chance <= 1.0 for chance in chances)
    assert chances == sorted(chances, reverse=True)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("请问在哪里改手机号", "how"),
        ("想申请一台电脑", "wish"),
        ("后来才知道是权限没给", "learnt"),
        ("卡号填错了一位", "mistake"),
        ("单子等领导审批十天了", "people"),
        ("升级以后就不行", "update"),
        ("换了新版照样报错", "again"),
        ("全科都这样", "many"),
        ("It still fails since the update", "update"),
    ],
)
def test_how_a_report_sounds(text: str, heard: str) -> None:
    assert sounds(text)[f"sounds_{heard}"] == 1.0


def test_hostile_text_is_listened_to_quickly_and_without_fault() -> None:
    for text in ("", "\ud800", "卡在" * 400_000, "\u200b" * 1_000, "等" * 900 + "审批"):
        assert set(sounds(text)) == {f"sounds_{sound.name}" for sound in SOUNDS}


def test_no_doubtful_report_is_linked_however_many_sure_ones_would_pay_for_it() -> None:
    """Ninety-six of a hundred keep a promise of .95; the last ten of them are right six times."""
    sure, doubtful = np.linspace(0.99, 0.9, 90), np.linspace(0.8, 0.7, 10)
    truths = np.concatenate([np.ones(90), [1, 1, 0, 1, 0, 1, 0, 1, 0, 1]])
    wanted = 0.95
    assert truths.mean() > wanted
    assert link_from(np.concatenate([sure, doubtful]), truths, wanted=wanted) == 0.9
    assert link_from(doubtful, np.ones(10), wanted=wanted) == NEVER


def test_a_promise_that_new_reports_break_is_kept_by_linking_less() -> None:
    model = fit(reports(160), made_from="test")
    news = reports(120, seed=4)
    assert stricter(model, news, wanted=0.0).link_from >= model.link_from

    def linked(model: LinkModel) -> list[bool]:
        found = [(model.proposal(one.report), one.right) for one in wrong]
        return [one.ranked[0][0] == right for one, right in found if one.decision is Decision.LINK]

    # Of the least sure that it links, three turn out to be about nothing.
    least = sorted(news, key=lambda one: model.proposal(one.report).ranked[0][1])
    unsure = [one for one in least if model.proposal(one.report).decision is Decision.LINK][:3]
    wrong = [replace(one, right=None) if one in unsure else one for one in news]
    before, after = linked(model), linked(stricter(model, wrong, wanted=0.98))
    assert sum(before) < 0.98 * len(before)
    assert 0 < len(after) < len(before)
    assert sum(after) >= 0.98 * len(after)
    assert linked(stricter(model, [replace(one, right=None) for one in news], wanted=0.98)) == []
