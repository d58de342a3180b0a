"""Why did my article lose: every stage tells where a document stands, however deep, and to nobody else."""

import math
from pathlib import Path

import pytest

from indexer import Document, Index, Query
from indexer.document import Absence, StageName

ALL = frozenset({"everyone"})
STAFF = frozenset({"staff"})


def documents() -> list[Document]:
    winner = Document("article", "w", "打印机脱机怎么办", body="重启打印服务", audience=ALL)
    loser = Document("article", "l", "考勤机脱机", body="打印机型号不同时参见说明" * 3, audience=ALL)
    hidden = Document("article", "h", "打印机脱机内部处置", body="打印机", audience=STAFF)
    others = [
        Document("article", str(number), f"打印机脱机第{number}种", audience=ALL) for number in range(30)
    ]
    return [winner, loser, hidden, *others, Document("article", "x", "食堂菜单", audience=ALL)]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index.open(tmp_path / "index", embedder=None)
    index.rebuild(documents())
    return index


def test_a_deep_document_is_told_with_its_rank_at_every_stage_and_its_features(index: Index) -> None:
    key = ("article", "l")
    answer = index.search(Query("打印机脱机", audience=ALL, limit=3), explain=True, about=frozenset({key}))
    assert answer.trace is not None
    assert key not in {hit.key for hit in answer.hits}
    standing = {stage.name: stage.standing[key] for stage in answer.trace.stages}
    assert standing[StageName.CODES] == (0, 0.0)
    assert standing[StageName.WORDS][0] > 3
    assert standing[StageName.FINAL][0] > 3
    winner = answer.hits[0].key
    mine, best = answer.trace.contributions[key], answer.trace.contributions[winner]
    assert sum(mine.values()) < sum(best.values())
    assert 1 / (1 + math.exp(-sum(best.values()))) == pytest.approx(answer.hits[0].probability)
    assert answer.trace.absent == {}


def test_asking_about_a_document_changes_no_hit(index: Index) -> None:
    query = Query("打印机脱机", audience=ALL, limit=5)
    plain = index.search(query).hits
    assert index.search(query, explain=True, about=frozenset({("article", "l")})).hits == plain


def test_what_takes_no_part_is_named_with_the_reason(index: Index) -> None:
    about = frozenset({("article", "h"), ("article", "nosuch"), ("article", "x")})
    trace = index.search(Query("打印机脱机", audience=ALL), explain=True, about=about).trace
    assert trace is not None
    assert trace.absent == {("article", "h"): Absence.MASKED, ("article", "nosuch"): Absence.NOT_INDEXED}
    told = {key for stage in trace.stages for key in stage.standing}
    assert told == {("article", "x")}
    assert ("article", "h") not in trace.features
    assert trace.candidates == 33
