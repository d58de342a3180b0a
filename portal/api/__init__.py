"""The HTTP API, ``/api/v1``: the same verbs as the pages, no second rules.

Schemas live in ``schemas``, who is calling in ``callers``, refusals as RFC 9457 problem documents in
``problems``. Every view states its rule with the same decorators as the pages.
"""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template
from flask_smorest import Api
from marshmallow.exceptions import RegistryError

from portal.api import (
    alarms,
    articles,
    callers,
    catalogue,
    countermeasures,
    defects,
    faults,
    gaps,
    health,
    information,
    insight,
    levels,
    links,
    people,
    quality,
    relations,
    reports,
    suggestions,
    ticket_lists,
    tickets,
)
from portal.web.access import everyone, signed_in

TITLE = "Tierdesk API"
VERSION = "1"
PARTS = (
    suggestions,
    ticket_lists,
    tickets,
    links,
    relations,
    information,
    articles,
    defects,
    countermeasures,
    alarms,
    faults,
    catalogue,
    levels,
    people,
    quality,
    insight,
    reports,
    gaps,
)


def register(app: Flask) -> None:
    """Mount the API on the application."""
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=None,  # the two pages below take its place, so that they state a rule too
    )
    api = Api(app, spec_kwargs={"info": {"description": DESCRIPTION}, "security": [{"bearer": []}]})
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for part in PARTS:
        api.register_blueprint(part.blueprint, url_prefix="/api/v1")
        callers.open_to_tokens(app, part.blueprint.name)
    app.add_url_rule("/api/v1/openapi.json", "api_openapi", everyone(lambda: _specification(api)))
    app.add_url_rule("/api/v1/docs", "api_docs", signed_in(lambda: render_template("api/docs.html")))
    app.register_blueprint(health.blueprint)


def _specification(api: Api) -> Response:
    try:
        return jsonify(api.spec.to_dict())
    except RegistryError as problem:  # two schemas of one name: ours to mend, said plainly
        raise RuntimeError(f"the API's schemas don't agree: {problem}") from problem


DESCRIPTION = """\
Bearer tokens (`Authorization: Bearer tdk_…`, made with `tierdesk user token`) or the browser session with its
CSRF token in `X-CSRFToken`. Errors are RFC 9457 problem documents. Lists take `limit` and `cursor` and answer
`next_cursor`. Times are ISO 8601 with offset. What a person may not see answers 404, everywhere.
"""
