"""The first sheet of an XLSX workbook as rows; openpyxl's one door for reading.

A workbook is a zip of XML: what it unpacks to is checked against limits before openpyxl sees it.
Formula cells are refused, because what they show is not in the file for certain.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from indexer.words import N_
from kb.importing.cells import header_of, row_of
from kb.importing.outcome import BadFile, Row
from kb.importing.packages import check_package

LARGEST_PART = 512 * 1024 * 1024
BROKEN = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, ParseError, EOFError)


def read_sheet(name: str, content: bytes) -> Iterator[Row]:
    """Rows of the first sheet; raises :class:`BadFile`."""
    columns: list[str] = []
    for number, cells in enumerate(_cells(name, content), start=1):
        if not columns:
            if any(cell.value not in (None, "") for cell in cells):
                columns = header_of(name, [cell.value for cell in cells])
            continue
        values = [_value(cell) for cell in cells]
        if not any(value not in (None, "") for value in values):
            continue
        row = row_of(name, number, columns, values)
        formula = next((cell for cell in cells if cell.data_type == "f"), None)
        if formula is not None:
            fault = N_("单元格 %(cell)s 是公式，请先粘贴为数值。") % {"cell": formula.coordinate}
            row = Row(name, number, row.values, fault)
        yield row
    if not columns:
        raise BadFile(N_("%(name)s 是空的，第一行要有列名。") % {"name": name})


def _cells(name: str, content: bytes) -> Iterator[Sequence[Any]]:
    check_package(name, content, what=N_("XLSX 工作簿"), largest_part=LARGEST_PART)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a read-only sheet has it; its claim may lie
        yield from sheet.iter_rows()
        book.close()
    except (*BROKEN, IndexError) as fault:
        raise BadFile(N_("%(name)s 不是能读的 XLSX 工作簿。") % {"name": name}) from fault


def _value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != datetime.min.time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
