"""These tests run on SQLite and on PostgreSQL: their queries are aggregates that both must answer alike."""

from __future__ import annotations

from tests.engines import engine_on_each as engine

__all__ = ["engine"]
