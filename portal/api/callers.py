"""Who is calling the API: a bearer token, or the browser session with its CSRF token.

A request with an ``Authorization`` header is judged by the token alone; without one, the session counts
and every writing request must carry the CSRF token. A token without the scope ``write`` reads only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask, Request, abort, current_app, g, request
from flask_wtf import CSRFProtect
from sqlalchemy import update

from portal.db import transaction
from portal.people.login import bearer
from portal.people.models import ApiToken, Person
from portal.web.request import SAFE, db, parts

SCHEME = "Bearer "
NOTE_USE_EVERY = timedelta(minutes=5)


def person_of_token(asked: Request) -> Person | None:
    """Flask-Login's request loader: the person whose token this is."""
    header = asked.headers.get("Authorization", "")
    if not header.startswith(SCHEME) or not asked.path.startswith("/api/"):
        return None
    found = bearer(db(), header.removeprefix(SCHEME).strip())
    if found is None:
        return None
    person, token = found
    g.api_token = token
    return person


def open_to_tokens(app: Flask, blueprint: str) -> None:
    """Take CSRF's general check off a blueprint; :func:`check_call` decides in its place."""
    protect: CSRFProtect = app.extensions["csrf"]
    protect.exempt(app.blueprints[blueprint])


def check_call() -> None:
    """Before every API view: the token's scope, or the session's CSRF token; aborts otherwise."""
    if request.method in SAFE:
        return
    token: ApiToken | None = g.get("api_token")
    if token is None:
        current_app.extensions["csrf"].protect()
    elif "write" not in token.scopes:
        abort(403)


def note_use() -> None:
    """After the answer's own commit: when the token was last used, not at every call."""
    token: ApiToken | None = g.get("api_token")
    if token is None:
        return
    moment = datetime.now(UTC)
    if token.last_used_at and moment - token.last_used_at < NOTE_USE_EVERY:
        return
    with transaction(parts().maker) as session:
        session.execute(update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=moment))
