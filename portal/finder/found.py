"""What the finder gives back: frozen values made from rows that the viewer may see.

No query and no rule lives here. The invariant: a ``Result`` carries nothing that came out of the
index but its rank, its probability and its reasons; words come from the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime

from defects.models import Defect
from indexer.document import Mode, Reason
from kb.models import Article
from portal.faults.models import Announcement, FaultEvent
from portal.tickets.models import Ticket
from portal.tickets.words import Category

Subject = Article | Defect | Ticket | Announcement | FaultEvent
Segment = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Result:
    """One thing found, as this viewer may see it."""

    kind: str
    id: int
    ref: str
    title: str
    _: KW_ONLY
    snippet: tuple[Segment, ...] = ()
    """Text and whether it is marked, in order; put together they are a passage of the current text."""
    probability: float = 0.0
    trusted: bool = False
    why: tuple[Reason, ...] = ()
    system: str | None = None
    module: str | None = None
    state: str = ""
    language: str = "zh"
    updated_at: datetime
    subject: Subject
    counted: bool = False
    """Was the probability counted on this desk's own judgements? Until then nobody is shown a percentage."""
    certain: bool = False
    """For the likely defects of a ticket: measured precision allows to link it without asking anybody."""
    linked: bool = False
    """For the likely defects of a ticket: this is the one it is linked to now."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to one search. ``total`` and ``facets`` count only what this viewer may see."""

    results: tuple[Result, ...] = ()
    mode: Mode = Mode.UNAVAILABLE
    announcements: tuple[Announcement, ...] = ()
    """Live ones about the systems concerned, for this viewer; shown before everything else."""
    trusted: bool = False
    """Does at least one result deserve to be called an answer? If not, the page says so."""
    total: int = 0
    facets: Mapping[str, list[tuple[str, int]]] = field(default_factory=dict)
    calibration: str = ""
    """Which calibration made the probabilities …"""
    counted: bool = False
    """… and whether it was learned from this desk's own judgements."""

    @property
    def degraded(self) -> bool:
        return self.mode == Mode.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Guess:
    """One proposed value with the share of the evidence that speaks for it."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a text is probably about; None where the evidence doesn't say."""

    system: Guess | None = None
    module: Guess | None = None
    category: Guess | None = None

    @property
    def category_of_ticket(self) -> Category | None:
        return Category(self.category.value) if self.category else None
