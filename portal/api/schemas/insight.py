"""Deflection as the API tells it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class DeflectionIn(Schema):
    days = fields.Integer(load_default=90, validate=validate.Range(1, 366))
    system = fields.String(load_default="")
    unit = fields.String(load_default="")


class EstimateOut(Schema):
    value = fields.Float()
    low = fields.Float(metadata={"description": "95 % interval"})
    high = fields.Float()


class TallyOut(Schema):
    asked = fields.Integer()
    offered = fields.Integer()
    opened = fields.Integer()
    stayed = fields.Integer(metadata={"description": "solved, and no ticket about the same thing since"})
    returned = fields.Integer(metadata={"description": "solved, they said, and a ticket within seven days"})
    filed = fields.Integer()
    left_filed = fields.Integer()
    left = fields.Integer()
    rate = fields.Nested(EstimateOut, allow_none=True)


class ArmOut(Schema):
    people = fields.Integer()
    questions = fields.Integer()
    tickets = fields.Integer()


class EffectOut(Schema):
    finding = fields.String(
        metadata={"description": "fewer, more, unclear, not_enough (too few people) or no_experiment"}
    )
    shown = fields.Nested(ArmOut)
    held = fields.Nested(ArmOut)
    filed_when_shown = fields.Nested(EstimateOut, allow_none=True)
    filed_when_held = fields.Nested(EstimateOut, allow_none=True)
    prevented = fields.Nested(
        EstimateOut, allow_none=True, metadata={"description": "tickets prevented by each question"}
    )


class WeekOut(Schema):
    since = fields.AwareDateTime(attribute="period.since")
    until = fields.AwareDateTime(attribute="period.until")
    tally = fields.Nested(TallyOut)


class PlaceOut(Schema):
    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    tally = fields.Nested(TallyOut)


class ArticleUseOut(Schema):
    number = fields.String()
    title = fields.String()
    shown = fields.Integer()
    opened = fields.Integer()
    stayed = fields.Integer()
    returned = fields.Integer()
    filed = fields.Integer()
    rate = fields.Nested(EstimateOut, allow_none=True)


class DeflectionOut(Schema):
    since = fields.AwareDateTime()
    until = fields.AwareDateTime()
    whole = fields.Nested(TallyOut, attribute="found.whole")
    observed = fields.Nested(EstimateOut, attribute="found.observed", allow_none=True)
    people = fields.Integer(attribute="found.people")
    fresh = fields.Integer(
        attribute="found.fresh", metadata={"description": "solved less than seven days ago"}
    )
    announced = fields.Integer(attribute="found.announced")
    held = fields.Integer(attribute="found.held")
    calls = fields.Nested(TallyOut, attribute="found.calls")
    effect = fields.Nested(EffectOut, attribute="found.effect")
    weeks = fields.List(fields.Nested(WeekOut))
    systems = fields.List(fields.Nested(PlaceOut))
    units = fields.List(fields.Nested(PlaceOut))
    articles = fields.List(fields.Nested(ArticleUseOut))
    definitions = fields.Dict(keys=fields.String(), values=fields.String())
