"""What a page of figures is asked for: whose, about what, how long; and what it can be narrowed to.

The invariant: nonsense in an address narrows to nothing or means the usual; it is never an error.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from portal.catalogue.models import System
from portal.insight.periods import Period, Scope, last_days
from portal.people.models import Unit
from portal.people.queries import units_in_order
from portal.people.roles import BOUND_TO_UNITS
from portal.web.request import db, me


def asked_scope() -> Scope:
    """Whose figures, about what; a system or unit that isn't there narrows to nothing."""
    return Scope(me(), system=_word("system"), unit=_word("unit"))


def asked_period(lengths: Collection[int], *, usual: int) -> Period:
    """The period the address asks for; nonsense means the usual one."""
    days = request.args.get("days", "")
    return last_days(db(), int(days) if days in {str(length) for length in lengths} else usual)


def _word(name: str) -> str:
    return request.args.get(name, "").strip()[:64].replace("\x00", "")


def offered() -> dict[str, Any]:
    """What the figures can be narrowed to."""
    systems = select(System).options(lazyload(System.modules)).order_by(System.group, System.id)
    return {"systems": list(db().scalars(systems)), "units": _units()}


def _units() -> list[Unit]:
    """The units this person may look at: all, or those of their posts and below."""
    bound = bounds()
    everyone = units_in_order(db())
    return [unit for unit in everyone if not bound or any(unit.path.startswith(top.path) for top in bound)]


def bounds() -> list[Unit]:
    """The units whose figures these are, when the person's posts are bound to units alone."""
    posts = me().posts
    if any(row.post not in BOUND_TO_UNITS for row in posts):
        return []
    return [row.unit for row in posts if row.unit is not None]
