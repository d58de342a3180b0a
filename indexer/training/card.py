"""The model card: what it is, what it was made from, under which licences, and how it measures.

Invariant: sources and figures are those of the run that made the model; nothing is copied from
an earlier card.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from indexer.evaluation import Figures
from indexer.training.making import Run
from indexer.training.reading import SOURCES

ByEngine = Mapping[str, Figures]
_HEAD = """---
language: [zh, en]
library_name: sentence-transformers
license: cc-by-sa-4.0
---

# Tierdesk's encoder

A table of {pieces:,} pieces × {dims} numbers in half precision: a sentence is the mean of its pieces,
normalised (sentence-transformers `StaticEmbedding`). It brings Chinese and English desk
language side by side, and lay words to official ones. It learnt texts folded as the product's word index
folds them (traditional forms, widths, case): `indexer.embedders` does that by itself; with
sentence-transformers alone fold first (`indexer.characters.fold`), or traditional characters are strangers.

Recipe `{hash}`; made by `python -m indexer.training`.

Not meant for texts of other fields, other languages, or for judging people.
"""
_LICENCE = """## Licence

The weights are published under CC BY-SA 4.0, the strictest of the sources' licences (CC-CEDICT); the others
are named below. The written desk language and the synonyms belong to this project (Apache-2.0).
"""


def _row(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _made_of(run: Run) -> Iterator[str]:
    desk = run.material.desk
    yield "## Made from\n"
    yield f"- {len(run.material.pairs):,} aligned pairs of sentences (sources below)"
    said = sum(len(group.said) for group in desk.train)
    yield f"- {len(desk.train):,} written groups, {said:,} sentences; {len(desk.check):,} groups held back"
    yield f"- {len(run.material.answers):,} public questions with answers in both languages"
    yield f"- {len(run.material.synonyms):,} groups of words for the same thing\n"
    yield "| file | SHA-256, first 16 |\n|---|---|"
    yield from (_row(item) for item in sorted(run.material.digests.items()))
    yield f"\n```json\n{json.dumps(asdict(run.recipe), indent=2)}\n```\n"


def _figures(figures: Mapping[str, ByEngine]) -> Iterator[str]:
    yield "## Measured\n"
    yield "| set | engine | hit@1 | hit@3 | hit@10 | MRR@10 | no-answer AUROC |"
    yield "|---|---|---|---|---|---|---|"
    for name, engines in sorted(figures.items()):
        for engine, one in engines.items():
            unsure = "" if one.no_answer_auroc is None else one.no_answer_auroc
            measured = (one.hit_at_1, one.hit_at_3, one.hit_at_10, one.mrr_at_10, unsure)
            yield _row((name, engine, *measured))
    yield ""


def _sources(data: Path) -> str:
    path = data / SOURCES
    if not path.is_file():
        return ""
    return "## Sources of the aligned sentences\n\n" + path.read_text(encoding="utf-8").partition("\n\n")[2]


def card(run: Run, data: Path, figures: Mapping[str, ByEngine], *, pieces: int) -> str:
    head = _HEAD.format(pieces=pieces, dims=run.recipe.dims, hash=run.hash)
    measured = "\n".join(_figures(figures)) if figures else "## Measured\n\nNot judged in this run.\n"
    return "\n".join((head, "\n".join(_made_of(run)), measured, _LICENCE, _sources(data)))


def write_card(folder: Path, run: Run, data: Path, *, figures: Mapping[str, ByEngine], pieces: int) -> None:
    (folder / "README.md").write_text(card(run, data, figures, pieces=pieces), encoding="utf-8")
