"""What serves: what this desk has learned, or what was shipped.

Calibrations, models of links and the adapter lie side by side, each as one readable file; learning happens
elsewhere (`confidence.fit`, `linking.fit`, `adapting.learned`), here it is put into service and taken back.
Invariant: what cannot be read never serves; the shipped one does.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from indexer import adapting, confidence, linking
from indexer.adapting import Adapter
from indexer.confidence import Calibration
from indexer.linking import LinkModel
from indexer.recipe import write_beside

_LOG = logging.getLogger(__name__)
CALIBRATIONS = ("lexical", "hybrid")
LINKS = ("links_lexical", "links_hybrid")
ADAPTER = "adapter"
NAMES = (*CALIBRATIONS, *LINKS, ADAPTER)


class Learned(Protocol):
    def as_json(self) -> str: ...


Kind = TypeVar("Kind")


class Promotions:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, object]] = {}

    def _path(self, name: str) -> Path:
        if name not in NAMES:
            raise ValueError(f"nothing that is learned is called {name}")
        return self._folder / f"{name}.json"

    def serving(self, name: str) -> Calibration:
        """Of the search itself, for answers by words or by both."""
        return self._current(name, confidence.from_json, lambda: confidence.shipped(name))

    def links(self, name: str) -> LinkModel:
        return self._current(name, linking.from_json, linking.cold_start)

    def adapter(self, encoder: str) -> Adapter | None:
        """None as well when it was learned on another encoder's vectors."""
        held: Adapter | None = self._current(ADAPTER, adapting.from_json, lambda: None)
        return held if held is not None and held.encoder == encoder else None

    def _current(self, name: str, read: Callable[[str], Kind], shipped: Callable[[], Kind]) -> Kind:
        """Read again only when the file has changed: another process may have promoted."""
        try:
            stamp = self._path(name).stat().st_mtime_ns
        except OSError:
            return shipped()
        with self._lock:
            held = self._held.get(name)
            if held is None or held[0] != stamp:
                held = self._held[name] = (stamp, self._read(name, read, shipped))
            return held[1]  # type: ignore[return-value]  # each name holds what its own reader made

    def _read(self, name: str, read: Callable[[str], Kind], shipped: Callable[[], Kind]) -> Kind:
        try:
            return read(self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            _LOG.error("the learned %s cannot be read, the shipped one serves: %s", name, fault)
            return shipped()

    def is_learned(self, name: str) -> bool:
        return self._path(name).is_file()

    def promote(self, name: str, made: Learned) -> None:
        path = self._path(name)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_file():
            write_beside(path.with_suffix(".before"), path.read_text(encoding="utf-8"))
        write_beside(path, made.as_json())

    def rollback(self, name: str) -> bool:
        """Back to the one before, else to the shipped one; False when the shipped one serves already."""
        path = self._path(name)
        before = path.with_suffix(".before")
        if before.is_file():
            before.replace(path)
            return True
        if path.is_file():
            path.unlink()
            return True
        return False
