"""What the encoder learns from: aligned sentences, written desk language, words for one thing.

Reading, filtering and the split live here; pieces and vectors do not. Invariant: a theme lies
wholly in training or wholly in the check, so nothing held back was half seen; and the same
files and seed give the same rows in the same order.
"""

import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Pair = tuple[str, str]
"""English, Chinese."""
DESK = Path(__file__).parent / "desk"
SYNONYMS = Path(__file__).parents[1] / "tables" / "synonyms.jsonl"
PARALLEL = "parallel.tsv.gz"
SEED_GROUPS = "desk_paraphrases.jsonl"
SOURCES = "SOURCES.md"
_LONGEST = 300
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
class Material:
    pairs: Sequence[Pair]
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
            yield cells[0][:_LONGEST], cells[1][:_LONGEST]


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
        said, near = tuple(row["said"]), tuple(row.get("near_miss", ()))
        yield Group(theme, row["official"], row.get("body", ""), said, near)


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
    return [tuple(row["words"]) for row in _rows(path) if len(row["words"]) > 1]


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
) -> Material:
    if not (data / PARALLEL).is_file():
        raise NoData(f"The data folder {data} holds no {PARALLEL}: name the folder with --data.")
    files = _desk_files(data, desk)
    groups = [group for path in files for group in groups_of(path)]
    return Material(
        pairs_of(data / PARALLEL, most=most, seed=seed),
        split(groups, share=check_share, seed=seed),
        synonyms_of(synonyms),
        {path.name: _digest(path) for path in (data / PARALLEL, *files, synonyms)},
    )
