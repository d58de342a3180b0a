"""One run from data to model, stage by stage; what a stage made is kept under its hash.

Invariant: a kept stage is taken up again only by a run of the same recipe over the same files,
since its name says both.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from indexer.training.bags import Bags, bags_of
from indexer.training.export import export
from indexer.training.reading import Group, Material
from indexer.training.recipe import Recipe
from indexer.training.stages import Progress, Table, desk, desk_texts, start_table, translation
from indexer.training.tokenizer import trained

CHECK = "check.jsonl"
_DESK = "desk"
_HEARD = 3
"""Times the desk's sentences are told to the tokenizer: they are few beside the translations."""


@dataclass(frozen=True, slots=True)
class Run:
    material: Material
    recipe: Recipe
    work: Path
    """Where the stages are kept."""
    device: str
    resume: bool
    progress: Progress
    pieces: Path | None = None
    """A tokenizer to start from; none: one is trained anew."""

    @property
    def hash(self) -> str:
        return self.recipe.hash(self.material.digests)

    def kept(self, stage: str, suffix: str) -> Path:
        """Under the hash of what this stage depends on."""
        start = self.recipe.start_hash(self.material.digests)
        return self.work / f"{stage}-{self.hash if stage == _DESK else start}{suffix}"


def _texts(run: Run) -> Iterator[str]:
    for pair in run.material.pairs[: run.recipe.tokenizer_pairs]:
        yield from pair
    for group in run.material.desk.train * _HEARD:
        yield from (group.official, group.body, *group.said)


def _tokenizer(run: Run) -> Tokenizer:
    if run.pieces is not None:
        return Tokenizer.from_file(str(run.pieces))
    path = run.kept("tokenizer", ".json")
    if not (run.resume and path.is_file()):
        run.progress("tokenizer", 0, 1, 0.0)
        trained(_texts(run), run.recipe).save(str(path))
    return Tokenizer.from_file(str(path))


def _kept_table(run: Run, stage: str) -> Table | None:
    path = run.kept(stage, ".npy")
    if not (run.resume and path.is_file()):
        return None
    table: Table = np.load(path, allow_pickle=False)
    return table


def _keep(run: Run, stage: str, table: Table) -> Table:
    """Beside first: a run that is cut off leaves no half table under the name."""
    path = run.kept(stage, ".npy")
    beside = path.with_suffix(".half.npy")
    np.save(beside, table, allow_pickle=False)
    beside.replace(path)
    return table


def _bags(run: Run, tokenizer: Tokenizer) -> tuple[Bags, Bags]:
    run.progress("pieces", 0, 1, 0.0)
    english = bags_of(tokenizer, [pair[0] for pair in run.material.pairs])
    return english, bags_of(tokenizer, [pair[1] for pair in run.material.pairs])


def _translated(run: Run, tokenizer: Tokenizer, bags: tuple[Bags, Bags]) -> Table:
    kept = _kept_table(run, "translation")
    if kept is not None:
        return kept
    start = start_table(run.recipe, tokenizer.get_vocab_size())
    made = translation(start, *bags, recipe=run.recipe, device=run.device, progress=run.progress)
    return _keep(run, "translation", made)


def _at_the_desk(run: Run, tokenizer: Tokenizer) -> Table:
    kept = _kept_table(run, _DESK)
    if kept is not None:
        return kept
    bags = _bags(run, tokenizer)
    table = _translated(run, tokenizer, bags)
    if not run.material.desk.train:
        return table
    material, recipe = run.material, run.recipe
    groups, answers = material.desk.train, material.answers
    texts = desk_texts(tokenizer, groups, material.synonyms, answers, seed=recipe.seed)
    made = desk(table, *bags, texts, recipe=recipe, device=run.device, progress=run.progress)
    return _keep(run, _DESK, made)


def _row(group: Group) -> str:
    return json.dumps(asdict(group), ensure_ascii=False)


def made(run: Run, folder: Path) -> int:
    """The model in `folder`; the groups held back beside the stages. Returns how many pieces it has."""
    run.work.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(run)
    table = _at_the_desk(run, tokenizer)
    export(folder, table, tokenizer, recipe_hash=run.hash)
    held_back = "".join(_row(group) + "\n" for group in run.material.desk.check)
    (run.work / CHECK).write_text(held_back, encoding="utf-8")
    return len(table)
