"""Probabilities: fitted, bounded, promoted and taken back."""

import random
from pathlib import Path

import pytest

from indexer import Document, Index, Query
from indexer.confidence import Calibration, Judged, fit, from_json, shipped, threshold, wilson_lower

ALL = frozenset({"everyone"})


def judged(count: int) -> list[Judged]:
    dice = random.Random(2)
    rows = []
    for _ in range(count):
        coverage = dice.random()
        rows.append(Judged({"coverage": coverage, "first": 1.0}, dice.random() < coverage**2))
    return rows


def test_a_fit_finds_what_matters_and_is_calibrated() -> None:
    found = fit(judged(4_000), ("coverage", "first"), made_from="test")
    assert found.weights["coverage"] > 3
    assert found.probability({"coverage": 0.9, "first": 1.0}) == pytest.approx(0.81, abs=0.08)
    assert found.probability({"coverage": 0.2, "first": 1.0}) < 0.15
    assert not found.cold_start
    assert 0.5 < found.trusted_from <= 1.0


def test_what_is_likelier_wrong_than_right_is_never_trusted() -> None:
    """Nine sure ones pay for a doubtful one in any average."""
    dice = random.Random(4)
    rows = [Judged({"coverage": dice.gauss(0.9, 0.02), "first": 1.0}, True) for _ in range(900)]
    rows += [Judged({"coverage": 0.1, "first": 1.0}, dice.random() < 0.1) for _ in range(100)]
    found = fit(rows, ("coverage", "first"), made_from="test", wanted_precision=0.8)
    assert found.probability({"coverage": 0.1, "first": 1.0}) < 0.5 <= found.trusted_from


def test_too_few_labels_teach_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit(judged(99), ("coverage",), made_from="test")
    with pytest.raises(ValueError, match="too few"):
        fit([Judged({}, True)] * 500, ("coverage",), made_from="test")


def test_an_asked_code_stays_evidence_when_no_label_has_one() -> None:
    assert fit(judged(200), ("coverage", "pinned"), made_from="test").weights["pinned"] > 3.5


def test_thresholds_keep_their_promise() -> None:
    assert wilson_lower(0, 0) == 0.0
    assert wilson_lower(95, 100) < 0.95
    assert threshold([0.9] * 200 + [0.2] * 200, [True] * 200 + [False] * 200, wanted=0.9) == 0.9
    assert threshold([0.9, 0.8], [True, True], wanted=0.9) == 1.0


def test_the_shipped_ones_are_marked_as_cold_start() -> None:
    for name in ("lexical", "hybrid"):
        assert shipped(name).cold_start
        assert 0.0 < shipped(name).trusted_from <= 1.0


def test_what_is_promoted_serves_and_can_be_taken_back(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "index", embedder=None)
    index.update([Document("article", "1", "打印机脱机", audience=ALL)])
    question = Query("打印机脱机", audience=ALL)
    before = index.search(question).hits[0].probability
    index.promotions.promote("lexical", Calibration({}, 5.0, 0.9, False, "test"))
    hit = index.search(question).hits[0]
    assert hit.probability > 0.99
    assert hit.trusted
    index.promotions.promote("lexical", Calibration({}, -5.0, 0.9, False, "test"))
    assert not index.search(question).hits[0].trusted
    assert index.promotions.rollback("lexical")
    assert index.search(question).hits[0].trusted
    assert index.promotions.rollback("lexical")
    assert index.search(question).hits[0].probability == pytest.approx(before)
    assert not index.promotions.rollback("lexical")


def test_an_unreadable_calibration_never_serves(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "index", embedder=None)
    index.update([Document("article", "1", "打印机脱机", audience=ALL)])
    (tmp_path / "index" / "calibration").mkdir()
    (tmp_path / "index" / "calibration" / "lexical.json").write_text("[]", encoding="utf-8")
    assert index.search(Query("打印机脱机", audience=ALL)).hits
    with pytest.raises(ValueError, match="calibration"):
        from_json("{}")
