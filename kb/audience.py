"""Who may read what, as tokens: one rule used by pages, search and the API.

A document carries tokens, a viewer holds tokens, and the viewer may see the document when the two
sets meet. The invariant: a viewer who holds nothing sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from indexer.words import N_


class Audience(StrEnum):
    """For whom a text is written; a wider audience includes the narrower ones' readers."""

    EVERYONE = "everyone"
    STAFF = "staff"
    EXPERTS = "experts"


AUDIENCE_LABELS = {
    Audience.EVERYONE: N_("所有人"),
    Audience.STAFF: N_("服务台人员"),
    Audience.EXPERTS: N_("专家与后台"),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking, reduced to what visibility depends on.

    ``units`` holds the codes of the viewer's home unit and of every unit above it, so that a text
    for a province is seen in its bureaus. ``extra`` holds tokens that layers above have granted.
    """

    person_id: int | None = None
    levels: frozenset[Audience] = frozenset({Audience.EVERYONE})
    units: frozenset[str] = frozenset()
    extra: frozenset[str] = field(default=frozenset())

    @property
    def tokens(self) -> frozenset[str]:
        """Every token this viewer holds."""
        bound = {f"{level}@{unit}" for level in self.levels for unit in self.units}
        return frozenset({str(level) for level in self.levels} | bound | self.extra)


def tokens_of(audience: Audience, units: Iterable[str]) -> frozenset[str]:
    """The tokens of a text for ``audience``, narrowed to ``units`` when any are named."""
    bound = frozenset(f"{audience}@{unit}" for unit in units)
    return bound or frozenset({str(audience)})
