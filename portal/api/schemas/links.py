"""Links as the API tells them: ticket ↔ defect with who said so, ticket ↔ article."""

from __future__ import annotations

from marshmallow import Schema, fields


class LinkOut(Schema):
    verdict = fields.String(metadata={"description": "linked or rejected"})
    at = fields.AwareDateTime()
    by = fields.String(allow_none=True, metadata={"description": "null: the system, by itself"})
    probability = fields.Float(allow_none=True)
    automatic = fields.Boolean(metadata={"description": "the system made this link"})
    confirmed = fields.Boolean(metadata={"description": "a person has said that it is right"})


class DefectLinkOut(LinkOut):
    number = fields.String()
    title = fields.String()
    state = fields.String()


class ArticleLinkOut(Schema):
    number = fields.String()
    title = fields.String()
    at = fields.AwareDateTime()


class TicketLinksOut(Schema):
    defects = fields.List(fields.Nested(DefectLinkOut))
    articles = fields.List(fields.Nested(ArticleLinkOut))


class TicketLinkOut(LinkOut):
    """A ticket of a record."""

    ticket = fields.String()
    title = fields.String()
    unit = fields.String()
    filed_at = fields.AwareDateTime()
