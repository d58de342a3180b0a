"""Relations between tickets, and who follows one."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import Schema, fields

from portal.api.schemas.lists import choice
from portal.api.schemas.tickets import TicketOut


class RelationKind(StrEnum):
    MERGE = "merge"
    UNMERGE = "unmerge"
    CHILD = "child"
    DETACH = "detach"
    PARENT = "parent"
    RELATED = "related"
    UNRELATED = "unrelated"


class RelationIn(Schema):
    kind = choice(RelationKind, required=True)
    other = fields.String(
        load_default="",
        metadata={
            "description": "the other ticket's number: merge into it; detach it; child: tie it instead of"
            " filing one; parent: become its child"
        },
    )
    note = fields.String(load_default="")
    system = fields.String(load_default="", metadata={"description": "child: which system is asked"})
    title = fields.String(load_default="")
    text = fields.String(load_default="", metadata={"description": "child: what is asked of it"})
    version = fields.Integer(load_default=None, allow_none=True)


class RelationsOut(Schema):
    survivor = fields.Nested(TicketOut, allow_none=True)
    duplicates = fields.List(fields.Nested(TicketOut))
    parent = fields.Nested(TicketOut, allow_none=True)
    children = fields.List(fields.Nested(TicketOut))
    related = fields.List(fields.Nested(TicketOut))


class WatcherIn(Schema):
    login = fields.String(load_default="", metadata={"description": "the caller when empty"})
    on = fields.Boolean(load_default=True)
