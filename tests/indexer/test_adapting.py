"""The light turn of the encoder: it helps where there is something to learn, and is refused where not."""

from pathlib import Path

import numpy as np
import pytest

from indexer.adapting import Adapter, Pair, Passages, from_json, learned, passages_of
from indexer.embedders import Matrix, unit
from indexer.promotion import ADAPTER, Promotions

DIMS, DOCUMENTS, PAIRS = 32, 60, 400


def made(*, shift: float, noise: float, seed: int = 1) -> tuple[list[Pair], Passages]:
    """Questions near the documents that answer them, all turned alike by how this desk speaks."""
    dice = np.random.default_rng(seed)
    documents = unit(dice.normal(size=(DOCUMENTS, DIMS)).astype(np.float32))
    away, into = dice.normal(size=(DIMS, 3)) / DIMS**0.5, dice.normal(size=(3, DIMS))
    pairs = []
    for _ in range(PAIRS):
        right = int(dice.integers(DOCUMENTS))
        question = documents[right] + dice.normal(size=DIMS) * noise
        question = question + shift * (question @ away) @ into
        pairs.append(Pair(unit(question[None].astype(np.float32))[0], right))
    return pairs, Passages(documents, np.arange(DOCUMENTS))


def test_it_helps_where_the_desk_speaks_in_its_own_way() -> None:
    pairs, passages = made(shift=2.0, noise=0.1)
    adapter, gain = learned(pairs, passages, encoder="e", least=PAIRS)
    assert adapter is not None
    assert gain is not None
    assert gain.after > gain.before + 0.1
    assert adapter.version.startswith(f"turn-{PAIRS}-")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_refused_where_there_is_only_noise(seed: int) -> None:
    pairs, passages = made(shift=0.0, noise=0.4, seed=seed)
    adapter, gain = learned(pairs, passages, encoder="e", least=PAIRS)
    assert adapter is None
    assert gain is not None


def test_one_that_serves_is_only_replaced_by_a_better_one() -> None:
    pairs, passages = made(shift=2.0, noise=0.1)
    first, _ = learned(pairs, passages, encoder="e", least=PAIRS)
    assert first is not None
    second, _ = learned(pairs, passages, encoder="e", least=PAIRS, served=first)
    assert second is None


def test_too_few_pairs_are_not_even_tried() -> None:
    pairs, passages = made(shift=2.0, noise=0.1)
    assert learned(pairs, passages, encoder="e") == (None, None)


def plain(dims: int = 4) -> Adapter:
    nothing: Matrix = np.zeros((dims, 2), dtype=np.float32)
    return Adapter("e", np.zeros(dims, dtype=np.float32), nothing, nothing.T.copy())


def test_an_adapter_that_changes_nothing_changes_nothing() -> None:
    questions = unit(np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32))
    assert np.allclose(plain().turned(questions), questions, atol=1e-6)


def test_it_survives_being_written_and_serves_its_own_encoder_only(tmp_path: Path) -> None:
    promotions = Promotions(tmp_path / "calibration")
    assert promotions.adapter("e") is None
    promotions.promote(ADAPTER, plain())
    served = promotions.adapter("e")
    assert served is not None
    assert served.version == plain().version
    assert promotions.adapter("another") is None
    assert promotions.rollback(ADAPTER)
    assert promotions.adapter("e") is None


def test_a_broken_one_never_serves(tmp_path: Path) -> None:
    promotions = Promotions(tmp_path)
    crooked = plain().as_json().replace('"scale": [0.0, ', '"scale": [')
    for text in ("{}", "[]", "no json", crooked):
        (tmp_path / "adapter.json").write_text(text, encoding="utf-8")
        assert Promotions(tmp_path).adapter("e") is None
    assert promotions.adapter("e") is None
    with pytest.raises(ValueError, match=r"adapter|fit"):
        from_json(crooked)


def test_passages_know_their_documents() -> None:
    found = passages_of([np.ones((2, 3), dtype=np.float32), np.ones((1, 3), dtype=np.float32)])
    assert found.owner.tolist() == [0, 0, 1]
