"""Faults and announcements, as the API tells them."""

from __future__ import annotations

from marshmallow import Schema, fields

from portal.faults.durations import stretches_of


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


class UpdateOut(Schema):
    at = fields.AwareDateTime()
    words = fields.String()


class AnnouncementWholeOut(AnnouncementOut):
    """One announcement with what was said since it was published, oldest first."""

    updates = fields.List(fields.Nested(UpdateOut))


class FaultOut(Schema):
    number = fields.String()
    title = fields.String()
    state = fields.String()
    systems = fields.List(fields.String())
    units = fields.List(fields.String())
    opened_at = fields.AwareDateTime()
    detected_at = fields.AwareDateTime(allow_none=True)
    declared_at = fields.AwareDateTime(allow_none=True)
    recovered_at = fields.AwareDateTime(allow_none=True)
    verified_at = fields.AwareDateTime(allow_none=True)
    told_at = fields.AwareDateTime(allow_none=True)
    minutes = fields.Function(
        lambda row: {stretch.name: stretch.minutes for stretch in stretches_of(row)},
        metadata={"description": "detected → declared → recovered → verified → told, and the whole"},
    )


class FaultMoveOut(Schema):
    seq = fields.Integer()
    at = fields.AwareDateTime()
    action = fields.String()
    note = fields.String()


class FaultWholeOut(FaultOut):
    """One event with its trail."""

    moves = fields.List(fields.Nested(FaultMoveOut))
