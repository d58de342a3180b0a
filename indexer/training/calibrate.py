"""Fits the cold-start confidence on written desk language and on a public bilingual FAQ.

Run once per release of the text analysis or of the encoder; the product only reads the result.
Questions are asked three ways: as they are, with the right document taken away, and as near
misses. Invariant: nothing of an evaluation set is ever a row here.

    python -m indexer.training.calibrate --paraphrases FILE --faq FILE --out indexer/tables
"""

import argparse
import gzip
import json
import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.confidence import Judged, fit
from indexer.document import Document, Engine, Key, Query
from indexer.embedders import Embedder, embedder_from
from indexer.index import Index

LEXICAL = (
    "coverage", "word_coverage", "rarest", "unknown", "substance", "evidence", "gap", "titled",
    "title_asked", "pinned", "first", "length", "matched",
)  # fmt: skip
HYBRID = (*LEXICAL, "cosine", "cosine_gap", "late", "late_gap", "late_matched", "agree")
_JUDGED_HITS = 4
_UNANSWERED = 0.4
"""Of a question without an answer: so weighed, about one in five has none, as on a desk."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    right: Key | None
    """None: nothing here answers it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    yield from (json.loads(line) for line in text.splitlines() if line.strip())


def _unseen(rows: Iterable[dict[str, Any]], every: int) -> Iterator[dict[str, Any]]:
    """Without each `every`-th row: an encoder trained on those would look surer than it is."""
    return (row for number, row in enumerate(rows) if every < 2 or number % every)


def desk_lesson(paths: Sequence[Path], *, every: int = 1) -> Lesson:
    documents: list[Document] = []
    questions: list[Question] = []
    for number, row in enumerate(row for path in paths for row in _unseen(_rows(path), every)):
        document = Document("article", str(number), row["official"], body=row.get("body", ""))
        documents.append(document)
        questions += [Question(said, document.key) for said in row["said"]]
        questions.append(Question(row["official"], document.key))
        questions += [Question(said, None) for said in row.get("near_miss", ())]
    return Lesson(tuple(documents), tuple(questions))


def faq_lesson(path: Path, *, most: int, every: int = 1) -> Lesson:
    """Half the questions in the language of the answer, half across."""
    rows = list(_unseen(_rows(path), every))
    random.Random(7).shuffle(rows)  # noqa: S311 - a reproducible choice, not a secret
    documents: list[Document] = []
    questions: list[Question] = []
    for number, row in enumerate(rows[:most]):
        held, asked = ("zh", "zh") if number % 2 else ("en", "en")
        document = Document("article", f"f{number}", "", body=row[f"answer_{held}"][:3_000])
        documents.append(document)
        questions.append(Question(row[f"question_{asked}"], document.key))
    return Lesson(tuple(documents), tuple(questions))


def _asked(index: Index, question: Question, *, engine: Engine, without: frozenset[Key]) -> Iterator[Judged]:
    query = Query(question.text, audience=None, limit=_JUDGED_HITS, engine=engine, exclude=without)
    answer = index.search(query, explain=True)
    held = answer.trace.features if answer.trace is not None else {}
    for hit in answer.hits:
        weight = _UNANSWERED if question.right is None or without else 1.0
        yield Judged(held[hit.key], hit.key == question.right, weight)


def judged_hits(lesson: Lesson, *, engine: Engine, embedder: Embedder | None) -> list[Judged]:
    with tempfile.TemporaryDirectory() as place:
        index = Index.open(Path(place) / "index", embedder=embedder)
        index.rebuild(lesson.documents)
        judged: list[Judged] = []
        for number, question in enumerate(lesson.questions):
            judged += _asked(index, question, engine=engine, without=frozenset())
            if question.right is not None and number % 2 == 0:
                judged += _asked(index, question, engine=engine, without=frozenset({question.right}))
        index.close()
    return judged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paraphrases", type=Path, action="append", required=True)
    parser.add_argument("--faq", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", default="")
    parser.add_argument("--trained-every", type=int, default=1, help="rows 0, N, 2N … trained the encoder")
    parser.add_argument("--faq-rows", type=int, default=1_500)
    parser.add_argument("--engine", choices=["lexical", "hybrid"], help="only this one's; both unless named")
    chosen = parser.parse_args()
    every = chosen.trained_every
    faq = faq_lesson(chosen.faq, most=chosen.faq_rows, every=every)
    lessons = (desk_lesson(chosen.paraphrases, every=every), faq)
    embedder = embedder_from(chosen.encoder)
    for name, engine, names in (("lexical", Engine.LEXICAL, LEXICAL), ("hybrid", Engine.HYBRID, HYBRID)):
        if chosen.engine not in (None, name):
            continue
        if name == "hybrid" and (embedder is None or not embedder.wait()):
            continue
        judged = [one for lesson in lessons for one in judged_hits(lesson, engine=engine, embedder=embedder)]
        found = fit(judged, names, made_from="written paraphrases and a public FAQ", cold_start=True)
        (chosen.out / f"calibration_{name}.json").write_text(found.as_json() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
