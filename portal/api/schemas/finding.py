"""Suggestions, the search page's data and completions: what is asked, and what is answered."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from portal.api.schemas.faults import AnnouncementOut
from portal.api.schemas.lists import Page, choice
from portal.tickets.words import Category
from portal.web.links import completion_address, href_of
from portal.web.request import me


class SuggestIn(Schema):
    text = fields.String(required=True, validate=validate.Length(1, 4000))
    system = fields.String(load_default=None, allow_none=True)
    unit = fields.String(load_default=None, allow_none=True)
    category = choice(Category, load_default=None, allow_none=True)
    limit = fields.Integer(load_default=5, validate=validate.Range(1, 20))
    session = fields.String(load_default=None, allow_none=True)


class ReasonOut(Schema):
    kind = fields.String()
    text = fields.String()


class FoundOut(Schema):
    kind = fields.String()
    id = fields.Integer()
    ref = fields.String()
    title = fields.String()
    snippet = fields.Function(lambda result: "".join(text for text, _ in result.snippet))
    highlights = fields.Function(lambda result: [text for text, hit in result.snippet if hit])
    probability = fields.Float()
    trusted = fields.Boolean()
    why = fields.List(fields.Nested(ReasonOut))
    system = fields.String(allow_none=True)
    module = fields.String(allow_none=True)
    state = fields.String()
    url = fields.Function(lambda result: href_of(result, me()))


class CalibrationOut(Schema):
    """Until ``counted``, a probability is for ordering: it was not learned from this desk's judgements."""

    version = fields.String(attribute="calibration")
    counted = fields.Boolean()


class SuggestionsOut(Schema):
    mode = fields.String()
    calibration = fields.Nested(CalibrationOut)
    trusted = fields.Boolean()
    items = fields.List(fields.Nested(FoundOut))
    announcements = fields.List(fields.Nested(AnnouncementOut))
    session = fields.String(allow_none=True)
    held_back = fields.Boolean(
        metadata={
            "description": "part of the holdout: nothing is shown, which does not say that nothing matches"
        }
    )


class OutcomeIn(Schema):
    solved_by = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        load_default=None,
        allow_none=True,
        metadata={"description": '{"kind": "article", "id": 12}; or leave it out and send "none": true'},
    )
    none = fields.Boolean(load_default=False)


class SearchIn(Page):
    q = fields.String(required=True, validate=validate.Length(1, 4000))
    kind = fields.List(fields.String(), load_default=[])
    system = fields.String(load_default="")
    module = fields.String(load_default="")
    state = fields.String(load_default="")
    category = fields.String(load_default="")
    language = fields.String(load_default="", metadata={"description": "zh or en"})
    since = fields.Date(
        load_default=None,
        data_key="from",
        metadata={"description": "published, changed or filed on this day or later"},
    )
    until = fields.Date(load_default=None, data_key="to", metadata={"description": "on this day or earlier"})


class SearchOut(Schema):
    mode = fields.String()
    calibration = fields.Nested(CalibrationOut)
    trusted = fields.Boolean()
    total = fields.Integer()
    did_you_mean = fields.String(
        allow_none=True,
        metadata={"description": "another wording, of words that documents you may see bear"},
    )
    items = fields.List(fields.Nested(FoundOut))
    facets = fields.Function(
        lambda found: {
            name: [{"value": value, "count": count} for value, count in rows]
            for name, rows in found["facets"].items()
        }
    )
    announcements = fields.List(fields.Nested(AnnouncementOut))
    next_cursor = fields.String(allow_none=True)


class TypeaheadIn(Schema):
    q = fields.String(required=True, validate=validate.Length(0, 400))
    limit = fields.Integer(load_default=8, validate=validate.Range(1, 20))


class CompletionOut(Schema):
    kind = fields.String(
        metadata={"description": "article, defect, ticket, announcement, fault, question or system"}
    )
    id = fields.Integer()
    ref = fields.String()
    title = fields.String()
    highlights = fields.Function(lambda row: [text for text, hit in row.marked if hit])
    system = fields.String(allow_none=True)
    url = fields.Function(completion_address)


class TypeaheadOut(Schema):
    items = fields.List(fields.Nested(CompletionOut))
