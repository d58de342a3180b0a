"""What an import did, which rows it could not take, and what it has to say about those it took.

The invariant: every row read is counted once, as new, changed, unchanged or refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from indexer.words import N_
from kb.importing.entries import Find


class Fate(StrEnum):
    """What becomes of one thing that a file brings."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


#: Files that are one row each.
WHOLE = (".md", ".markdown", ".html", ".htm", ".docx")

FATE_LABELS = {
    Fate.NEW: N_("新增"),
    Fate.CHANGED: N_("更新"),
    Fate.UNCHANGED: N_("不变"),
    Fate.REFUSED: N_("不能导入"),
}


class BadFile(Exception):
    """The file or the plan can't be used at all; the message is one sentence for the person."""


class BadRow(Exception):
    """This row can't be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the file has it. ``fault`` says why it could not even be read.

    ``find`` follows the row's relative links; ``remarks`` is what the reader has to say about it;
    ``part`` names the place in the file where "row" is not the word for it.
    """

    file: str
    number: int
    values: Mapping[str, Any]
    fault: str = ""
    find: Find | None = field(default=None, compare=False, repr=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    part: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """Where a person finds it: a page is a row of its own."""
        if not self.part and self.number == 1 and self.file.lower().endswith(WHOLE):
            return self.file
        return f"{self.file} {self.part or f'第 {self.number} 行'}"


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


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the report: what became of one thing."""

    row: Row
    fate: Fate
    number: str = ""
    title: str = ""
    sentence: str = ""


@dataclass(slots=True)
class Outcome:
    """The counts of one import, added up as it goes."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def refuse(self, row: Row, reason: str) -> None:
        self.faults.append(Fault(row, reason))

    def remark(self, row: Row, sentence: str) -> None:
        """Something that a person should know of a row that was taken all the same."""
        self.remarks.append(Fault(row, sentence))

    def count(self, row: Row, fate: Fate, *, number: str = "", title: str = "") -> None:
        """One thing more that was taken."""
        setattr(self, fate.value, getattr(self, fate.value) + 1)
        self.told.append(Told(row, fate, number, title))

    def as_dict(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": len({(fault.row.file, fault.row.number) for fault in self.faults}),
            "faults": [fault.as_dict() for fault in self.faults],
            "remarks": [remark.as_dict() for remark in self.remarks],
        }
