"""Pages of ``reading``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("reading", __name__)
