"""Follow-ups and inspections, as the API tells them; written by people on pages, read by scripts."""

from __future__ import annotations

from marshmallow import Schema, fields

from portal.api.schemas.lists import Page, choice
from portal.quality.words import FollowUpState, InspectionState


class DrawnOut(Schema):
    id = fields.Integer()
    ticket = fields.String(attribute="ticket.number")
    system = fields.String(attribute="ticket.system.code")
    unit = fields.String(attribute="ticket.unit.code")
    agent = fields.String(attribute="agent.login", metadata={"description": "whoever told the user"})
    state = fields.String()
    drawn_at = fields.AwareDateTime()
    why = fields.Dict(metadata={"description": "the rule, its share and conditions, and the ticket's lot"})


class FollowUpsIn(Page):
    state = choice(FollowUpState)


class FollowUpOut(DrawnOut):
    tries = fields.Function(lambda row: len(row.calls))
    next_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    solved = fields.Boolean(allow_none=True)
    satisfaction = fields.Integer(allow_none=True)
    words = fields.String()
    then = fields.String()
    new_ticket = fields.String(attribute="new_ticket.number", dump_default=None, allow_none=True)


class InspectionsIn(Page):
    state = choice(InspectionState)


class InspectionOut(DrawnOut):
    score = fields.Function(
        lambda row: None if row.tenths is None else row.tenths / 10, metadata={"description": "0 to 100"}
    )
    level = fields.String()
    vetoed = fields.Boolean()
    scored_at = fields.AwareDateTime(allow_none=True)
    appeal_until = fields.AwareDateTime(allow_none=True)
    appeal = fields.Function(
        lambda row: None if row.appeal is None else (row.appeal.verdict or "waiting"),
        metadata={"description": "null, waiting, kept or changed"},
    )
