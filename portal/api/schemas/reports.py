"""Reports to those responsible as the API tells them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from portal.api.schemas.lists import Page, listed
from portal.causes.voice.stretches import Rhythm


class ReportsIn(Page):
    system = fields.String(load_default="")
    rhythm = fields.String(load_default=None, validate=validate.OneOf([row.value for row in Rhythm]))


class ReportLineOut(Schema):
    number = fields.String()
    title = fields.String()
    module = fields.String(allow_none=True)
    state = fields.String()
    severity = fields.Integer()
    key = fields.Boolean()
    due_on = fields.Date(allow_none=True)
    opened_on = fields.Date()
    age = fields.Integer(metadata={"description": "days"})
    tickets = fields.Integer(metadata={"description": "of this period; every linked ticket counts"})
    before = fields.Integer(metadata={"description": "of the period before"})
    total = fields.Integer()
    recurred = fields.Integer()
    recurrences = fields.Integer()
    failed = fields.Integer(metadata={"description": "verifications that failed in this period"})
    failures = fields.Integer()
    returned = fields.Integer(metadata={"description": "tickets sent back at verification"})
    parked = fields.Integer(metadata={"description": "people who wait for the fix"})
    overdue = fields.Boolean()


class ReportSumsOut(Schema):
    open = fields.Integer()
    opened = fields.Integer()
    ended = fields.Integer()
    tickets = fields.Integer()
    tickets_before = fields.Integer()
    recurred = fields.Integer()
    recurred_before = fields.Integer()
    failed = fields.Integer()
    failed_before = fields.Integer()
    returned = fields.Integer()
    returned_before = fields.Integer()
    parked = fields.Integer()
    overdue = fields.Integer()
    unlinked = fields.Integer()
    unlinked_before = fields.Integer()
    groups = fields.Integer(metadata={"description": "groups of unlinked tickets that say the same and grow"})


class ReportChangeOut(Schema):
    number = fields.String()
    title = fields.String()
    on = fields.Date()
    action = fields.String(allow_none=True, metadata={"description": "null: it was opened"})
    note = fields.String()


class ReportHeadOut(Schema):
    id = fields.Integer()
    system = fields.String()
    rhythm = fields.String(metadata={"description": "weekly or monthly"})
    first = fields.Date()
    last = fields.Date()
    at = fields.AwareDateTime(metadata={"description": "when it was sent"})
    sums = fields.Nested(ReportSumsOut)


class ReportOut(ReportHeadOut):
    lines = fields.List(fields.Nested(ReportLineOut))
    changes = fields.List(fields.Nested(ReportChangeOut))
    more_changes = fields.Integer()


ReportListOut = listed(ReportHeadOut)
