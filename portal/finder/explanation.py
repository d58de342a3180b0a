"""Why did my article lose? One search told stage by stage, up to the re-check in the database.

It asks the very question that ``find`` asks and changes nothing. Whoever calls it decides who may read it:
it names documents that a viewer is refused, though never their words. The invariant: a title stands here
only for rows that this viewer may see now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import exp

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.document import Key, Mode, StageName, Trace
from indexer.index import Index
from portal.finder.fates import Fate
from portal.finder.found import Subject
from portal.finder.numbers import by_number, numbers_in
from portal.finder.period import ANY_TIME, Period
from portal.finder.question import EVERYTHING, NOTHING, Ask, Filters, query_of, wide_ask, within
from portal.finder.shelves import FAULT, SHELVES, fits, moment_of, reread
from portal.finder.sources import SOURCES, current
from portal.people.models import Person


@dataclass(frozen=True, slots=True)
class Account:
    """What one search did with one document."""

    key: Key
    ref: str
    title: str
    fate: Fate
    place: int
    """Among what the viewer is shown; 0 when it isn't."""
    standing: Mapping[StageName, tuple[int, float]]
    """Stage → rank and score; rank 0 where the stage did not propose it."""
    features: Mapping[str, float]
    contributions: Mapping[str, float]
    """What each feature adds to the log-odds; the bias is one of them."""

    @property
    def probability(self) -> float | None:
        """Before it is made falling with the rank; None where no feature was looked at."""
        return 1.0 / (1.0 + exp(-sum(self.contributions.values()))) if self.contributions else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One search, told."""

    text: str
    mode: Mode
    took_ms: float
    trace: Trace
    names: Mapping[Key, tuple[str, str]]
    """Number and title of every permitted row that some stage proposed."""
    refused: tuple[Key, ...]
    """Hits of the index that the database would not let this viewer see."""
    shown: tuple[Account, ...]
    asked_about: tuple[Account, ...]


def explained(
    index: Index,
    session: Session,
    person: Person,
    text: str,
    *,
    kinds: Collection[str] = (),
    filters: Filters = NOTHING,
    period: Period = ANY_TIME,
    limit: int = 10,
    about: Collection[Key] = (),
) -> Explanation:
    ask = within(period, wide_ask(text, kinds, filters, most=limit))
    query = query_of(session, person, ask)
    best = frozenset(hit.key for hit in index.search(query).hits[:limit])
    answer = index.search(query, explain=True, about=best.union(about))
    trace = answer.trace or Trace((), (), ())
    proposed = {key for stage in trace.stages for key, _ in stage.ranking}
    rows = reread(session, person, proposed | set(about)) if person.active else {}
    exact = by_number(session, person, ask.text, kinds=kinds or (*EVERYTHING, FAULT))
    found = [hit.key for hit in answer.hits]
    order = [*exact, *(key for key in found if key in rows and key not in exact and _fits(key, rows, ask))]
    told = _Told(session, ask, trace, exact | rows, order, limit)
    return Explanation(
        ask.text,
        answer.mode,
        answer.took_ms,
        trace,
        {key: _named(row) for key, row in rows.items()},
        tuple(key for key in found if key not in rows),
        tuple(told.account(key) for key in order[:limit]),
        tuple(told.account(key) for key in about),
    )


def key_of(session: Session, ref: str) -> Key | None:
    """The document of this reference number, whoever may see it; None when there is none."""
    for kind, numbers in numbers_in(ref).items():
        if kind in SOURCES:
            model = SOURCES[kind].model
            found = session.scalar(select(model.id).where(model.number.in_(numbers)))
            return (kind, str(found)) if found is not None else None
    return None


def difference(loser: Account, winner: Account) -> list[tuple[str, float]]:
    """Features by which the loser falls behind, the heaviest first."""
    names = loser.contributions.keys() | winner.contributions.keys()
    gaps = [
        (name, loser.contributions.get(name, 0.0) - winner.contributions.get(name, 0.0)) for name in names
    ]
    return sorted(((name, gap) for name, gap in gaps if abs(gap) >= 0.005), key=lambda pair: pair[1])


@dataclass(frozen=True, slots=True)
class _Told:
    session: Session
    ask: Ask
    trace: Trace
    rows: Mapping[Key, Subject]
    order: list[Key]
    limit: int

    def account(self, key: Key) -> Account:
        ref, title = _named(self.rows[key]) if key in self.rows else (_ref_of(self.session, key), "")
        place = self.order.index(key) + 1 if key in self.order else 0
        return Account(
            key,
            ref,
            title,
            self._fate(key, place),
            place,
            {stage.name: stage.standing[key] for stage in self.trace.stages if key in stage.standing},
            self.trace.features.get(key, {}),
            self.trace.contributions.get(key, {}),
        )

    def _fate(self, key: Key, place: int) -> Fate:
        if place:
            return Fate.SHOWN if place <= self.limit else Fate.LOWER
        if fate := self._hindrance(key):
            return fate
        final = [stage.standing.get(key, (0, 0.0))[0] for stage in self.trace.stages[-1:]]
        return Fate.LOWER if any(final) else Fate.SILENT

    def _hindrance(self, key: Key) -> Fate | None:
        """What keeps it from taking part at all, looked for in the database first."""
        if _row_of(self.session, key) is None:
            return Fate.UNKNOWN
        if not list(current(self.session, key[0], [int(key[1])])):
            return Fate.UNSEARCHABLE
        if key not in self.rows:
            return Fate.HIDDEN
        if key[0] not in self.ask.kinds or not _fits(key, self.rows, self.ask):
            return Fate.FILTERED
        # Permitted by the database and yet not by the index: the index is behind.
        return Fate.WAITING if key in self.trace.absent else None


def _row_of(session: Session, key: Key) -> Subject | None:
    row: Subject | None = session.get(SHELVES[key[0]].model, int(key[1]))
    return row


def _ref_of(session: Session, key: Key) -> str:
    row = _row_of(session, key)
    return str(getattr(row, "number", "")) or "/".join(key)


def _named(row: Subject) -> tuple[str, str]:
    return str(getattr(row, "number", row.id)), row.title


def _fits(key: Key, rows: Mapping[Key, Subject], ask: Ask) -> bool:
    return fits(key[0], rows[key], ask.filters) and ask.period.holds(moment_of(key[0], rows[key]))
