"""Every room of quality under its one blueprint; each module adds its views to it when it is read."""

from __future__ import annotations

from portal.web import (
    quality_follow_ups,
    quality_inspections,
    quality_results,
    quality_rules,
    quality_sheets,
)
from portal.web.quality_pages import blueprint

__all__ = [
    "blueprint",
    "quality_follow_ups",
    "quality_inspections",
    "quality_results",
    "quality_rules",
    "quality_sheets",
]
