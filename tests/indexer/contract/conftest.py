"""One contract for every word engine: a test that asks for `words` or `index` runs on each of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests_words import ENGINES

from indexer import Document, Index
from indexer.engines import WordEngine

Opened = Callable[[], Index]


@pytest.fixture(params=sorted(ENGINES))
def words(request: pytest.FixtureRequest) -> WordEngine:
    return ENGINES[request.param]


@pytest.fixture
def open_index(words: WordEngine, tmp_path: Path) -> Iterator[Opened]:
    """Opens the one index of the test, as often as the test needs another reader or a restart."""
    opened: list[Index] = []

    def open_again() -> Index:
        opened.append(Index.open(tmp_path / "index", embedder=None, words=words))
        return opened[-1]

    yield open_again
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index: Opened) -> Index:
    return open_index()


def article(id_: str, title: str, body: str = "", **more: object) -> Document:
    return Document("article", id_, title, body=body, **({"audience": EVERYONE} | more))  # type: ignore[arg-type]


EVERYONE = frozenset({"everyone"})
