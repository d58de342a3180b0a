"""What came of a made-up year, counted against its truth.

The system's own alarms, what it only proposed, and what people raised by a link are counted apart: people
slip as well, and the system answers for its own word alone. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.estimates import Estimate, rate
from portal.sample.truth.alarmed import Raised, Word
from portal.sample.truth.played import Played


@dataclass(frozen=True, slots=True)
class Figures:
    tickets: int
    linkable: int
    """Tickets with a written record behind them, filed after the first lesson."""
    links: Estimate | None
    """Of the links that the system made by itself: those that are right."""
    coverage: float
    promised: float | None
    """What the links were said to be worth when they were made: the mean of their probabilities."""
    alarms: Estimate | None
    """Of the alarms by which the system opened a record by itself: those that are true …"""
    by_people: Estimate | None
    """… of those by which a person's link opened one …"""
    opened: Estimate | None
    """… of both …"""
    proposed: Estimate | None
    """… and of those that only asked people and touched nothing."""
    regressions: int
    """Records whose repair did not hold and of which a ticket shows it …"""
    found: int
    """… those of which the system said so, aloud or quietly …"""
    known: int
    """… and those of which the desk came to know, by whomever."""

    @property
    def false_alarms(self) -> float | None:
        """On whoever's word."""
        return None if self.opened is None else 1.0 - self.opened.value


def figures_of(played: Sequence[Played], raised: Sequence[Raised]) -> Figures:
    late = [one for one in played if one.learned]
    linked = [one for one in late if one.linked is not None]
    right = sum(one.linked == one.cause for one in linked)
    linkable = sum(one.cause is not None for one in late)
    worth = [one.probability for one in linked]
    shown = {one.cause for one in played if one.regression and one.cause is not None}
    true = [one for one in raised if one.true]
    return Figures(
        tickets=len(played),
        linkable=linkable,
        links=rate(right, len(linked)),
        coverage=right / linkable if linkable else 0.0,
        promised=sum(worth) / len(worth) if worth else None,
        alarms=_true(raised, Word.SYSTEM),
        by_people=_true(raised, Word.PERSON),
        opened=_true(raised, Word.SYSTEM, Word.PERSON),
        proposed=_true(raised, Word.PROPOSED),
        regressions=len(shown),
        found=len({one.record for one in true if one.word is not Word.PERSON}),
        known=len({one.record for one in true}),
    )


def _true(raised: Sequence[Raised], *words: Word) -> Estimate | None:
    theirs = [one for one in raised if one.word in words]
    return rate(sum(one.true for one in theirs), len(theirs))
