"""Measures the search that serves users on a judged set in BEIR layout.

The index is built in a temporary place with the product's own code and settings; nothing here
may rank, weigh or filter. Invariant: a question whose id is also a document's never returns
itself, and a question without judgements counts only for the no-answer figure.
"""

import json
import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from indexer.choice import DEFAULT
from indexer.document import Answer, Document, Engine, Query
from indexer.embedders import Embedder
from indexer.engines import WordEngine
from indexer.index import Index
from indexer.metrics import auroc, calibration_error, hit_at, mean, ndcg_at, recall_at, reciprocal_rank
from indexer.tuning import TUNING, Tuning
from indexer.words import N_

_KIND = "document"
_DEPTH = 100

Progress = Callable[[str, int, int], None]
"""What is being done, how far, of how many."""


class BadSet(ValueError):
    """The folder is no judged set; the sentence says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class JudgedSet:
    documents: tuple[Document, ...]
    questions: Mapping[str, str]
    styles: Mapping[str, str]
    judged: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Figures:
    questions: int
    documents: int
    engine: str
    mode: str
    hit_at_1: float
    hit_at_3: float
    hit_at_5: float
    hit_at_10: float
    recall_at_10: float
    recall_at_100: float
    mrr_at_10: float
    ndcg_at_10: float
    ms_per_query: float
    build_seconds: float
    calibration_error: float
    no_answer_auroc: float | None
    by_style: Mapping[str, Mapping[str, float]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Asked:
    id: str
    ranking: tuple[str, ...]
    probabilities: tuple[float, ...]


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_text_lines(path, path.name), start=1):
        if line.strip():
            yield number, _parsed(line, path.name, number)


def _text_lines(path: Path, name: str) -> Iterator[str]:
    """Whatever a file is that cannot be read as text, it is no judged set."""
    if not path.is_file():
        raise BadSet(N_("评测目录里缺少 %(name)s。") % {"name": name})
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield from file
    except UnicodeDecodeError as fault:
        raise BadSet(N_("%(name)s 不是 UTF-8 编码的文本。") % {"name": name}) from fault


def _parsed(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
        return {**row, "_id": str(row["_id"]), "text": str(row.get("text") or "")}
    except (ValueError, KeyError, TypeError) as fault:
        sentence = N_("%(name)s 第 %(line)s 行不是合格的记录。")
        raise BadSet(sentence % {"name": name, "line": number}) from fault


def _document(row: Mapping[str, Any]) -> Document:
    return Document(_KIND, row["_id"], str(row.get("title") or ""), body=row["text"])


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    for number, line in enumerate(_text_lines(path, "qrels/test.tsv"), start=1):
        cells = line.rstrip("\r\n").split("\t")
        if not line.strip() or (number == 1 and _is_header(cells)):
            continue
        try:
            judged[cells[0]][cells[1]] = int(float(cells[2]))
        except (IndexError, ValueError, OverflowError) as fault:
            sentence = N_("%(name)s 第 %(line)s 行不是合格的记录。")
            raise BadSet(sentence % {"name": path.name, "line": number}) from fault
    return judged


def _is_header(cells: Sequence[str]) -> bool:
    """Every set should have one; a set without it must not lose its first judgement."""
    return len(cells) < 3 or not cells[2].strip().lstrip("-").isdecimal()


def judged_set(folder: Path) -> JudgedSet:
    questions = {row["_id"]: row for _, row in _lines(folder / "queries.jsonl")}
    documents = {row["_id"]: _document(row) for _, row in _lines(folder / "corpus.jsonl")}
    for name, held in (("queries.jsonl", questions), ("corpus.jsonl", documents)):
        if not held:
            raise BadSet(N_("%(name)s 是空的。") % {"name": name})
    return JudgedSet(
        tuple(documents.values()),
        {id_: row["text"] for id_, row in questions.items()},
        {id_: str(row["style"]) for id_, row in questions.items() if row.get("style")},
        _judgements(folder / "qrels" / "test.tsv"),
    )


def _ask(index: Index, id_: str, text: str, *, engine: Engine) -> tuple[_Asked, Answer]:
    query = Query(text, audience=None, limit=_DEPTH, engine=engine, exclude=frozenset({(_KIND, id_)}))
    answer = index.search(query)
    ids = tuple(hit.id for hit in answer.hits)
    return _Asked(id_, ids, tuple(hit.probability for hit in answer.hits)), answer


def evaluate(
    folder: Path,
    *,
    engine: Engine = Engine.HYBRID,
    run_path: Path | None = None,
    embedder: Embedder | None = None,
    progress: Progress | None = None,
    tuning: Tuning = TUNING,
    words: WordEngine = DEFAULT,
) -> Figures:
    judged = judged_set(folder)
    with tempfile.TemporaryDirectory(prefix="tierdesk-evaluate-") as place:
        patient = replace(tuning, patience_ms=math.inf)  # whoever measures waits for a slow encoder
        index = Index.open(Path(place) / "index", embedder=embedder, tuning=patient, words=words)
        started = time.perf_counter()
        index.rebuild(judged.documents, progress=_telling(progress, "index", len(judged.documents)))
        built = time.perf_counter() - started
        figures, asked = _measured(index, judged, engine=engine, built=built, progress=progress)
        index.close()
    if run_path is not None:
        _write_run(run_path, asked)
    return figures


def _telling(progress: Progress | None, what: str, total: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda count: progress(what, count, total)


def _measured(
    index: Index, judged: JudgedSet, *, engine: Engine, built: float, progress: Progress | None
) -> tuple[Figures, list[_Asked]]:
    asked: list[_Asked] = []
    started = time.perf_counter()
    mode = ""
    for number, (id_, text) in enumerate(judged.questions.items(), start=1):
        found, answer = _ask(index, id_, text, engine=engine)
        asked.append(found)
        mode = answer.mode
        if progress is not None:
            progress("search", number, len(judged.questions))
    took_ms = (time.perf_counter() - started) * 1000.0 / max(1, len(asked))
    return _figures(judged, asked, engine=engine, mode=mode, took_ms=took_ms, built=built), asked


def _answerable(judged: JudgedSet, asked: Sequence[_Asked]) -> list[_Asked]:
    return [one for one in asked if any(gain > 0 for gain in judged.judged.get(one.id, {}).values())]


def _top(one: _Asked) -> float:
    return one.probabilities[0] if one.probabilities else 0.0


def _figures(
    judged: JudgedSet, asked: list[_Asked], *, engine: Engine, mode: str, took_ms: float, built: float
) -> Figures:
    answerable = _answerable(judged, asked)
    known = {one.id for one in answerable}
    none = [_top(one) for one in asked if one.id not in known]

    def average(measure: Callable[..., float], depth: int) -> float:
        return round(mean([measure(one.ranking, judged.judged[one.id], depth) for one in answerable]), 4)

    right = [hit_at(one.ranking, judged.judged.get(one.id, {}), 1) > 0 for one in asked]
    unsure = auroc([_top(one) for one in answerable], none)
    return Figures(
        questions=len(asked),
        documents=len(judged.documents),
        engine=engine,
        mode=mode,
        hit_at_1=average(hit_at, 1),
        hit_at_3=average(hit_at, 3),
        hit_at_5=average(hit_at, 5),
        hit_at_10=average(hit_at, 10),
        recall_at_10=average(recall_at, 10),
        recall_at_100=average(recall_at, 100),
        mrr_at_10=average(reciprocal_rank, 10),
        ndcg_at_10=average(ndcg_at, 10),
        ms_per_query=round(took_ms, 2),
        build_seconds=round(built, 2),
        calibration_error=round(calibration_error([_top(one) for one in asked], right), 4),
        no_answer_auroc=None if unsure is None else round(unsure, 4),
        by_style=_by_style(judged, answerable),
    )


def _by_style(judged: JudgedSet, answerable: Sequence[_Asked]) -> dict[str, dict[str, float]]:
    styles: dict[str, list[_Asked]] = defaultdict(list)
    for one in answerable:
        if one.id in judged.styles:
            styles[judged.styles[one.id]].append(one)
    return {
        style: {
            "questions": len(ones),
            "hit_at_1": round(mean([hit_at(one.ranking, judged.judged[one.id], 1) for one in ones]), 4),
            "hit_at_3": round(mean([hit_at(one.ranking, judged.judged[one.id], 3) for one in ones]), 4),
        }
        for style, ones in sorted(styles.items())
    }


def _write_run(path: Path, asked: Sequence[_Asked]) -> None:
    """TREC: the probability, made strictly falling in its last digits so that ranks survive a sort."""
    with path.open("w", encoding="utf-8") as file:
        for one in asked:
            for rank, (id_, probability) in enumerate(
                zip(one.ranking, one.probabilities, strict=True), start=1
            ):
                file.write(f"{one.id} Q0 {id_} {rank} {probability - rank * 1e-9:.10f} tierdesk\n")
