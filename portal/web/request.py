"""What belongs to one request: its database session, the person, their locale, the commit at its end.

Views ask here and nowhere else; nothing below ``portal.web`` knows of a current person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Response, abort, current_app, g, request
from flask_login import current_user
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Viewer
from portal.config import Settings
from portal.db import take_write_lock
from portal.finder.find import Finder
from portal.people.models import Person
from portal.people.queries import viewer_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``create_app`` put together."""

    settings: Settings
    maker: sessionmaker[Session]
    finder: Finder


def parts() -> Parts:
    return cast("Parts", current_app.extensions["tierdesk"])


def db() -> Session:
    """This request's database session; a writing request takes the write lock at once."""
    if "db" not in g:
        g.db = parts().maker()
        if request.method not in SAFE:
            take_write_lock(g.db)
    return cast("Session", g.db)


def person_or_none() -> Person | None:
    return cast("Person", current_user._get_current_object()) if current_user.is_authenticated else None


def me() -> Person:
    """The person signed in; only behind a rule that demands one."""
    person = person_or_none()
    if person is None:
        abort(404)
    return person


def viewer() -> Viewer:
    return viewer_of(person_or_none())


def keep() -> None:
    """Commit although the answer is an error: a counted failure must not be rolled back."""
    g.keep = True


def finish(response: Response) -> Response:
    """The one commit of a request: when it went well, or when a view asked to keep what it wrote."""
    if "db" in g:
        if response.status_code < 400 or g.get("keep"):
            g.db.commit()
        else:
            g.db.rollback()
    return response


def close(_problem: BaseException | None = None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.close()
