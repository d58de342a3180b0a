"""One ticket on paper: everything in the order of reading, the trail with its digests, whether it holds.

Colleagues whose posts serve the ticket get all of it, its own users what they may read anyway: no internal
remarks and files, and the story in plain words instead of the notes between tiers. A PDF is what the
reader's browser prints (decision 0144).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload

from kb.columns import now
from portal.people.models import Person
from portal.tickets.attachments import shown_on
from portal.tickets.forms.fields import Field
from portal.tickets.forms.sheets import filled_of, spoken
from portal.tickets.models import Attachment, Comment, Ticket, TrailEntry
from portal.tickets.plain import story_of
from portal.tickets.queries import ticket_by_number
from portal.tickets.trail.checking import fault_in
from portal.tickets.trail.models import TrailHead
from portal.tickets.visibility import is_visible, serves
from portal.web.access import signed_in
from portal.web.labels import translated
from portal.web.request import db, me

blueprint = Blueprint("printing", __name__)
#: Whoever wrote or moved is named here, not asked what they may do.
BY_NAME = joinedload(TrailEntry.by).options(lazyload(Person.posts), lazyload(Person.unit))
BY_WRITER = joinedload(Comment.by).options(lazyload(Person.posts), lazyload(Person.unit))


@blueprint.get("/tickets/<number>/print")
@signed_in
def ticket(number: str) -> str:
    found = ticket_by_number(db(), number)
    if found is None or not is_visible(db(), me(), found):
        abort(404)
    return render_template("printing/ticket.html", **_whole(found))


def _whole(row: Ticket) -> dict[str, Any]:
    served = serves(me(), row)
    entries = _trail(row)
    comments = [one for one in _comments(row) if one.withdrawn_at is None and (served or not one.internal)]
    return {
        "ticket": row,
        "served": served,
        "trail": entries,
        "story": [] if served else story_of(row, entries, comments)[::-1],
        "comments": comments,
        "attachments": _attachments(row),
        "information": _information(row),
        "defect": row.defect if served else None,
        "fault": _fault(row, entries),
        "seal": entries[-1].digest if entries else "",
        "printed_at": now(db()),
    }


def _trail(row: Ticket) -> list[TrailEntry]:
    wanted = select(TrailEntry).where(TrailEntry.ticket_id == row.id).order_by(TrailEntry.seq)
    return list(db().scalars(wanted.options(BY_NAME)))


def _comments(row: Ticket) -> list[Comment]:
    wanted = select(Comment).where(Comment.ticket_id == row.id).order_by(Comment.id)
    return list(db().scalars(wanted.options(BY_WRITER)))


def _attachments(row: Ticket) -> list[Attachment]:
    held = select(Attachment).where(Attachment.ticket_id == row.id, Attachment.withdrawn_at.is_(None))
    return shown_on(db(), row, me(), list(db().scalars(held.order_by(Attachment.id))))


def _information(row: Ticket) -> list[tuple[Field, str]]:
    """What the form asked and what was answered."""
    return [
        (line.field, spoken(line.field, line.value))
        for form in filled_of(db(), row)
        for line in form.lines
        if line.value
    ]


def _fault(row: Ticket, entries: list[TrailEntry]) -> str:
    """The sentence for what is wrong with the trail; empty when it holds."""
    wrong = fault_in(entries, db().get(TrailHead, row.id), (row.state, row.tier))
    return translated(wrong[0], **wrong[1]) if wrong else ""
