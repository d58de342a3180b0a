"""Vectors through the mapped file, through the store, and through both, against comparing every passage."""

import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer import Document, Index, Mode, Query, generation, matrix, store
from indexer.columns import Columns
from indexer.document import Key
from indexer.generation import View
from indexer.passages import passages
from indexer.vector_store import PieceBlock, hash_of
from indexer.vectors import PieceLists

ALL = frozenset({"everyone"})
SIGNS = "登录打印网络报销审批"


class Counting:
    """Counts characters: vectors that anybody can work out, and a record of what was asked."""

    quick = True
    ready = True
    fault = None
    dims = len(SIGNS)

    def __init__(self, name: str = "counting@1") -> None:
        self.name = name
        self.encoded: list[str] = []

    def wait(self, timeout_s: float | None = None) -> bool:
        return True

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        return self.encode_queries(texts)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[text.count(sign) + 0.01 for sign in SIGNS] for text in texts])
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)

    def piece_ids(self, text: str) -> np.ndarray:
        return np.array(sorted({SIGNS.index(sign) for sign in text if sign in SIGNS}), dtype=np.int32)

    def piece_vectors(self, ids: np.ndarray) -> np.ndarray:
        return np.eye(len(SIGNS), dtype=np.float32)[ids]


def made(id_: str, dice: random.Random) -> Document:
    def said(length: int) -> str:
        return "".join(dice.choice(SIGNS) for _ in range(length))

    body = "。".join(said(90) for _ in range(dice.randint(0, 8)))
    audience = ALL if dice.random() < 0.7 else frozenset({"experts"})
    return Document("article", id_, said(5), body=body, also=(said(12),), audience=audience)


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a block after every handful of documents, where a desk has thousands."""
    monkeypatch.setattr(generation, "_LEAST_NEWS", 5)
    monkeypatch.setattr(store, "_AT_ONCE", 3)


@pytest.fixture
def encoder() -> Counting:
    return Counting()


def view_of(index: Index) -> View:
    found = index.generations.follow()
    assert found is not None
    return found.refresh()


def folder_of(index: Index) -> Path:
    found = index.generations.follow()
    assert found is not None
    return found.folder


def nearest(index: Index, text: str, encoder: Counting, audience: frozenset[str] = ALL) -> dict[Key, float]:
    view = view_of(index)
    mask = view.columns.mask(Query(text, audience=audience))
    found = view.vectors.nearest(encoder.encode_queries([text]), mask, sentence=0.4)
    return {view.columns.keys[place]: float(found.cosines[place]) for place in np.flatnonzero(mask)}


def by_hand(
    held: dict[Key, Document], text: str, encoder: Counting, audience: frozenset[str] = ALL
) -> dict[Key, float]:
    question = encoder.encode_queries([text])[0]
    return {
        key: float((encoder.encode_queries([part.text for part in passages(document)]) @ question).max())
        for key, document in held.items()
        if document.audience & audience
    }


def assert_right(index: Index, held: dict[Key, Document], encoder: Counting) -> None:
    for audience in (ALL, frozenset({"experts"}), frozenset({"nobody"})):
        found = nearest(index, "打印网络", encoder, audience)
        truth = by_hand(held, "打印网络", encoder, audience)
        assert set(found) == set(truth)
        for key, cosine in truth.items():
            assert found[key] == pytest.approx(cosine, abs=2e-3)


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("seed", range(6))
def test_any_history_is_compared_as_by_hand_whoever_reads(
    seed: int, tmp_path: Path, encoder: Counting
) -> None:
    dice = random.Random(seed)
    writer = Index.open(tmp_path / "index", embedder=encoder)
    reader = Index.open(tmp_path / "index", embedder=encoder)
    held: dict[Key, Document] = {}
    for _ in range(8):
        fresh = [made(str(dice.randint(1, 30)), dice) for _ in range(dice.randint(0, 9))]
        fresh = list({document.key: document for document in fresh}.values())
        writer.update(fresh)
        held |= {document.key: document for document in fresh}
        if held and dice.random() < 0.5:
            gone = dice.choice(sorted(held))
            writer.remove([gone])
            del held[gone]
        if dice.random() < 0.2:
            writer.rebuild(held.values())
        newcomer = Index.open(tmp_path / "index", embedder=encoder)
        for index in (writer, reader, newcomer):
            assert_right(index, held, encoder)
        newcomer.close()
    assert matrix.newest(folder_of(writer)) is not None
    writer.close()
    reader.close()


@pytest.fixture
def filed(tmp_path: Path, early: None, encoder: Counting) -> Iterator[tuple[Index, dict[Key, Document]]]:
    dice = random.Random(3)
    documents = [made(str(number), dice) for number in range(20)]
    index = Index.open(tmp_path / "index", embedder=encoder)
    index.rebuild(documents)
    yield index, {document.key: document for document in documents}
    index.close()


def test_most_is_read_through_the_file_and_the_rest_from_the_store(
    filed: tuple[Index, dict[Key, Document]], encoder: Counting
) -> None:
    index, held = filed
    assert view_of(index).vectors.file == "matrix-1"
    late = made("late", random.Random(9))
    index.update([late])
    vectors = view_of(index).vectors
    assert vectors.file == "matrix-1"
    assert len(vectors.chunks) == 2
    assert isinstance(vectors.chunks[0].matrix.base, np.memmap)
    assert_right(index, held | {late.key: late}, encoder)


def test_a_reader_moves_on_to_a_newer_file(
    filed: tuple[Index, dict[Key, Document]], encoder: Counting, tmp_path: Path
) -> None:
    index, held = filed
    reader = Index.open(tmp_path / "index", embedder=encoder)
    assert view_of(reader).vectors.file == "matrix-1"
    fresh = [made(f"more{number}", random.Random(number)) for number in range(12)]
    index.update(fresh)
    assert [path.name for path in folder_of(index).glob("matrix-*")] == ["matrix-2"]
    assert view_of(reader).vectors.file == "matrix-2"
    assert len(view_of(reader).vectors.chunks) == 1
    assert_right(reader, held | {document.key: document for document in fresh}, encoder)
    reader.close()


def truncated(folder: Path) -> None:
    path = folder / "matrix.npy"
    path.write_bytes(path.read_bytes()[:-100])


def flipped(folder: Path) -> None:
    content = bytearray((folder / "matrix.npy").read_bytes())
    content[-5] ^= 0xFF
    (folder / "matrix.npy").write_bytes(content)


def missing(folder: Path) -> None:
    (folder / "piece_ids.npy").unlink()


def unreadable(folder: Path) -> None:
    (folder / "about.json").write_text("{", encoding="utf-8")


def _told(folder: Path, **other: object) -> None:
    about = folder / "about.json"
    about.write_text(json.dumps(json.loads(about.read_text(encoding="utf-8")) | other), encoding="utf-8")


def of_another_encoder(folder: Path) -> None:
    _told(folder, encoder="other@1")


def of_another_store(folder: Path) -> None:
    _told(folder, last=7)


@pytest.mark.parametrize(
    "harm", [truncated, flipped, missing, unreadable, of_another_encoder, of_another_store]
)
def test_a_file_that_does_not_fit_is_ignored_and_made_again(
    filed: tuple[Index, dict[Key, Document]], encoder: Counting, tmp_path: Path, harm: object
) -> None:
    index, held = filed
    harm(folder_of(index) / "matrix-1")  # type: ignore[operator]
    other = Index.open(tmp_path / "index", embedder=encoder)
    vectors = view_of(other).vectors
    assert vectors.file is None
    assert vectors.refused == "matrix-1"
    assert_right(other, held, encoder)
    assert other.search(Query("打印", audience=ALL)).mode is Mode.HYBRID
    late = made("late", random.Random(9))
    other.update([late])
    assert view_of(other).vectors.file == "matrix-2"
    assert_right(other, held | {late.key: late}, encoder)
    other.close()


def test_what_a_killed_writer_left_of_a_file_is_cleared_away(
    filed: tuple[Index, dict[Key, Document]], encoder: Counting
) -> None:
    index, held = filed
    left = folder_of(index) / f".matrix.{os.getpid() + 1}"
    left.mkdir()
    (left / "matrix.npy").write_bytes(b"half")
    fresh = [made(f"more{number}", random.Random(number)) for number in range(12)]
    index.update(fresh)
    assert not left.exists()
    assert_right(index, held | {document.key: document for document in fresh}, encoder)


def test_a_disk_too_full_for_the_file_costs_nothing_but_the_file(
    filed: tuple[Index, dict[Key, Document]], encoder: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, held = filed

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(matrix, "open_memmap", full)
    fresh = [made(f"more{number}", random.Random(number)) for number in range(12)]
    assert index.update(fresh) == 12
    assert_right(index, held | {document.key: document for document in fresh}, encoder)
    assert not list(folder_of(index).glob(".matrix.*"))


def test_a_text_is_encoded_once(tmp_path: Path, encoder: Counting) -> None:
    dice = random.Random(4)
    documents = [made(str(number), dice) for number in range(10)]
    index = Index.open(tmp_path / "index", embedder=encoder)
    index.rebuild(documents)
    assert len(encoder.encoded) == len(set(encoder.encoded))
    before = len(encoder.encoded)
    index.rebuild(documents)
    one = documents[0]
    index.update([Document(one.kind, one.id, one.title, body=one.body, also=one.also, audience=ALL)])
    assert len(encoder.encoded) == before, "a changed state or audience changes no text"
    index.update([Document(one.kind, one.id, "登登登", body=one.body, also=one.also, audience=ALL)])
    assert encoder.encoded[before:] == ["登登登"]
    index.close()


def test_vectors_of_another_encoder_are_never_used_again(tmp_path: Path, encoder: Counting) -> None:
    dice = random.Random(4)
    documents = [made(str(number), dice) for number in range(10)]
    index = Index.open(tmp_path / "index", embedder=encoder)
    index.rebuild(documents)
    index.close()
    other = Counting("counting@2")
    again = Index.open(tmp_path / "index", embedder=other)
    again.rebuild(documents)
    assert set(other.encoded) == set(encoder.encoded)
    again.close()


def test_the_texts_of_what_is_gone_are_gone(tmp_path: Path, encoder: Counting) -> None:
    index = Index.open(tmp_path / "index", embedder=encoder)
    index.update([Document("article", "1", "登录的秘密", body="ORA-01017", audience=ALL)])
    index.remove([("article", "1")])
    rows_of = view_of(index).store
    for table, column in (("documents", "content"), ("vectors", "n"), ("pieces", "n"), ("codes", "n")):
        rows = rows_of.ask(f"SELECT {column} FROM {table} WHERE {column} <> ''")
        assert rows == [], table
    index.close()


def test_unpaired_surrogates_have_a_hash_too() -> None:
    assert hash_of("\ud83d") != hash_of("\ud83c")


def test_progress_is_one_number_that_grows_to_the_end(tmp_path: Path, encoder: Counting) -> None:
    dice = random.Random(5)
    index = Index.open(tmp_path / "index", embedder=encoder)
    told: list[int] = []
    index.rebuild([made(str(number), dice) for number in range(150)], progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 150
    assert max(np.diff(told)) <= 64, "encoding is told batch by batch"
    index.close()


def test_pieces_of_documents_that_are_gone_are_of_no_kind() -> None:
    block = PieceBlock(np.array([1, 2]), np.array([0, 2, 3]), np.array([4, 5, 4], dtype=np.int32))
    lists = PieceLists().grown([block], Columns())
    documents, bearers = lists.borne(np.array([4, 5], dtype=np.int32), frozenset({"article"}))
    assert (documents, bearers.tolist()) == (0, [0, 0])
