"""What belongs to one request: its database session, the person, their locale, the commit at its end.

Views ask here and nowhere else; nothing below ``portal.web`` knows of a current person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

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
View = TypeVar("View", bound=Callable[..., Any])
ONLY_ASKS = "desk_only_asks"


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``create_app`` put together."""

    settings: Settings
    maker: sessionmaker[Session]
    finder: Finder


def parts() -> Parts:
    return cast("Parts", current_app.extensions["tierdesk"])


def only_asks(view: View) -> View:
    """A POST that asks at typing speed, because its text is too long for an address.

    It reads without the write lock, so that typing people don't queue behind each other's searches;
    what it then has to write comes after :func:`write_now`.
    """
    setattr(view, ONLY_ASKS, True)
    return view


def db() -> Session:
    """This request's database session; a writing request takes the write lock at once."""
    if "db" not in g:
        g.db = parts().maker()
        view = current_app.view_functions.get(request.endpoint or "")
        if request.method not in SAFE and not getattr(view, ONLY_ASKS, False):
            take_write_lock(g.db)
    return cast("Session", g.db)


def write_now() -> Session:
    """End the reading part of a request that only asks, and begin its short writing part."""
    session = db()
    session.commit()
    take_write_lock(session)
    return session


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
