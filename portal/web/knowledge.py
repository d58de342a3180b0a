"""Pages of ``knowledge``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("knowledge", __name__)
