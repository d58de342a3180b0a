"""One question, made clean once, and as the index is asked it by one person.

What is found is ``find``'s business. The invariant: whoever asks is in the question itself, so that what they
may not see takes no place among the hits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from indexer.document import Key, Query
from portal.finder.period import ANY_TIME, MONTH, Period
from portal.finder.sources import ANNOUNCEMENT, ARTICLE, DEFECT, TICKET, ticket_tokens
from portal.finder.synonyms.serving import own_groups
from portal.finder.wording import cleaned
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets.models import Ticket

EVERYTHING = (ARTICLE, DEFECT, TICKET, ANNOUNCEMENT)
ANSWERS = (ARTICLE, DEFECT)
DEPTH = 100
NOTHING: Mapping[str, str] = MappingProxyType({})

Filters = Mapping[str, str | Collection[str] | None]
Near = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, made clean once."""

    text: str
    kinds: frozenset[str]
    filters: Mapping[str, frozenset[str]]
    near: Mapping[str, str]
    depth: int
    exclude: frozenset[Key] = frozenset()
    period: Period = ANY_TIME


def query_of(session: Session, person: Person, ask: Ask) -> Query:
    """The question as the index is asked it, with this person's eyes."""
    return Query(
        ask.text,
        audience=viewer_of(person).tokens | ticket_tokens(person),
        kinds=ask.kinds,
        filters=ask.filters,
        near=ask.near,
        limit=ask.depth,
        exclude=ask.exclude,
        synonyms=own_groups(session),
        weighed_among=ask.kinds.intersection(ANSWERS),
    )


def wide_ask(
    text: str, kinds: Collection[str] = (), filters: Filters = NOTHING, near: Near = NOTHING, *, most: int
) -> Ask:
    """What a page of results asks for: deep enough for its counts; no kinds means every kind."""
    return ask_of(text, kinds or EVERYTHING, filters, near, depth=max(DEPTH, most))


def within(period: Period, ask: Ask) -> Ask:
    """The same question of one period: the index is told the months, the database decides by the day."""
    if not period:
        return ask
    months = period.months(datetime.now(UTC).date())
    return replace(ask, period=period, filters={**ask.filters, MONTH: months})


def ask_of(text: str, kinds: Iterable[str], filters: Filters, near: Near, *, depth: int) -> Ask:
    """Filters and hints that say nothing are left out."""
    return Ask(
        text=cleaned(text),
        kinds=frozenset(kinds),
        filters={name: _values(value) for name, value in filters.items() if value not in (None, "")},
        near={name: value for name, value in near.items() if value},
        depth=depth,
    )


def _values(value: str | Collection[str] | None) -> frozenset[str]:
    return frozenset({value} if isinstance(value, str) else value or ())


def ask_about(ticket: Ticket, kind: str, *, depth: int) -> Ask:
    """What else is of this ticket's matter; the ticket itself is no answer."""
    near = {"system": ticket.system.code, "module": ticket.module}
    ask = ask_of(f"{ticket.title}\n{ticket.text}", (kind,), NOTHING, near, depth=depth)
    return replace(ask, exclude=frozenset({(TICKET, str(ticket.id))}))
