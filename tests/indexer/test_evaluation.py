"""Measuring: the metrics by hand-made numbers, the whole path on a tiny judged set."""

import json
from pathlib import Path

import pytest

from indexer.document import Engine
from indexer.evaluation import BadSet, evaluate
from indexer.metrics import auroc, calibration_error, hit_at, ndcg_at, recall_at, reciprocal_rank

RANKING = ("a", "b", "c", "d")


def test_hits_and_recall() -> None:
    assert hit_at(RANKING, {"b": 1}, 1) == 0.0
    assert hit_at(RANKING, {"b": 1}, 2) == 1.0
    assert hit_at(RANKING, {"b": 0}, 4) == 0.0
    assert recall_at(RANKING, {"b": 1, "z": 1}, 4) == 0.5
    assert recall_at(RANKING, {}, 4) == 0.0


def test_reciprocal_rank() -> None:
    assert reciprocal_rank(RANKING, {"c": 2}, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(RANKING, {"c": 2}, 2) == 0.0


def test_ndcg_prefers_the_better_answer_first() -> None:
    best = ndcg_at(("a", "b"), {"a": 2, "b": 1}, 10)
    assert best == pytest.approx(1.0)
    assert ndcg_at(("b", "a"), {"a": 2, "b": 1}, 10) < best


def test_auroc() -> None:
    assert auroc([0.9, 0.8], [0.1]) == 1.0
    assert auroc([0.1], [0.9]) == 0.0
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([], [0.5]) is None


def test_calibration_error() -> None:
    assert calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0.0)
    assert calibration_error([1.0, 1.0], [False, False]) == pytest.approx(1.0)


def write_set(folder: Path) -> Path:
    rows = [
        {"_id": "d1", "title": "打印机脱机", "text": "重启打印服务"},
        {"_id": "d2", "title": "登录失败", "text": "重置密码"},
        {"_id": "d3", "title": "登录失败 CA-6021", "text": "更换证书"},
    ]
    asked = [
        {"_id": "q1", "text": "打印机脱机了", "style": "keyword"},
        {"_id": "d2", "text": "登录失败"},
        {"_id": "q3", "text": "食堂几点开门"},
    ]
    (folder / "qrels").mkdir(parents=True)
    for name, held in (("corpus", rows), ("queries", asked)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in held)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    qrels = "query-id\tcorpus-id\tscore\nq1\td1\t1\nd2\td3\t1\n"
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_set_is_measured_and_its_run_written(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    run = tmp_path / "run.trec"
    figures = evaluate(
        write_set(tmp_path / "set"),
        engine=Engine.LEXICAL,
        run_path=run,
        progress=lambda *step: told.append(step),
    )
    assert (figures.hit_at_1, figures.questions, figures.documents) == (1.0, 3, 3)
    assert figures.mode == "lexical"
    assert figures.no_answer_auroc == 1.0
    assert figures.by_style["keyword"]["hit_at_1"] == 1.0
    assert ("search", 3, 3) in told
    lines = [line.split() for line in run.read_text(encoding="utf-8").splitlines()]
    assert lines[0][:4] == ["q1", "Q0", "d1", "1"]
    assert all(line[1] == "Q0" and line[5] == "tierdesk" for line in lines)
    assert not any(line[0] == line[2] for line in lines)
    scores = [float(line[4]) for line in lines if line[0] == "d2"]
    assert scores == sorted(scores, reverse=True)
    assert json.dumps(figures.as_dict())


def test_a_folder_that_is_no_set_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadSet, match=r"queries\.jsonl"):
        evaluate(tmp_path)
    folder = write_set(tmp_path / "set")
    (folder / "corpus.jsonl").write_text('{"title": 1}\n', encoding="utf-8")
    with pytest.raises(BadSet, match="第 1 行"):
        evaluate(folder)
