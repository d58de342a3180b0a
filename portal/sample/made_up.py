"""Made-up desk texts in any number, and questions about them: for benchmarks, never for a person to read.

One place for `tierdesk bench` and for `benchmarks/`. The words are the desk's own synonyms, drawn as in
language: a few all the time, most of them seldom. The invariant: the same number gives the same texts, on
every machine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SYSTEMS = 40
MODULES = 200
SENTENCES = 8
#: Style of question → how many phrases, how many of ten questions.
STYLES = {"short": (2, 6), "sentence": (5, 3), "rambling": (30, 1)}


@dataclass(frozen=True, slots=True)
class Text:
    """One record: about four hundred characters, one in five with an error code of its own."""

    number: int
    title: str
    body: str
    code: str | None

    @property
    def system(self) -> str:
        return f"S{self.number % SYSTEMS}"

    @property
    def module(self) -> str:
        return f"M{self.number % MODULES}"

    @property
    def is_for_staff(self) -> bool:
        return self.number % 4 == 0


@cache
def _vocabulary() -> tuple[str, ...]:
    source = files("indexer").joinpath("tables/synonyms.jsonl").read_text(encoding="utf-8")
    words = [word for line in source.splitlines() if line.strip() for word in json.loads(line)["words"]]
    random.Random(3).shuffle(words)  # noqa: S311 - reproducible, not secret
    return tuple(words)


def _sentence(dice: random.Random, length: int) -> str:
    words = _vocabulary()
    drawn = (words[min(int(dice.paretovariate(0.6)) - 1, len(words) - 1)] for _ in range(length))
    rare = "".join(chr(dice.randint(0x4E00, 0x6E00)) for _ in range(3))
    return "，".join(drawn) + rare + "。"


def texts(count: int) -> Iterator[Text]:
    dice = random.Random(5)  # noqa: S311
    for number in range(count):
        title = _sentence(dice, 3)
        body = "".join(_sentence(dice, 8) for _ in range(SENTENCES))
        yield Text(number, title, body, f"ORA-{number:05d}" if number % 5 == 0 else None)


def questions(count: int, *, seed: int = 8) -> list[tuple[str, str]]:
    """(style, text): most are short, some are a sentence, one in ten rambles."""
    dice = random.Random(seed)  # noqa: S311
    styles = [style for style, (_, share) in STYLES.items() for _ in range(share)]
    asked = [styles[number % len(styles)] for number in range(count)]
    dice.shuffle(asked)
    return [(style, _sentence(dice, STYLES[style][0])) for style in asked]


def keystrokes(question: str, *, every: int = 4) -> list[str]:
    """What a page sends while this is typed: each time somebody pauses for a moment."""
    ends = [*range(every, len(question), every), len(question)]
    return [question[:end] for end in ends]
