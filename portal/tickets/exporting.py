"""Tickets as rows that an import reads. Which tickets, the caller's query says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from defects.models import Defect
from kb.importing.identity import chunks, key_of
from portal.tickets.importing import FIELDS
from portal.tickets.models import Ticket

COLUMNS = ("number", *(field.name for field in FIELDS))
ALIKE = (
    "title",
    "text",
    "category",
    "sub",
    "channel",
    "module",
    "impact",
    "urgency",
    "priority",
    "state",
    "filed_at",
    "closed_at",
    "outcome",
    "work_note",
    "rating",
    "rating_words",
)


def ticket_rows(session: Session, wanted: Select[Ticket]) -> Iterator[dict[str, Any]]:
    """In the order of filing, a few hundred in memory at a time."""
    ids = session.scalars(wanted.with_only_columns(Ticket.id).order_by(Ticket.id))
    loaded = (joinedload(Ticket.requester), selectinload(Ticket.defect_links))
    for part in chunks(list(ids)):
        rows = session.scalars(select(Ticket).where(Ticket.id.in_(part)).order_by(Ticket.id).options(*loaded))
        yield from map(_row, rows)


def _known(ticket: Ticket) -> Defect | None:
    """The record behind it as far as a person has said so: a machine's guess must not come back as a fact."""
    said = (link for link in ticket.defect_links if link.is_live and not link.is_automatic)
    return next((link.defect for link in said), None)


def _row(ticket: Ticket) -> dict[str, Any]:
    source, external_id = key_of(
        ticket.number, ticket.filed_at, source=ticket.source, external_id=ticket.external_id
    )
    defect = _known(ticket)
    return {
        **{name: getattr(ticket, name) for name in ALIKE},
        "number": ticket.number,
        "source": source,
        "external_id": external_id,
        "system": ticket.system.code,
        "version": ticket.running_version,
        "requester": ticket.requester.login,
        "unit": ticket.unit.code,
        "defect": defect
        and key_of(defect.number, defect.created_at, source=defect.source, external_id=defect.external_id)[1],
    }
