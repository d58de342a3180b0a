"""Every blueprint of the pages, by audience and subject, and the API."""

from __future__ import annotations

from flask import Flask

from portal import api
from portal.web import (
    admin,
    admin_calendars,
    ask,
    auth,
    complaints,
    console,
    consulted,
    corrections,
    defect_pages,
    drafts,
    explaining,
    fault_pages,
    feeds,
    figures,
    files,
    followers,
    gaps,
    handover,
    home,
    inline_answers,
    knowledge,
    mine,
    notice_wishes,
    notices,
    printing,
    quality_rooms,
    queues,
    reading,
    relations,
    remarks,
    robots,
    search,
    services,
    sharing,
    ticket_pages,
    trail_checks,
    verdicts,
    workbench,
)

PAGES = (
    auth,
    home,
    ask,
    search,
    explaining,
    mine,
    followers,
    complaints,
    files,
    notices,
    notice_wishes,
    reading,
    verdicts,
    feeds,
    remarks,
    queues,
    handover,
    sharing,
    ticket_pages,
    inline_answers,
    corrections,
    consulted,
    relations,
    printing,
    console,
    workbench,
    knowledge,
    drafts,
    gaps,
    defect_pages,
    fault_pages,
    figures,
    quality_rooms,
    admin,
    trail_checks,
    robots,
    admin_calendars,
    services,
)


def register(app: Flask) -> None:
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    api.register(app)
