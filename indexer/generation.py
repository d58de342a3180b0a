"""One generation of the index: the store, the words and the vectors that belong together.

Which generation serves is `index.py`'s business; how hits are ranked is `searching.py`'s.
Invariant: the store commits first. Words and vectors follow and keep count of how far they
came, so that a writer killed in between leaves nothing but work to catch up with.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.columns import Columns, applied
from indexer.document import Document, Key
from indexer.embedders import Embedder
from indexer.engines import Counts, Lexical, counts_of
from indexer.lexical import WhooshWords
from indexer.recipe import Recipe, current, read
from indexer.store import Store
from indexer.titles import Titles
from indexer.vectors import Vectors, encoded
from indexer.words import N_

_MADE = "made"
"""Set when a generation is created: an emptied store must not pass for an empty desk."""
_WORDS_TO = "words_to"
_VECTORS_TO = "vectors_to"
_VECTOR_BATCH = 64

Progress = Callable[[int], None]


class Broken(Exception):
    """This generation cannot serve; the sentence says why."""


@dataclass(frozen=True, slots=True)
class View:
    """One moment of the generation: what a single search reads."""

    columns: Columns
    lexical: Lexical
    vectors: Vectors
    store: Store
    titles: Titles


class Generation:
    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder = folder
        self.recipe = recipe
        self._lock = threading.RLock()
        self.store = Store(folder / "store.sqlite")
        self._lexical: Lexical = WhooshWords(folder / "words")
        self._titles = Titles(folder / "titles.sqlite")
        self._columns = Columns()
        self._vectors = Vectors()
        self._seen: int | None = None

    @classmethod
    def create(cls, folder: Path, *, encoder: str) -> "Generation":
        folder.mkdir(parents=True, mode=0o700)
        recipe = current(encoder)
        recipe.written(folder)
        generation = cls(folder, recipe)
        generation.store.set_counter(_MADE, 1)
        return generation

    @classmethod
    def open(cls, folder: Path) -> "Generation":
        """Raises Broken, whatever is wrong with the files."""
        try:
            recipe = read(folder)
        except ValueError as fault:
            raise Broken(str(fault)) from fault
        _check_recipe(recipe)
        if not (folder / "store.sqlite").is_file() or not (folder / "words").is_dir():
            raise Broken(N_("索引文件不完整。"))
        try:
            generation = cls(folder, recipe)
            made = generation.store.counter(_MADE)
            generation.refresh()
        except Exception as fault:
            raise Broken(N_("索引文件已损坏。")) from fault
        if not made:
            raise Broken(N_("索引文件不完整。"))
        return generation

    def close(self) -> None:
        self._lexical.close()
        self._titles.close()
        self.store.close()

    def refresh(self) -> View:
        """The latest moment; cheap when nothing was written since."""
        with self._lock:
            version = self.store.data_version()
            if version != self._seen:
                self._catch_up_reading()
                self._seen = version
            return View(self._columns, self._lexical, self._vectors, self.store, self._titles)

    def _catch_up_reading(self) -> None:
        columns = self._columns
        changes = self.store.changes(after_n=columns.last, after_tick=columns.tick)
        if changes.added or changes.gone:
            self._columns = applied(columns, changes)
        self._lexical.refresh(self._columns)
        if self.recipe.encoder:
            self._vectors = self._vectors.grown(self.store, self._columns)

    def write(
        self,
        documents: Iterable[Document],
        *,
        removed: Iterable[Key] = (),
        embedder: Embedder | None = None,
        progress: Progress | None = None,
    ) -> int:
        """One commit for all of it. The caller holds the index's lock."""
        self._catch_up_words()
        writer = self._lexical.writer()
        try:
            with self.store.writing():
                tick = self.store.next_tick()
                count = sum(len(self.store.mark_gone(key, tick)) for key in removed)
                for n, counts in self._stored(documents, tick):
                    writer.add(n, counts)
                    count += 1
                    _tell(progress, count)
                for n in self.store.gone_at(tick):
                    writer.remove(n)
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        self._reached(_WORDS_TO)
        self._titles.catch_up(self.store)
        self.write_vectors(embedder)
        return count

    def _stored(self, documents: Iterable[Document], tick: int) -> Iterator[tuple[int, Counts]]:
        for document in documents:
            counts = counts_of(document)
            self.store.mark_gone(document.key, tick)
            yield self.store.add(document, counts.length), counts

    def _reached(self, counter: str) -> None:
        self.store.set_counter(counter, self.store.last_number())
        self._seen = None

    def _catch_up_words(self) -> None:
        """Bring to the words what a killed writer had only stored."""
        missing = self.store.live_numbers(after=self.store.counter(_WORDS_TO))
        if not missing:
            return
        writer = self._lexical.writer()
        for n, document in self.store.documents(missing).items():
            writer.remove(n)
            writer.add(n, counts_of(document))
        writer.commit()
        self._reached(_WORDS_TO)

    def write_vectors(self, embedder: Embedder | None, *, progress: Progress | None = None) -> None:
        """Encode what has no vectors yet; nothing to do without the encoder that built the rest."""
        if embedder is None or not embedder.ready or embedder.name != self.recipe.encoder:
            return
        waiting = self.store.live_numbers(after=self.store.counter(_VECTORS_TO))
        done = 0
        for start in range(0, len(waiting), _VECTOR_BATCH):
            batch = self.store.documents(waiting[start : start + _VECTOR_BATCH])
            self.store.put_vectors(encoded(batch, embedder))
            self.store.set_counter(_VECTORS_TO, max(batch))
            done += len(batch)
            _tell(progress, done)
        self._seen = None


def _tell(progress: Progress | None, count: int) -> None:
    if progress is not None:
        progress(count)


def _check_recipe(recipe: Recipe) -> None:
    wanted = current(recipe.encoder)
    if recipe != wanted:
        raise Broken(N_("索引由另一个版本的分词规则建立，需要重建。"))
