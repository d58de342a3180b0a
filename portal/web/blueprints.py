"""Every blueprint of the pages, by audience and subject, and the API."""

from __future__ import annotations

from flask import Flask

from portal.web import auth


def register(app: Flask) -> None:
    for blueprint in (auth.blueprint,):
        app.register_blueprint(blueprint)
