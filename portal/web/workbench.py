"""Pages of ``workbench``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("workbench", __name__)
