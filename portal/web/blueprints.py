"""Every blueprint of the pages, by audience and subject, and the API."""

from __future__ import annotations

from flask import Flask

from portal import api
from portal.web import (
    admin,
    ask,
    auth,
    console,
    defect_pages,
    explaining,
    fault_pages,
    figures,
    files,
    home,
    knowledge,
    mine,
    notices,
    quality_rooms,
    queues,
    reading,
    remarks,
    search,
    services,
    ticket_pages,
    workbench,
)

PAGES = (
    auth,
    home,
    ask,
    search,
    explaining,
    mine,
    files,
    notices,
    reading,
    remarks,
    queues,
    ticket_pages,
    console,
    workbench,
    knowledge,
    defect_pages,
    fault_pages,
    figures,
    quality_rooms,
    admin,
    services,
)


def register(app: Flask) -> None:
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    api.register(app)
