"""Recurrence alarms as the API tells them, and what is decided on one."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from portal.api.schemas.lists import Page, choice
from portal.tickets.recurrence.models import AlarmState


class AlarmsIn(Page):
    state = choice(AlarmState, load_default=None)
    system = fields.String(load_default="")
    defect = fields.String(load_default="", metadata={"description": "QX number"})


class SightingOut(Schema):
    """A ticket on an alarm."""

    ticket = fields.String(attribute="ticket.number")
    title = fields.String(attribute="ticket.title")
    unit = fields.String(attribute="unit.code")
    running = fields.String(metadata={"description": "the version that ran there when it was filed"})
    basis = fields.String(metadata={"description": "person, automatic, match or likeness"})
    probability = fields.Float(allow_none=True)
    at = fields.AwareDateTime()


class AlarmOut(Schema):
    """``tickets`` are those the caller may open; ``unseen`` counts the others."""

    id = fields.Integer(attribute="alarm.id")
    state = fields.String(attribute="alarm.state")
    defect = fields.String(attribute="alarm.defect.number")
    title = fields.String(attribute="alarm.defect.title")
    system = fields.String(attribute="alarm.defect.system")
    fixed_in = fields.String(
        attribute="alarm.fixed_in", metadata={"description": "the repair that did not hold"}
    )
    basis = fields.String(attribute="alarm.basis")
    probability = fields.Float(attribute="alarm.probability", allow_none=True)
    raised_at = fields.AwareDateTime(attribute="alarm.raised_at")
    decided_at = fields.AwareDateTime(attribute="alarm.decided_at", allow_none=True)
    decided_by = fields.String(attribute="alarm.decided_by.login", dump_default=None, allow_none=True)
    reason = fields.String(attribute="alarm.reason")
    version = fields.Integer(attribute="alarm.version")
    tickets = fields.List(fields.Nested(SightingOut), attribute="shown")
    unseen = fields.Integer()


class AlarmMoveIn(Schema):
    """``tickets``: those that show it, all unless said otherwise; what the caller can't see stays on it."""

    action = fields.String(required=True, validate=validate.OneOf(("confirm", "dismiss", "undo")))
    tickets = fields.List(fields.String(), load_default=None, allow_none=True)
    reason = fields.String(load_default="", metadata={"description": "why it is none, to dismiss"})
    version = fields.Integer(
        load_default=None, allow_none=True, metadata={"description": "the version that was read"}
    )
