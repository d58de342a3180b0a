"""One ticket: weigh it, decide, and link where that is earned.

Weighing reads and may take its time; settling writes, is short, and looks again at everything that may have
changed meanwhile. The invariants: a ticket is weighed once for the same words; it is linked by the system
only while it is open, linked to nothing and judged by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from defects.flow import DEAD
from defects.models import Defect
from defects.queries import is_visible
from indexer.linking import Decision
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.causes.autolink.models import Held, LinkDecision
from portal.causes.autolink.pauses import is_suspended
from portal.finder.find import Finder
from portal.finder.proposing import Proposed, digest_of, proposed
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets import linking
from portal.tickets.locking import lock
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Category, State

#: What a link by the system promises unless the setting says otherwise.
WANTED = 0.95
#: Before its result stands.
STATES = frozenset({State.NEW, State.OPEN, State.WAITING})
#: A complaint goes its own way and is kept from those whom it concerns.
NEVER = frozenset({Category.COMPLAINT})


@dataclass(frozen=True, slots=True)
class Considered:
    """What was decided on a ticket."""

    decision: Decision
    defect: Defect | None
    """The likeliest record, whatever was decided."""
    probability: float
    model: str
    held: Held | None = None
    """Why "link" was not carried out."""
    link: DefectLink | None = None
    """The link that was made; a person may have taken it back since."""

    @property
    def linked(self) -> bool:
        return self.link is not None

    @classmethod
    def of(cls, row: LinkDecision) -> Considered:
        return cls(row.decision, row.defect, row.probability, row.model, row.held, row.link)


def consider(
    session: Session, finder: Finder, ticket: Ticket, *, wanted: float = WANTED
) -> Considered | None:
    """Decide on this ticket and link it where that is earned; the caller commits.

    None: there is nothing to decide (ended, linked, judged by a person), or the index can't be asked now.
    The same words once more give the decision that was made on them.
    """
    if not may_be_linked(session, ticket):
        return None
    former = decided(session, ticket)
    if former is not None:
        return Considered.of(former)
    found = proposed(session, finder.index, ticket)
    return settle(session, ticket, found, wanted=wanted) if found is not None else None


def may_be_linked(session: Session, ticket: Ticket) -> bool:
    """Open, no complaint, and nobody has ever judged it."""
    if ticket.state not in STATES or ticket.category in NEVER:
        return False
    return not session.scalar(select(exists().where(DefectLink.ticket_id == ticket.id)))


def decided(session: Session, ticket: Ticket) -> LinkDecision | None:
    """What was decided on the ticket's words as they stand now."""
    wanted = select(LinkDecision).where(
        LinkDecision.ticket_id == ticket.id, LinkDecision.digest == digest_of(ticket)
    )
    return session.scalars(wanted).first()


def settle(session: Session, ticket: Ticket, found: Proposed, *, wanted: float = WANTED) -> Considered | None:
    """Write the decision down and carry it out; None when somebody was faster."""
    lock(session, ticket)
    if not may_be_linked(session, ticket):
        return None
    former = decided(session, ticket)
    if former is not None:
        return Considered.of(former)
    return Considered.of(_written(session, ticket, found, wanted=wanted))


def _written(session: Session, ticket: Ticket, found: Proposed, *, wanted: float) -> LinkDecision:
    moment = now(session)
    row = LinkDecision(
        ticket=ticket,
        digest=digest_of(ticket),
        at=moment,
        seen_at=moment,
        model=found.model,
        decision=found.decision,
        defect=found.defect,
        probability=found.probability,
    )
    session.add(row)
    if found.decision is Decision.LINK and found.defect is not None:
        row.held = _held(session, ticket, found, found.defect, wanted=wanted)
        if row.held is None:
            row.link = linking.link(session, ticket, found.defect, by=None, probability=found.probability)
    session.flush()
    return row


def _held(session: Session, ticket: Ticket, found: Proposed, defect: Defect, *, wanted: float) -> Held | None:
    """Why it is not linked although the model says so."""
    if not found.learned or found.promised < wanted:
        return Held.PROMISE
    if is_suspended(session, found.model, wanted=wanted):
        return Held.SUSPENDED
    if defect.state in DEAD or not _may_see(ticket.holder, defect):
        return Held.UNSEEN
    return Held.CONTRADICTED if _was_contradicted(session, ticket, defect) else None


def _was_contradicted(session: Session, ticket: Ticket, defect: Defect) -> bool:
    """Has a person said of the very same words that it is not this? Machines file the same words often."""
    said = (
        select(LinkDecision.id)
        .join(DefectLink, DefectLink.ticket_id == LinkDecision.ticket_id)
        .where(
            LinkDecision.digest == digest_of(ticket),
            DefectLink.defect_id == defect.id,
            DefectLink.verdict == LinkVerdict.REJECTED,
        )
    )
    return session.scalar(select(said.exists())) is True


def _may_see(holder: Person | None, defect: Defect) -> bool:
    return holder is None or is_visible(defect, viewer_of(holder))


def confirm(session: Session, ticket: Ticket, *, by: Person) -> DefectLink:
    """“对，就是它”: a person says that the system's link is right; from then on it teaches."""
    live = next((row for row in ticket.defect_links if row.is_automatic), None)
    if live is None:
        raise Refused(N_("这张工单现在没有等您确认的系统关联。"))
    return linking.link(session, ticket, live.defect, by=by)
