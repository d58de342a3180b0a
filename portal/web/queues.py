"""Pages of ``queues``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("queues", __name__)
