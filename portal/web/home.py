"""The home page: ask first, then my open tickets, what colleagues ask, eight doors.

What is happening now stands in the announcement bar above it, as on every page.
"""

from __future__ import annotations

from flask import Blueprint, render_template

from kb.counting import count_of
from kb.readers.recent import recently_read
from portal.insight.popular import popular_articles
from portal.tickets.models import Ticket
from portal.tickets.words import CATEGORY_DOORS, Category, State
from portal.web.access import signed_in
from portal.web.library import reading_language
from portal.web.mine import Line, lines_of, my_tickets
from portal.web.request import db, me, viewer

blueprint = Blueprint("home", __name__)

OPEN_SHOWN = 3
RECENT_SHOWN = 3
#: Category → icon of its door.
DOOR_ICONS = {
    Category.CONSULTATION: "help-circle",
    Category.DEFECT: "bug",
    Category.FAULT: "plug-connected-x",
    Category.ACCOUNT: "key",
    Category.DATA: "table",
    Category.CHANGE: "bulb",
    Category.COMPLAINT: "message-exclamation",
    Category.RESOURCE: "server",
}


@blueprint.get("/")
@signed_in
def page() -> str:
    return render_template(
        "home/page.html",
        lines=my_open_lines(),
        open_count=my_open_count(),
        popular=popular_articles(db(), me(), language=reading_language()),
        recent=db().scalars(recently_read(viewer()).limit(RECENT_SHOWN)).all(),
        doors=[(category, text, DOOR_ICONS[category]) for category, text in CATEGORY_DOORS.items()],
    )


def my_open_lines() -> list[Line]:
    """My open tickets, those that wait for me first."""
    waits_for_me = Ticket.state.in_([State.CONFIRMING, State.WAITING]).desc()
    wanted = my_tickets(open_only=True).order_by(waits_for_me, Ticket.updated_at.desc()).limit(OPEN_SHOWN)
    return lines_of(list(db().scalars(wanted)))


def my_open_count() -> int:
    return count_of(db(), my_tickets(open_only=True))
