"""A report as values: what it says of each record and of the system, and the lists drawn from that.

Values go into JSON and come back the same. Counting is in ``gathering``, keeping in ``issuing``. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from defects.flow import DefectAction, DefectState
from portal.causes.voice.stretches import Rhythm, Stretch

#: How many records a list shows; whatever stands in none of the lists is not kept.
SHOWN = 10
OLDEST = 5
MOST_CHANGES = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One record. ``tickets``, ``recurred``, ``failed`` and ``returned`` are of the period, ``before`` of the
    one before it; ``total``, ``recurrences`` and ``failures`` of its whole life. ``failed`` counts 验证不通过
    of the record, ``returned`` of its tickets, ``parked`` people.
    """

    number: str
    title: str
    state: DefectState
    severity: int
    opened_on: date
    age: int
    module: str | None = None
    key: bool = False
    due_on: date | None = None
    tickets: int = 0
    before: int = 0
    total: int = 0
    recurrences: int = 0
    recurred: int = 0
    failures: int = 0
    failed: int = 0
    returned: int = 0
    parked: int = 0
    middle: str = ""
    back: str = ""
    open: bool = True
    overdue: bool = False

    @property
    def change(self) -> int:
        return self.tickets - self.before


@dataclass(frozen=True, slots=True)
class Change:
    """One step in a record's life within the period; no action: it was opened."""

    number: str
    title: str
    on: date
    action: DefectAction | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """The system as a whole; ``*_before`` are of the period before."""

    open: int = 0
    opened: int = 0
    ended: int = 0
    tickets: int = 0
    tickets_before: int = 0
    recurred: int = 0
    recurred_before: int = 0
    failed: int = 0
    failed_before: int = 0
    returned: int = 0
    returned_before: int = 0
    parked: int = 0
    overdue: int = 0
    unlinked: int = 0
    unlinked_before: int = 0
    groups: int = 0  # of such tickets that say the same; their words are for those who may open them

    @property
    def says_something(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Report:
    """What one system's report says; ``upto`` is the day after the last one that was counted."""

    system: str
    stretch: Stretch
    upto: date
    sums: Sums = Sums()
    lines: tuple[Line, ...] = ()
    changes: tuple[Change, ...] = ()
    more_changes: int = 0

    @property
    def is_whole(self) -> bool:
        """Is its period over?"""
        return self.upto >= self.stretch.after

    @property
    def top(self) -> list[Line]:
        """By tickets of the period, then of all time."""
        return self._some(lambda line: line.tickets or (line.open and line.total), _by_tickets)

    @property
    def recurring(self) -> list[Line]:
        return self._some(lambda line: line.recurred, lambda line: (-line.recurred, -line.recurrences))

    @property
    def failing(self) -> list[Line]:
        return self._some(
            lambda line: line.failed or line.returned,
            lambda line: (-line.failed - line.returned, -line.failures),
        )

    @property
    def overdue(self) -> list[Line]:
        return self._some(lambda line: line.overdue, lambda line: (line.due_on or date.max,))

    @property
    def waited_for(self) -> list[Line]:
        return self._some(lambda line: line.parked, lambda line: (-line.parked, -line.age))

    @property
    def oldest(self) -> list[Line]:
        return self._some(lambda line: line.open, lambda line: (-line.age,))[:OLDEST]

    def _some(
        self, wanted: Callable[[Line], object], order: Callable[[Line], tuple[int | date, ...]]
    ) -> list[Line]:
        found = [line for line in self.lines if wanted(line)]
        return sorted(found, key=lambda line: (*order(line), line.number))[:SHOWN]

    def trimmed(self) -> Report:
        """With those lines alone that stand in one of its lists."""
        lists = (self.top, self.recurring, self.failing, self.overdue, self.waited_for, self.oldest)
        shown = {line.number for some in lists for line in some}
        kept = tuple(line for line in self.lines if line.number in shown)
        more = max(0, len(self.changes) - MOST_CHANGES)
        return replace(self, lines=kept, changes=self.changes[:MOST_CHANGES], more_changes=more)


def _by_tickets(line: Line) -> tuple[int | date, ...]:
    return (-line.tickets, -line.total, line.severity)


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def as_json(report: Report) -> dict[str, Any]:
    """What is kept; the system and the period stand in columns of their own."""
    return {
        "upto": report.upto.isoformat(),
        "sums": asdict(report.sums),
        "lines": [_plain(line) for line in report.lines],
        "changes": [_plain(change) for change in report.changes],
        "more_changes": report.more_changes,
    }


def _plain(value: Line | Change) -> dict[str, Any]:
    return {
        name: kept.isoformat() if isinstance(kept, date) else kept for name, kept in asdict(value).items()
    }


def from_json(system: str, stretch: Stretch, kept: Mapping[str, Any]) -> Report:
    """The report as it was; what an older one did not count yet is nothing."""
    return Report(
        system=system,
        stretch=stretch,
        upto=date.fromisoformat(kept["upto"]),
        sums=Sums(**_known(Sums, kept["sums"])),
        lines=tuple(_line(row) for row in kept["lines"]),
        changes=tuple(_change(row) for row in kept["changes"]),
        more_changes=int(kept.get("more_changes", 0)),
    )


def _known(kind: type[Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name in kind.__dataclass_fields__}


def _line(kept: Mapping[str, Any]) -> Line:
    due = kept.get("due_on")
    days = {
        "opened_on": date.fromisoformat(kept["opened_on"]),
        "due_on": date.fromisoformat(due) if due else None,
    }
    return Line(**{**_known(Line, kept), **days, "state": DefectState(kept["state"])})


def _change(kept: Mapping[str, Any]) -> Change:
    action = kept.get("action")
    told = {"on": date.fromisoformat(kept["on"]), "action": DefectAction(action) if action else None}
    return Change(**{**_known(Change, kept), **told})


def stretch_from(rhythm: str, first: date, after: date) -> Stretch:
    return Stretch(Rhythm(rhythm), first, after)
