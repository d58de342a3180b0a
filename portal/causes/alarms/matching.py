"""Which record a ticket is most likely about, by the model of links: as it was decided, else as it would be.

Weighing is ``finder.proposing``'s and what was decided on a ticket ``causes.autolink``'s; nothing is weighed
twice. The invariant: a sure word counts as sure only where the system may link by it now, and a record that
a person has rejected is never matched again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.linking import Decision
from portal.causes.autolink.deciding import WANTED, decided
from portal.causes.autolink.models import Held, LinkDecision
from portal.causes.autolink.pauses import pause_of
from portal.finder import likely
from portal.finder.find import Finder
from portal.finder.proposing import Proposed, proposed
from portal.tickets.models import Ticket

#: Why a sure word is not one: nobody has measured it well enough, or people have stopped or contradicted it.
DOUBTED = frozenset({Held.PROMISE, Held.SUSPENDED, Held.CONTRADICTED})


@dataclass(frozen=True, slots=True)
class Match:
    defect: Defect
    decision: Decision
    probability: float


def match_of(session: Session, finder: Finder, ticket: Ticket, *, wanted: float = WANTED) -> Match | None:
    """The likeliest record and what may be done with that; None when there is none, or no index to ask.

    ``wanted`` is the precision that a link by the system has to promise.
    """
    row = decided(session, ticket)
    match = _decided(row) if row is not None else _proposed(session, finder, ticket, wanted)
    if match is None or match.defect.id in likely.judged(ticket).rejected:
        return None
    return match


def _decided(row: LinkDecision) -> Match | None:
    if row.defect is None:
        return None
    doubted = row.decision is Decision.LINK and row.held in DOUBTED
    return Match(row.defect, Decision.SUGGEST if doubted else row.decision, row.probability)


def _proposed(session: Session, finder: Finder, ticket: Ticket, wanted: float) -> Match | None:
    found = proposed(session, finder.index, ticket)
    if found is None or found.defect is None:
        return None
    sure = found.decision is Decision.LINK and _may_link(session, found, wanted)
    decision = Decision.SUGGEST if found.decision is Decision.LINK and not sure else found.decision
    return Match(found.defect, decision, found.probability)


def _may_link(session: Session, found: Proposed, wanted: float) -> bool:
    return found.learned and found.promised >= wanted and pause_of(session, found.model) is None
