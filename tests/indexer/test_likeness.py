"""How near a vector is to a question of several sentences, checked against the plain formula."""

import numpy as np
import pytest

from indexer.likeness import likeness


@pytest.mark.parametrize("sentences", [1, 2, 3, 6, 19])
@pytest.mark.parametrize("count", [0, 1, 2_048, 5_000])
def test_it_is_the_blend_of_the_whole_and_the_best_sentence(sentences: int, count: int) -> None:
    chance = np.random.default_rng(7)
    vectors = chance.standard_normal((count, 32)).astype(np.float32)
    questions = chance.standard_normal((sentences, 32)).astype(np.float32)
    cosines = vectors @ questions.T
    wanted = cosines[:, 0] if sentences == 1 else 0.7 * cosines[:, 0] + 0.3 * cosines[:, 1:].max(axis=1)
    assert likeness(vectors, questions, sentence=0.3) == pytest.approx(wanted, abs=1e-4)
