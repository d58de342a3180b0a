"""Information forms: what a system wants to know of a ticket, and what was answered."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from portal.api.schemas.tickets import TicketOut
from portal.tickets.forms.sheets import filled_of, spoken
from portal.tickets.models import Ticket
from portal.web.request import db


class ChoiceOut(Schema):
    name = fields.String(metadata={"description": "the value to send"})
    name_en = fields.String()


class FieldOut(Schema):
    key = fields.String(metadata={"description": "the name of the answer"})
    kind = fields.String()
    name = fields.String()
    name_en = fields.String()
    hint = fields.String()
    hint_en = fields.String()
    need = fields.String(metadata={"description": "optional, filing or escalation"})
    choices = fields.List(fields.Nested(ChoiceOut))


class FormOut(Schema):
    """A form in force; ``module`` and ``sub`` are empty where any will do, the closest form counts."""

    category = fields.String()
    module = fields.String()
    sub = fields.String()
    version = fields.Integer(attribute="sheet.number")
    fields_ = fields.List(fields.Nested(FieldOut), attribute="sheet.fields", data_key="fields")


class AnswersIn(Schema):
    answers = fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.Length(max=4000)), required=True
    )
    version = fields.Integer(load_default=None, allow_none=True, metadata={"description": "the one you saw"})


class AnswerOut(Schema):
    key = fields.String()
    kind = fields.String()
    name = fields.String()
    name_en = fields.String()
    need = fields.String()
    value = fields.String()
    text = fields.String(metadata={"description": "the value in words"})
    form_version = fields.Integer()
    former = fields.Boolean(metadata={"description": "asked before the ticket was classified anew"})


def answers_on(ticket: Ticket) -> list[dict[str, object]]:
    """Every field of the ticket's form, and what was answered on former ones."""
    return [
        {
            "key": line.field.key,
            "kind": line.field.kind,
            "name": line.field.name,
            "name_en": line.field.name_en,
            "need": line.field.need,
            "value": line.value,
            "text": spoken(line.field, line.value),
            "form_version": filled.sheet.number,
            "former": filled.former,
        }
        for filled in filled_of(db(), ticket)
        for line in filled.lines
    ]


class TicketWholeOut(TicketOut):
    """One ticket with what was answered on its information form."""

    answers = fields.Function(lambda ticket: AnswerOut(many=True).dump(answers_on(ticket)))
