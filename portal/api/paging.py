"""Lists of the API: newest first, a page at a time, by a cursor that is the last row's id."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import abort
from sqlalchemy import Select
from sqlalchemy.orm import Session


def page_of(session: Session, wanted: Select[Any], model: Any, *, limit: int, cursor: str) -> dict[str, Any]:
    """One page of the rows ``wanted`` selects, newest first."""
    if cursor:
        wanted = wanted.where(model.id < after(cursor))
    rows = list(session.scalars(wanted.order_by(model.id.desc()).limit(limit + 1)))
    more = len(rows) > limit
    return {"items": rows[:limit], "next_cursor": cursor_of(rows[limit - 1].id) if more else None}


def cursor_of(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def after(cursor: str) -> int:
    """The number inside a cursor; anything else is a bad request."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        abort(400)
    if not text.isdecimal() or len(text) > 18:
        abort(400)
    return int(text)
