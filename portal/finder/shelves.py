"""From keys to rows that the viewer may see, and from rows to results: the second half of every search.

The index suggests, the database decides: whatever the index said, a row comes back only through the
same rule that guards its page. One query per kind, whatever the number of hits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defaultload, defer, lazyload, load_only

from defects.models import Defect
from defects.queries import visible_defects
from indexer.document import Hit, Key, Reason, ReasonKind
from indexer.highlight import highlight
from indexer.passages import body_passages
from kb.markdown import plain
from kb.models import Article
from kb.queries import readable_articles
from portal.catalogue.models import System
from portal.catalogue.outgrown import asks_for, outgrown_among
from portal.faults.models import Announcement, FaultEvent
from portal.faults.readers import live_announcements
from portal.faults.scope import visible_faults
from portal.finder.found import Result, Segment, Subject
from portal.finder.period import MONTH
from portal.finder.sources import ANNOUNCEMENT, ARTICLE, DEFECT, TICKET
from portal.people.models import Person, Unit
from portal.people.queries import viewer_of
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets

FAULT = "fault"
LONGEST_SNIPPET = 240
LONGEST_SEARCHED = 20_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of thing: who may see which rows, and what of a row is shown."""

    kind: str
    model: Any
    permitted: Callable[[Person], Select[Any]]
    words: Callable[[Any], str]
    facets: Callable[[Any], Mapping[str, tuple[str, ...]]]
    at: Callable[[Any], datetime]
    """When it was published, changed or filed: what a search by date means."""
    heavy: tuple[Any, ...] = ()
    """Columns that only somebody who shows the row needs."""
    written: Callable[[Any], str] = lambda row: ""
    """Its words as they were written: what stands there needs no rendering to be found there."""


def _article_facets(row: Article) -> Mapping[str, tuple[str, ...]]:
    return _named(
        system=row.system,
        module=row.module,
        category=row.category,
        state=row.state,
        language=row.language,
    )


def _defect_facets(row: Defect) -> Mapping[str, tuple[str, ...]]:
    return _named(system=row.system, module=row.module, state=row.state, type=row.type, language="zh")


def _ticket_facets(row: Ticket) -> Mapping[str, tuple[str, ...]]:
    return _named(
        system=row.system.code,
        module=row.module,
        category=row.category,
        state=row.state,
        unit=row.unit.code,
    )


def _announcement_facets(row: Announcement) -> Mapping[str, tuple[str, ...]]:
    return {"system": row.systems, "state": (str(row.state),)}


def _fault_facets(row: FaultEvent) -> Mapping[str, tuple[str, ...]]:
    return {"system": tuple(row.systems), "state": (str(row.state),)}


def _named(**values: str | None) -> Mapping[str, tuple[str, ...]]:
    return {name: (str(value),) for name, value in values.items() if value}


@lru_cache(maxsize=2_048)
def _plain(markdown: str) -> str:
    # Rendering is the dearest part of a page of results, and the same articles answer every day.
    return plain(markdown)


def _defect_words(row: Defect) -> str:
    return "\n".join(part for part in (*row.symptoms, row.workaround) if part)


SHELVES: dict[str, Shelf] = {
    shelf.kind: shelf
    for shelf in (
        Shelf(
            ARTICLE,
            Article,
            lambda person: readable_articles(viewer_of(person)),
            lambda row: _plain(row.body),
            _article_facets,
            lambda row: row.updated_at,
            heavy=(Article.body, Article.keywords, Article.also),
            written=lambda row: str(row.body),
        ),
        Shelf(
            DEFECT,
            Defect,
            lambda person: visible_defects(viewer_of(person)),
            _defect_words,
            _defect_facets,
            lambda row: row.updated_at,
            heavy=(
                *(Defect.symptoms, Defect.codes, Defect.affected, Defect.reproduce),
                *(Defect.cause, Defect.workaround, Defect.fix, Defect.data_fix),
            ),
        ),
        Shelf(
            TICKET,
            Ticket,
            visible_tickets,
            lambda row: "\n".join(part for part in (row.text, row.outcome) if part),
            _ticket_facets,
            lambda row: row.filed_at,
            heavy=(Ticket.text, Ticket.outcome, Ticket.work_note, Ticket.level, Ticket.rating_words),
        ),
        Shelf(
            ANNOUNCEMENT,
            Announcement,
            lambda person: live_announcements(viewer_of(person)),
            lambda row: str(row.body),
            _announcement_facets,
            lambda row: row.published_at or row.created_at,
        ),
        Shelf(FAULT, FaultEvent, visible_faults, lambda row: "", _fault_facets, lambda row: row.opened_at),
    )
}


def reread(
    session: Session, person: Person, keys: Iterable[Key], *, glance: bool = False
) -> dict[Key, Subject]:
    """The rows behind these keys that this person may see, now; at a glance, without their long texts."""
    wanted: dict[str, list[int]] = {}
    for kind, number in keys:
        if kind in SHELVES and number.isdecimal():
            wanted.setdefault(kind, []).append(int(number))
    found: dict[Key, Subject] = {}
    for kind, ids in wanted.items():
        shelf = SHELVES[kind]
        rows = shelf.permitted(person).where(shelf.model.id.in_(ids)).options(*_loading(shelf, glance))
        for row in session.scalars(rows):
            found[kind, str(row.id)] = row
    return found


def completed(session: Session, rows: Collection[Subject]) -> None:
    """Give rows that were read at a glance their long texts; the rule was asked when they were read."""
    for shelf in SHELVES.values():
        ids = [row.id for row in rows if isinstance(row, shelf.model)]
        if ids and shelf.heavy:
            texts = select(shelf.model).where(shelf.model.id.in_(ids))
            session.scalars(texts.options(load_only(*shelf.heavy), lazyload("*"))).all()


def offered(
    session: Session,
    person: Person,
    keys: Iterable[Key],
    *,
    unit: Unit | None = None,
    glance: bool = False,
) -> dict[Key, Subject]:
    """The same as answers: without known errors that the unit which asks has outgrown.

    ``unit``: that of the caller or the ticket which staff answer; else it is the person's own.
    """
    rows = reread(session, person, keys, glance=glance)
    gone = outgrown_among(session, unit or asks_for(person), rows.values())
    return {key: row for key, row in rows.items() if key[0] != ARTICLE or row.id not in gone}


def _loading(shelf: Shelf, glance: bool) -> Iterator[Any]:
    """Nobody asks a hit for its units, or for its system's modules: they are read where one is opened."""
    if shelf.model is Article:
        yield lazyload(Article.unit_rows)
    if shelf.model is Ticket:
        yield defaultload(Ticket.system).lazyload(System.modules)
    if glance:
        yield from (defer(column) for column in shelf.heavy)


def facets_of(kind: str, row: Subject) -> Mapping[str, tuple[str, ...]]:
    """The values this row is counted and filtered by, as the database has them now."""
    return SHELVES[kind].facets(row)


def moment_of(kind: str, row: Subject) -> datetime:
    """When it was published, changed or filed."""
    return SHELVES[kind].at(row)


def fits(kind: str, row: Subject, filters: Mapping[str, Collection[str]]) -> bool:
    """Does the row, as it is now, pass every filter?"""
    facets = facets_of(kind, row)
    return all(set(facets.get(name, ())) & set(values) for name, values in filters.items() if name != MONTH)


def result_of(kind: str, row: Subject, *, text: str, hit: Hit | None = None) -> Result:
    """The row as a result; ``hit`` adds what the index knows of the match."""
    facets = facets_of(kind, row)
    return Result(
        kind,
        row.id,
        row.number if not isinstance(row, Announcement) else str(row.id),
        row.title,
        snippet=_snippet(SHELVES[kind], row, text, hit.passage if hit else ""),
        probability=hit.probability if hit else 0.0,
        trusted=hit.trusted if hit else False,
        why=tuple(_true_reasons(hit.why, row)) if hit else (),
        system=next(iter(facets.get("system", ())), None),
        module=next(iter(facets.get("module", ())), None),
        state=str(row.state),
        language=next(iter(facets.get("language", ("zh",)))),
        updated_at=_updated(row),
        subject=row,
    )


def _updated(row: Subject) -> Any:
    if isinstance(row, Announcement):
        return row.published_at or row.created_at
    return row.opened_at if isinstance(row, FaultEvent) else row.updated_at


def _true_reasons(why: Iterable[Reason], row: Subject) -> Iterator[Reason]:
    """A reason may quote a way of asking only while the row itself says so.

    The index also learns from the words of linked tickets; those belong to their requesters.
    """
    own: Collection[str] = ()
    if isinstance(row, Article):
        own = row.also
    elif isinstance(row, Defect):
        own = row.symptoms
    for reason in why:
        quoted = reason.text.rstrip("…")
        if reason.kind != ReasonKind.ASKED_AS or any(line.strip().startswith(quoted) for line in own):
            yield reason


def _snippet(shelf: Shelf, row: Subject, text: str, passage: str) -> tuple[Segment, ...]:
    """The passage that speaks most to ``text``, marked; the index's choice if it still stands there."""
    chosen = passage.rstrip("…")
    if chosen and (_stands(chosen, shelf.written(row)) or _stands(chosen, shelf.words(row))):
        return tuple(highlight(_cut(chosen), text))
    return _best_window(shelf.words(row)[:LONGEST_SEARCHED], text)


def _stands(passage: str, words: str) -> bool:
    return _squeezed(passage) in _squeezed(words[:LONGEST_SEARCHED])


def _best_window(words: str, text: str) -> tuple[Segment, ...]:
    marked = [highlight(_cut(part), text) for part in list(body_passages(words))[:24]]
    return tuple(max(marked, key=_marked_characters)) if marked else ()


def _marked_characters(segments: Iterable[Segment]) -> int:
    return sum(len(part) for part, marked in segments if marked)


def _cut(part: str) -> str:
    return part if len(part) <= LONGEST_SNIPPET else part[:LONGEST_SNIPPET].rstrip() + "…"


def _squeezed(text: str) -> str:
    return "".join(text.split())
