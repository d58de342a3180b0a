"""The whole application over a small world, as the pages' tests have it."""

from __future__ import annotations

from tests.web.conftest import app, client, filed, index, moved, reindex, settings

__all__ = ["app", "client", "filed", "index", "moved", "reindex", "settings"]
