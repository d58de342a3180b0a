"""Which of the counts of an hour are bursts, within the week's budget of false alarms. Pure.

The budget is divided into three: what systems are told, what is searched in vain, what the wall's groups say.
Within the first two a series has the more of it the more it usually brings; the groups share theirs equally.
The invariant: nobody's part depends on the count that is judged, so that the parts add up to the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portal.causes.bursts.chances import (
    BUDGET,
    LOOKS_A_WEEK,
    chance_against_system,
    chance_against_weeks,
    spread,
    worth_a_look,
)
from portal.causes.bursts.counting import Counted, Counts
from portal.causes.bursts.models import Series

PARTS = {Series.SYSTEM: 0.5, Series.SEARCHES: 0.25, Series.GROUP: 0.25}
#: A burst goes on while its count is less probable than this: it was an alarm already.
GOES_ON = 0.02
#: With fewer like hours nothing is known of what is usual.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Alarm:
    """A count that is clearly above what is usual."""

    series: Series
    system_id: int
    group_id: int | None
    count: int
    usual: float
    before: tuple[int, ...]
    chance: float
    is_new: bool
    """Improbable enough to begin a burst; else it is enough to go on with one."""

    @property
    def key(self) -> tuple[Series, int]:
        return (self.series, self.group_id or self.system_id)


def judged(counted: Counted) -> list[Alarm]:
    """What is above the usual; groups first, and what they explain is taken from their system's count."""
    groups = list(_groups(counted))
    explained: dict[int, int] = {}
    for alarm in groups:
        if alarm.is_new:
            explained[alarm.system_id] = explained.get(alarm.system_id, 0) + alarm.count
    tickets = {
        system: Counts(max(0, counts.now - explained.get(system, 0)), counts.before)
        for system, counts in counted.tickets.items()
    }
    return [
        *groups,
        *_against_weeks(Series.SYSTEM, tickets),
        *_against_weeks(Series.SEARCHES, counted.searches),
    ]


def part_of(series: Series, weight: float, whole: float) -> float:
    """The chance below which a count of this series is an alarm."""
    return BUDGET * PARTS[series] / LOOKS_A_WEEK * weight / whole


def _against_weeks(series: Series, found: Mapping[int, Counts]) -> Iterator[Alarm]:
    differing = spread(counts.before for counts in found.values())
    whole = sum(sum(counts.before) + 1 for counts in found.values())
    for system, counts in found.items():
        if len(counts.before) < FEWEST or not worth_a_look(counts.now, counts.usual):
            continue
        chance = chance_against_weeks(counts.now, counts.before, differing=differing)
        allowed = part_of(series, sum(counts.before) + 1, whole)
        if chance < max(GOES_ON, allowed):
            yield Alarm(
                series, system, None, counts.now, counts.usual, counts.before, chance, chance < allowed
            )


def _groups(counted: Counted) -> Iterator[Alarm]:
    allowed = part_of(Series.GROUP, 1, max(1, counted.group_series))
    for group, counts in counted.groups.items():
        if not worth_a_look(counts.now, counts.usual):
            continue
        chance = chance_against_system(counts.now, counts.whole, counts.system_now, counts.system_whole)
        if chance < max(GOES_ON, allowed):
            yield Alarm(
                Series.GROUP,
                counts.system_id,
                group,
                counts.now,
                counts.usual,
                (),
                chance,
                chance < allowed,
            )
