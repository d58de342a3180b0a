"""The address of a thing that was found, for this reader: a table kind → pages, the first they may open.

Tickets of one's own open on the reader's own page, others on the staff's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, url_for

from portal.finder.typeahead import QUESTION, SYSTEM, Completion
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.web.menu import may_open
from portal.web.request import me

#: Kind → (endpoint, name of its argument, what of the result goes there), in order of preference.
PAGES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "article": (("reading.article", "number", "ref"), ("ask.answer", "id", "id")),
    "defect": (("defect_pages.record", "number", "ref"), ("ask.answer", "id", "id")),
    "announcement": (("fault_pages.announcement", "id", "id"), ("ask.answer", "id", "id")),
    "fault": (("fault_pages.event", "number", "ref"),),
}


def address_of(kind: str, values: Mapping[str, object], person: Person | None) -> str:
    """Where a thing of this kind is read; ``values`` holds its ``id`` and ``ref``."""
    for endpoint, argument, source in PAGES.get(kind, ()):
        if endpoint in current_app.view_functions and may_open(person, endpoint):
            arguments: dict[str, Any] = {argument: values[source]}
            if endpoint == "ask.answer":
                arguments["kind"] = kind
            return url_for(endpoint, **arguments)
    return url_for("home.page")


def ticket_address(ticket: Ticket, person: Person) -> str:
    """The plain page for one's own ticket, the staff's page for any other."""
    own = person.id in (ticket.requester_id, ticket.filed_by_id) and (
        person.id == ticket.requester_id or not person.is_staff
    )
    if not own and may_open(person, "ticket_pages.page"):
        return url_for("ticket_pages.page", number=ticket.number)
    return url_for("mine.ticket", number=ticket.number)


def completion_address(completion: Completion) -> str:
    """Where a line under the search field leads: to the thing itself, or to a search for it."""
    if completion.kind == SYSTEM:
        return url_for("search.page", q=completion.title, system=completion.ref)
    if completion.kind == QUESTION:
        return url_for("search.page", q=completion.title)
    return href_of(completion, me())


def href_of(result: object, person: Person) -> str:
    """The address of a search result."""
    subject = getattr(result, "subject", None)
    if isinstance(subject, Ticket):
        return ticket_address(subject, person)
    values = {"id": getattr(result, "id", 0), "ref": getattr(result, "ref", "")}
    return address_of(str(getattr(result, "kind", "")), values, person)
