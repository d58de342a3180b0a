"""What an import did, and which rows it could not take.

The invariant: every row read is counted once, as new, changed, unchanged or refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class BadFile(Exception):
    """The file or the plan can't be used at all; the message is one sentence for the person."""


class BadRow(Exception):
    """This row can't be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the file has it. ``fault`` says why it could not even be read."""

    file: str
    number: int
    values: Mapping[str, Any]
    fault: str = ""

    @property
    def place(self) -> str:
        return f"{self.file} 第 {self.number} 行"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to load: its row, and our own field names with the row's raw values."""

    row: Row
    fields: Mapping[str, Any]
    table: int = 0  # which table of the plan made it


@dataclass(frozen=True, slots=True)
class Fault:
    row: Row
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {"file": self.row.file, "row": self.row.number, "reason": self.reason}


@dataclass(slots=True)
class Outcome:
    """The counts of one import, added up as it goes."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, row: Row, reason: str) -> None:
        self.faults.append(Fault(row, reason))

    def as_dict(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": len({(fault.row.file, fault.row.number) for fault in self.faults}),
            "faults": [fault.as_dict() for fault in self.faults],
        }
