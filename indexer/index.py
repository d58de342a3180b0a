"""The index as everybody sees it: open, update, remove, search, neighbours, rebuild, status.

Files and their damage end here; which of the generations serves is in `generations.py`. Invariant:
`open` and `search` never raise for a broken index; they answer `Mode.UNAVAILABLE` and say what is
needed.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from indexer import readiness
from indexer.choice import DEFAULT
from indexer.clusters import Alike, Group, Pair, groups, pairs
from indexer.document import Answer, Document, Engine, Hit, IndexStatus, Key, Mode, Query
from indexer.embedders import Embedder, Matrix
from indexer.engines import WordEngine
from indexer.generation import Generation, View
from indexer.generations import Generations
from indexer.lock import only_writer
from indexer.meant import Meant, did_you_mean
from indexer.promotion import Promotions
from indexer.questions import Questions
from indexer.searching import search
from indexer.tuning import TUNING, Tuning
from indexer.typeahead import completions
from indexer.words import N_

_LOG = logging.getLogger(__name__)

Found = TypeVar("Found")
Since = Callable[[Mapping[Key, str]], tuple[Collection[Document], Collection[Key]]]


class Index:
    def __init__(
        self, folder: Path, *, embedder: Embedder | None, tuning: Tuning = TUNING, words: WordEngine = DEFAULT
    ) -> None:
        self._folder = folder
        self._words = words
        self._embedder = embedder
        self._tuning = tuning
        self.generations = Generations(folder, words)
        self.promotions = Promotions(folder / "calibration")
        self.questions = Questions()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        embedder: Embedder | None,
        tuning: Tuning = TUNING,
        words: WordEngine = DEFAULT,
    ) -> "Index":
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        index = cls(folder, embedder=embedder, tuning=tuning, words=words)
        index.generations.follow()
        return index

    def close(self) -> None:
        self.generations.close()

    # ------------------------------------------------------------------ writing

    @property
    def embedder(self) -> Embedder | None:
        return self._embedder

    def _writable(self) -> Generation:
        return self.generations.writable(readiness.recipe_name(self._embedder))

    def update(self, documents: Iterable[Document]) -> int:
        with only_writer(self._folder / "write.lock"):
            return self._writable().write(documents, embedder=self._embedder)

    def remove(self, keys: Iterable[Key]) -> int:
        with only_writer(self._folder / "write.lock"):
            return self._writable().write((), removed=keys, embedder=self._embedder)

    def catch_up(self) -> None:
        """Give words and vectors to what has none yet: a writer was killed, the encoder came late."""
        generation = self.generations.follow()
        if generation is None or not generation.behind(self._embedder):
            return
        with only_writer(self._folder / "write.lock"):
            # Another process may have done it, or swapped, while this one waited.
            if (latest := self.generations.follow()) is not None:
                latest.catch_up(self._embedder)

    def rebuild(
        self,
        documents: Iterable[Document],
        *,
        progress: Callable[[int], None] | None = None,
        since: Since | None = None,
        if_needed: bool = False,
    ) -> bool:
        """Beside the serving one, then swapped in; what fails on the way leaves the old one serving.

        The old one is searched and written to meanwhile, so that an encoder of hours hides no new article.
        `since` is asked, while nobody writes, what has changed against these versions: documents to add and
        keys to remove. Raises Busy when somebody rebuilds already. False: it was not needed any more.
        """
        with only_writer(self._folder / "rebuild.lock", patience_s=0.0):
            if if_needed and self.needs_rebuild is None:
                return False
            if self._embedder is not None:
                self._embedder.wait()
            fresh = self.generations.beside(readiness.recipe_name(self._embedder))
            try:
                serving = self.generations.follow()
                fresh.write(documents, embedder=self._embedder, like=serving, progress=progress)
                with only_writer(self._folder / "write.lock"):
                    before = self.generations.current_name()
                    self._finish(fresh, since)
                    fresh.close()
                    self.generations.name(fresh)
            except BaseException:
                fresh.close()
                self.generations.drop(fresh)
                raise
            self.generations.follow()
            self.generations.tidy({fresh.folder.name, before})
        return True

    def _finish(self, fresh: Generation, since: Since | None) -> None:
        """The last changes, and one reading of all that was written, before anybody is served from it."""
        if since is not None:
            documents, gone = since(fresh.store.versions())
            if documents or gone:
                fresh.write(documents, removed=gone, embedder=self._embedder)
        fresh.refresh()

    # ------------------------------------------------------------------ searching

    def _meant(
        self, query: Query, generation: Generation, view: View
    ) -> tuple[Embedder | None, Matrix | None]:
        """The question's vectors and what made them; neither when words must do for this search."""
        embedder = readiness.fitting(self._embedder, generation.recipe)
        if embedder is None or query.engine is Engine.LEXICAL or not len(view.vectors):
            return None, None
        meant = self.questions.encoded(query.text, embedder, patience_ms=self._tuning.patience_ms)
        if meant is None:
            return None, None
        adapter = self.promotions.adapter(embedder.name)
        return embedder, meant if adapter is None else adapter.turned(meant)

    def _mode(self, engine: Engine, generation: Generation) -> Mode:
        """As far as it can be told without a question."""
        return readiness.mode_of(engine, readiness.fitting(self._embedder, generation.recipe) is not None)

    def search(self, query: Query, *, explain: bool = False, about: frozenset[Key] = frozenset()) -> Answer:
        started = time.perf_counter()
        generation = self.generations.follow()
        if generation is None:
            return Answer((), Mode.UNAVAILABLE)
        name = generation.folder.name
        if query.audience is not None and not query.audience:
            return Answer((), self._mode(query.engine, generation), generation=name)
        try:
            view = generation.refresh()
            embedder, meant = self._meant(query, generation, view)
            mode = readiness.mode_of(query.engine, meant is not None)
            calibration = self.promotions.serving("lexical" if mode is Mode.LEXICAL else "hybrid")
            found = search(
                view,
                query,
                embedder=embedder,
                meant=meant,
                calibration=calibration,
                tuning=self._tuning,
                explain=explain,
                about=about,
            )
        except Exception:  # noqa: BLE001 - damaged files raise anything: struct, pickle, Whoosh's own
            _LOG.exception("index generation %s failed in a search", name)
            self.generations.quarantine(name, N_("索引文件已损坏，需要重建。"))
            return Answer((), Mode.UNAVAILABLE, generation=name)
        took_ms = (time.perf_counter() - started) * 1000.0
        return Answer(
            found.hits,
            mode,
            generation=name,
            took_ms=took_ms,
            trace=found.trace,
            calibration=calibration.version,
            is_counted=not calibration.cold_start,
        )

    def completions(self, query: Query) -> tuple[Key, ...]:
        """What is being typed may become these titles; nothing while the index is away."""
        return self._guarded(completions, query, "to complete") or ()

    def did_you_mean(self, query: Query) -> Meant | None:
        """Another wording of a question with unknown words; None while the index is away."""
        return self._guarded(did_you_mean, query, "to propose a wording")

    def _guarded(self, ask: Callable[[View, Query], Found | None], query: Query, deed: str) -> Found | None:
        generation = self.generations.follow()
        if generation is None:
            return None
        try:
            return ask(generation.refresh(), query)
        except Exception:  # noqa: BLE001 - the same damaged files as in a search, and a search will say so
            _LOG.exception("index generation %s failed %s", generation.folder.name, deed)
            return None

    def neighbours(
        self,
        key: Key,
        *,
        kinds: frozenset[str] = frozenset(),
        audience: frozenset[str] | None,
        limit: int = 5,
    ) -> tuple[Hit, ...]:
        """What is like this document; nothing when the document itself is not here or not visible."""
        document = self._document(key, audience)
        if document is None:
            return ()
        text = "\n".join((document.title, *document.codes, document.body))[:2_000]
        near = {name: value for name, value in document.facets.items() if name in ("system", "module")}
        query = Query(text, audience=audience, kinds=kinds, near=near, limit=limit, exclude=frozenset({key}))
        return self.search(query).hits

    def _document(self, key: Key, audience: frozenset[str] | None) -> Document | None:
        generation = self.generations.follow()
        n = generation.store.number_of(key) if generation is not None else None
        if generation is None or n is None:
            return None
        document = generation.store.documents([n]).get(n)
        if document is None or audience is None:
            return document
        return document if audience & document.audience else None

    def groups(self, texts: Sequence[Alike], *, least: int = 2) -> list[Group]:
        """Alike ones together, by words, and by meaning for those that are documents here."""
        return groups(texts, self._meanings([one.key for one in texts]), least=least)

    def pairs(self, texts: Sequence[Alike], *, least: float) -> list[Pair]:
        """Any two that say much the same, by words, and by meaning for those that are documents here."""
        return pairs(texts, self._meanings([one.key for one in texts]), least=least)

    def _meanings(self, keys: Sequence[Key]) -> dict[Key, Matrix]:
        generation = self.generations.follow()
        if generation is None:
            return {}
        try:
            return generation.meanings(keys)
        except sqlite3.Error:
            _LOG.exception("index generation %s tells no meanings", generation.folder.name)
            return {}

    # ------------------------------------------------------------------ telling

    def versions(self) -> dict[Key, str]:
        generation = self.generations.follow()
        return generation.store.versions() if generation is not None else {}

    @property
    def needs_rebuild(self) -> str | None:
        generation = self.generations.follow()
        if generation is None:
            return self.generations.trouble
        if readiness.is_another(self._embedder, generation.recipe):
            return readiness.OTHER_ENCODER
        if generation.recipe.words != self._words.name:
            return N_("索引由另一个词语引擎建立，需要重建；目前仍用原来的引擎检索。")
        return None

    def status(self) -> IndexStatus:
        generation = self.generations.follow()
        encoder, words = readiness.sentence_of(self._embedder), self._words.name
        if generation is None:
            return IndexStatus("", 0, Mode.UNAVAILABLE, encoder, words, self.needs_rebuild)
        view = generation.refresh()
        # Vectors that are still to be made answer nothing; an empty desk lacks none.
        meant = readiness.fitting(self._embedder, generation.recipe) is not None and bool(
            len(view.vectors) or not view.columns.living
        )
        return IndexStatus(
            generation.folder.name,
            view.columns.living,
            readiness.mode_of(Engine.HYBRID, meant),
            encoder,
            generation.recipe.words,
            self.needs_rebuild,
            without_vectors=generation.without_vectors,
        )
