"""What the knowledge base does not answer, as the API tells it: counts and masked words, nobody named."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from portal.api.schemas.lists import Page, choice
from portal.curation.gaps.flow import GapState
from portal.curation.gaps.lists import PERIOD, PERIODS, Order
from portal.web.gap_lists import named_article


class GapsIn(Page):
    state = choice(GapState, load_default=None, metadata={"description": "every state when left out"})
    days = fields.Integer(load_default=PERIOD, validate=validate.OneOf(PERIODS))
    system = fields.String(load_default="")
    unit = fields.String(
        load_default="", metadata={"description": "a unit's code; those below it count, too"}
    )
    q = fields.String(load_default="", validate=validate.Length(max=100))
    order = choice(Order, load_default=Order.PEOPLE)


class StretchOut(Schema):
    count = fields.Integer(metadata={"description": "askings in vain; a person counts once a day"})
    days = fields.Float()


class ShrinkageOut(Schema):
    verdict = fields.String(metadata={"description": "shrank, grew, level or too_early"})
    before = fields.Nested(StretchOut)
    after = fields.Nested(StretchOut)
    ratio = fields.Float(allow_none=True, metadata={"description": "the rate after over the rate before"})
    low = fields.Float(metadata={"description": "95 % interval of the ratio"})
    high = fields.Function(lambda found: found.high if found.high < 1e9 else None)


class GapOut(Schema):
    id = fields.Integer(attribute="gap.id")
    title = fields.String(attribute="gap.title")
    state = fields.String(attribute="gap.state")
    system = fields.Function(lambda line: line.gap.system or None)
    people = fields.Integer(metadata={"description": "different people who asked within the period"})
    asks = fields.Integer()
    units = fields.Integer()
    people_lately = fields.Integer(attribute="lately", metadata={"description": "in the last four weeks"})
    people_before = fields.Integer(attribute="before", metadata={"description": "in the four weeks before"})
    last_at = fields.AwareDateTime(allow_none=True)
    examples = fields.List(fields.String(), metadata={"description": "masked wordings"})
    article = fields.Function(lambda line: named_article(line.gap.article) or None)
    nearest = fields.Function(lambda line: named_article(line.gap.nearest) or None)
    reason = fields.String(attribute="gap.reason")
    solved_at = fields.AwareDateTime(attribute="gap.solved_at", allow_none=True)
    course = fields.Nested(ShrinkageOut, allow_none=True)
