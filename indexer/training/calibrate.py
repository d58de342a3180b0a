"""Fits the cold-start confidence on judged questions that the encoder has never seen.

Run once per release of the text analysis or of the encoder, after the order of the first hits
(`ordering.py`); the product only reads the result. Questions are asked three ways: as they are, with
the right document taken away, and as near misses. Invariant: nothing of an evaluation set is ever a
row here.

    python -m indexer.training.calibrate --check FILE --faq FILE --encoder FOLDER --out indexer/tables
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from indexer.confidence import Judged, fit
from indexer.document import Engine, Key, Query
from indexer.embedders import Embedder, embedder_from
from indexer.index import Index
from indexer.training.lessons import Lesson, Question, lessons

LEXICAL = (
    "coverage", "word_coverage", "rarest", "unknown", "substance", "evidence", "gap", "titled",
    "title_asked", "pinned", "first", "length", "matched",
)  # fmt: skip
HYBRID = (*LEXICAL, "cosine", "cosine_gap", "late", "late_gap", "late_matched", "agree")
_JUDGED_HITS = 4
_UNANSWERED = 0.4
"""Of a question without an answer: so weighed, about one in five has none, as on a desk."""
_MADE_FROM = "held-back written desk language and held-back public answers"


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


def calibrated(taught: Iterable[Lesson], *, engine: Engine, embedder: Embedder | None) -> str:
    """The table as text."""
    judged = [one for lesson in taught for one in judged_hits(lesson, engine=engine, embedder=embedder)]
    names = HYBRID if engine is Engine.HYBRID else LEXICAL
    return fit(judged, names, made_from=_MADE_FROM, cold_start=True).as_json() + "\n"


@click.command()
@click.option("--check", type=click.Path(path_type=Path, exists=True), required=True, help="check.jsonl")
@click.option("--faq", type=click.Path(path_type=Path, exists=True), help="public questions with answers")
@click.option("--encoder", default="", help="folder of the encoder; the shipped one unless named")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="folder of the tables")
@click.option("--engine", type=click.Choice(["lexical", "hybrid"]), help="only this one's")
def main(check: Path, faq: Path | None, encoder: str, out: Path, engine: str | None) -> None:
    taught, embedder = lessons(check, faq), embedder_from(encoder)
    for one in (Engine.LEXICAL, Engine.HYBRID):
        if engine in (None, one) and (one is Engine.LEXICAL or (embedder is not None and embedder.wait())):
            table = calibrated(taught, engine=one, embedder=embedder)
            (out / f"calibration_{one}.json").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
