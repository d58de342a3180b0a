"""Which calibration serves: the one this desk has learned, or the shipped cold start.

Learning happens elsewhere (`confidence.fit`); here it is put into service and taken back.
Invariant: a calibration that cannot be read never serves; the shipped one does.
"""

import logging
import threading
from pathlib import Path

from indexer.confidence import Calibration, from_json, shipped
from indexer.recipe import write_beside

_LOG = logging.getLogger(__name__)
NAMES = ("lexical", "hybrid")


class Promotions:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, Calibration]] = {}

    def _path(self, name: str) -> Path:
        if name not in NAMES:
            raise ValueError(f"no calibration is called {name}")
        return self._folder / f"{name}.json"

    def serving(self, name: str) -> Calibration:
        """Read again only when the file has changed: another process may have promoted."""
        try:
            stamp = self._path(name).stat().st_mtime_ns
        except OSError:
            return shipped(name)
        with self._lock:
            held = self._held.get(name)
            if held is None or held[0] != stamp:
                held = self._held[name] = (stamp, self._read(name))
            return held[1]

    def _read(self, name: str) -> Calibration:
        try:
            return from_json(self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            _LOG.error("the learned calibration %s cannot be read, the shipped one serves: %s", name, fault)
            return shipped(name)

    def promote(self, name: str, calibration: Calibration) -> None:
        path = self._path(name)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_file():
            write_beside(path.with_suffix(".before"), path.read_text(encoding="utf-8"))
        write_beside(path, calibration.as_json())

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
