"""Pages of ``ticket_pages``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("ticket_pages", __name__)
