"""The HTTP API, ``/api/v1``: the same verbs as the pages, no second rules."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Mount the API on the application."""
