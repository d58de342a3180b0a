"""Very many vectors: the first look loses none of the nearest and shows nothing that is masked."""

from dataclasses import replace

import numpy as np
import pytest

from indexer.coarse import WORTH_IT, coarse
from indexer.vectors import Chunk, Vectors

COUNT, DIMS = WORTH_IT + 2_000, 256


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    """Unit vectors whose directions weigh less and less, as an encoder's do."""
    made = np.random.default_rng(7)
    spread = 1.0 / np.arange(1, DIMS + 1) ** 0.75
    turned = np.linalg.qr(made.normal(size=(DIMS, DIMS)))[0]
    matrix = ((made.normal(size=(COUNT, DIMS)) * spread) @ turned).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    places = np.arange(COUNT, dtype=np.int64) // 2
    passages = (np.arange(COUNT) % 2).astype(np.int32)
    return Chunk(matrix, places, passages, coarse(matrix))


def questions_of(chunk: Chunk, *rows: int) -> np.ndarray:
    near = chunk.matrix[list(rows)] + 0.05 * np.random.default_rng(3).normal(size=(len(rows), DIMS))
    unit = near / np.linalg.norm(near, axis=1, keepdims=True)
    return unit.astype(np.float32)


@pytest.mark.parametrize("rows", [(5,), (4_711,), (90, 12_000), (17_000, 3, 9_999)])
def test_the_nearest_are_those_of_the_exact_comparison(chunk: Chunk, rows: tuple[int, ...]) -> None:
    mask = np.ones(COUNT // 2, dtype=bool)
    asked = questions_of(chunk, *rows)
    quick = Vectors((chunk,)).nearest(asked, mask, sentence=0.4)
    exact = Vectors((replace(chunk, coarse=None),)).nearest(asked, mask, sentence=0.4)
    first = np.argsort(-exact.cosines)[:60]
    assert np.allclose(quick.cosines[first], exact.cosines[first], atol=1e-5)
    assert (quick.passages[first] == exact.passages[first]).all()
    assert set(first[:40]) <= set(np.argsort(-quick.cosines)[:60])


def test_what_is_masked_has_no_cosine(chunk: Chunk) -> None:
    mask = np.arange(COUNT // 2) % 3 > 0
    found = Vectors((chunk,)).nearest(questions_of(chunk, 6, 12), mask, sentence=0.4)
    assert (found.cosines[~mask] == -1.0).all()
    assert (found.cosines[mask] > -1.0).all()


def test_nothing_allowed_finds_nothing(chunk: Chunk) -> None:
    found = Vectors((chunk,)).nearest(questions_of(chunk, 6), np.zeros(COUNT // 2, dtype=bool), sentence=0.4)
    assert (found.cosines == -1.0).all()


def test_few_vectors_need_no_first_look() -> None:
    assert coarse(np.eye(300, 256, dtype=np.float32)) is None
