"""Browser sessions kept on the server: Flask-Session's interface over our own table.

The cookie holds a random name only. Content is JSON: nothing stored can become code when read.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask_session.base import ServerSideSession, ServerSideSessionInterface
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import LoginSession


class DeskSession(ServerSideSession):
    """A session of the desk; named so that the cookie's class is ours to extend."""


class DeskSessions(ServerSideSessionInterface):
    session_class = DeskSession
    ttl = True  # expiry is checked on every read, and old rows are removed by the worker

    def __init__(self, app: Flask, maker: sessionmaker[Session]) -> None:
        super().__init__(app, key_prefix="", permanent=True, sid_length=32, serialization_format="json")
        self.maker = maker

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        with self.maker() as session:
            row = session.get(LoginSession, _name(store_id))
            if row is None or row.expires_at <= datetime.now(UTC):
                return None
            content: dict[str, Any] = json.loads(row.data)
            return content

    def _delete_session(self, store_id: str) -> None:
        with transaction(self.maker) as session:
            session.execute(delete(LoginSession).where(LoginSession.id == _name(store_id)))

    def _upsert_session(self, session_lifetime: timedelta, session: Any, store_id: str) -> None:
        person = session.get("_user_id")
        row = LoginSession(
            id=_name(store_id),
            data=json.dumps(dict(session), ensure_ascii=False).encode(),
            person_id=int(person) if person else None,
            expires_at=datetime.now(UTC) + session_lifetime,
        )
        with transaction(self.maker) as database:
            database.merge(row)


def _name(store_id: str) -> str:
    # Whoever reads the table must not be able to take over a session.
    return hashlib.sha256(store_id.encode()).hexdigest()
