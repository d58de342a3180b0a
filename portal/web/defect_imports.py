"""Bringing defect records in under one blueprint; each module adds its views when read."""

from __future__ import annotations

from portal.web import defect_upload_items
from portal.web.defect_uploads import blueprint

__all__ = ["blueprint", "defect_upload_items"]
