"""One reader for CSV, XLSX and JSONL, each also gzipped, and folders of Markdown.

Row numbers are those a person sees: a table's header is row 1, a JSONL file starts with line 1.
Sizes are bounded before anything is unpacked. The invariant: whatever bytes come in, what comes out
is rows or one :class:`BadFile` sentence.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from indexer.words import N_
from kb.importing import pages, sheets
from kb.importing.cells import header_of, row_of
from kb.importing.outcome import BadFile, Row

ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "utf-16")
LARGEST_FILE = 1024 * 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024
FORMATS = N_("可以导入 CSV、XLSX、JSONL（都可再压成 .gz），或一个 Markdown 文件夹。")
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx")


def read_rows(path: Path, *, encoding: str = "utf-8") -> Iterator[Row]:
    """Every row of one file or folder, in order; raises :class:`BadFile`."""
    if path.is_dir():
        yield from pages.read_folder(path)
        return
    kind = _kind(path)
    try:
        if kind == ".xlsx":
            yield from sheets.read_sheet(path.name, _whole(path))
        elif kind == ".md":
            yield from pages.read_file(path)
        elif kind in (".jsonl", ".ndjson"):
            yield from _json_lines(path, encoding)
        else:
            yield from _table(path, encoding)
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise BadFile(N_("%(name)s 不是完整的 gzip 压缩文件。") % {"name": path.name}) from fault
    except UnicodeError as fault:
        raise BadFile(_wrong_encoding(path, encoding)) from fault
    except OSError as fault:
        raise BadFile(
            N_("读不了 %(name)s：%(why)s。") % {"name": path.name, "why": fault.strerror}
        ) from fault


def _kind(path: Path) -> str:
    if not path.exists():
        raise BadFile(N_("找不到文件 %(name)s。") % {"name": path})
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else (suffixes or [""])[-1]
    if kind not in (*SUFFIXES, ".md"):
        raise BadFile(N_("不认识 %(name)s 的格式。%(formats)s") % {"name": path.name, "formats": FORMATS})
    return kind


def _wrong_encoding(path: Path, encoding: str) -> str:
    sentence = N_("%(name)s 不是 %(encoding)s 编码。请另存为“CSV UTF-8”，或用 --encoding 指明它的编码。")
    return sentence % {"name": path.name, "encoding": encoding.upper()}


class _Bounded(io.RawIOBase):
    """Counts what comes out of a file, so that a gzip bomb ends as a sentence."""

    def __init__(self, stream: Any, name: str) -> None:
        self._stream, self._name, self._left = stream, name, LARGEST_FILE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise BadFile(
                N_("%(name)s 解开后超过 %(limit)s MB，请分成几个文件。")
                % {"name": self._name, "limit": LARGEST_FILE >> 20}
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _stream(path: Path) -> io.BufferedReader:
    raw = gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115
    return io.BufferedReader(_Bounded(raw, path.name), 1 << 20)


def _whole(path: Path) -> bytes:
    with _stream(path) as stream:
        return stream.read()


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    stream = _stream(path)
    start = stream.peek(4)[:4]
    if start.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    elif start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    return io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")


# ── JSON lines ───────────────────────────────────────────────────────────────────────────────────


def _json_lines(path: Path, encoding: str) -> Iterator[Row]:
    with _text(path, encoding) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise BadFile(N_("%(name)s 第 %(line)s 行过长。") % {"name": path.name, "line": number})
            if line.strip():
                yield _json_row(path.name, number, line)


def _json_row(name: str, number: int, line: str) -> Row:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return Row(name, number, {"line": line.strip()[:500]}, N_("这一行不是合法的 JSON。"))
    if not isinstance(values, dict):
        return Row(name, number, {"line": line.strip()[:500]}, N_("这一行不是 JSON 对象（{…}）。"))
    return Row(name, number, values)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def _table(path: Path, encoding: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_LINE)
    with _text(path, encoding) as file:
        header = file.readline(LONGEST_LINE)
        if not header:
            raise BadFile(N_("%(name)s 是空的，第一行要有列名。") % {"name": path.name})
        reader = csv.reader(chain([header], file), delimiter=_delimiter(header, path), strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                if number == 1:
                    columns = header_of(path.name, cells)
                elif any(cell.strip() for cell in cells):
                    yield row_of(path.name, number, columns, cells)
        except csv.Error as fault:
            raise BadFile(
                N_("%(name)s 第 %(line)s 行之后的 CSV 引号不成对或单元格过大。")
                % {"name": path.name, "line": number}
            ) from fault


def _delimiter(header: str, path: Path) -> str:
    if ".tsv" in [suffix.lower() for suffix in path.suffixes]:
        return "\t"
    return max(",;\t", key=header.count)
