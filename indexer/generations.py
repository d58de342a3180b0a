"""Which generation of the index serves: `CURRENT` names it, the others lie beside it.

What a generation holds is in `generation.py`; what is asked of the serving one, `index.py`. Invariant:
nothing here raises for broken files while following; a broken generation is set aside, and `trouble` says
what is needed.
"""

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Collection
from pathlib import Path

from indexer.engines import WordEngine
from indexer.generation import Broken, Generation
from indexer.recipe import write_beside
from indexer.words import N_

_LOG = logging.getLogger(__name__)
_CURRENT = "CURRENT"

NEVER_BUILT = N_("检索索引还没有建立，需要重建。")


class Generations:
    def __init__(self, folder: Path, words: WordEngine) -> None:
        self._folder = folder
        self._words = words
        self._lock = threading.RLock()
        self._generation: Generation | None = None
        self._named: str | None = None
        self.trouble: str | None = NEVER_BUILT

    def close(self) -> None:
        with self._lock:
            if self._generation is not None:
                self._generation.close()
            self._generation, self._named = None, None

    def current_name(self) -> str | None:
        try:
            return (self._folder / _CURRENT).read_text(encoding="utf-8").strip() or None
        except OSError:
            return None

    def follow(self) -> Generation | None:
        """The generation that CURRENT names, opened if it is another one than before."""
        with self._lock:
            name = self.current_name()
            if name is None:
                self._generation, self._named, self.trouble = None, None, self.trouble or NEVER_BUILT
            elif name != self._named:
                self._open(name)
            return self._generation

    def _open(self, name: str) -> None:
        self._named = name
        try:
            self._generation, self.trouble = Generation.open(self.path(name), self._words), None
        except Broken as fault:
            self._generation, self.trouble = None, str(fault)
            _LOG.error("index generation %s cannot serve: %s", name, fault)

    def path(self, name: str) -> Path:
        """A name out of a file is a name, never a way to another folder."""
        return self._folder / "generations" / Path(name).name

    def quarantine(self, name: str, sentence: str) -> None:
        """Set the broken files aside; whoever looks for the cause finds them there."""
        with self._lock:
            self._generation, self.trouble = None, sentence
            source, target = (
                self.path(name),
                self._folder / "quarantine" / f"{Path(name).name}-{time.time_ns()}",
            )
            try:
                target.parent.mkdir(exist_ok=True, mode=0o700)
                source.rename(target)
            except OSError as fault:
                _LOG.error("broken index generation %s stays where it is: %s", name, fault)

    def writable(self, encoder: str) -> Generation:
        generation = self.follow()
        return generation if generation is not None else self._begin(encoder)

    def _begin(self, encoder: str) -> Generation:
        """Start empty when there was never an index; a broken one is only replaced by a rebuild."""
        if self.trouble != NEVER_BUILT:
            raise Broken(self.trouble or NEVER_BUILT)
        fresh = self.beside(encoder)
        fresh.close()
        self.name(fresh)
        generation = self.follow()
        if generation is None:
            raise Broken(self.trouble or NEVER_BUILT)
        return generation

    def beside(self, encoder: str) -> Generation:
        """A new one, empty, that nobody is served from yet."""
        return Generation.create(self.path(uuid.uuid4().hex[:12]), encoder=encoder, words=self._words)

    def name(self, fresh: Generation) -> None:
        """From now on this one serves."""
        write_beside(self._folder / _CURRENT, fresh.folder.name)

    def drop(self, fresh: Generation) -> None:
        """What failed on the way goes, unless it serves already."""
        if self.current_name() != fresh.folder.name:
            shutil.rmtree(fresh.folder, ignore_errors=True)

    def tidy(self, kept: Collection[str | None]) -> None:
        """Leave the serving one and the one that readers may hold; what a killed rebuild left goes too."""
        for folder in (self._folder / "generations").iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
