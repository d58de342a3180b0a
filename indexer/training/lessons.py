"""Judged questions that no encoder has seen: held-back desk groups and held-back public answers.

What is fitted to a finished encoder (the order of the first hits, the confidence) learns from these.
Invariant: nothing of an evaluation set, and nothing the encoder was trained on, is ever a row here.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.document import Document, Key
from indexer.training.reading import Answered, Group, answered, groups_of

_POOL = 160
"""Groups that are searched together: about what a young desk has written."""
_LONGEST = 3_000
_CUT = 420
"""Characters of a pasted text; what follows it is the document that belongs to it."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    right: Key | None
    """None: nothing here answers it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    name: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]


def _asked_of(group: Group, key: Key, dice: random.Random) -> Iterator[Question]:
    yield from (Question(said, key) for said in group.said)
    half = len(group.official) // 2
    yield Question(dice.choice((group.official, group.official[:half], group.official[half:])), key)
    yield from (Question(said, None) for said in group.near_miss[:1])


def desk_lessons(groups: Sequence[Group]) -> Iterator[Lesson]:
    dice = random.Random(11)  # noqa: S311 - a reproducible choice, not a secret
    drawn = list(groups)
    dice.shuffle(drawn)
    for start in range(0, len(drawn), _POOL):
        pool = drawn[start : start + _POOL]
        documents = [
            Document("article", str(number), one.official, body=one.body) for number, one in enumerate(pool)
        ]
        pairs = zip(pool, documents, strict=True)
        questions = [asked for one, document in pairs for asked in _asked_of(one, document.key, dice)]
        yield Lesson("desk", tuple(documents), tuple(questions))


def _public(name: str, rows: Sequence[Answered], *, asked: str, told: str, titled: bool) -> Lesson:
    documents, questions = [], []
    for number, row in enumerate(rows):
        title = getattr(row, f"question_{told}") if titled else ""
        body = getattr(row, f"answer_{told}")[:_LONGEST]
        documents.append(Document("article", str(number), title, body=body))
        questions.append(Question(getattr(row, f"question_{asked}"), documents[-1].key))
    return Lesson(name, tuple(documents), tuple(questions))


def _pasted(rows: Sequence[Answered]) -> Lesson:
    """A long text against the one that goes on where it ends, as reports of one fault do."""
    fit = [row for row in rows if len(row.answer_en) > 2 * _CUT]
    documents = [
        Document("article", str(number), row.answer_en[_CUT : _CUT + 80], body=row.answer_en[_CUT:_LONGEST])
        for number, row in enumerate(fit)
    ]
    questions = [
        Question(f"{row.question_en}\n{row.answer_en[:_CUT]}", document.key)
        for row, document in zip(fit, documents, strict=True)
    ]
    return Lesson("pasted", tuple(documents), tuple(questions))


def public_lessons(rows: Sequence[Answered]) -> Iterator[Lesson]:
    """Questions and answers within and across the languages, on rows of their own each."""
    drawn = list(rows)
    random.Random(7).shuffle(drawn)  # noqa: S311 - a reproducible choice, not a secret
    yield _public("zh-zh", drawn[:400], asked="zh", told="zh", titled=False)
    yield _public("zh-en titled", drawn[400:650], asked="zh", told="en", titled=True)
    yield _public("en-en", drawn[650:1000], asked="en", told="en", titled=False)
    yield _public("zh-en", drawn[1000:1200], asked="zh", told="en", titled=False)
    yield _public("en-zh titled", drawn[1200:1350], asked="en", told="zh", titled=True)
    yield _pasted(drawn[1350:])


def lessons(check: Path, faq: Path | None) -> list[Lesson]:
    """`check`: the groups that a training run has held back (`check.jsonl` beside its stages)."""
    held = answered(faq, held=True) if faq is not None else []
    return [*desk_lessons(list(groups_of(check))), *(public_lessons(held) if held else ())]
