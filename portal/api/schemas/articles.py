"""Articles and their revisions."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from kb.audience import Audience
from kb.flow import ArticleAction, ArticleState
from kb.models import ArticleKind, AtExpiry
from portal.api.schemas.lists import Page, choice
from portal.curation.decay.rules import SENTENCES, Sign
from portal.web.labels import translated


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
    publish_at = fields.AwareDateTime(allow_none=True)
    checked_at = fields.AwareDateTime(allow_none=True)
    review_on = fields.Date(allow_none=True)
    expires_on = fields.Date(allow_none=True)
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
    publish_at = fields.AwareDateTime(load_default=None, allow_none=True)
    expires_on = fields.Date(load_default=None, allow_none=True)
    at_expiry = choice(AtExpiry, load_default=AtExpiry.RECHECK)
    until = fields.Date(load_default=None, allow_none=True)


class ToCheckIn(Page):
    system = fields.String(load_default="")
    sign = choice(Sign, load_default=None)


class EvidenceOut(Schema):
    sign = fields.String()
    points = fields.Integer()
    since = fields.AwareDateTime()
    sentence = fields.Function(lambda row: translated(SENTENCES[row.sign], **_words(row.facts)))
    facts = fields.Dict()


def _words(facts: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in facts.items()}


class ArticleHeadOut(ArticleOut):
    class Meta:
        exclude = ("body",)


class ToCheckOut(Schema):
    article = fields.Nested(ArticleHeadOut)
    reasons = fields.List(fields.Nested(EvidenceOut))


class CheckOut(Schema):
    key = fields.String()
    advice = fields.Function(lambda check: translated(check.advice))
    field = fields.String()


class StandingOut(Schema):
    score = fields.Integer()
    missing = fields.List(fields.Nested(CheckOut))
