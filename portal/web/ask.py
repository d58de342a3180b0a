"""Pages of ``ask``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("ask", __name__)
