"""Journeys go through the whole application over HTTP, with the browsers of the page tests."""

from tests.web.conftest import app, client, filed, index, moved, reindex, settings

__all__ = ["app", "client", "filed", "index", "moved", "reindex", "settings"]
