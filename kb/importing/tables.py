"""CSV and JSON lines as rows, also gzipped. XLSX has a door of its own, ``sheets``.

The invariant: no more is held in memory than one line, and no more comes out of a file than the limit.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from indexer.words import N_
from kb.importing.bounds import Bounded
from kb.importing.cells import header_of, row_of
from kb.importing.entries import Entry
from kb.importing.outcome import BadFile, Row

LARGEST_FILE = 1024 * 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024
LOOKED_AT = 1 << 20


def _stream(entry: Entry) -> io.BufferedReader:
    raw: Any = entry.open()
    if entry.name.lower().endswith(".gz"):
        raw = gzip.GzipFile(fileobj=raw, mode="rb")
    return io.BufferedReader(Bounded(raw, entry.name, limit=LARGEST_FILE), LOOKED_AT)


def whole(entry: Entry) -> bytes:
    """Everything in it, unpacked."""
    with _stream(entry) as stream:
        return stream.read()


def _text(entry: Entry, encoding: str) -> io.TextIOWrapper:
    stream = _stream(entry)
    start = stream.peek(LOOKED_AT)
    if start.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    elif start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif encoding == "auto":
        encoding = "utf-8" if _begins_as_utf8(start) else "gb18030"
    return io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")


def _begins_as_utf8(start: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


# ── JSON lines ───────────────────────────────────────────────────────────────────────────────────


def read_lines(entry: Entry, encoding: str) -> Iterator[Row]:
    """One object on each line."""
    with _text(entry, encoding) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise BadFile(N_("%(name)s 第 %(line)s 行过长。") % {"name": entry.name, "line": number})
            if line.strip():
                yield _json_row(entry.name, number, line)


def _json_row(name: str, number: int, line: str) -> Row:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return Row(name, number, {"line": line.strip()[:500]}, N_("这一行不是合法的 JSON。"))
    if not isinstance(values, dict):
        return Row(name, number, {"line": line.strip()[:500]}, N_("这一行不是 JSON 对象（{…}）。"))
    return Row(name, number, values)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def read_table(entry: Entry, encoding: str) -> Iterator[Row]:
    """Columns divided by comma, semicolon or tab; the first row names them."""
    csv.field_size_limit(LONGEST_LINE)
    with _text(entry, encoding) as file:
        header = file.readline(LONGEST_LINE)
        if not header:
            raise BadFile(N_("%(name)s 是空的，第一行要有列名。") % {"name": entry.name})
        reader = csv.reader(chain([header], file), delimiter=_delimiter(header, entry.name), strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                if number == 1:
                    columns = header_of(entry.name, cells)
                elif any(cell.strip() for cell in cells):
                    yield row_of(entry.name, number, columns, cells)
        except csv.Error as fault:
            raise BadFile(
                N_("%(name)s 第 %(line)s 行之后的 CSV 引号不成对或单元格过大。")
                % {"name": entry.name, "line": number}
            ) from fault


def _delimiter(header: str, name: str) -> str:
    if name.lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    return max(",;\t", key=header.count)
