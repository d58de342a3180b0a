"""The sample's information forms: three systems ask, users and agents answer, one front hands its shift over.

What people answer is written in ``forms.yaml``. The dice of a ticket's answers are its own, so that asking
more changes nothing else of the sample.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from kb.columns import now
from portal.catalogue.models import System
from portal.people.models import Person
from portal.sample import material
from portal.sample.cast import Cast
from portal.tickets import informing
from portal.tickets.assignment import handing_over
from portal.tickets.assignment.handing_over import Handing
from portal.tickets.forms import editing
from portal.tickets.forms.answering import Answers
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import Field, Kind, Need
from portal.tickets.forms.sheets import answers_of, sheet_for, sheet_of
from portal.tickets.models import Ticket
from portal.tickets.words import Category

FORMS = "forms.yaml"
#: How often somebody answers what they need not.
WILLING = 0.55


def publish(session: Session, systems: dict[str, System], by: Person) -> None:
    """Write and publish every form of the sample."""
    for row in material.read(FORMS):
        form = editing.start(session, Scope(systems[row["system"]], Category(row["category"])), by=by)
        for field in row["fields"]:
            editing.put_field(session, form, _text(field), by=by)
        editing.publish(session, form, by=by)


def _text(field: dict[str, Any]) -> FieldText:
    return FieldText(
        kind=Kind(field["kind"]),
        name=field["name"],
        name_en=field["name_en"],
        hint=field.get("hint", ""),
        hint_en=field.get("hint_en", ""),
        need=Need(field["need"]),
        choices=field.get("choices", ""),
    )


def told_at_filing(
    session: Session, scenario: material.Scenario, system: System, slots: material.Slots, *, say: str
) -> Answers | None:
    """What the user says on the form beside their own words; nothing where no form asks."""
    category = Category(scenario.category)
    sheet = sheet_for(session, system, category, at=now(session))
    if sheet is None:
        return None
    dice = random.Random(say)  # noqa: S311 - believable, not secret
    slots = material.Slots(dice, slots.day, dict(slots.known))
    told = {
        field.key: _said(system.code, category, field, slots, dice)
        for field in sheet.fields
        if field.need == Need.FILING or dice.random() < WILLING
    }
    return Answers(told, partly=True)


def ask_the_rest(session: Session, ticket: Ticket, slots: material.Slots, *, by: Person) -> None:
    """What the middle needs and the user has not said, the front asks for before it escalates."""
    sheet = sheet_of(session, ticket)
    if sheet is None:
        return
    held, dice = answers_of(session, ticket, sheet), random.Random(ticket.number)  # noqa: S311
    slots = material.Slots(dice, slots.day, dict(slots.known))
    asked = {
        field.key: _said(ticket.system.code, ticket.category, field, slots, dice)
        for field in sheet.fields
        if field.is_demanded and not held.get(field.key)
    }
    if asked:
        informing.inform(session, ticket, asked, by=by)


def _said(system: str, category: Category, field: Field, slots: material.Slots, dice: random.Random) -> str:
    written = _answers(system, category, field.name)
    if not written:
        return ""
    word = str(dice.choice(written))
    return (
        (slots.day - timedelta(days=dice.randrange(0, 6))).isoformat()
        if word == "today"
        else slots.fill(word)
    )


def _answers(system: str, category: Category, name: str) -> list[str]:
    for row in material.read(FORMS):
        if (row["system"], row["category"]) == (system, category):
            return next((list(field["answers"]) for field in row["fields"] if field["name"] == name), [])
    return []


def hand_a_shift_over(session: Session, cast: Cast, *, to: Person) -> None:
    """A colleague gives two tickets to ``to``, who has not looked yet."""
    for giver in cast.holding_agents():
        fitting = [
            ticket
            for ticket in handing_over.held_by(session, giver)
            if handing_over.can_be_handed_over(ticket) and handing_over.may_take(to, ticket)
        ][:2]
        if giver.id != to.id and len(fitting) == 2:
            words = {fitting[0].id: "用户说下午三点以后才有空接电话，问清步骤就能升级。"}
            handing = Handing(fitting, to, "都已经联系过用户，等他们回话，别让时限过了。", words)
            handing_over.hand_over(session, giver, handing, by=giver)
            return
