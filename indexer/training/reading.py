"""What the encoder learns from: aligned sentences, written desk language, words for one thing.

Reading, filtering and the split live here; pieces and vectors do not. Invariant: a theme lies
wholly in training or wholly in the check, so nothing held back was half seen; the same
files and seed give the same rows in the same order; every text is folded as the product folds it.
"""

import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from indexer.characters import fold

Pair = tuple[str, str]
"""English, Chinese."""
DESK = Path(__file__).parent / "desk"
SYNONYMS = Path(__file__).parents[1] / "tables" / "synonyms.jsonl"
PARALLEL = "parallel.tsv.gz"
SEED_GROUPS = "desk_paraphrases.jsonl"
SEED_SYNONYMS = "desk_synonyms.jsonl"
SOURCES = "SOURCES.md"
FAQ = "bilingual_it_faq.jsonl.gz"
_LONGEST = 300
_FAQ_HELD = 5
"""Every so-manieth public question is held back for the calibration."""
_NEIGHBOURS = 12
"""The seed names no themes but was written theme by theme: so many neighbours count as one."""


class NoData(Exception):
    """Something to learn from is missing; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Group:
    """One problem: its official wording, and how people say it."""

    theme: str
    official: str
    body: str
    said: tuple[str, ...]
    near_miss: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    train: tuple[Group, ...]
    check: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A public question with its answer, in both languages."""

    question_zh: str
    question_en: str
    answer_zh: str
    answer_en: str


@dataclass(frozen=True, slots=True)
class Material:
    pairs: Sequence[Pair]
    answers: Sequence[Answered]
    desk: Split
    synonyms: Sequence[tuple[str, ...]]
    digests: Mapping[str, str]
    """Of every file read, so that a model names what it was made from."""


def _is_han(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _is_fit(english: str, chinese: str) -> bool:
    return bool(english.strip()) and _is_han(chinese) and not _is_han(english)


def _pairs(lines: Iterable[str]) -> Iterator[Pair]:
    for line in lines:
        cells = line.rstrip("\n").split("\t")
        if len(cells) >= 2 and _is_fit(cells[0], cells[1]):
            yield fold(cells[0][:_LONGEST]), fold(cells[1][:_LONGEST])


def pairs_of(path: Path, *, most: int | None, seed: int) -> list[Pair]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = list(dict.fromkeys(_pairs(lines)))
    random.Random(seed).shuffle(found)  # noqa: S311 - a reproducible order, not a secret
    return found[:most]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def groups_of(path: Path) -> Iterator[Group]:
    for number, row in enumerate(_rows(path)):
        theme = row.get("theme") or f"{path.stem}/{number // _NEIGHBOURS}"
        said, near = tuple(map(fold, row["said"])), tuple(map(fold, row.get("near_miss", ())))
        yield Group(theme, fold(row["official"]), fold(row.get("body", "")), said, near)


def _drawn(theme: str, seed: int) -> str:
    """An order of themes that does not move when another one is written."""
    return hashlib.sha256(f"{seed}:{theme}".encode()).hexdigest()


def split(groups: Sequence[Group], *, share: float, seed: int) -> Split:
    """Whole themes go into the check until it holds `share` of the groups."""
    themes: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        themes[group.theme].append(group)
    check: list[Group] = []
    train: list[Group] = []
    for theme in sorted(themes, key=lambda name: _drawn(name, seed)):
        room = len(check) + len(themes[theme]) <= share * len(groups)
        (check if room else train).extend(themes[theme])
    return Split(tuple(train), tuple(check))


def synonyms_of(path: Path) -> list[tuple[str, ...]]:
    return [tuple(map(fold, row["words"])) for row in _rows(path) if len(row["words"]) > 1]


def answered(path: Path, *, held: bool) -> list[Answered]:
    """The public questions that train, or (`held`) those that never do."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    chosen = (row for number, row in enumerate(rows) if (number % _FAQ_HELD == 0) == held)
    return [Answered(*(fold(row[field.name]) for field in fields(Answered))) for row in chosen]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _desk_files(data: Path, desk: Path) -> list[Path]:
    seed = data / SEED_GROUPS
    return ([seed] if seed.is_file() else []) + sorted(desk.glob("*.jsonl"))


def material(
    data: Path,
    *,
    most: int | None,
    check_share: float,
    seed: int,
    desk: Path = DESK,
    synonyms: Path = SYNONYMS,
    faq: Path | None = None,
) -> Material:
    if not (data / PARALLEL).is_file():
        raise NoData(f"The data folder {data} holds no {PARALLEL}: name the folder with --data.")
    files = _desk_files(data, desk)
    groups = [group for path in files for group in groups_of(path)]
    words = [path for path in (synonyms, data / SEED_SYNONYMS) if path.is_file()]
    read = (data / PARALLEL, *files, *words, *([faq] if faq else []))
    return Material(
        pairs_of(data / PARALLEL, most=most, seed=seed),
        answered(faq, held=False) if faq else (),
        split(groups, share=check_share, seed=seed),
        [alike for path in words for alike in synonyms_of(path)],
        {path.name: _digest(path) for path in read},
    )
