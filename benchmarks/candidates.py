"""What is compared: our engines as they serve, and what else one might have built search on.

Every candidate is given the same terms by `indexer.text` and answers with its ten best. Ours does more
than the others for its time: who may see what, codes on top, passages, reasons and probabilities.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from indexer import Document, Engine, Index, Query, fusion
from indexer.asked import understood
from indexer.choice import engine_named
from indexer.engines import Scope, marks_wanted
from indexer.generation import Generation
from indexer.scoring import score_words
from indexer.text import count_terms, terms
from indexer.tuning import TUNING
from portal.sample.made_up import Text

Search = Callable[[str], int]
"""How many were found."""
EVERYONE = frozenset({"everyone"})
STAFF = frozenset({"experts"})
MOST_TERMS = 32
BEST = 10
PROPOSED = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    title: str
    index: str
    """Whose index it searches; two that share one build it once."""
    build: Callable[[Path, Iterable[Text]], None]
    opened: Callable[[Path], Search]


def _document(text: Text) -> Document:
    return Document(
        "article",
        str(text.number),
        text.title,
        body=text.body,
        codes=(text.code,) if text.code else (),
        facets={"system": text.system, "module": text.module},
        audience=STAFF if text.is_for_staff else EVERYONE,
    )


def _joined(text: str) -> str:
    return " ".join(count_terms(text).elements())


def _asked(text: str) -> list[str]:
    found = dict.fromkeys(term.text for term in terms(text) if len(term.text) > 1)
    return list(islice(found, MOST_TERMS))


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────


def _index(folder: Path, engine: str) -> Index:
    return Index.open(folder, embedder=None, words=engine_named(engine))


def _build_ours(folder: Path, held: Iterable[Text], *, engine: str) -> None:
    index = _index(folder, engine)
    index.rebuild(_document(text) for text in held)
    index.close()


def _query(text: str) -> Query:
    return Query(text, audience=EVERYONE, limit=BEST, engine=Engine.LEXICAL)


def _open_ours(folder: Path, *, engine: str) -> Search:
    """The whole of a search as users have it."""
    index = _index(folder, engine)
    return lambda text: len(index.search(_query(text)).hits)


def _open_words(folder: Path, *, engine: str) -> Search:
    """What a word engine is there for: the places of the ten best, among those that may be seen."""
    generation = Generation.open(next((folder / "generations").iterdir()), engine_named(engine))

    def search(text: str) -> int:
        query = _query(text)
        view = generation.refresh().weighing(query)
        scope = Scope(view.columns.mask(query), marks_wanted(query), most=PROPOSED)
        words = score_words(understood(text, TUNING), view.columns, scope, view.shelf, TUNING)
        return len(fusion.top(words.bm25, BEST))

    return search


# ── Whoosh, as its own manual has it ─────────────────────────────────────────────────────────────


def _build_whoosh(folder: Path, held: Iterable[Text]) -> None:
    from whoosh import analysis, fields, index

    spaced = analysis.SpaceSeparatedTokenizer()
    words = fields.TEXT(analyzer=spaced, phrase=False)
    schema = fields.Schema(number=fields.STORED, title=words, body=words)
    writer = index.create_in(str(folder), schema).writer(limitmb=256)
    for text in held:
        writer.add_document(number=text.number, title=_joined(text.title), body=_joined(text.body))
    writer.commit()


def _open_whoosh(folder: Path) -> Search:
    from whoosh import index, query

    searcher = index.open_dir(str(folder)).searcher()
    alone = threading.Lock()

    def search(text: str) -> int:
        """One at a time: two threads in one searcher read each other's place in the file and fail."""
        wanted = [query.Term(field, term) for term in _asked(text) for field in ("title", "body")]
        with alone:
            return len([hit["number"] for hit in searcher.search(query.Or(wanted), limit=BEST)])

    return search


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────


class _Connections(threading.local):
    """One for each thread, as a pool would have it."""

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path)


def _filled(folder: Path, table: str, rows: Iterable[tuple[int, str]]) -> None:
    database = sqlite3.connect(folder / "words.sqlite")
    database.execute(table)
    database.executemany("INSERT INTO d (rowid, words) VALUES (?, ?)", rows)
    database.commit()
    database.close()


def _build_fts5(folder: Path, held: Iterable[Text]) -> None:
    table = """CREATE VIRTUAL TABLE d USING fts5(words, content='', tokenize="unicode61 tokenchars '-._/'")"""
    _filled(folder, table, ((text.number, _joined(f"{text.title}\n{text.body}")) for text in held))


def _open_fts5(folder: Path) -> Search:
    own = _Connections(folder / "words.sqlite")
    sql = "SELECT rowid FROM d WHERE d MATCH ? ORDER BY rank LIMIT ?"

    def search(text: str) -> int:
        match = " OR ".join('"{}"'.format(word.replace('"', "")) for word in _asked(text))
        return len(own.database.execute(sql, (match, BEST)).fetchall())

    return search


def _build_like(folder: Path, held: Iterable[Text]) -> None:
    rows = ((text.number, f"{text.title}\n{text.body}") for text in held)
    _filled(folder, "CREATE TABLE d (words TEXT)", rows)


def _open_like(folder: Path) -> Search:
    own = _Connections(folder / "words.sqlite")

    def search(text: str) -> int:
        """The whole of a short question would hardly ever be found; its first six characters are."""
        sql = "SELECT rowid FROM d WHERE words LIKE ? LIMIT ?"
        return len(own.database.execute(sql, (f"%{text[:6]}%", BEST)).fetchall())

    return search


# ── bm25s ────────────────────────────────────────────────────────────────────────────────────────


def _build_bm25s(folder: Path, held: Iterable[Text]) -> None:
    import bm25s

    known: dict[str, int] = {}
    corpus = [
        [known.setdefault(term, len(known)) for term in count_terms(f"{text.title}\n{text.body}").elements()]
        for text in held
    ]
    retriever = bm25s.BM25()
    retriever.index((corpus, known), show_progress=False)
    retriever.save(str(folder))
    (folder / "terms.json").write_text(json.dumps(known), encoding="utf-8")


def _open_bm25s(folder: Path) -> Search:
    import bm25s

    retriever = bm25s.BM25.load(str(folder))
    known = json.loads((folder / "terms.json").read_text(encoding="utf-8"))

    def search(text: str) -> int:
        wanted = [term for term in _asked(text) if term in known]
        if not wanted:
            return 0
        _, scores = retriever.retrieve([wanted], k=BEST, show_progress=False)
        return int((scores[0] > 0).sum())

    return search


def _ours(title: str, engine: str, *, words: bool = False) -> Candidate:
    opened = partial(_open_words if words else _open_ours, engine=engine)
    return Candidate(title, engine, partial(_build_ours, engine=engine), opened)


CANDIDATES = {
    "ours": _ours("**ours**, default engine (Whoosh keeps the postings)", "whoosh"),
    "ours_words": _ours("– its words alone", "whoosh", words=True),
    "large": _ours("**ours**, large engine (tantivy)", "tantivy"),
    "large_words": _ours("– its words alone", "tantivy", words=True),
    "whoosh": Candidate("plain Whoosh, title and body", "plain", _build_whoosh, _open_whoosh),
    "fts5": Candidate("SQLite FTS5", "fts5", _build_fts5, _open_fts5),
    "bm25s": Candidate("bm25s, all in memory", "bm25s", _build_bm25s, _open_bm25s),
    "like": Candidate("`LIKE '%first six characters%'`", "like", _build_like, _open_like),
}
