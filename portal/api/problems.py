"""Errors of the API as RFC 9457 problem documents."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

PREFIX = "/api/"


def wanted() -> bool:
    """Is the answer for a program?"""
    return request.path.startswith(PREFIX)


def problem(status: int, title: str, detail: str, **extensions: Any) -> Response:
    """One problem document; ``extensions`` are its members beyond the standard ones."""
    response = jsonify(
        {"type": "about:blank", "status": status, "title": title, "detail": detail, **extensions}
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
