"""The cells of a table: column names, one row's values, and the guard that keeps texts from being formulas.

Shared by everything that reads or writes tables, whatever the file format; nothing is opened here.
"""

from __future__ import annotations

from typing import Any

from indexer.words import N_
from kb.importing.outcome import BadFile, Row

MOST_COLUMNS = 500
#: Full-width ones too: some spreadsheets take them for the plain sign.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: What spreadsheets pass over before they look whether a cell is a formula.
PASSED_OVER = "' \u3000\u00a0\ufeff"


def header_of(name: str, cells: list[Any]) -> list[str]:
    """The column names of a table; a table without them can't be read."""
    columns = [str(cell).strip() if cell is not None else "" for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    doubled = next((column for column in columns if column and columns.count(column) > 1), None)
    if not any(columns) or len(columns) > MOST_COLUMNS:
        raise BadFile(N_("%(name)s 的第一行没有列名。") % {"name": name})
    if doubled:
        raise BadFile(N_("%(name)s 有两列都叫“%(column)s”。") % {"name": name, "column": doubled})
    return columns


def row_of(name: str, number: int, columns: list[str], cells: list[Any]) -> Row:
    """One row of a table; missing cells at its end are empty, surplus ones are a fault."""
    values = dict(zip(columns, [unguarded(cell) for cell in cells], strict=False))
    values.pop("", None)
    surplus = any(cell not in (None, "") for cell in cells[len(columns) :])
    fault = N_("这一行的格子比表头多，可能有没加引号的分隔符。") if surplus else ""
    return Row(name, number, values, fault)


def unguarded(cell: Any) -> Any:
    """Take off the quote with which exports keep a cell from being read as a formula."""
    if isinstance(cell, str) and cell.startswith("'") and _looks_like_formula(cell):
        return cell[1:]
    return cell


def guarded(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; ``unguarded`` takes it back."""
    return f"'{cell}" if _looks_like_formula(cell) else cell


def _looks_like_formula(text: str) -> bool:
    return text.lstrip(PASSED_OVER).startswith(FORMULA_STARTS)
