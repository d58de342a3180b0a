"""Pages of ``mine``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("mine", __name__)
