"""What a person gives along with a move, and whether it is what the step must be given.

Nothing is looked up or changed here. The invariant: what passed ``checked`` holds all that the step's row
names, and its note is clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from portal.people.models import Person
from portal.tickets.filing import TEXT_LIMIT, clean
from portal.tickets.flow import NEEDS, Step
from portal.tickets.models import Ticket
from portal.tickets.words import Category


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives along with a move."""

    note: str = ""
    category: Category | None = None
    sub: str = ""
    priority: int | None = None
    rating: int | None = None
    person: Person | None = None
    article: Article | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    other: Ticket | None = None
    """The ticket that a deed between tickets ties this one to."""
    heard: bool = False
    """The user said so when they were rung after the close; what forms and the API give never says this."""


def checked(row: Step, given: Given) -> Given:
    """What was given, made clean; refuses when the table's "must give" is not met."""
    note = clean(given.note)
    if len(note) > TEXT_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内，其余放进附件。"), limit=TEXT_LIMIT)
    held = {
        "note": bool(note),
        "category": given.category is not None,
        "rating": given.rating in (1, 2, 3, 4, 5),
        "person": given.person is not None,
        "other": given.other is not None,
    }
    missing = next((need for need in row.needs if not held[need]), None)
    if missing:
        raise Refused(NEEDS[missing])
    return replace(given, note=note)
