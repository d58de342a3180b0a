"""The staff's queue: piles with their counts, filters in the address, one page of tickets.

Every filter is an argument of the address, so that a figure elsewhere opens exactly its tickets.
An argument that makes no sense narrows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from portal.catalogue.models import System
from portal.people.models import Unit
from portal.people.roles import Permission
from portal.tickets import desk, queries
from portal.tickets.flow import WORKERS
from portal.tickets.models import Ticket
from portal.tickets.rail import Stop, rail_of
from portal.tickets.selection import ORDER_LABELS, TAB_LABELS, Filter, Order, Tab
from portal.tickets.service_levels import Clock
from portal.tickets.words import (
    CATEGORY_LABELS,
    PRIORITY_LABELS,
    STATE_LABELS,
    TIER_LABELS,
    Category,
    Channel,
    State,
    Tier,
)
from portal.web.access import needs
from portal.web.paging import asked_page, pages
from portal.web.refusals import is_fragment
from portal.web.request import db, me, parts

blueprint = Blueprint("queues", __name__)

PER_PAGE = 30
LONGEST = 100
Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket in the list."""

    ticket: Ticket
    rail: tuple[Stop, ...]
    clock: Clock | None


@blueprint.get("/queues")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def page() -> str:
    wanted = asked()
    counts = queries.tab_counts(db(), me(), wanted)
    known = counts[wanted.tab] if wanted.tab else None
    rough = (asked_page() - 1) * PER_PAGE
    part = queries.queue(db(), me(), wanted, limit=PER_PAGE, offset=rough, total=known)
    cursor = pages(part.total, per_page=PER_PAGE)
    if cursor.offset != rough:  # past the end: the last page instead
        part = queries.queue(db(), me(), wanted, limit=PER_PAGE, offset=cursor.offset, total=part.total)
    template = "queues/_list.html" if is_fragment() else "queues/page.html"
    return render_template(
        template,
        lines=[_line(ticket) for ticket in part.tickets],
        cursor=cursor,
        more=wanted.looks_back and part.total == queries.COUNTED_TO,
        wanted=wanted,
        tabs=[(tab, TAB_LABELS[tab], counts[tab]) for tab in Tab],
        arguments=_arguments(),
        choices=_choices(),
        works=works_a_tier(),
    )


def works_a_tier() -> bool:
    """Has this person a post that takes tickets?"""
    return bool(me().permissions & set(WORKERS.values()))


def _line(ticket: Ticket) -> Line:
    return Line(ticket, rail_of(ticket), desk.clock_of(db(), ticket))


def _arguments() -> dict[str, str]:
    """What the address asks for now, the page aside; links to other piles keep it."""
    return {name: value for name, value in request.args.items() if name not in ("page", "tab") and value}


def _choices() -> dict[str, Any]:
    """What the filters offer."""
    systems = db().scalars(select(System).options(lazyload(System.modules)).order_by(System.group, System.id))
    return {
        "systems": list(systems),
        "units": list(db().scalars(select(Unit).order_by(Unit.path))),
        "tiers": TIER_LABELS,
        "states": STATE_LABELS,
        "categories": CATEGORY_LABELS,
        "priorities": PRIORITY_LABELS,
        "orders": ORDER_LABELS,
    }


# ── reading the address ──────────────────────────────────────────────────────────────────────────


def asked() -> Filter:
    """The filter that the address asks for; without any, the pile this person works from."""
    wanted = Filter(
        tab=_member(Tab, "tab"),
        tier=_member(Tier, "tier"),
        state=_member(State, "state"),
        category=_member(Category, "category"),
        channel=_member(Channel, "channel"),
        priority=_priority(),
        system=_word("system"),
        module=_word("module"),
        unit=_word("unit"),
        holder=_word("holder"),
        requester=_word("requester"),
        defect=_word("defect"),
        text=_word("q"),
        open=_either("open"),
        overdue=_flag("overdue"),
        soon=_flag("soon"),
        urged=_flag("urged"),
        reopened=_flag("reopened"),
        returned=_flag("returned"),
        first_contact=_flag("first_contact"),
        linked=_either("linked"),
        since=_moment("from"),
        until=_moment("to", after=True),
        closed_since=_moment("closed_from"),
        closed_until=_moment("closed_to", after=True),
        order=_member(Order, "order") or Order.DUE,
    )
    return replace(wanted, tab=_own_pile()) if not request.args else wanted


def _own_pile() -> Tab:
    return Tab.MINE if works_a_tier() else Tab.SERVED


def _word(name: str) -> str:
    return request.args.get(name, "").strip()[:LONGEST].replace("\x00", "")


def _member(kind: type[Kind], name: str) -> Kind | None:
    value = _word(name)
    return kind(value) if value in set(kind) else None


def _priority() -> int | None:
    value = _word("priority")
    return int(value) if value in ("1", "2", "3", "4") else None


def _flag(name: str) -> bool:
    return _word(name) in ("1", "true")


def _either(name: str) -> bool | None:
    return {"1": True, "true": True, "0": False, "false": False}.get(_word(name))


def _moment(name: str, *, after: bool = False) -> datetime | None:
    """A day (its start, or with ``after`` its end) in the desk's time zone, or a full moment."""
    value = _word(name)
    try:
        if len(value) == len("2026-01-01"):
            day = date.fromisoformat(value) + timedelta(days=1 if after else 0)
            return datetime.combine(day, time(), parts().settings.zone)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=parts().settings.zone)
