"""Keeping answers: those that come with a ticket, and those that are changed later.

Verbs never commit. Who may change answers, and the line in the trail, is ``tickets.informing``. The
invariant: a value is checked before it is kept, and what a form never asked is not kept at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.tickets.forms.fields import Field, checked_all, lacking, names_of
from portal.tickets.forms.models import InfoAnswer
from portal.tickets.forms.sheets import AT_FILING, Sheet, sheet_of
from portal.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Answers:
    """What was given along with a ticket.

    ``partly``: what the form demands at filing may come later, as in a call that ends with the answer.
    ``pictures``: how many come along; None when files can only follow.
    """

    given: Mapping[str, str]
    partly: bool = False
    pictures: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that became another."""

    field: Field
    before: str
    after: str


def keep_at_filing(session: Session, ticket: Ticket, answers: Answers) -> None:
    """Keep what came with the ticket; refused with the names of the fields that filing demands."""
    sheet = sheet_of(session, ticket)
    if sheet is None:
        return
    given = checked_all(sheet.fields, answers.given)
    missing = lacking(sheet.fields, given, needs=AT_FILING, pictures=answers.pictures)
    if missing and not answers.partly:
        raise Refused(N_("还差这些信息，请填好再提交：%(fields)s。"), fields=names_of(missing))
    write(session, ticket, sheet, given)


def write(session: Session, ticket: Ticket, sheet: Sheet, given: Mapping[str, str]) -> list[Change]:
    """Keep these answers; returns what they changed, in the order of the form."""
    held = {
        row.key: row
        for row in session.scalars(
            select(InfoAnswer).where(InfoAnswer.ticket_id == ticket.id, InfoAnswer.version_id == sheet.id)
        )
    }
    changes: list[Change] = []
    for field in sheet.fields:
        before = held[field.key].value if field.key in held else ""
        after = given.get(field.key, before)
        if after != before:
            _keep(session, ticket, sheet, field, after, held.get(field.key))
            changes.append(Change(field, before, after))
    session.flush()
    return changes


def _keep(
    session: Session, ticket: Ticket, sheet: Sheet, field: Field, value: str, row: InfoAnswer | None
) -> None:
    if row is not None:
        row.value = value
    else:
        session.add(InfoAnswer(ticket_id=ticket.id, version_id=sheet.id, key=field.key, value=value))
