"""The two stages: translations side by side, then the desk's own language on top.

A static model is nothing but a table: a text is the mean of its pieces' vectors. Both stages
rank the right partner above everybody else's in the batch. Invariant: everything drawn is
drawn from the recipe's seed, so a stage gives the same table for the same start.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from indexer.training.bags import Bags, Numbers, bags_of, thinned
from indexer.training.noise import slipped
from indexer.training.reading import Answered, Group
from indexer.training.recipe import Recipe

Table = NDArray[np.float32]
Part = tuple[Bags, Numbers]
"""Texts, and the rows wanted of them."""
Progress = Callable[[str, int, int, float], None]
"""Which stage, how far, of how many, the loss."""
_TAIL = 20
_PASSAGE_ZH = 220
_PASSAGE_EN = 480
"""Characters of a passage of an answer: about what the index cuts."""
_ASKED_IN_ENGLISH = 0.35


class Model(torch.nn.Module):
    def __init__(
        self, table: Table, *, scale: float, device: str, dropped: float = 0.0, seed: int = 0
    ) -> None:
        super().__init__()
        self.dropped = dropped
        self.dice = np.random.default_rng(seed)
        self.bag = torch.nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(table.copy()), freeze=False, mode="mean"
        )
        self.scale = scale
        self.device = device
        self.to(device)

    def encode(self, *parts: Part) -> list[Tensor]:
        """All of a step's texts in one pass: each pass through the table costs a gradient its size."""
        picked = [self._picked(bags, rows) for bags, rows in parts]
        ends = np.concatenate([[0], np.cumsum([len(flat) for flat, _ in picked])])
        flat = np.concatenate([flat for flat, _ in picked])
        offsets = np.concatenate([starts + end for (_, starts), end in zip(picked, ends, strict=False)])
        pooled = self.bag(torch.from_numpy(flat).to(self.device), torch.from_numpy(offsets).to(self.device))
        sizes = [len(rows) for _, rows in parts]
        return list(torch.split(torch.nn.functional.normalize(pooled, dim=1), sizes))

    def _picked(self, bags: Bags, rows: Numbers) -> tuple[Numbers, Numbers]:
        pieces, starts = bags.pick(rows)
        if not self.dropped:
            return pieces, starts
        return thinned(pieces, starts, share=self.dropped, dice=self.dice)

    def ranking(
        self, left: Tensor, right: Tensor, wrong: Tensor | None = None, *, scale: float | None = None
    ) -> Tensor:
        """Each left one's partner is the right one of the same row; `wrong` is nobody's partner."""
        scale = scale or self.scale
        likeness = left @ right.T * scale
        partner = torch.arange(len(left), device=self.device)
        back = torch.nn.functional.cross_entropy(likeness.T, partner)
        if wrong is not None:
            likeness = torch.cat([likeness, left @ wrong.T * scale], dim=1)
        return (torch.nn.functional.cross_entropy(likeness, partner) + back) / 2

    def table(self) -> Table:
        held: Table = self.bag.weight.detach().cpu().numpy().astype(np.float32)
        return held


def start_table(recipe: Recipe, pieces: int) -> Table:
    return np.random.default_rng(recipe.seed).normal(0.0, 0.05, (pieces, recipe.dims)).astype(np.float32)


def _descend(
    model: Model, losses: Iterator[Tensor], *, steps: int, rate: float, stage: str, progress: Progress
) -> Table:
    """Adam, its rate falling in a line to nothing."""
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    for step, loss in enumerate(losses):
        for group in optimiser.param_groups:
            group["lr"] = rate * (1.0 - step / steps)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        if step % 20 == 0 or step + 1 == steps:
            progress(stage, step + 1, steps, float(loss.detach()))
    return model.table()


def translation(
    table: Table, english: Bags, chinese: Bags, *, recipe: Recipe, device: str, progress: Progress
) -> Table:
    model = Model(table, scale=recipe.scale, device=device)
    batch = min(recipe.batch, len(english))
    per_epoch = len(english) // batch
    dice = np.random.default_rng(recipe.seed + 1)

    def losses() -> Iterator[Tensor]:
        for _ in range(recipe.epochs):
            order = dice.permutation(len(english))
            for step in range(per_epoch):
                rows = order[step * batch : (step + 1) * batch]
                yield model.ranking(*model.encode((english, rows), (chinese, rows)))

    steps = recipe.epochs * per_epoch
    return _descend(model, losses(), steps=steps, rate=recipe.rate, stage="translation", progress=progress)


@dataclass(frozen=True, slots=True)
class DeskTexts:
    """Every text of the groups as bags, and which rows are whose."""

    said: Bags
    said_of: Sequence[Numbers]
    """Each sentence is followed by its own slip."""
    titles: Bags
    whole: Bags
    near: Bags
    near_of: Sequence[Numbers]
    words: Bags
    words_of: Sequence[Numbers]
    questions: Sequence[Bags] = ()
    """Public questions in Chinese and in English, row for row; none when there are none."""
    passages: Sequence[Bags] = ()
    passages_of: Sequence[Numbers] = ()
    """For each language where each question's passages start, and where the last ends."""


def _spans(sizes: Sequence[int]) -> list[Numbers]:
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return [np.arange(starts[number], starts[number + 1]) for number in range(len(sizes))]


def desk_texts(
    tokenizer: Tokenizer,
    groups: Sequence[Group],
    synonyms: Sequence[tuple[str, ...]],
    answers: Sequence[Answered] = (),
    *,
    seed: int,
) -> DeskTexts:
    dice = random.Random(seed)  # noqa: S311 - reproducible noise, not a secret
    said = [text for group in groups for one in group.said for text in (one, slipped(one, dice))]
    near = [text for group in groups for text in group.near_miss] or [""]
    return DeskTexts(
        bags_of(tokenizer, said),
        _spans([2 * len(group.said) for group in groups]),
        bags_of(tokenizer, [group.official for group in groups]),
        bags_of(tokenizer, [f"{group.official} {group.body}" for group in groups]),
        bags_of(tokenizer, near),
        _spans([len(group.near_miss) for group in groups]),
        bags_of(tokenizer, [word for words in synonyms for word in words]),
        _spans([len(words) for words in synonyms]),
        **_answer_texts(tokenizer, answers),
    )


def _passages(text: str, length: int) -> list[str]:
    """The first few stretches of an answer; a short tail says nothing."""
    cut = [text[start : start + length] for start in range(0, min(len(text), 4 * length), length)]
    return [passage for passage in cut if len(passage) > _TAIL] or [text]


def _answer_texts(tokenizer: Tokenizer, answers: Sequence[Answered]) -> dict[str, Any]:
    if not answers:
        return {}
    chinese = [_passages(one.answer_zh.strip(), _PASSAGE_ZH) for one in answers]
    english = [_passages(one.answer_en.strip(), _PASSAGE_EN) for one in answers]
    asked = ([one.question_zh for one in answers], [one.question_en for one in answers])
    both = (chinese, english)
    return {
        "questions": [bags_of(tokenizer, texts) for texts in asked],
        "passages": [bags_of(tokenizer, [text for cut in texts for text in cut]) for texts in both],
        "passages_of": [np.concatenate([[0], np.cumsum([len(cut) for cut in texts])]) for texts in both],
    }


@dataclass(slots=True)
class _Draw:
    """What one step at the desk looks at."""

    texts: DeskTexts
    recipe: Recipe
    dice: np.random.Generator

    def _said(self, groups: Numbers) -> Numbers:
        spans = [self.texts.said_of[group] for group in groups]
        sentence = np.array([2 * self.dice.integers(len(span) // 2) for span in spans], dtype=np.int64)
        starts = np.array([span[0] for span in spans], dtype=np.int64)
        return starts + sentence + (self.dice.random(len(spans)) < self.recipe.noise)

    def _near(self, groups: Numbers) -> Numbers:
        spans = [self.texts.near_of[group] for group in groups]
        rows = [span[self.dice.integers(len(span))] for span in spans if len(span)]
        return np.array(rows or [0], dtype=np.int64)

    def groups(self) -> list[Part]:
        """Said; its partner: a third by title, a third by title and body, a third as others say it."""
        count, texts = len(self.texts.said_of), self.texts
        drawn = self.dice.choice(count, min(count, self.recipe.desk_groups), replace=False)
        titles, whole, others = np.array_split(drawn, 3)
        partners = [(texts.titles, titles), (texts.whole, whole), (texts.said, self._said(others))]
        return [(texts.said, self._said(drawn)), *partners, (texts.near, self._near(drawn))]

    def answers(self) -> list[Part]:
        """Questions and a passage of their answers, each side in a drawn language; early ones oftener."""
        if not self.texts.questions:
            return []
        count = len(self.texts.questions[0])
        drawn = self.dice.choice(count, min(count, self.recipe.answers), replace=False)
        asked, told = int(self.dice.random() < _ASKED_IN_ENGLISH), int(self.dice.integers(2))
        starts = self.texts.passages_of[told]
        early = self.dice.random(len(drawn)) ** 2
        rows = starts[drawn] + (early * (starts[drawn + 1] - starts[drawn])).astype(np.int64)
        return [(self.texts.questions[asked], drawn), (self.texts.passages[told], rows)]

    def synonyms(self) -> list[Part]:
        count = len(self.texts.words_of)
        drawn = self.dice.choice(count, min(count, self.recipe.desk_groups), replace=False)
        spans = [self.texts.words_of[number] for number in drawn]
        one = np.array([self.dice.integers(len(span)) for span in spans])
        step = np.array([self.dice.integers(1, len(span)) for span in spans])
        sizes, starts = np.array([len(span) for span in spans]), np.array([span[0] for span in spans])
        return [(self.texts.words, starts + one), (self.texts.words, starts + (one + step) % sizes)]


def _desk_loss(model: Model, parallel: list[Part], draw: _Draw) -> Tensor:
    recipe, answers = draw.recipe, draw.answers()
    english, chinese, said, titles, whole, others, near, one, other, *answered = model.encode(
        *parallel, *draw.groups(), *draw.synonyms(), *answers
    )
    groups = model.ranking(said, torch.cat([titles, whole, others]), near, scale=recipe.desk_scale)
    loss = model.ranking(english, chinese) + recipe.desk_weight * groups
    loss = loss + recipe.synonym_weight * model.ranking(one, other, scale=recipe.desk_scale)
    return loss + recipe.answer_weight * model.ranking(*answered) if answered else loss


def desk(
    table: Table,
    english: Bags,
    chinese: Bags,
    texts: DeskTexts,
    *,
    recipe: Recipe,
    device: str,
    progress: Progress,
) -> Table:
    model = Model(table, scale=recipe.desk_scale, device=device, dropped=recipe.dropped, seed=recipe.seed + 3)
    dice = np.random.default_rng(recipe.seed + 2)
    draw = _Draw(texts, recipe, dice)

    def losses() -> Iterator[Tensor]:
        for _ in range(recipe.desk_steps):
            rows = dice.integers(len(english), size=min(recipe.desk_pairs, len(english)))
            yield _desk_loss(model, [(english, rows), (chinese, rows)], draw)

    return _descend(
        model, losses(), steps=recipe.desk_steps, rate=recipe.desk_rate, stage="desk", progress=progress
    )
