"""Tickets and what happens to them: what is filed, asked, moved and told."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from portal.api.schemas.lists import Page, choice
from portal.api.schemas.people import PersonOut
from portal.tickets.selection import Tab
from portal.tickets.words import Action, Category, Channel, State, Tier


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
    answers = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(max=4000)),
        load_default=dict,
        metadata={"description": "to the information form of the system: key → value"},
    )


class TicketsIn(Page):
    """The filters of the staff's queue, by the names that they have in its address."""

    view = fields.Integer(
        load_default=None, allow_none=True, metadata={"description": "id of a saved view; others narrow it"}
    )
    tab = choice(Tab, load_default=None)
    state = choice(State, load_default=None)
    tier = choice(Tier, load_default=None)
    category = choice(Category, load_default=None)
    channel = choice(Channel, load_default=None)
    priority = fields.Integer(load_default=None, validate=validate.Range(1, 4))
    system = fields.String(load_default="")
    module = fields.String(load_default="")
    unit = fields.String(load_default="", metadata={"description": "with everything below it"})
    holder = fields.String(load_default="", metadata={"description": "login, or @me"})
    requester = fields.String(load_default="", metadata={"description": "login, or @me"})
    defect = fields.String(load_default="", metadata={"description": "QX number"})
    q = fields.String(load_default="", metadata={"description": "ticket number, or words of the title"})
    mine = fields.Boolean(load_default=False)
    open = fields.Boolean(load_default=None, allow_none=True)
    overdue = fields.Boolean(load_default=False)
    soon = fields.Boolean(load_default=False)
    urged = fields.Boolean(load_default=False)
    reopened = fields.Boolean(load_default=False)
    returned = fields.Boolean(load_default=False)
    first_contact = fields.Boolean(load_default=False)
    linked = fields.Boolean(load_default=None, allow_none=True)
    since = fields.String(
        load_default="",
        data_key="from",
        metadata={"description": "filed on this day or later; 7d: seven days ago"},
    )
    until = fields.String(load_default="", data_key="to")
    closed_from = fields.String(load_default="")
    closed_to = fields.String(load_default="")


class ViewOut(Schema):
    id = fields.Integer()
    name = fields.String()
    shared = fields.Boolean()
    owner = fields.String(attribute="owner.login")
    arguments = fields.Dict(keys=fields.String(), values=fields.String())
    columns = fields.List(fields.String())


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
    text = fields.String(metadata={"description": "empty when it was withdrawn"})
    internal = fields.Boolean()
    edited_at = fields.AwareDateTime(allow_none=True)
    withdrawn_at = fields.AwareDateTime(allow_none=True)


class LinkIn(Schema):
    article = fields.String(load_default=None, allow_none=True)
    defect = fields.String(load_default=None, allow_none=True)
    verdict = fields.String(
        load_default="linked",
        validate=validate.OneOf(["linked", "rejected", "undone"]),
        metadata={"description": "linked: also confirms what the system has linked by itself"},
    )
    none_of = fields.List(
        fields.String(),
        load_default=[],
        validate=validate.Length(max=10),
        metadata={"description": "records that were offered and are all not the cause: one judgement"},
    )


class UrgeIn(Schema):
    words = fields.String(load_default="")


class AttachmentOut(Schema):
    id = fields.Integer()
    name = fields.String()
    content_type = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    scan = fields.String(
        metadata={"description": "unchecked, pending, clean or blocked; pending and blocked can not be had"}
    )
    withdrawn_at = fields.AwareDateTime(allow_none=True)
    url = fields.Function(lambda row: f"/files/{row.id}")
