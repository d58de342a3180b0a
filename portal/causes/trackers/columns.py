"""Tables of trackers as issues: Bugzilla's lists, Jira's CSV, or any other whose columns a mapping names.

A column may stand several times, as Jira writes one for each version; its cells are read together. Empty
cells say nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from indexer.words import N_
from kb.importing.cells import MOST_COLUMNS, unguarded
from kb.importing.outcome import BadFile
from kb.importing.tables import LONGEST_LINE
from portal.causes.trackers.issue import NAMES, SEVERAL, Issue

#: Our word → what trackers call the column, in lower case.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("bug id", "bug_id", "issue key", "key", "编号"),
    "kind": ("issue type", "type", "问题类型"),
    "product": ("product", "project name", "project", "产品", "项目"),
    "component": ("component", "component/s", "components", "组件", "模块"),
    "labels": ("labels", "keywords", "标签"),
    "summary": ("summary", "short_desc", "概要", "标题"),
    "description": ("description", "描述"),
    "status": ("status", "bug_status", "状态"),
    "resolution": ("resolution", "解决结果"),
    "severity": ("severity", "bug_severity", "严重程度"),
    "priority": ("priority", "优先级"),
    "versions": ("version", "affects version/s", "affects versions", "影响版本"),
    "fixed": ("target milestone", "target_milestone", "fix version/s", "fix versions", "修复的版本"),
    "duplicate_of": ("outward issue link (duplicate)", "dup_id", "duplicate of"),
    "due": ("due date", "deadline", "到期日"),
    "reporter": ("reporter", "报告人"),
    "assignee": ("assignee", "assigned_to", "经办人"),
}
#: How a text in UTF-16 begins.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def issues_in(name: str, content: bytes, *, named: Mapping[str, str], encoding: str) -> Iterator[Issue]:
    """Every row; ``named`` gives columns to our words where the tracker calls them otherwise."""
    rows = _rows(name, _text(name, content, encoding))
    header = next(rows, [])
    places = _places(name, header, named)
    for number, cells in enumerate(rows, start=2):
        if any(cell.strip() for cell in cells):
            yield _issue(number, cells, places, width=len(header))


def _text(name: str, content: bytes, encoding: str) -> str:
    for one in _encodings(content, encoding):
        try:
            return content.decode(one)
        except UnicodeError:
            continue
    raise BadFile(
        N_("%(name)s 不是 %(encoding)s 编码，请指明它的编码（例如 gb18030）。")
        % {"name": name, "encoding": encoding}
    )


def _encodings(content: bytes, encoding: str) -> tuple[str, ...]:
    """What to try, in this order; Excel's "Unicode text" says itself what it is."""
    if content.startswith(UTF_16):
        return ("utf-16",)
    if encoding == "auto":
        return ("utf-8-sig", "gb18030")
    return ("utf-8-sig" if encoding == "utf-8" else encoding,)


def _rows(name: str, text: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_LINE)
    first = text.partition("\n")[0]
    try:
        yield from csv.reader(
            io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True
        )
    except csv.Error as fault:
        raise BadFile(N_("%(name)s 的 CSV 引号不成对或单元格过大。") % {"name": name}) from fault


def header_of(name: str, content: bytes, *, encoding: str) -> list[str]:
    """What the first row calls the columns."""
    return next(_rows(name, _text(name, content, encoding)), [])


def recognised(header: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    """Our word → the column that says it; those alone that were found."""
    columns = [cell.strip().lower() for cell in header]
    found = {word: _standing(columns, word, named) for word in NAMES}
    return {word: header[places[0]] for word, places in found.items() if places}


def _places(name: str, header: Sequence[str], named: Mapping[str, str]) -> dict[str, list[int]]:
    """Our word → the columns that say it."""
    if len(header) > MOST_COLUMNS:
        raise BadFile(N_("%(name)s 的列太多。") % {"name": name})
    columns = [cell.strip().lower() for cell in header]
    found = {word: _standing(columns, word, named) for word in NAMES}
    missing = [word for word in ("id", "summary") if not found[word]]
    if missing:
        raise BadFile(
            N_(
                "%(name)s 里找不到编号（id）和概要（summary）的列；"
                "请在对照表的 [columns] 里写明。有的列是：%(known)s。"
            )
            % {"name": name, "known": "、".join(header[:40])}
        )
    return found


def _standing(columns: Sequence[str], word: str, named: Mapping[str, str]) -> list[int]:
    names = (named[word].strip().lower(),) if word in named else COLUMNS.get(word, ())
    chosen = next((name for name in names if name in columns), None)
    return [number for number, column in enumerate(columns) if chosen is not None and column == chosen]


def _issue(number: int, cells: Sequence[str], places: Mapping[str, Sequence[int]], *, width: int) -> Issue:
    if any(cell.strip() for cell in cells[width:]):
        return Issue(number, fault=N_("这一行的格子比表头多，可能有没加引号的分隔符。"))
    values: dict[str, object] = {}
    for word, columns in places.items():
        said = [str(unguarded(cells[at])).strip() for at in columns if at < len(cells)]
        said = [text for text in said if text]
        values[word] = tuple(said) if word in SEVERAL else (said[0] if said else "")
    return Issue(number, **values)  # type: ignore[arg-type]
