"""What the system made of one ticket of the made-up year, beside the truth; and what that amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.estimates import Estimate, rate
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
    """The alarm that this ticket raised or joined …"""
    alarmed: int | None
    """… and the record of which it says that its repair did not hold."""
    regression: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a year."""

    tickets: int
    linkable: int
    """Tickets with a written record behind them, filed after the first lesson."""
    links: Estimate | None
    """Of the links that the system made by itself: those that are right."""
    coverage: float
    promised: float | None
    """What the links were said to be worth when they were made: the mean of their probabilities."""
    alarms: Estimate | None
    """Of the alarms: those that are true."""
    regressions: int
    """Records whose repair did not hold and of which a ticket shows it."""
    found: int

    @property
    def false_alarms(self) -> float | None:
        return None if self.alarms is None else 1.0 - self.alarms.value


def figures_of(played: Sequence[Played]) -> Figures:
    late = [one for one in played if one.learned]
    linked = [one for one in late if one.linked is not None]
    right = sum(one.linked == one.cause for one in linked)
    linkable = sum(one.cause is not None for one in late)
    raised = {
        one.alarm: one for one in reversed(played) if one.alarm is not None
    }  # the ticket that raised it
    true = [one for one in raised.values() if one.regression and one.alarmed == one.cause]
    worth = [one.probability for one in linked]
    shown = {one.cause for one in played if one.regression and one.cause is not None}
    return Figures(
        tickets=len(played),
        linkable=linkable,
        links=rate(right, len(linked)),
        coverage=right / linkable if linkable else 0.0,
        promised=sum(worth) / len(worth) if worth else None,
        alarms=rate(len(true), len(raised)),
        regressions=len(shown),
        found=len({one.alarmed for one in true}),
    )
