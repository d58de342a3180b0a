"""What built an index: analysis, encoder, word engine, layout. Another recipe means another index.

Invariant: an index is served only by the recipe that built it; a mismatch is said in one
sentence and asks for a rebuild, it is never guessed around.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.text import ANALYSIS

LAYOUT = 2
_FILE = "recipe.json"


@dataclass(frozen=True, slots=True)
class Recipe:
    layout: int
    analysis: int
    encoder: str
    """The encoder's name and fingerprint; empty for word search alone."""
    words: str
    """The word engine's name."""

    def written(self, folder: Path) -> None:
        write_beside(folder / _FILE, json.dumps(asdict(self), ensure_ascii=False))


def current(encoder: str, words: str) -> Recipe:
    return Recipe(LAYOUT, ANALYSIS, encoder, words)


def read(folder: Path) -> Recipe:
    """Raises ValueError with a sentence when there is none or it cannot be read."""
    try:
        held = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        layout, analysis = int(held["layout"]), int(held["analysis"])
        return Recipe(layout, analysis, str(held["encoder"]), str(held["words"]))
    except (OSError, KeyError, TypeError, ValueError) as fault:
        raise ValueError("索引没有可读的配方文件") from fault


def write_beside(path: Path, text: str) -> None:
    """The whole new file or the whole old one, even after a power cut."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
