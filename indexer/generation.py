"""One generation of the index: the store, the words and the vectors that belong together.

Which generation serves is `index.py`'s business; how hits are ranked is `searching.py`'s.
Invariant: the store commits first. Words and vectors follow and keep count of how far they
came, so that a writer killed in between leaves nothing but work to catch up with.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from indexer import matrix
from indexer.choice import NoEngine, engine_named
from indexer.columns import Columns, applied
from indexer.document import Document, Key, Query
from indexer.embedders import Embedder, Matrix
from indexer.engines import Counts, Lexical, WordEngine, counts_of
from indexer.recipe import Recipe, current, read
from indexer.shelves import Shelf, shelf_of, whole
from indexer.store import Store
from indexer.titles import Titles
from indexer.vector_store import VectorStore
from indexer.vectors import Vectors
from indexer.words import N_

_MADE = "made"
"""Set when a generation is created: an emptied store must not pass for an empty desk."""
_WORDS_TO = "words_to"
_VECTORS_TO = "vectors_to"
_VECTOR_BATCH = 64
_LEAST_NEWS = 1_000
_NEWS = 0.25
"""When more than this share of the documents was written since, the vectors' file is made anew."""

_LOG = logging.getLogger(__name__)

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
    shelf: Shelf

    def weighing(self, query: Query) -> View:
        """The same, with words weighed among the documents that this question is about."""
        return replace(self, shelf=shelf_of(self.lexical, self.columns, query))


class Generation:
    def __init__(self, folder: Path, recipe: Recipe, words: WordEngine) -> None:
        self.folder = folder
        self.recipe = recipe
        self._lock = threading.RLock()
        self.store = Store(folder / "store.sqlite")
        self._lexical: Lexical = words.open(folder / "words")
        self._titles = Titles(folder / "titles.sqlite")
        self._rows = VectorStore(self.store)
        self._columns = Columns()
        self._vectors = Vectors()
        self._seen: int | None = None

    @classmethod
    def create(cls, folder: Path, *, encoder: str, words: WordEngine) -> Generation:
        """What cannot be begun, for want of room as a rule, leaves nothing behind."""
        folder.mkdir(parents=True, mode=0o700)
        recipe = current(encoder, words.name)
        try:
            recipe.written(folder)
            generation = cls(folder, recipe, words)
            generation.store.set_counter(_MADE, 1)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return generation

    @classmethod
    def open(cls, folder: Path, words: WordEngine) -> Generation:
        """Raises Broken, whatever is wrong with the files. Another engine's index serves with that engine."""
        try:
            recipe = read(folder)
        except ValueError as fault:
            raise Broken(str(fault)) from fault
        _check_recipe(recipe)
        engine = words if words.name == recipe.words else _engine_of(recipe)
        if not (folder / "store.sqlite").is_file() or not _has_files(folder / "words"):
            raise Broken(N_("索引文件不完整。"))
        try:
            generation = cls(folder, recipe, engine)
            made = generation.store.counter(_MADE)
            generation.refresh()
        except Exception as fault:  # damaged files raise anything: struct, SQLite's, Whoosh's own
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
            shelf = whole(self._lexical, self._columns)
            return View(self._columns, self._lexical, self._vectors, self.store, self._titles, shelf)

    def _catch_up_reading(self) -> None:
        with self.store.one_moment():
            more = True
            while more:
                before = self._columns
                changes = self.store.changes(after_n=before.last, after_tick=before.tick)
                if changes.added or changes.gone:
                    self._columns = applied(before, changes)
                more = changes.more
            if encoder := self.recipe.encoder:
                self._vectors = self._vectors.grown(self.folder, self._rows, self._columns, encoder=encoder)
        self._lexical.refresh(self._columns)

    def write(
        self,
        documents: Iterable[Document],
        *,
        removed: Iterable[Key] = (),
        embedder: Embedder | None = None,
        like: Generation | None = None,
        progress: Progress | None = None,
    ) -> int:
        """One commit for all of it. The caller holds the index's lock.

        Vectors of texts that the generation `like` holds are taken from there.
        """
        self._catch_up_words()
        halves = self._encodes(embedder)
        writer = self._lexical.writer()
        try:
            with self.store.writing():
                tick = self.store.next_tick()
                count = sum(len(self.store.mark_gone(key, tick)) for key in removed)
                for n, counts in self._stored(documents, tick):
                    writer.add(n, counts)
                    count += 1
                    _tell(progress, count // 2 if halves else count)
                for n in self.store.gone_at(tick):
                    writer.remove(n)
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        self._reached(_WORDS_TO)
        self._titles.catch_up(self.store)
        self.write_vectors(embedder, like=like, progress=_second_half(progress, count) if halves else None)
        self.store.forget_gone()
        self._file_vectors()
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

    def meanings(self, keys: Iterable[Key]) -> dict[Key, Matrix]:
        """What these documents are about, as far as they have been encoded."""
        numbers = {n: key for key in keys if (n := self.store.number_of(key)) is not None}
        return {numbers[n]: mean for n, mean in self._rows.means(list(numbers)).items()}

    def behind(self, embedder: Embedder | None) -> bool:
        """Is there a document without words, or one without vectors that this encoder could give?"""
        last = self.store.last_living()
        return (
            self.store.counter(_WORDS_TO) < last
            or self._titles.behind(self.store)
            or (self._encodes(embedder) and self.store.counter(_VECTORS_TO) < last)
        )

    @property
    def without_vectors(self) -> int:
        """Documents that are found by words alone so far."""
        return self.store.living_after(self.store.counter(_VECTORS_TO)) if self.recipe.encoder else 0

    def catch_up(self, embedder: Embedder | None) -> None:
        """Finish what a killed writer left, or what had to wait for the encoder. As `write`, locked."""
        self._catch_up_words()
        self._titles.catch_up(self.store)
        self.write_vectors(embedder)
        self.store.forget_gone()
        self._file_vectors()

    def _encodes(self, embedder: Embedder | None) -> bool:
        return embedder is not None and embedder.ready and embedder.name == self.recipe.encoder

    def write_vectors(
        self,
        embedder: Embedder | None,
        *,
        like: Generation | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Encode what has no vectors yet; nothing to do without the encoder that built the rest."""
        if embedder is None or not self._encodes(embedder):
            return
        others = [like._rows] if like is not None and like.recipe.encoder == self.recipe.encoder else []
        waiting = self.store.live_numbers(after=self.store.counter(_VECTORS_TO))
        done = 0
        for start in range(0, len(waiting), _VECTOR_BATCH):
            batch = self.store.documents(waiting[start : start + _VECTOR_BATCH])
            # Encoding takes its time: nobody else waits for the store meanwhile.
            encoded = self._rows.encoded(batch, embedder, others)
            with self.store.writing():
                self._rows.put(encoded)
                self.store.set_counter(_VECTORS_TO, max(batch))
            done += len(batch)
            _tell(progress, done)
        self._seen = None

    def _file_vectors(self) -> None:
        """Write the vectors' file anew when too much has changed since. It is a cache: no file, no harm."""
        written = self.store.counter(_VECTORS_TO)
        filed = matrix.filed_to(self.folder, refused=self._vectors.refused)
        if written - filed <= max(_LEAST_NEWS, _NEWS * self._columns.living):
            return
        try:
            matrix.write(self.folder, self._rows, encoder=self.recipe.encoder, last=written)
        except (OSError, matrix.Unfit) as fault:
            _LOG.warning("the vectors' file could not be written, the store is read instead: %s", fault)
        self._seen = None


def _second_half(progress: Progress | None, total: int) -> Progress | None:
    """Whoever watches sees one number grow: half of it while words are written, half while encoding."""
    return None if progress is None else lambda done: progress((total + done) // 2)


def _has_files(folder: Path) -> bool:
    """An engine would make an empty index of an empty folder, and nothing would ever be found again."""
    return folder.is_dir() and any(folder.iterdir())


def _tell(progress: Progress | None, count: int) -> None:
    if progress is not None:
        progress(count)


def _check_recipe(recipe: Recipe) -> None:
    wanted = current(recipe.encoder, recipe.words)
    if recipe != wanted:
        raise Broken(N_("索引由另一个版本的分词规则建立，需要重建。"))


def _engine_of(recipe: Recipe) -> WordEngine:
    try:
        return engine_named(recipe.words)
    except NoEngine as fault:
        raise Broken(str(fault)) from fault
