"""Programs that call the API with a bearer token, over the same small world as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from portal.db import transaction
from portal.people.login import issue_token
from portal.people.queries import person_by_login
from tests.web.conftest import app, client, filed, index, moved, reindex, settings

__all__ = ["app", "client", "filed", "index", "moved", "reindex", "settings"]


class Program:
    """One caller with one token."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers, query_string=query)

    def post(self, path: str, content: dict[str, Any] | None = None) -> TestResponse:
        return self.client.post(f"/api/v1{path}", headers=self.headers, json=content or {})


Programs = Callable[..., Program]


@pytest.fixture
def program(app: Flask, maker: sessionmaker[Session]) -> Programs:
    """``program("wang")`` calls with a token of that person, ``program("")`` with none."""

    def make(login: str, scopes: tuple[str, ...] = ("read", "write")) -> Program:
        if not login:
            return Program(app, "")
        with transaction(maker) as session:
            person = person_by_login(session, login)
            assert person is not None, login
            _, text = issue_token(session, person, "test", scopes=scopes)
        return Program(app, text)

    return make
