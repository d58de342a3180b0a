"""Which record a ticket is most likely about, as the model of links has it: with no person's eyes.

The same search, signs and model as on the workbench; ``consider``ed here because an alarm needs the answer
also where nothing was linked. The invariant: a rejected record is never matched again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from defects.models import Defect
from defects.queries import defects_by_id
from indexer.document import Answer, Mode, Query
from indexer.linking import Decision, Proposal
from portal.finder import likely, link_signs
from portal.finder.find import Finder
from portal.finder.sources import DEFECT
from portal.finder.synonyms.serving import own_groups
from portal.tickets.models import Ticket

DEPTH = 14


@dataclass(frozen=True, slots=True)
class Match:
    defect: Defect
    decision: Decision
    probability: float


def match_of(session: Session, finder: Finder, ticket: Ticket) -> Match | None:
    """The likeliest record and what may be done with that; None when there is none, or no index to ask."""
    answer = _asked(session, finder, ticket)
    if answer.trace is None or answer.mode == Mode.UNAVAILABLE:
        return None
    rows = defects_by_id(session, [int(hit.id) for hit in answer.hits])
    proposal = _proposed(finder, ticket, answer, rows)
    if not proposal.ranked:
        return None
    number, probability = proposal.ranked[0]
    return Match(rows[int(number)], proposal.decision, probability)


def _asked(session: Session, finder: Finder, ticket: Ticket) -> Answer:
    near = {"system": ticket.system.code, "module": ticket.module or ""}
    query = Query(
        link_signs.said_in(ticket),
        audience=None,
        kinds=frozenset({DEFECT}),
        near={name: value for name, value in near.items() if value},
        limit=DEPTH,
        exclude=likely.judged(ticket).rejected_keys,
        synonyms=own_groups(session),
    )
    return finder.index.search(query, explain=True)


def _proposed(finder: Finder, ticket: Ticket, answer: Answer, rows: dict[int, Defect]) -> Proposal:
    engine = Mode.LEXICAL if answer.mode is Mode.LEXICAL else Mode.HYBRID
    model = finder.index.promotions.links(f"links_{engine}")
    known = {(DEFECT, str(row.id)): link_signs.known_of(row) for row in rows.values()}
    return model.proposal(link_signs.report_of(link_signs.told_of(ticket), answer, known))
