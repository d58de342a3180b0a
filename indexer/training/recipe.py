"""The encoder's recipe: every number that decides what comes out, in one place.

Where the data lies and on what device it runs is not here, since neither may change the model.
Invariant: two models of the same recipe hash were made by the same numbers from the same files.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    seed: int = 1
    pairs: int | None = None
    """None: all there are."""
    check_share: float = 0.1
    vocabulary: int = 32_000
    longest_piece: int = 8
    tokenizer_pairs: int = 200_000
    dims: int = 256
    scale: float = 20.0
    batch: int = 1_024
    epochs: int = 2
    rate: float = 3e-3
    desk_scale: float = 9.0
    """Softer than among translations: many people say many things about one problem."""
    beside_scale: float = 14.0
    """Of translations and answers while the desk's language is laid on top of them."""
    desk_steps: int = 1_500
    desk_rate: float = 2e-3
    desk_pairs: int = 512
    desk_groups: int = 384
    desk_weight: float = 4.0
    synonym_weight: float = 0.3
    answers: int = 256
    answer_weight: float = 0.9
    """Of a public question against a passage of its answer, within and across the languages."""
    noise: float = 0.2
    """The share of said sentences that are learnt with a slip of the hand in them."""
    dropped: float = 0.15
    """The share of pieces that a text goes without, drawn anew at every step."""

    def hash(self, digests: Mapping[str, str]) -> str:
        return _hash({"recipe": asdict(self), "files": dict(sorted(digests.items()))})

    def start_hash(self, digests: Mapping[str, str]) -> str:
        """Of what the pieces and the translations depend on: the desk's numbers may still change."""
        numbers = {name: value for name, value in asdict(self).items() if name in _START}
        return _hash({"recipe": numbers, "files": dict(sorted(digests.items()))})


_START = frozenset(
    {"seed", "pairs", "check_share", "vocabulary", "longest_piece", "tokenizer_pairs", "dims", "scale"}
    | {"batch", "epochs", "rate"}
)


def _hash(held: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]
