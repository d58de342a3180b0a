"""Faults and announcements, as the API tells them."""

from __future__ import annotations

from marshmallow import Schema, fields


class AnnouncementOut(Schema):
    id = fields.Integer()
    kind = fields.String()
    state = fields.String()
    title = fields.String()
    body = fields.String()
    recovery = fields.String()
    systems = fields.Function(lambda row: list(row.systems))
    units = fields.Function(lambda row: list(row.units))
    published_at = fields.AwareDateTime(allow_none=True)
    next_update_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


class FaultOut(Schema):
    number = fields.String()
    title = fields.String()
    state = fields.String()
    systems = fields.List(fields.String())
    units = fields.List(fields.String())
    opened_at = fields.AwareDateTime()
    declared_at = fields.AwareDateTime(allow_none=True)
    recovered_at = fields.AwareDateTime(allow_none=True)
