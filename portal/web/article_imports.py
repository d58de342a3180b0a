"""Bringing articles in and taking them out under one blueprint; each module adds its views when read."""

from __future__ import annotations

from portal.web import article_exports, article_previews
from portal.web.article_uploads import blueprint

__all__ = ["article_exports", "article_previews", "blueprint"]
