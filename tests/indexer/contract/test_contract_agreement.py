"""The engines answer alike: a few hundred made-up documents and questions, against brute force.

Whoosh must agree in everything. tantivy proposes a hundred and twenty of six hundred by a formula of its
own; where it differs, the test says why (docs/decisions/0107).
"""

import json
import random
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import pytest
from tests_words import ENGINES

from indexer import Answer, Document, Index, Query
from indexer.engines import WordEngine

ALL = frozenset({"everyone"})
SYSTEMS = ("4A", "ERP", "OA", "营销")
SEEN = {"everybody": None, "most": frozenset({"everyone"}), "few": frozenset({"experts"})}


def vocabulary(dice: random.Random) -> list[str]:
    source = files("indexer").joinpath("tables/synonyms.jsonl").read_text(encoding="utf-8")
    words = sorted({word for line in source.splitlines() for word in json.loads(line)["words"]})
    dice.shuffle(words)
    return words


def said(dice: random.Random, words: list[str], length: int) -> str:
    """Words drawn as in language: a few all the time, most of them seldom."""
    drawn = (words[min(int(dice.paretovariate(0.5)) - 1, len(words) - 1)] for _ in range(length))
    return "，".join(drawn)


def documents(dice: random.Random, words: list[str], count: int) -> Iterator[Document]:
    for number in range(count):
        yield Document(
            "article" if number % 3 else "defect",
            str(number),
            said(dice, words, 3),
            body="。".join(said(dice, words, dice.randint(3, 8)) for _ in range(6)),
            codes=(f"ORA-{number:05d}",) if number % 7 == 0 else (),
            also=(said(dice, words, 4),) if number % 5 == 0 else (),
            facets={"system": dice.choice(SYSTEMS)},
            audience=frozenset({"everyone", "experts"}) if number % 10 else frozenset({"experts"}),
        )


def mistyped(dice: random.Random, text: str) -> str:
    """One character replaced by one that sounds the same or by none."""
    place = dice.randrange(len(text))
    return text[:place] + dice.choice(["登", "鸡", "连", ""]) + text[place + 1 :]


def questions(dice: random.Random, held: list[Document], words: list[str], count: int) -> Iterator[str]:
    for number in range(count):
        document = dice.choice(held)
        match number % 6:
            case 0:
                yield document.title
            case 1:
                yield "您好，" + dice.choice(document.body.split("。")) + "怎么办？"
            case 2:
                yield said(dice, words, 2)
            case 3:
                yield mistyped(dice, document.title)
            case 4:
                yield document.body
            case _:
                yield f"{dice.choice(document.body.split('，'))} ORA-{dice.randrange(600):05d}"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Answer]]:
    dice = random.Random(20)
    words = vocabulary(dice)
    held = list(documents(dice, words, 600))
    asked = list(questions(dice, held, words, 90))
    return {
        name: answered(engine, held, asked, tmp_path_factory.mktemp(name)) for name, engine in ENGINES.items()
    }


def answered(engine: WordEngine, held: list[Document], asked: list[str], folder: Path) -> list[Answer]:
    index = Index.open(folder / "index", embedder=None, words=engine)
    index.rebuild(held)
    found = [
        index.search(Query(text, audience=audience, limit=10)) for audience in SEEN.values() for text in asked
    ]
    index.close()
    return found


def first(answer: Answer) -> object:
    return answer.hits[0].key if answer.hits else None


def test_whoosh_agrees_with_brute_force_in_everything(answers: Mapping[str, list[Answer]]) -> None:
    for ours, theirs in zip(answers["whoosh"], answers["reference"], strict=True):
        assert [hit.key for hit in ours.hits] == [hit.key for hit in theirs.hits]
        assert [hit.probability for hit in ours.hits] == pytest.approx(
            [hit.probability for hit in theirs.hits]
        )
        assert [hit.why for hit in ours.hits] == [hit.why for hit in theirs.hits]


def test_tantivy_puts_the_same_document_first(answers: Mapping[str, list[Answer]]) -> None:
    pairs = list(zip(answers["tantivy"], answers["whoosh"], strict=True))
    same = sum(first(ours) == first(theirs) for ours, theirs in pairs)
    assert same >= 0.99 * len(pairs)


def test_tantivy_finds_the_same_ten(answers: Mapping[str, list[Answer]]) -> None:
    shared = wanted = 0
    for ours, theirs in zip(answers["tantivy"], answers["whoosh"], strict=True):
        keys = {hit.key for hit in theirs.hits}
        shared += len(keys & {hit.key for hit in ours.hits})
        wanted += len(keys)
    assert shared >= 0.97 * wanted


def test_the_same_first_document_gets_the_same_probability(answers: Mapping[str, list[Answer]]) -> None:
    """Exactly, but for a sound that stands twice in a document, which tantivy counts once."""
    for ours, theirs in zip(answers["tantivy"], answers["whoosh"], strict=True):
        if ours.hits and first(ours) == first(theirs):
            assert ours.hits[0].probability == pytest.approx(theirs.hits[0].probability, abs=0.05)
