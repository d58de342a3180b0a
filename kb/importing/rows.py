"""One reader for every format: tables (CSV, XLSX, JSONL, each also gzipped), pages (Markdown, HTML, Word),
and folders and ZIP archives of them.

Row numbers are those a person sees: a table's header is row 1, a JSONL file starts with line 1.
Sizes are bounded before anything is unpacked. The invariant: whatever bytes come in, what comes out
is rows or one :class:`BadFile` sentence.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.words import N_
from kb.importing import archives, documents, folders, pages, sheets, tables, web_pages
from kb.importing.entries import Entry, Find
from kb.importing.folders import Folder
from kb.importing.inlined import either
from kb.importing.outcome import BadFile, Row

#: ``auto``: UTF-8 when the beginning is, else GB18030.
ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "utf-16", "auto")
FORMATS = N_(
    "可以导入 CSV、XLSX、JSONL（都可再压成 .gz），知识还可以是 Markdown、HTML、Word（.docx）文件，"
    "或者装着它们的文件夹、ZIP 压缩包。"
)
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx")
PAGES = (".md", ".markdown", ".html", ".htm", ".docx")
ARCHIVE = ".zip"


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are to be read. ``split``: a document is one article for each of its first headings."""

    encoding: str = "utf-8"
    split: bool = False


def read_rows(path: Path, *, encoding: str = "utf-8", split: bool = False) -> Iterator[Row]:
    """Every row of one file, folder or archive, in order; raises :class:`BadFile`."""
    reading = Reading(encoding, split)
    if path.is_dir():
        yield from read_folder(str(path), folders.on_disk(path), reading)
        return
    if not path.exists():
        raise BadFile(N_("找不到文件 %(name)s。") % {"name": path})
    kind = kind_of(path.name)
    if kind == ARCHIVE:
        yield from read_folder(path.name, archives.unpacked(path.name, path), reading)
    else:
        yield from _read(folders.entry_on_disk(path), kind, reading, folders.beside_file(path))


def read_folder(name: str, folder: Folder, reading: Reading) -> Iterator[Row]:
    """The pages of a folder by path; where there are none, the rows of its tables.

    A document to which a page links, a form to fill in for instance, belongs to that page and is no article.
    """
    kinds = {path: kind for path in folder.entries if (kind := _kind_or_none(path))}
    chosen = [path for path, kind in kinds.items() if kind in PAGES] or list(kinds)
    linked = _linked(folder, chosen)
    for path in sorted(chosen):
        entry = folder.entries[path]
        if path not in linked:
            for row in _whole_or_told(entry, kinds[path], reading, folder.finder(entry)):
                yield replace(row, file=path, values=_with_place(row, path))
    if not chosen:
        raise BadFile(
            N_("%(name)s 里没有能导入的文件（Markdown、HTML、Word、CSV、XLSX、JSONL）。") % {"name": name}
        )


def read_upload(name: str, path: Path, reading: Reading) -> Iterator[Row]:
    """Every row of a file that lies under a name of our own; ``name`` is the one it came with."""
    if kind_of(name) == ARCHIVE:
        yield from read_folder(name, archives.unpacked(name, path), reading)
    else:
        yield from _read(_lone(name, path), kind_of(name), reading, nothing_beside)


def finds_of(name: str, path: Path, files: Collection[str], reading: Reading) -> dict[tuple[str, int], Find]:
    """How links are followed in the rows of some files of an upload; a table's rows all under number 0."""
    folder = archives.unpacked(name, path) if kind_of(name) == ARCHIVE else Folder([_lone(name, path)])
    found: dict[tuple[str, int], Find] = {}
    for entry in (folder.entries[file] for file in files if file in folder.entries):
        kind = kind_of(entry.name)
        found[entry.path, 0] = folder.finder(entry)
        if kind in PAGES:
            for row in _whole_or_told(entry, kind, reading, folder.finder(entry)):
                found[entry.path, row.number] = row.find or nothing_beside
    return found


def nothing_beside(_target: str) -> None:
    """A lone file has nothing beside it."""


def _lone(name: str, path: Path) -> Entry:
    return Entry(name, path.stat().st_size, lambda: path.open("rb"))


def _with_place(row: Row, path: str) -> dict[str, object]:
    """The row with columns that say where it lay: a map file makes systems and categories of folders."""
    parts = path.split("/")
    places: dict[str, object] = {"path": path, "folder": "/".join(parts[:-1]), "file": parts[-1]}
    places |= {f"folder{depth}": part for depth, part in enumerate(parts[:-1], start=1)}
    return {**dict.fromkeys(("folder1", "folder2", "folder3"), ""), **places, **row.values}


def _linked(folder: Folder, paths: Sequence[str]) -> set[str]:
    """The Word documents to which pages of this folder link, and the HTML files to which Markdown does."""
    found: set[str] = set()
    for entry in (folder.entries[path] for path in paths):
        is_markdown = entry.name.lower().endswith(pages.SUFFIXES)
        belongs = (".docx", ".html", ".htm") if is_markdown else (".docx",)
        targets = pages.targets_of(entry) if is_markdown else web_pages.targets_of(entry)
        there = [folder.find(target, beside=entry.folder) for target in targets]
        found |= {one.path for one in there if one and one.name.lower().endswith(belongs)}
    return found


def _whole_or_told(entry: Entry, kind: str, reading: Reading, find: Find) -> Iterator[Row]:
    """Inside a folder a file that can't be read is a fault of its own and holds up no other."""
    try:
        yield from _read(entry, kind, reading, find)
    except BadFile as fault:
        yield Row(entry.path, 1, {}, str(fault))


def _read(entry: Entry, kind: str, reading: Reading, find: Find) -> Iterator[Row]:
    try:
        for row in _rows(entry, kind, reading):
            yield replace(row, find=either(row.find, find))
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise BadFile(N_("%(name)s 不是完整的 gzip 压缩文件。") % {"name": entry.name}) from fault
    except zipfile.BadZipFile as fault:
        raise BadFile(N_("%(name)s 在压缩包里是坏的。") % {"name": entry.name}) from fault
    except UnicodeError as fault:
        raise BadFile(_wrong_encoding(entry.name, reading.encoding)) from fault
    except OSError as fault:
        raise BadFile(
            N_("读不了 %(name)s：%(why)s。") % {"name": entry.name, "why": fault.strerror}
        ) from fault


def _rows(entry: Entry, kind: str, reading: Reading) -> Iterator[Row]:
    if kind == ".xlsx":
        return sheets.read_sheet(entry.name, tables.whole(entry))
    if kind in pages.SUFFIXES:
        return pages.read_page(entry)
    if kind in (".html", ".htm"):
        return web_pages.read_page(entry, split=reading.split)
    if kind == ".docx":
        return documents.read_document(entry, split=reading.split)
    if kind in (".jsonl", ".ndjson"):
        return tables.read_lines(entry, reading.encoding)
    return tables.read_table(entry, reading.encoding)


def kind_of(name: str) -> str:
    """What a file's name says it is; raises :class:`BadFile` for what is not read."""
    kind = _kind_or_none(name)
    if kind is None:
        raise BadFile(N_("不认识 %(name)s 的格式。%(formats)s") % {"name": name, "formats": FORMATS})
    return kind


def _kind_or_none(name: str) -> str | None:
    lowered = name.lower()
    packed = lowered.endswith(".gz")
    known = TABLES if packed else (*TABLES, *PAGES, ARCHIVE)
    return next((suffix for suffix in known if lowered.removesuffix(".gz").endswith(suffix)), None)


def _wrong_encoding(name: str, encoding: str) -> str:
    sentence = N_("%(name)s 不是 %(encoding)s 编码。请另存为“CSV UTF-8”，或用 --encoding 指明它的编码。")
    return sentence % {"name": name, "encoding": encoding.upper()}
