"""Files to import, written the way people and other systems write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kb.importing.outcome import Row

Write = Callable[..., Path]


@pytest.fixture
def lines(tmp_path: Path) -> Write:
    """Write a JSONL file out of dicts."""

    def write(*rows: Mapping[str, Any], name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return path

    return write


def rows_of(*values: Mapping[str, Any]) -> list[Row]:
    """Rows as a reader would give them, numbered like a table's."""
    return [Row("rows.csv", number, given) for number, given in enumerate(values, start=2)]


def reasons(outcome: Any) -> Sequence[str]:
    return [f"{fault.row.number}: {fault.reason}" for fault in outcome.faults]
