"""Which calibration, model of links and adapter serve now: shipped or learned, from how much, when.

Nothing is learned here. The invariant: numbers about judgements only, never about people or texts.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexer.document import Mode
from indexer.index import Index


@dataclass(frozen=True, slots=True)
class Serving:
    version: str
    counted: bool
    """Learned from this desk's own judgements; until then no percentage is shown."""
    pairs: int
    learned_at: str


def of_search(index: Index) -> Serving:
    served = index.promotions.serving(_answering(index))
    return Serving(
        served.version, not served.cold_start, 0 if served.cold_start else served.pairs, served.learned_at
    )


def of_links(index: Index) -> Serving:
    served = index.promotions.links(f"links_{_answering(index)}")
    return Serving(served.version, not served.cold_start, served.pairs, served.learned_at)


def of_encoder(index: Index) -> Serving | None:
    """The adapter; None while the encoder serves as it was shipped."""
    adapter = index.promotions.adapter(index.embedder.name) if index.embedder is not None else None
    return None if adapter is None else Serving(adapter.version, True, adapter.pairs, adapter.learned_at)


def _answering(index: Index) -> str:
    return "hybrid" if index.status().mode == Mode.HYBRID else "lexical"
