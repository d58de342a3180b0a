"""What the values of an item are called where people compare it: labels for codes, names for places.

The invariant: what has no name is told as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from defects.models import SEVERITY_LABELS, DefectType
from kb.audience import Audience
from kb.models import ArticleKind
from portal.packs.compared import Spoken
from portal.tickets.words import Category
from portal.web.labels import label, translated

CHOICES: Mapping[str, type[StrEnum]] = {
    "kind": ArticleKind,
    "audience": Audience,
    "category": Category,
    "type": DefectType,
}
LANGUAGES = {"zh": "中文", "en": "English"}
#: Fields that name a place, and the kind of place.
PLACES = {"system": "system", "units": "unit"}


def spoken(names: Mapping[str, Mapping[str, str]]) -> Spoken:
    """How one side tells its values; ``names``: kind of place → code → name, as that side calls them."""

    def told(name: str, value: str, whole: Mapping[str, Any]) -> str:
        if name in CHOICES:
            choices = CHOICES[name]
            return label(choices(value)) if value in set(choices) else value
        if name in PLACES:
            return names.get(PLACES[name], {}).get(value, value)
        if name == "severity":
            return translated(SEVERITY_LABELS.get(int(value), value)) if value.isdecimal() else value
        if name == "module":
            return names.get("module", {}).get(f"{whole.get('system')}/{value}", value)
        return LANGUAGES.get(value, value) if name == "language" else value

    return told
