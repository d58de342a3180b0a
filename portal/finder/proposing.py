"""Which record the model of links proposes for a ticket while nobody looks: no viewer, no page.

The candidates, their signs and the model are those of the workbench (``Finder.likely_defects``), so that
what a person sees is what the system decided by; a test holds both equal. Nothing is linked here.
The invariant: only records that a person could link are candidates, as they stand in the database now.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.search import is_searchable
from indexer.document import Answer, Key, Mode, Query
from indexer.index import Index
from indexer.linking import Decision, LinkModel
from portal.finder.link_signs import Told, known_of, report_of, told_of
from portal.finder.sources import DEFECT
from portal.finder.synonyms.serving import own_groups
from portal.tickets.models import Ticket

#: As deep as the workbench asks.
DEPTH = 14


@dataclass(frozen=True, slots=True)
class Proposed:
    """The model's word on one ticket; ``defect`` is the likeliest record, whatever is made of it."""

    decision: Decision
    defect: Defect | None
    probability: float
    model: str
    learned: bool
    """False: nobody has judged enough yet; such a model never says "link"."""
    promised: float
    """The precision for which its threshold was chosen."""


def is_ready(index: Index) -> bool:
    """Can it be asked as it will be from now on? Not while it is built, nor before the encoder is up."""
    status = index.status()
    if status.mode is Mode.UNAVAILABLE:
        return False
    return status.mode is Mode.HYBRID or index.embedder is None


def digest_of(ticket: Ticket) -> str:
    """What is weighed, as one word: the same words in the same place need not be weighed again."""
    told = told_of(ticket)
    weighed = "\n".join((told.system, told.module, told.running, told.text))
    return hashlib.sha256(weighed.encode()).hexdigest()


def proposed(session: Session, index: Index, ticket: Ticket) -> Proposed | None:
    """None: the index cannot say anything now."""
    told = told_of(ticket)
    answer = index.search(_asked(session, told), explain=True)
    if answer.mode is Mode.UNAVAILABLE:
        return None
    model = model_for(index, answer)
    records = _records(session, answer) if answer.trace is not None else {}  # no word to ask for
    report = report_of(told, answer, {key: known_of(row) for key, row in records.items()})
    proposal = model.proposal(report)
    best, chance = proposal.ranked[0] if proposal.ranked else ("", 0.0)
    return Proposed(
        proposal.decision,
        records.get((DEFECT, best)),
        chance,
        model.version,
        learned=not model.cold_start,
        promised=model.promised,
    )


def model_for(index: Index, answer: Answer) -> LinkModel:
    """The one that was learned from answers of this kind."""
    return index.promotions.links(f"links_{Mode.LEXICAL if answer.mode is Mode.LEXICAL else Mode.HYBRID}")


def _asked(session: Session, told: Told) -> Query:
    near = {name: value for name, value in (("system", told.system), ("module", told.module)) if value}
    return Query(
        told.text,
        audience=None,
        kinds=frozenset({DEFECT}),
        near=near,
        limit=DEPTH,
        synonyms=own_groups(session),
    )


def _records(session: Session, answer: Answer) -> dict[Key, Defect]:
    """Read again: the index may be behind."""
    ids = [int(hit.id) for hit in answer.hits]
    rows = session.scalars(select(Defect).where(Defect.id.in_(ids)))
    return {(DEFECT, str(row.id)): row for row in rows if is_searchable(row)}
