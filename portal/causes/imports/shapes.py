"""What an uploaded file is, by what is in it and not by what it is called."""

from __future__ import annotations

import json
from collections.abc import Collection
from enum import StrEnum

from defects.importing import FIELDS
from indexer.words import N_
from kb.importing.outcome import BadFile
from portal.causes.trackers.columns import UTF_16, header_of
from portal.causes.trackers.files import File
from portal.causes.trackers.markup import root_of
from portal.causes.trackers.reading import Tracker


class Shape(StrEnum):
    BUGZILLA = "bugzilla"
    JIRA = "jira"
    TABLE = "table"  # rows of whatever tracker
    OWN = "own"  # rows under our own names, as our export and our template have them


SHAPE_LABELS = {
    Shape.BUGZILLA: N_("Bugzilla 的 XML 导出"),
    Shape.JIRA: N_("Jira 的导出"),
    Shape.TABLE: N_("缺陷系统的表格"),
    Shape.OWN: N_("按我们的列填写的表格"),
}
TRACKERS = {Shape.BUGZILLA: Tracker.BUGZILLA, Shape.JIRA: Tracker.JIRA, Shape.TABLE: Tracker.CSV}
#: The root of an XML export → what wrote it.
ROOTS = {"bugzilla": Shape.BUGZILLA, "rss": Shape.JIRA}
UNKNOWN = N_(
    "%(name)s 不是缺陷的导出：可以用 Bugzilla 的 XML、CSV，Jira 的 XML、CSV、JSON，"
    "或按模板填写的 CSV、XLSX、JSONL。"
)
#: What a row of ours can't do without, by name or by meaning.
NAMES = frozenset({"title", "system"})
MEANINGS = frozenset(field.meaning for field in FIELDS if field.name in NAMES)
WORKBOOK = b"PK\x03\x04"
LARGEST_LINE = 4 * 1024 * 1024
#: A record has a name and a number, or a title and a system; less is no table of any.
FEWEST_COLUMNS = 2


def shape_of(file: File, *, encoding: str) -> Shape:
    """Raises ``BadFile`` for what is none of these."""
    start = file.start()
    if start.startswith(WORKBOOK):
        if not file.name.lower().endswith(".xlsx"):
            raise BadFile(UNKNOWN % {"name": file.name})
        return Shape.OWN
    if start.startswith(b"<"):
        with file.opened() as stream:
            root = root_of(stream)
        if root not in ROOTS:
            raise BadFile(UNKNOWN % {"name": file.name})
        return ROOTS[root]
    if start[:1] in (b"{", b"["):
        return Shape.OWN if _is_line_of_ours(file) else Shape.JIRA
    if b"\x00" in start and encoding != "utf-16" and not start.startswith(UTF_16):
        raise BadFile(UNKNOWN % {"name": file.name})
    header = header_of(file.name, file.whole(), encoding=encoding)
    if 0 < len(header) < FEWEST_COLUMNS:
        raise BadFile(UNKNOWN % {"name": file.name})
    return Shape.OWN if is_ours(header) else Shape.TABLE


def is_ours(columns: Collection[str]) -> bool:
    said = {column.strip() for column in columns}
    return said >= NAMES or said >= MEANINGS


def _is_line_of_ours(file: File) -> bool:
    with file.opened() as stream:
        line = stream.readline(LARGEST_LINE)
    try:
        first = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "fields" not in first and is_ours(first)


def source_of(shape: Shape, file: File) -> str:
    """What a file's records come from when nobody says."""
    if shape == Shape.TABLE:
        return file.stem
    return file.stem if shape == Shape.OWN else shape.value
