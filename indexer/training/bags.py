"""Texts as bags of piece numbers, flat in memory: a million and a half fit in a hundred megabytes.

Invariant: no bag is empty; a text without a known piece is the unknown piece.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Numbers = NDArray[np.int64]
_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Bags:
    flat: NDArray[np.int32]
    starts: Numbers
    """One more than there are bags: a bag ends where the next begins."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def pick(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """The pieces of those rows in one line, and where each row begins in it."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        shift = np.repeat(self.starts[rows] - offsets[:-1], lengths)
        return self.flat[np.arange(offsets[-1]) + shift].astype(np.int64), offsets[:-1]


def thinned(
    pieces: Numbers, starts: Numbers, *, share: float, dice: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Without a drawn share of the pieces; the first of each bag stays, so none is emptied."""
    kept = dice.random(len(pieces)) >= share
    kept[starts] = True
    before = np.concatenate([[0], np.cumsum(kept)])
    return pieces[kept], before[starts]


def _ids(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[int]]:
    for start in range(0, len(texts), _AT_ONCE):
        some = list(texts[start : start + _AT_ONCE])
        for encoding in tokenizer.encode_batch_fast(some, add_special_tokens=False):
            yield encoding.ids or [0]


def bags_of(tokenizer: Tokenizer, texts: Sequence[str]) -> Bags:
    rows = [np.array(ids, dtype=np.int32) for ids in _ids(tokenizer, texts)]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Bags(np.concatenate(rows), starts)
