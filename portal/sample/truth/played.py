"""What the system made of one ticket of the made-up year, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sample.truth.plan import Report


@dataclass(frozen=True, slots=True)
class Played:
    """``cause`` is the record behind the ticket, if it was written by then; the system was not told."""

    report: Report
    ticket: int
    cause: int | None
    linked: int | None
    probability: float
    learned: bool
    """Had the desk learned enough by then to link by itself?"""
    alarm: int | None
    """The alarm that this ticket raised or joined, if that was more than a quiet proposal."""
    regression: bool
