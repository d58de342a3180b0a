"""What every list of the API is asked and answers: a page with a cursor; and a closed set as a field."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

LIMIT = 20
MOST = 100


def choice(kind: type[Any], **options: Any) -> fields.Field[Any]:
    """A member of a closed set, by its value."""
    return fields.Enum(kind, by_value=True, **options)


class Page(Schema):
    """Arguments of every list."""

    limit = fields.Integer(load_default=LIMIT, validate=validate.Range(1, MOST))
    cursor = fields.String(load_default="", metadata={"description": "next_cursor of the page before"})


def listed(item: type[Schema]) -> type[Schema]:
    """The schema of one page of a list."""
    name = item.__name__.removesuffix("Out")
    return Schema.from_dict(
        {"items": fields.List(fields.Nested(item)), "next_cursor": fields.String(allow_none=True)},
        name=f"{name}List",
    )
