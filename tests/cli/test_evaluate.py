"""`tierdesk evaluate` through the real command, on a tiny judged set: figures, run file, refusals."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Desk

DOCUMENTS = [
    {"_id": "d1", "title": "打印机脱机", "text": "重启打印服务"},
    {"_id": "d2", "title": "登录失败", "text": "重置密码"},
    {"_id": "d3", "title": "登录失败 CA-6021", "text": "更换证书"},
    *({"_id": f"n{n}", "title": f"第{n}种故障", "text": f"第{n}号系统登录异常"} for n in range(120)),
]
QUESTIONS = [
    {"_id": "q1", "text": "打印机脱机了", "style": "keyword"},
    {"_id": "d2", "text": "登录失败"},
    {"_id": "q3", "text": "食堂几点开门", "style": "noanswer"},
    {"_id": "q4", "text": "登录"},
]
QRELS = {"q1": {"d1": 2}, "d2": {"d3": 1}, "q4": {"d2": 2, "d3": 1, "n5": 0}}
HEADER = "query-id\tcorpus-id\tscore\n"


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(jsonl(DOCUMENTS), encoding="utf-8")
    (folder / "queries.jsonl").write_text(jsonl(QUESTIONS), encoding="utf-8")
    rows = (f"{query}\t{id_}\t{gain}\n" for query, held in QRELS.items() for id_, gain in held.items())
    (folder / "qrels" / "test.tsv").write_text(HEADER + "".join(rows), encoding="utf-8")
    return folder


def run_of(path: Path) -> dict[str, list[list[str]]]:
    lines = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
    return {
        query: [line for line in lines if line[0] == query] for query in dict.fromkeys(x[0] for x in lines)
    }


def test_the_run_is_what_a_scoring_tool_reads(desk: Desk, judged: Path) -> None:
    run = judged.parent / "out.trec"
    done = desk.real("evaluate", judged, "--run", run, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads(done.stdout)
    found = run_of(run)
    for query, lines in found.items():
        assert all(len(line) == 6 and line[1] == "Q0" and line[5] == "tierdesk" for line in lines)
        assert [int(line[3]) for line in lines] == list(range(1, len(lines) + 1))
        written = [float(line[4]) for line in lines]
        assert all(higher > lower for higher, lower in itertools.pairwise(written)), query
        assert len({line[2] for line in lines}) == len(lines) <= 100
    assert len(found["q4"]) == 100, "more documents match than a run holds"
    assert "d2" not in [line[2] for line in found["d2"]], "a question is never its own answer"
    assert figures["questions"] == 4
    assert (figures["engine"], figures["mode"]) == ("hybrid", "lexical")


def test_the_figures_are_those_of_the_run(desk: Desk, judged: Path) -> None:
    run = judged.parent / "out.trec"
    figures = desk.json("evaluate", judged, "--run", run, "--engine", "lexical")
    found = {query: [line[2] for line in lines] for query, lines in run_of(run).items()}
    relevant = {query: {id_ for id_, gain in held.items() if gain} for query, held in QRELS.items()}

    def hit(depth: int) -> float:
        return sum(bool(relevant[query] & set(found[query][:depth])) for query in QRELS) / len(QRELS)

    def recall(depth: int) -> float:
        shares = [len(relevant[q] & set(found[q][:depth])) / len(relevant[q]) for q in QRELS]
        return sum(shares) / len(shares)

    firsts = [
        next((1 / rank for rank, id_ in enumerate(found[q][:10], 1) if id_ in relevant[q]), 0.0)
        for q in QRELS
    ]
    assert figures["hit_at_1"] == pytest.approx(hit(1), abs=1e-4)
    assert figures["hit_at_5"] == pytest.approx(hit(5), abs=1e-4)
    assert figures["hit_at_10"] == pytest.approx(hit(10), abs=1e-4)
    assert figures["recall_at_10"] == pytest.approx(recall(10), abs=1e-4)
    assert figures["recall_at_100"] == pytest.approx(recall(100), abs=1e-4)
    assert figures["mrr_at_10"] == pytest.approx(sum(firsts) / 3, abs=1e-4)
    assert 0 < figures["ndcg_at_10"] <= 1
    assert figures["ms_per_query"] > 0
    assert figures["build_seconds"] > 0


def test_a_person_reads_every_figure(desk: Desk, judged: Path) -> None:
    said = desk.run("evaluate", judged).stdout
    for label in ("hit@1", "hit@5", "hit@10", "recall@10", "recall@100", "MRR@10", "nDCG@10", "毫秒", "秒"):
        assert label in said
    assert "keyword" in said


def test_a_set_without_a_header_keeps_its_first_judgement(desk: Desk, judged: Path) -> None:
    whole = desk.json("evaluate", judged)
    qrels = judged / "qrels" / "test.tsv"
    qrels.write_text(qrels.read_text(encoding="utf-8").removeprefix(HEADER), encoding="utf-8")
    assert desk.json("evaluate", judged)["recall_at_100"] == whole["recall_at_100"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("corpus.jsonl", None, "缺少 corpus.jsonl"),
        ("queries.jsonl", None, "缺少 queries.jsonl"),
        ("qrels/test.tsv", None, "缺少 qrels/test.tsv"),
        ("corpus.jsonl", b"", "corpus.jsonl 是空的"),
        ("queries.jsonl", b"\n", "queries.jsonl 是空的"),
        ("corpus.jsonl", b'{"_id": "a"}\n{"title": "b"}\n', "第 2 行"),
        ("corpus.jsonl", b"[1, 2]\n", "第 1 行"),
        ("queries.jsonl", b'{"_id": "a", "text": "b"\n', "第 1 行"),
        ("queries.jsonl", "登录".encode("gb18030"), "不是 UTF-8"),
        ("qrels/test.tsv", HEADER.encode() + b"q1\td1\n", "第 2 行"),
        ("qrels/test.tsv", HEADER.encode() + b"q1\td1\tmuch\n", "第 2 行"),
        ("qrels/test.tsv", b"\xff\xfe\x00", "不是 UTF-8"),
    ],
)
def test_a_folder_that_is_no_set_is_one_sentence_and_code_2(
    desk: Desk, judged: Path, name: str, content: bytes | None, words: str
) -> None:
    (judged / name).unlink()
    if content is not None:
        (judged / name).write_bytes(content)
    said = desk.refused("evaluate", judged)
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_a_run_that_has_nowhere_to_go_is_refused_before_the_work(desk: Desk, judged: Path) -> None:
    assert "不存在" in desk.refused("evaluate", judged, "--run", judged / "nowhere" / "out.trec")


def test_meaning_alone_needs_an_encoder(
    desk: Desk, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "没有语义编码器" in desk.refused("evaluate", judged, "--engine", "semantic")
    broken = tmp_path / "broken"
    broken.mkdir()
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
    (broken / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (broken / "model.safetensors").write_bytes(b"no weights")
    monkeypatch.setenv("TIERDESK_ENCODER", str(broken))
    said = desk.refused("evaluate", judged, "--engine", "semantic", code=1)
    assert "无法加载" in said
    assert len(said.strip().splitlines()) == 1
