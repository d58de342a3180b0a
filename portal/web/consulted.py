"""What somebody read before they filed, beside their ticket: nobody need tell them the same again.

No routes. The invariant: a colleague sees of it only what they may read themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint
from sqlalchemy import select

from kb.models import Article, Feedback
from portal.finder.found import Subject
from portal.finder.models import Consultation, Shown
from portal.finder.shelves import reread
from portal.finder.sources import ANNOUNCEMENT, ARTICLE
from portal.tickets.models import Ticket
from portal.web.links import address_of
from portal.web.request import db, me

blueprint = Blueprint("consulted", __name__)


@dataclass(frozen=True, slots=True)
class Read:
    """One thing that was opened before the ticket was filed, and what its reader said of it."""

    kind: str
    ref: str
    title: str
    url: str
    verdict: Feedback | None = None


@blueprint.app_template_global()
def read_before(ticket: Ticket) -> list[Read]:
    """What the one who filed this ticket had opened, as far as the reader may see it."""
    opened = (
        select(Shown.kind, Shown.subject_id, Consultation.person_id)
        .join(Consultation, Consultation.id == Shown.consultation_id)
        .where(Consultation.ticket_id == ticket.id, Shown.opened_at.is_not(None), Shown.kind != ANNOUNCEMENT)
        .order_by(Shown.opened_at, Shown.kind, Shown.subject_id)
    )
    found = db().execute(opened).all()
    if not found:
        return []
    keys = [(kind, str(number)) for kind, number, _person in found]
    rows = reread(db(), me(), keys, glance=True)
    said = _verdicts((number for kind, number, _person in found if kind == ARTICLE), by=found[0][2])
    return [_read(kind, rows[kind, number], said) for kind, number in keys if (kind, number) in rows]


def _verdicts(articles: Iterable[int], *, by: int) -> dict[int, Feedback]:
    wanted = select(Feedback).where(
        Feedback.article_id.in_(list(articles)), Feedback.person_id == by, Feedback.flagged.is_(False)
    )
    return {row.article_id: row for row in db().scalars(wanted)}


def _read(kind: str, row: Subject, said: dict[int, Feedback]) -> Read:
    ref = str(getattr(row, "number", row.id))
    return Read(
        kind,
        ref,
        row.title,
        address_of(kind, {"id": row.id, "ref": ref}, me()),
        said.get(row.id) if isinstance(row, Article) else None,
    )
