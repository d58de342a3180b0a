"""Service levels and working calendars, as the API tells them."""

from __future__ import annotations

from marshmallow import Schema, fields


class LevelsIn(Schema):
    system = fields.String(metadata={"description": "Code of a system: its own levels where it has some"})


class LevelOut(Schema):
    category = fields.String()
    priority = fields.Integer(metadata={"description": "1 is the highest"})
    system = fields.String(allow_none=True, metadata={"description": "Set where the system has its own"})
    respond = fields.Integer(metadata={"description": "Counted minutes to the first response"})
    tiers = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "For each visit to a tier"}
    )
    close = fields.Integer(metadata={"description": "Counted minutes to the close, pauses not included"})
    warn = fields.Integer(metadata={"description": "Per cent of the time after which the holder is warned"})
    round_the_clock = fields.Boolean(metadata={"description": "Counted in all hours, not in working time"})
    since = fields.AwareDateTime(allow_none=True, metadata={"description": "Null: as the product comes"})


class OwnDayOut(Schema):
    day = fields.Date()
    hours = fields.List(fields.List(fields.String()))


class CalendarOut(Schema):
    unit = fields.String()
    zone = fields.String()
    holidays = fields.String()
    week = fields.List(
        fields.List(fields.List(fields.String())), metadata={"description": "Seven days from Monday on"}
    )
    exceptions = fields.List(fields.Nested(OwnDayOut))
    known_years = fields.List(
        fields.Integer(), metadata={"description": "First and last year whose public holidays are known"}
    )
