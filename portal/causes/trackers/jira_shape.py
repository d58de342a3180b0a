"""Our records as a CSV that Jira's importer takes: a column for each version, its own words for states.

The invariant: no cell can be taken for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from defects.flow import DefectState
from defects.models import Defect
from kb.importing.cells import guarded

S = DefectState
#: State → (status, resolution).
STATES: Mapping[DefectState, tuple[str, str]] = {
    S.SUSPECTED: ("Open", ""),
    S.CONFIRMED: ("Open", ""),
    S.IN_PROGRESS: ("In Progress", ""),
    S.FIXED: ("Resolved", "Fixed"),
    S.VERIFIED: ("Verified", "Fixed"),
    S.CLOSED: ("Closed", "Fixed"),
    S.DUPLICATE: ("Closed", "Duplicate"),
    S.NOT_A_DEFECT: ("Closed", "Not a Bug"),
}
PRIORITIES = {1: "Highest", 2: "High", 3: "Medium", 4: "Low"}
ONCE = (
    "Issue key",
    "Summary",
    "Issue Type",
    "Status",
    "Resolution",
    "Priority",
    "Project name",
    "Component/s",
    "Due Date",
    "Description",
    "Outward issue link (Duplicate)",
)
AFFECTS, FIXED, LABEL = "Affects Version/s", "Fix Version/s", "Labels"


def write(stream: IO[bytes], records: Sequence[Defect]) -> int:
    """Every record; how many columns there are for versions and codes depends on the longest."""
    affects = max((len(row.affected) for row in records), default=0)
    labels = max((len(row.codes) for row in records), default=0)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([*ONCE, FIXED, *[AFFECTS] * affects, *[LABEL] * labels])
    for row in records:
        several = (*_padded(row.affected, affects), *_padded(row.codes, labels))
        writer.writerow([guarded(cell) for cell in (*_once(row), row.fixed_in or "", *several)])
    text.flush()
    text.detach()
    return len(records)


def _once(row: Defect) -> Iterator[str]:
    status, resolution = STATES[row.state]
    original = row.duplicate_of.number if row.state == S.DUPLICATE and row.duplicate_of else ""
    cells: Iterable[Any] = (
        row.number,
        row.title,
        "Bug",
        status,
        resolution,
        PRIORITIES[row.severity],
        row.system,
        row.module or "",
        row.due_on or "",
        "\n\n".join(filter(None, ("\n".join(row.symptoms), row.reproduce))),
        original,
    )
    return map(str, cells)


def _padded(values: Sequence[str], width: int) -> list[str]:
    return [*values, *[""] * (width - len(values))]
