"""What was accepted and committed, told by those who did it: the second opinion on the trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from portal.tickets.words import Action


@dataclass(frozen=True, slots=True)
class Deed:
    """One accepted deed. ``action`` None: talk, which leaves no trail entry; then ``note`` says what kind."""

    ticket: int
    action: Action | None
    by: int | None
    note: str


@dataclass
class Chronicle:
    """Every committed deed, in the order of the commits; rolled back ones never come here."""

    deeds: list[Deed] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def accept(self, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            self.deeds.append(deed)
            if deed.action == Action.FILE:
                self.numbers.append(deed.ticket)

    def moves(self) -> dict[int, list[tuple[Action, int | None, str]]]:
        found: dict[int, list[tuple[Action, int | None, str]]] = defaultdict(list)
        for deed in self.deeds:
            if deed.action is not None:
                found[deed.ticket].append((deed.action, deed.by, deed.note))
        return found

    def said(self, kind: str) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for deed in self.deeds:
            if deed.action is None and deed.note == kind:
                found[deed.ticket] += 1
        return found
