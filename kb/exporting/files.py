"""One writer for every format; a file appears whole or not at all.

The columns are the import's own field names. Lists are JSON lists, or one item on each line of a cell.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import yaml
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from indexer.words import N_
from kb.importing.cells import guarded
from kb.importing.fields import LISTED
from kb.importing.outcome import BadFile

CELL_LIMIT = 32_767  # Excel's; it would cut the rest off without a word
#: What only articles can be exported as: pages with their files, in a folder or in an archive.
BUNDLES = {"markdown": "markdown", "markdown.zip": "markdown", "html.zip": "html"}

Rows = Iterable[Mapping[str, Any]]


def format_of(path: Path) -> str:
    """The format that a file's name asks for; a name without a suffix is a folder of Markdown."""
    if path.name.lower().endswith(".zip"):
        return "html.zip" if path.name.lower().endswith(".html.zip") else "markdown.zip"
    name = path.name.lower().removesuffix(".gz")
    for kind in ("csv", "xlsx", "jsonl"):
        if name.endswith(f".{kind}"):
            return kind
    if not path.suffix or path.is_dir():
        return "markdown"
    raise BadFile(
        N_(
            "不认识 %(name)s 的格式。可以导出 .csv、.xlsx、.jsonl（都可再加 .gz），"
            "或一个 Markdown 文件夹、.zip 压缩包（.html.zip 里是网页）。"
        )
        % {"name": path.name}
    )


def write_file(path: Path, columns: Sequence[str], rows: Rows) -> int:
    """Write the rows and return how many; raises :class:`BadFile`."""
    kind = format_of(path)
    try:
        if kind == "markdown":
            return write_folder(path, columns, rows)
        return whole_or_not(path, lambda stream: WRITERS[kind](stream, columns, rows))
    except OSError as fault:
        raise BadFile(N_("写不了 %(name)s：%(why)s。") % {"name": path, "why": fault.strerror}) from fault


def whole_or_not(path: Path, write: Callable[[IO[bytes]], int]) -> int:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    place = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            if path.suffix.lower() == ".gz":
                with gzip.GzipFile(fileobj=raw, mode="wb", filename="") as packed:
                    count = write(packed)  # type: ignore[arg-type]
            else:
                count = write(raw)
        place.chmod(0o640)
        place.replace(path)
    finally:
        place.unlink(missing_ok=True)
    return count


# ── cells ────────────────────────────────────────────────────────────────────────────────────────


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, (tuple, list)) else value


def cell(value: Any) -> str:
    """A value as a table has it, safe from being read as a formula."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return guarded(listed([str(item).replace("\n", " ") for item in value]))
    return guarded(str(value))


def listed(items: Sequence[str]) -> str:
    """One item on each line; a lone one that holds a comma ends its line, so that it stays one."""
    lone = len(items) == 1 and LISTED.search(items[0])
    return "\n".join(items) + ("\n" if lone else "")


# ── formats ──────────────────────────────────────────────────────────────────────────────────────


def write_csv(stream: IO[bytes], columns: Sequence[str], rows: Rows) -> int:
    """UTF-8 with a byte-order mark, because that is how Excel knows Chinese."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for row in rows:
        count += 1
        writer.writerow([cell(row.get(column)) for column in columns])
    text.flush()
    text.detach()
    return count


def write_jsonl(stream: IO[bytes], columns: Sequence[str], rows: Rows) -> int:
    count = 0
    for row in rows:
        count += 1
        line = {column: plain(row.get(column)) for column in columns}
        stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return count


def write_xlsx(stream: IO[bytes], columns: Sequence[str], rows: Rows) -> int:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("tierdesk")
    sheet.append(list(columns))
    count = 0
    try:
        for row in rows:
            count += 1
            sheet.append([_text_cell(sheet, cell(row.get(column)), count) for column in columns])
    except BaseException:
        sheet.close()  # or openpyxl complains on standard error when the half-written sheet is collected
        raise
    book.save(stream)
    return count


def _text_cell(sheet: Any, words: str, number: int) -> Any:
    words = ILLEGAL_CHARACTERS_RE.sub("", words)
    if len(words) > CELL_LIMIT:
        raise BadFile(
            N_("第 %(number)s 条有一格超过 Excel 的上限 %(limit)s 个字符，请导出 JSONL 或 Markdown。")
            % {"number": number, "limit": CELL_LIMIT}
        )
    made = WriteOnlyCell(sheet, value=words)
    made.data_type = "s"  # whatever it looks like, it is text
    return made


WRITERS: dict[str, Callable[[IO[bytes], Sequence[str], Rows], int]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "xlsx": write_xlsx,
}


def write_folder(folder: Path, columns: Sequence[str], rows: Rows) -> int:
    """One Markdown file for each row, named by its number; the words alone, see ``bundles`` for the files."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for row in rows:
        count += 1
        path = folder / f"{row['number']}.{row['language']}.md"
        path.write_text(page_of(columns, row), encoding="utf-8", newline="\n")
    return count


def page_of(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    """A row as a Markdown page; the columns but the body are front matter."""
    matter = {column: plain(row.get(column)) for column in columns if column != "body"}
    matter = {column: value for column, value in matter.items() if value not in (None, "", [])}
    text = yaml.safe_dump(matter, allow_unicode=True, sort_keys=False, width=200)
    return f"---\n{text}---\n{row['body']}\n"
