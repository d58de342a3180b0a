"""Pages of ``defect_pages``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("defect_pages", __name__)
