"""The staff's queue: piles and saved views with their counts, filters in the address, one page of tickets.

What the address means is read in ``list_asked``; saved views, exports and bulk deeds have modules of their
own on the same blueprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import lazyload

from portal.catalogue.models import System
from portal.people.models import Unit
from portal.tickets import desk, queries
from portal.tickets.bulk.deeds import open_to
from portal.tickets.models import Ticket
from portal.tickets.rail import Stop, rail_of
from portal.tickets.selection import FOR_THE_PAST, MYSELF, ORDER_LABELS, TAB_LABELS, Tab
from portal.tickets.service_levels import Clock
from portal.tickets.views import asking, habits, shelf
from portal.tickets.views.columns import COLUMN_LABELS, Column
from portal.tickets.views.models import SavedView
from portal.tickets.words import CATEGORY_LABELS, CHANNEL_LABELS, PRIORITY_LABELS, STATE_LABELS, TIER_LABELS
from portal.web import bulk_pages, list_exports, saved_views
from portal.web.access import needs
from portal.web.list_asked import READERS, Asked, asked_here, blueprint, today, turned_to, works_a_tier
from portal.web.list_columns import heads_of
from portal.web.paging import asked_page, pages
from portal.web.refusals import is_fragment
from portal.web.request import db, me

__all__ = ["blueprint", "bulk_pages", "list_exports", "saved_views"]

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket in the list."""

    ticket: Ticket
    rail: tuple[Stop, ...]
    clock: Clock | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A saved view beside the list; ``count`` None where counting would walk the past."""

    view: SavedView
    url: str
    count: int | None


@blueprint.get("/queues")
@needs(*READERS)
def page() -> str:
    asked = asked_here()
    wanted = asked.wanted
    counts = queries.tab_counts(db(), me(), wanted)
    known = counts[wanted.tab] if wanted.tab else None
    rough = (asked_page() - 1) * PER_PAGE
    part = queries.queue(db(), me(), wanted, limit=PER_PAGE, offset=rough, total=known)
    cursor = pages(part.total, per_page=PER_PAGE)
    if cursor.offset != rough:  # past the end: the last page instead
        part = queries.queue(db(), me(), wanted, limit=PER_PAGE, offset=cursor.offset, total=part.total)
    columns = asked.columns()
    template = "queues/_list.html" if is_fragment() else "queues/page.html"
    return render_template(
        template,
        lines=[_line(ticket) for ticket in part.tickets],
        cursor=cursor,
        more=wanted.looks_back and part.total == queries.COUNTED_TO,
        wanted=wanted,
        asked=asked,
        heads=heads_of(asked, columns),
        columns=columns,
        offers=_offers(asked),
        tabs=[(tab, TAB_LABELS[tab], counts[tab]) for tab in Tab],
        arguments=_narrowings(asked),
        choices=_choices(asked),
        works=works_a_tier(),
        deeds=open_to(me()),
        myself=MYSELF,
        save_as=request.args.get("save_as", "")[: shelf.NAME_LIMIT],
        back=turned_to(asked.address, **({"tab": wanted.tab.value} if wanted.tab else {})),
    )


def _line(ticket: Ticket) -> Line:
    return Line(ticket, rail_of(ticket), desk.clock_of(db(), ticket))


def _narrowings(asked: Asked) -> dict[str, str]:
    """What narrows the piles now; links to other piles keep it, unless it belongs to a view."""
    return {} if asked.view else {name: text for name, text in asked.arguments.items() if name != "tab"}


def _offers(asked: Asked) -> list[Offer]:
    shown = asked.views[: shelf.SHOWN]
    filters = {view.id: asking.asked(view.arguments, today()) for view in shown}
    counts = habits.counts(db(), me(), filters)
    return [Offer(view, turned_to({"view": str(view.id)}), counts.get(view.id)) for view in shown]


def _choices(asked: Asked) -> dict[str, Any]:
    """What the filters offer."""
    systems = db().scalars(select(System).options(lazyload(System.modules)).order_by(System.group, System.id))
    past = asked.wanted.looks_back
    return {
        "systems": list(systems),
        "units": list(db().scalars(select(Unit).order_by(Unit.path))),
        "tiers": TIER_LABELS,
        "states": STATE_LABELS,
        "categories": CATEGORY_LABELS,
        "channels": CHANNEL_LABELS,
        "priorities": PRIORITY_LABELS,
        "orders": {order: name for order, name in ORDER_LABELS.items() if not past or order in FOR_THE_PAST},
        "columns": [(column, COLUMN_LABELS[column]) for column in Column],
    }
