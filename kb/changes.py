"""What differs between two revisions beside title and body: keywords, other ways of asking, where it belongs.

Values are those of the tables; the page names them. A revision of before facts were kept is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kb.models import Revision

#: In the order of a page.
LISTS = ("also", "keywords", "units")
FACTS = ("kind", "language", "system", "module", "category", "audience")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What one field lost and won; a single value that was replaced is both."""

    name: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def changed_fields(older: Revision, newer: Revision) -> Iterator[FieldChange]:
    """Every field beside title and body that is not the same in both."""
    for name in (*LISTS, *FACTS):
        before, after = _values(older, name), _values(newer, name)
        if before is None or after is None:
            continue
        removed = tuple(value for value in before if value not in after)
        added = tuple(value for value in after if value not in before)
        if removed or added:
            yield FieldChange(name, removed, added)


def _values(revision: Revision, name: str) -> Sequence[str] | None:
    """The values of a field, or None when the revision doesn't know it."""
    if name in ("also", "keywords"):
        return list(getattr(revision, name))
    if name not in revision.facts:
        return None
    value: Any = revision.facts[name]
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)] if value else []
