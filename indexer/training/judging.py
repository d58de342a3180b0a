"""Judges a finished model: every judged set by words alone, by meaning alone, and by both.

The product's own evaluation does the measuring. Invariant: one setting for all sets.
"""

from collections.abc import Callable
from pathlib import Path

from indexer.document import Engine
from indexer.embedders import embedder_from
from indexer.evaluation import Figures, evaluate

Tell = Callable[[str], None]
_ENGINES = (Engine.LEXICAL, Engine.SEMANTIC, Engine.HYBRID)


def _sets(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return sorted(path.parent for path in folder.glob("*/queries.jsonl"))


def judged(model: Path, folder: Path | None, *, tell: Tell) -> dict[str, dict[str, Figures]]:
    """By set, by engine."""
    embedder = embedder_from(str(model))
    figures: dict[str, dict[str, Figures]] = {}
    for place in _sets(folder):
        tell(place.name)
        figures[place.name] = {
            str(engine): evaluate(place, engine=engine, embedder=embedder) for engine in _ENGINES
        }
    return figures
