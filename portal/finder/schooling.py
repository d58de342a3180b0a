"""The desk's judged questions, asked again: what search says to each while it does not know its words.

Asked of an index of its own in a temporary place, made of the same documents by the same code. The words of
tickets that records have learned are held back fold by fold, so that no question meets itself. Nearly every
judged question has an answer, for what has none is seldom judged; so some are asked once more as if theirs
had never been written. The invariant: nothing here writes to the database or to the index that serves.
"""

from __future__ import annotations

import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import search as defect_search
from defects.models import Defect
from indexer import linking
from indexer.confidence import Judged
from indexer.document import Document, Engine, Key, Query
from indexer.embedders import Embedder
from indexer.index import Index
from indexer.promotion import ADAPTER, Promotions
from kb import search as article_search
from kb.flow import READABLE
from kb.models import Article
from portal.finder.judgements import ANSWERS, Case, Judgement
from portal.finder.link_signs import CHARACTERS, TICKETS, Known, known_of, report_of, told_of
from portal.finder.sources import DEFECT
from portal.finder.synonyms.serving import own_groups

FOLDS = 4
DEPTH = 20
#: Hits of one question that are judged; deeper ones would all be wrong and teach only that.
JUDGED_HITS = 4
#: One question in so many is asked once more without its answer …
MISSING = 4
#: … which is taken out together with so large a part of the others: the library stays what it was.
GAPS = 8

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that answers, with the words of tickets apart."""

    documents: tuple[Document, ...]
    """Without the words of linked tickets."""
    known: Mapping[Key, Known]
    said: Mapping[str, tuple[tuple[int, str], ...]]
    """Record → (ticket, its words), oldest first."""
    synonyms: tuple[tuple[str, ...], ...] = ()
    """The desk's own, as they serve."""

    def with_words(self, *, without: Collection[int] = ()) -> Iterator[Document]:
        """The records that tickets have taught, as they would be without some of those tickets."""
        by_id = {document.id: document for document in self.documents if document.kind == DEFECT}
        for number, taught in self.said.items():
            if number in by_id:
                words = [text for ticket, text in taught if ticket not in without][-TICKETS:]
                yield replace(by_id[number], also=(*by_id[number].also, *words))


def library_of(session: Session, cases: Sequence[Case]) -> Library:
    articles = session.scalars(select(Article).where(Article.state.in_(READABLE)))
    defects = [row for row in session.scalars(select(Defect)) if defect_search.is_searchable(row)]
    said: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for case in cases:
        if case.right is not None:
            said[str(case.right)].append((case.ticket.id, case.ticket.text[:CHARACTERS]))
    return Library(
        (*map(article_search.document_of, articles), *map(defect_search.document_of, defects)),
        {(DEFECT, str(row.id)): known_of(row) for row in defects},
        {number: tuple(taught) for number, taught in said.items()},
        own_groups(session),
    )


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit of one judged question, as a row to learn from; rows keep the order of the judgements."""

    place: int
    judged: Judged
    about: str
    """The category of the ticket that came of the question."""
    is_asked_without: bool = False
    """Asked as if its answer had never been written; nobody judged that."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One judged ticket with what search found for it."""

    judged: linking.Judged
    about: str


@contextmanager
def school(library: Library, *, embedder: Embedder | None, serving: Promotions) -> Iterator[Index]:
    """The temporary index, with the encoder's adapter that serves."""
    with tempfile.TemporaryDirectory(prefix="tierdesk-learn-") as place:
        index = Index.open(Path(place) / "index", embedder=embedder)
        adapter = serving.adapter(embedder.name) if embedder is not None else None
        if adapter is not None:
            index.promotions.promote(ADAPTER, adapter)
        index.rebuild(library.documents)
        try:
            yield index
        finally:
            index.close()


def asked_again(
    index: Index,
    library: Library,
    judgements: Sequence[Judgement],
    cases: Sequence[Case],
    *,
    engine: Engine,
    tell: Tell | None = None,
) -> tuple[list[Hit], list[Asked]]:
    """Rows for the calibration and reports for the model of links, each in the order they were judged."""
    rows: list[Hit] = []
    reports: dict[int, Asked] = {}
    done = 0
    for fold in range(FOLDS):
        apart = {one.ticket for one in judgements if one.ticket is not None and one.ticket % FOLDS == fold}
        apart |= {case.ticket.id for case in cases if case.ticket.id % FOLDS == fold}
        index.update(library.with_words(without=apart))
        for place, one in enumerate(judgements):
            if _fold_of(place, one) == fold:
                rows += [Hit(place, row, one.about) for row in _rows(index, library, one, engine)]
                done += 1
        for place, case in enumerate(cases):
            if case.ticket.id % FOLDS == fold:
                reports[place] = Asked(_report(index, library, case, engine), str(case.ticket.category))
                done += 1
        if tell is not None:
            tell(done, len(judgements) + len(cases))
    rows += _without_answers(index, library, judgements, engine)
    rows.sort(key=lambda hit: hit.place)
    return rows, [reports[place] for place in sorted(reports)]


def _without_answers(
    index: Index, library: Library, judgements: Sequence[Judgement], engine: Engine
) -> Iterator[Hit]:
    """Whatever is found then is wrong. Without these a desk learns that everything has an answer."""
    asked = [(place, one) for place, one in enumerate(judgements) if one.right and place % MISSING == 0]
    written = {document.key: document for document in (*library.documents, *library.with_words())}
    for gap in range(GAPS):
        missing = {one.right for _, one in asked if one.right and _gap_of(one.right) == gap} & written.keys()
        if not missing:
            continue
        index.remove(missing)
        for place, one in asked:
            if one.right in missing:
                rows = _rows(index, library, one, engine)
                yield from (Hit(place, row, one.about, is_asked_without=True) for row in rows)
        index.update(written[key] for key in sorted(missing))


def _gap_of(key: Key) -> int:
    """The same on every day: what was learned yesterday can be learned again."""
    return zlib.crc32(":".join(key).encode()) % GAPS


def _fold_of(place: int, one: Judgement) -> int:
    return (place if one.ticket is None else one.ticket) % FOLDS


def _rows(index: Index, library: Library, one: Judgement, engine: Engine) -> Iterator[Judged]:
    """Hits of the judged kind: right, said to be wrong, or wrong because another is known to be right."""
    query = _query(library, one.text, ANSWERS, near=one.near, engine=engine)
    answer = index.search(query, explain=True)
    features = answer.trace.features if answer.trace is not None else {}
    told = [hit.key for hit in answer.hits if hit.kind == one.kind and hit.key in features]
    for key in told[:JUDGED_HITS]:
        if one.right is not None or key in one.wrong:
            yield Judged(features[key], key == one.right)


def _report(index: Index, library: Library, case: Case, engine: Engine) -> linking.Judged:
    told = told_of(case.ticket)
    near = {name: value for name, value in (("system", told.system), ("module", told.module)) if value}
    query = _query(library, told.text, frozenset({DEFECT}), near=near, engine=engine)
    report = report_of(told, index.search(query, explain=True), library.known)
    return linking.Judged(report, None if case.right is None else str(case.right))


def _query(
    library: Library, text: str, kinds: frozenset[str], *, near: Mapping[str, str], engine: Engine
) -> Query:
    return Query(
        text,
        audience=None,
        kinds=kinds,
        near=near,
        limit=DEPTH,
        engine=engine,
        synonyms=library.synonyms,
    )
