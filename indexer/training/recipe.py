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
    tokenizer_pairs: int = 25_000
    dims: int = 256
    scale: float = 20.0
    batch: int = 1_024
    epochs: int = 2
    rate: float = 3e-3
    desk_steps: int = 1_200
    desk_rate: float = 1e-3
    desk_pairs: int = 512
    desk_groups: int = 256
    desk_weight: float = 2.0
    synonym_weight: float = 0.3
    noise: float = 0.2
    """The share of said sentences that are learnt with a slip of the hand in them."""

    def hash(self, digests: Mapping[str, str]) -> str:
        held = {"recipe": asdict(self), "files": dict(sorted(digests.items()))}
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]
