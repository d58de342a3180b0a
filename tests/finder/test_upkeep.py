"""Another encoder is set: the old index goes on serving by words while the new one is built beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from indexer import Mode, Query
from indexer.index import Index
from portal.cli.upkeep import Upkeep
from portal.config import complete
from portal.finder import sources, upkeep
from tests.finder.conftest import Desk

ENDS_A_TEST_THAT_HANGS_S = 60.0


class Counting:
    """Counts characters: an encoder without a model, ready at once, telling how much it was asked."""

    quick = True
    ready = True
    fault = None
    dims = 4

    def __init__(self, name: str) -> None:
        self.name = name
        self.encoded: list[str] = []

    def wait(self, timeout_s: float | None = None) -> bool:
        return True

    def encode(self, texts: Sequence[str]) -> Any:
        self.encoded += texts
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> Any:
        vectors = np.array([[text.count(sign) + 0.01 for sign in "登打网票"] for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def piece_ids(self, text: str) -> None:
        return None

    def piece_vectors(self, ids: object) -> Any:
        raise NotImplementedError


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], Index]]:
    made: list[Index] = []

    def open_with(encoder: str) -> Index:
        made.append(Index.open(tmp_path / "other", embedder=Counting(encoder)))
        return made[-1]

    yield open_with
    for index in made:
        index.close()


def working_on(desk: Desk, index: Index) -> Upkeep:
    settings: dict[str, object] = {"confirm_after_days": 3, "data_dir": desk.index._folder}
    return Upkeep(_settings(settings), desk.maker, index)


def _settings(values: dict[str, object]) -> Any:
    from portal.config import TABLE

    return complete({row.name: row.read(row.default) if row.default else "" for row in TABLE} | values)


def test_the_old_index_serves_by_words_until_the_new_one_is_there(
    desk_of: Desk, opened: Callable[[str], Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_of.article("登录不上怎么办")
    desk_of.session.commit()
    upkeep.rebuild_all(desk_of.maker, opened("old@1"))

    begun, go_on = threading.Event(), threading.Event()
    honest = sources.every_document

    def held_up(session: Session) -> object:
        begun.set()
        assert go_on.wait(ENDS_A_TEST_THAT_HANGS_S)
        yield from honest(session)

    monkeypatch.setattr(upkeep, "every_document", held_up)
    index = opened("new@1")
    loop = working_on(desk_of, index)
    assert loop.round()
    assert begun.wait(ENDS_A_TEST_THAT_HANGS_S)
    desk_of.article("登录后白屏")
    desk_of.session.commit()
    assert loop.round()
    asked = Query("登录", audience=None)
    during = index.search(asked)
    assert (during.mode, len(during.hits)) == (Mode.LEXICAL, 2)
    assert index.status().needs_rebuild

    go_on.set()
    assert loop.behind is not None
    loop.behind.join(ENDS_A_TEST_THAT_HANGS_S)
    after = index.search(asked)
    assert (after.mode, len(after.hits)) == (Mode.HYBRID, 2)
    assert index.needs_rebuild is None
    assert index.status().without_vectors == 0


def test_a_rebuild_that_fails_leaves_the_old_index_and_is_not_repeated_at_once(
    desk_of: Desk, opened: Callable[[str], Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_of.article("登录不上怎么办")
    desk_of.session.commit()
    upkeep.rebuild_all(desk_of.maker, opened("old@1"))
    tries: list[int] = []

    def failing(session: Session) -> object:
        tries.append(1)
        raise OSError("No space left on device")

    monkeypatch.setattr(upkeep, "every_document", failing)
    index = opened("new@1")
    loop = working_on(desk_of, index)
    for _ in range(3):
        assert loop.round()
        assert loop.behind is not None
        loop.behind.join(ENDS_A_TEST_THAT_HANGS_S)
    assert len(tries) == 1
    assert index.search(Query("登录", audience=None)).mode is Mode.LEXICAL


def test_a_rebuild_with_the_same_encoder_encodes_nothing_twice(
    desk_of: Desk, opened: Callable[[str], Index]
) -> None:
    for number in range(5):
        desk_of.article(f"第{number}篇：登录不上")
    desk_of.session.commit()
    index = opened("same@1")
    encoder = index._embedder
    assert isinstance(encoder, Counting)
    upkeep.rebuild_all(desk_of.maker, index)
    first = len(encoder.encoded)
    assert first == len(set(encoder.encoded)) == 6  # five titles, and one body that they share
    upkeep.rebuild_all(desk_of.maker, index)
    assert len(encoder.encoded) == first
    desk_of.article("新的一篇：打印")
    desk_of.consume_into(index)
    assert len(encoder.encoded) == first + 1


def test_a_round_survives_whatever_happens_in_it(desk_of: Desk, opened: Callable[[str], Index]) -> None:
    index = opened("same@1")
    loop = working_on(desk_of, index)
    assert loop.round()
    index.generations.follow().store.close()  # type: ignore[union-attr]
    assert loop.round() is False
