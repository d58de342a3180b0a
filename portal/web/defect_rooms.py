"""Every page of defect records under one blueprint; each module adds its views to it when it is read."""

from __future__ import annotations

from portal.web import defect_deeds, defect_history, defect_lists, key_problems
from portal.web.defect_pages import blueprint

__all__ = ["blueprint", "defect_deeds", "defect_history", "defect_lists", "key_problems"]
