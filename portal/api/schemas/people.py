"""People, as the API tells them."""

from __future__ import annotations

from marshmallow import Schema, fields


class PersonOut(Schema):
    login = fields.String()
    name = fields.String()
    name_en = fields.String()
    unit = fields.String(attribute="unit.code")


class MeOut(PersonOut):
    email = fields.String()
    posts = fields.Function(lambda person: sorted({row.post.value for row in person.posts}))
    permissions = fields.Function(lambda person: sorted(person.permissions))
