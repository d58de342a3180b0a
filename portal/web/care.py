"""Every room of looking after articles under one blueprint; each module adds its views when it is read."""

from __future__ import annotations

from portal.web import care_pairs, care_quality, care_recheck
from portal.web.care_rooms import blueprint

__all__ = ["blueprint", "care_pairs", "care_quality", "care_recheck"]
