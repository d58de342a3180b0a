"""What goes in and out of the API, as marshmallow schemas: one look for people, places and lists."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from defects.flow import DefectAction, DefectState
from defects.models import DefectType
from kb.audience import Audience
from kb.flow import ArticleAction, ArticleState
from kb.models import ArticleKind
from portal.tickets.words import Action, Category, Channel, State, Tier
from portal.web.links import completion_address, href_of
from portal.web.request import me

LIMIT = 20
MOST = 100


def choice(kind: type[Any], **options: Any) -> fields.Field[Any]:
    """A member of a closed set, by its value."""
    return fields.Enum(kind, by_value=True, **options)


class Page(Schema):
    """Arguments of every list."""

    limit = fields.Integer(load_default=LIMIT, validate=validate.Range(1, MOST))
    cursor = fields.String(load_default="", metadata={"description": "next_cursor of the page before"})


class PersonOut(Schema):
    login = fields.String()
    name = fields.String()
    name_en = fields.String()
    unit = fields.String(attribute="unit.code")


class MeOut(PersonOut):
    email = fields.String()
    posts = fields.Function(lambda person: sorted({row.post.value for row in person.posts}))
    permissions = fields.Function(lambda person: sorted(person.permissions))


class UnitOut(Schema):
    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    kind = fields.String()
    path = fields.String()


class ModuleOut(Schema):
    code = fields.String()
    name = fields.String()


class SystemOut(Schema):
    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    group = fields.String()
    version = fields.String()
    modules = fields.List(fields.Nested(ModuleOut))


class ServiceOut(Schema):
    name = fields.String()
    name_en = fields.String()
    system = fields.String(allow_none=True)
    what = fields.String()
    self_service = fields.Boolean()
    how = fields.String()
    approver = fields.String()
    working_days = fields.Integer()


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


class TicketIn(Schema):
    text = fields.String(required=True)
    title = fields.String(load_default="")
    category = choice(Category, required=True)
    sub = fields.String(load_default="")
    system = fields.String(required=True)
    module = fields.String(load_default=None, allow_none=True)
    impact = fields.Integer(load_default=3)
    urgency = fields.Integer(load_default=2)
    channel = choice(Channel, load_default=Channel.API)
    requester = fields.String(
        load_default=None, allow_none=True, metadata={"description": "login, for a caller"}
    )
    session = fields.String(load_default=None, allow_none=True, metadata={"description": "of /suggestions"})


class TicketsIn(Page):
    state = choice(State, load_default=None)
    tier = choice(Tier, load_default=None)
    category = choice(Category, load_default=None)
    system = fields.String(load_default="")
    unit = fields.String(load_default="")
    mine = fields.Boolean(load_default=False)
    open = fields.Boolean(load_default=None, allow_none=True)


class TicketOut(Schema):
    number = fields.String()
    title = fields.String()
    text = fields.String()
    category = fields.String()
    first_category = fields.String()
    ruled_category = fields.String(allow_none=True)
    sub = fields.String()
    channel = fields.String()
    priority = fields.Integer()
    system = fields.String(attribute="system.code")
    module = fields.String(allow_none=True)
    running_version = fields.String()
    unit = fields.String(attribute="unit.code")
    requester = fields.Nested(PersonOut)
    holder = fields.Nested(PersonOut, allow_none=True)
    state = fields.String()
    tier = fields.String()
    filed_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    respond_due = fields.AwareDateTime(allow_none=True)
    close_due = fields.AwareDateTime(allow_none=True)
    paused_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    outcome = fields.String()
    rating = fields.Integer(allow_none=True)
    returns = fields.Integer()
    reopens = fields.Integer()
    urges = fields.Integer()
    version = fields.Integer()


class StepOut(Schema):
    action = fields.String()
    label = fields.String()
    needs = fields.List(fields.String())


class TrailOut(Schema):
    seq = fields.Integer()
    at = fields.AwareDateTime()
    by = fields.String(allow_none=True)
    action = fields.String()
    from_state = fields.String(allow_none=True)
    from_tier = fields.String(allow_none=True)
    to_state = fields.String()
    to_tier = fields.String()
    note = fields.String()


class MoveIn(Schema):
    action = choice(Action, required=True)
    note = fields.String(load_default="")
    category = choice(Category, load_default=None, allow_none=True)
    sub = fields.String(load_default="")
    priority = fields.Integer(load_default=None, allow_none=True)
    rating = fields.Integer(load_default=None, allow_none=True)
    person = fields.String(load_default=None, allow_none=True, metadata={"description": "login"})
    article = fields.String(load_default=None, allow_none=True, metadata={"description": "KB number"})
    version = fields.Integer(load_default=None, allow_none=True, metadata={"description": "the one you saw"})


class CommentIn(Schema):
    text = fields.String(required=True)
    internal = fields.Boolean(load_default=False)


class CommentOut(Schema):
    id = fields.Integer()
    at = fields.AwareDateTime()
    by = fields.String(attribute="by.name")
    text = fields.String()
    internal = fields.Boolean()


class LinkIn(Schema):
    article = fields.String(load_default=None, allow_none=True)
    defect = fields.String(load_default=None, allow_none=True)
    verdict = fields.String(load_default="linked", validate=validate.OneOf(["linked", "rejected", "undone"]))


class UrgeIn(Schema):
    words = fields.String(load_default="")


class AttachmentOut(Schema):
    id = fields.Integer()
    name = fields.String()
    content_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    url = fields.Function(lambda row: f"/files/{row.id}")


class ArticlesIn(Page):
    system = fields.String(load_default="")
    kind = choice(ArticleKind, load_default=None)
    state = choice(ArticleState, load_default=None)
    language = fields.String(load_default="")


class ArticleIn(Schema):
    title = fields.String(required=True)
    body = fields.String(required=True)
    kind = choice(ArticleKind, load_default=ArticleKind.FAQ)
    language = fields.String(load_default="zh")
    system = fields.String(load_default=None, allow_none=True)
    module = fields.String(load_default=None, allow_none=True)
    category = fields.String(load_default=None, allow_none=True)
    keywords = fields.List(fields.String(), load_default=[])
    also = fields.List(fields.String(), load_default=[])
    audience = choice(Audience, load_default=Audience.EVERYONE)
    units = fields.List(fields.String(), load_default=[])


class ArticleChangeIn(ArticleIn):
    note = fields.String(load_default="")
    version = fields.Integer(load_default=None, allow_none=True)


class ArticleOut(Schema):
    number = fields.String()
    title = fields.String()
    body = fields.String()
    kind = fields.String()
    language = fields.String()
    system = fields.String(allow_none=True)
    module = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    keywords = fields.List(fields.String())
    also = fields.List(fields.String())
    audience = fields.String()
    units = fields.Function(lambda row: list(row.units))
    state = fields.String()
    confidence = fields.String()
    updated_at = fields.AwareDateTime()
    published_at = fields.AwareDateTime(allow_none=True)
    views = fields.Integer()
    solved = fields.Integer()
    not_solved = fields.Integer()
    version = fields.Integer()


class RevisionOut(Schema):
    number = fields.Integer()
    at = fields.AwareDateTime()
    title = fields.String()
    body = fields.String()
    note = fields.String()


class ArticleMoveIn(Schema):
    action = choice(ArticleAction, required=True)
    note = fields.String(load_default="")


class DefectsIn(Page):
    system = fields.String(load_default="")
    state = choice(DefectState, load_default=None)


class DefectIn(Schema):
    title = fields.String(required=True)
    system = fields.String(required=True)
    module = fields.String(load_default=None, allow_none=True)
    type = choice(DefectType, load_default=DefectType.FUNCTION)
    severity = fields.Integer(load_default=3)
    key = fields.Boolean(load_default=False)
    due_on = fields.Date(load_default=None, allow_none=True)
    symptoms = fields.List(fields.String(), load_default=[])
    codes = fields.List(fields.String(), load_default=[])
    affected = fields.List(fields.String(), load_default=[])
    fixed_in = fields.String(load_default=None, allow_none=True)
    reproduce = fields.String(load_default="")
    cause = fields.String(load_default="")
    workaround = fields.String(load_default="")
    fix = fields.String(load_default="")
    data_fix = fields.String(load_default="")
    shown_to_users = fields.Boolean(load_default=True)


class DefectPublicOut(Schema):
    """What everybody may know of a known defect."""

    number = fields.String()
    title = fields.String()
    system = fields.String()
    module = fields.String(allow_none=True)
    state = fields.String()
    symptoms = fields.List(fields.String())
    codes = fields.List(fields.String())
    workaround = fields.String()
    fixed_in = fields.String(allow_none=True)
    updated_at = fields.AwareDateTime()


class DefectOut(DefectPublicOut):
    type = fields.String()
    severity = fields.Integer()
    key = fields.Boolean()
    due_on = fields.Date(allow_none=True)
    affected = fields.List(fields.String())
    reproduce = fields.String()
    cause = fields.String()
    fix = fields.String()
    data_fix = fields.String()
    recurrences = fields.Integer()
    created_at = fields.AwareDateTime()
    version = fields.Integer()


class DefectMoveIn(Schema):
    action = choice(DefectAction, required=True)
    note = fields.String(load_default="")
    into = fields.String(load_default=None, allow_none=True, metadata={"description": "QX number, to merge"})


class FaultOut(Schema):
    number = fields.String()
    title = fields.String()
    state = fields.String()
    systems = fields.List(fields.String())
    units = fields.List(fields.String())
    opened_at = fields.AwareDateTime()
    declared_at = fields.AwareDateTime(allow_none=True)
    recovered_at = fields.AwareDateTime(allow_none=True)


def listed(item: type[Schema]) -> type[Schema]:
    """The schema of one page of a list."""
    name = item.__name__.removesuffix("Out")
    return Schema.from_dict(
        {"items": fields.List(fields.Nested(item)), "next_cursor": fields.String(allow_none=True)},
        name=f"{name}List",
    )
