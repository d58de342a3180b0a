"""Pages of ``fault_pages``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("fault_pages", __name__)
