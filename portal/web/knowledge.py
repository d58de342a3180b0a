"""Every room of the editors' desk under its one blueprint; each module adds its views when it is read."""

from __future__ import annotations

from portal.web import knowledge_life, knowledge_typing, knowledge_writing
from portal.web.knowledge_pages import blueprint

__all__ = ["blueprint", "knowledge_life", "knowledge_typing", "knowledge_writing"]
