"""What became of a link that the system made: derived from what people judged since, never stored.

The invariant: only people's deeds count; what nobody has looked at stays undecided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from defects.models import Defect
from indexer.words import N_
from portal.causes.autolink.models import LinkDecision
from portal.tickets.models import DefectLink, Ticket, TrailEntry
from portal.tickets.words import State


class Fate(StrEnum):
    CONFIRMED = "confirmed"
    TAKEN_BACK = "taken_back"
    STANDING = "standing"


FATE_LABELS = {
    Fate.CONFIRMED: N_("有人确认"),
    Fate.TAKEN_BACK: N_("被撤销"),
    Fate.STANDING: N_("还没人看"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """One link by the system and what became of it."""

    decision: LinkDecision
    fate: Fate


def made(session: Session, wanted: Select[LinkDecision]) -> list[Made]:
    """These decisions with their fates, in a number of queries that does not grow with them."""
    rows = session.scalars(
        wanted.where(LinkDecision.link_id.is_not(None)).options(
            joinedload(LinkDecision.defect),
            joinedload(LinkDecision.ticket).selectinload(Ticket.defect_links),
        )
    ).all()
    closed = [row.ticket_id for row in rows if row.ticket.state == State.CLOSED]
    worked, roots = _worked_on(session, closed), _roots(session, rows)
    return [Made(row, fate_of(row, worked=worked, roots=roots)) for row in rows]


def fate_of(row: LinkDecision, *, worked: Collection[int], roots: Mapping[int, int]) -> Fate:
    """``worked``: decisions whose closed ticket a colleague worked on; ``roots``: record → survivor."""
    live = next((link for link in row.ticket.defect_links if link.is_live), None)
    if live is None or not _is_same(live, row, roots):
        return Fate.TAKEN_BACK
    if live.by_id is not None or row.ticket.state == State.PARKED or row.id in worked:
        return Fate.CONFIRMED
    return Fate.STANDING


def _is_same(live: DefectLink, row: LinkDecision, roots: Mapping[int, int]) -> bool:
    """Also when the record was merged into another one since."""
    wanted = row.defect_id or 0
    return live.defect_id in (wanted, roots.get(wanted)) or roots.get(live.defect_id) == wanted


def _roots(session: Session, rows: Sequence[LinkDecision]) -> dict[int, int]:
    """Merged record → the surviving one, of those that were decided for or are linked now."""
    ids = {row.defect_id for row in rows} | {
        link.defect_id for row in rows for link in row.ticket.defect_links if link.is_live
    }
    merged = select(Defect.id, Defect.duplicate_of_id).where(
        Defect.id.in_(ids), Defect.duplicate_of_id.is_not(None)
    )
    return {number: into for number, into in session.execute(merged).all() if into is not None}


def _worked_on(session: Session, tickets: Sequence[int]) -> set[int]:
    """The decisions on these tickets after which somebody of the desk took a step with the link in view."""
    wanted = (
        select(LinkDecision.id)
        .join(Ticket, Ticket.id == LinkDecision.ticket_id)
        .join(TrailEntry, TrailEntry.ticket_id == Ticket.id)
        .where(
            Ticket.id.in_(tickets),
            TrailEntry.by_id.is_not(None),
            TrailEntry.by_id != Ticket.requester_id,
            TrailEntry.at >= LinkDecision.at,
        )
        .distinct()
    )
    return set(session.scalars(wanted)) if tickets else set()
