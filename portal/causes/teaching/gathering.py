"""The worker's job: examine tickets a few at a time, and keep which judgements would help most.

Tickets are weighed as the system weighs them by itself (``finder.proposing``); who may see which is decided
when the queue is read. Reading and weighing take their time without the write lock; what is written is short.
The invariants: a ticket is weighed once by each model; what ended long ago is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload, sessionmaker

from defects.flow import DEAD
from defects.models import Defect
from indexer.document import Mode
from indexer.index import Index
from indexer.linking import LinkModel
from kb.columns import now
from portal.catalogue.models import System
from portal.causes.teaching.models import TeachingPick
from portal.causes.teaching.picking import Candidate, Picked, in_order
from portal.db import transaction
from portal.finder import serving
from portal.finder.judgements import STANDING
from portal.finder.link_signs import said_in
from portal.finder.proposing import Proposed, is_ready, proposed
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Category, State

#: A round must not hold up the index: a published article has to be found within seconds.
AT_ONCE = 25
RECENT = timedelta(days=90)
#: Ranked, and from how many: every judge sees those of their own systems.
MOST, POOL = 300, 400
#: Where a model has no edge of its own yet.
MIDDLE = 0.5
READ = 400

#: A complaint is kept from those whom it concerns; what was withdrawn says nothing.
NEVER = (Category.COMPLAINT,)
GONE = (State.CANCELLED, State.MERGED)
LIKELY = (Category.DEFECT, Category.FAULT, Category.DATA)


def keep_queue(maker: sessionmaker[Session], index: Index) -> int:
    """Returns how many tickets were examined."""
    if not is_ready(index):
        return 0
    model = serving.of_links(index).version
    with maker() as session:
        moment = now(session)
        weighed = [(ticket.id, _weighed(session, index, ticket)) for ticket in _next(session, model, moment)]
    with transaction(maker) as session:
        _forget(session, moment)
        for ticket_id, found in weighed:
            _keep(session, ticket_id, found, model, moment)
    if weighed:
        _rank(maker, index, moment)
    return len(weighed)


def unjudged() -> ColumnElement[bool]:
    """Nobody has said anything about the ticket, and the system has not linked it."""
    standing = exists().where(DefectLink.ticket_id == Ticket.id, DefectLink.verdict != LinkVerdict.UNDONE)
    return ~standing


def _next(session: Session, model: str, moment: datetime) -> Sequence[Ticket]:
    """Not yet weighed by this model: those that may be defects first, the newest of them first."""
    dead = select(Defect.id).where(Defect.state.in_(DEAD))
    wanted = (
        select(Ticket)
        .outerjoin(TeachingPick, TeachingPick.ticket_id == Ticket.id)
        .where(
            Ticket.filed_at >= moment - RECENT,
            Ticket.state.not_in(GONE),
            Ticket.category.not_in(NEVER),
            unjudged(),
            or_(TeachingPick.id.is_(None), TeachingPick.model != model, TeachingPick.defect_id.in_(dead)),
        )
        .order_by(case((Ticket.category.in_(LIKELY), 0), else_=1), Ticket.filed_at.desc(), Ticket.id)
        .options(joinedload(Ticket.system).lazyload(System.modules))
    )
    return session.scalars(wanted.limit(AT_ONCE)).all()


def _weighed(session: Session, index: Index, ticket: Ticket) -> Proposed | None:
    """None as well where no record could be linked by a person."""
    found = proposed(session, index, ticket)
    if found is None or found.defect is None or found.defect.state in DEAD:
        return None
    return found


def _keep(session: Session, ticket_id: int, found: Proposed | None, model: str, moment: datetime) -> None:
    row = session.scalars(select(TeachingPick).where(TeachingPick.ticket_id == ticket_id)).first()
    if row is None:
        row = TeachingPick(ticket_id=ticket_id)
        session.add(row)
    row.model, row.examined_at, row.rank, row.why = model, moment, None, []
    row.defect_id = found.defect.id if found is not None and found.defect is not None else None
    row.probability = found.probability if found is not None else 0.0


def _forget(session: Session, moment: datetime) -> None:
    old = select(Ticket.id).where(Ticket.filed_at < moment - RECENT)
    session.execute(delete(TeachingPick).where(TeachingPick.ticket_id.in_(old)))


# ------------------------------------------------------------------ which of them


def _rank(maker: sessionmaker[Session], index: Index, moment: datetime) -> None:
    with maker() as session:
        candidates = _candidates(session)
        labels = labels_by_system(session)
    edge = _edge(index.promotions.links(f"links_{_answering(index)}"))
    order = in_order(candidates, edge=edge, labels=labels, at=moment, most=MOST)
    with transaction(maker) as session:
        _write(session, order)


def _answering(index: Index) -> str:
    return "hybrid" if index.status().mode is Mode.HYBRID else "lexical"


def _edge(model: LinkModel) -> float:
    """The probability at which the model decides; a judgement beside it moves what is linked."""
    if model.cold_start or model.link_from > 1.0:
        return MIDDLE
    return model.probability(model.link_from)


def _candidates(session: Session) -> list[Candidate]:
    """Those that lie nearest to being undecided, read with their words."""
    rows = session.execute(
        select(TeachingPick, Ticket, System.code)
        .join(Ticket, TeachingPick.ticket_id == Ticket.id)
        .join(System, Ticket.system_id == System.id)
        .join(Defect, TeachingPick.defect_id == Defect.id)
        .where(unjudged(), Defect.state.not_in(DEAD))
        .order_by(func.abs(TeachingPick.probability - MIDDLE), TeachingPick.ticket_id.desc())
        .limit(POOL)
    )
    return [
        Candidate(
            ticket.id, pick.defect_id or 0, pick.probability, code, ticket.filed_at, said_in(ticket)[:READ]
        )
        for pick, ticket, code in rows
    ]


def labels_by_system(session: Session) -> dict[str, int]:
    """System → tickets of it that people have judged."""
    rows = session.execute(
        select(System.code, func.count(DefectLink.ticket_id.distinct()))
        .join(Ticket, DefectLink.ticket_id == Ticket.id)
        .join(System, Ticket.system_id == System.id)
        .where(*STANDING)
        .group_by(System.code)
    )
    return {code: count for code, count in rows.all()}  # noqa: C416 - a Row is no pair to dict()


def _write(session: Session, order: Sequence[Picked]) -> None:
    session.execute(update(TeachingPick).where(TeachingPick.rank.is_not(None)).values(rank=None))
    rows = session.scalars(
        select(TeachingPick).where(TeachingPick.ticket_id.in_([one.candidate.ticket for one in order]))
    )
    by_ticket = {row.ticket_id: row for row in rows}
    for place, one in enumerate(order):
        row = by_ticket.get(one.candidate.ticket)
        if row is not None:
            row.rank, row.why = place, [str(because) for because in one.why]
