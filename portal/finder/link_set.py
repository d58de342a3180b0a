"""A judged set of links: ``records.jsonl``, ``tickets.jsonl`` and ``links.tsv``, read and checked.

The invariant: whatever is wrong with the files is one sentence that names file and line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.document import Document, Key
from indexer.evaluation import BadSet
from indexer.words import N_
from portal.finder.link_signs import Known, Told

RECORD = "record"
TRAIN, TEST = "train", "test"
BAD_ROW = N_("%(name)s 第 %(line)s 行不是合格的记录。")
MISSING = N_("评测目录里缺少 %(name)s。")


@dataclass(frozen=True, slots=True)
class LinkSet:
    records: Mapping[str, Document]
    known: Mapping[Key, Known]
    tickets: Mapping[str, Told]
    """In date order."""
    right: Mapping[str, str]
    """Ticket → record; empty: it has none."""
    split: Mapping[str, str]

    def of(self, split: str) -> list[str]:
        return [ticket for ticket in self.tickets if self.split.get(ticket) == split]


def read(folder: Path) -> LinkSet:
    rows = {row["_id"]: row for row in _rows(folder / "records.jsonl")}
    tickets = sorted(_rows(folder / "tickets.jsonl"), key=lambda row: (_said(row, "date"), row["_id"]))
    links = list(_links(folder / "links.tsv"))
    stray = [f"{ticket} → {record}" for ticket, record, _ in links if record and record not in rows]
    if stray:
        raise BadSet(N_("links.tsv 指向不存在的记录：%(pair)s。") % {"pair": stray[0]})
    return LinkSet(
        {number: _document(row) for number, row in rows.items()},
        {(RECORD, number): _known(row) for number, row in rows.items()},
        {row["_id"]: _told(row) for row in tickets},
        {ticket: record for ticket, record, _ in links},
        {ticket: split for ticket, _, split in links},
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise BadSet(MISSING % {"name": path.name})
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _row(line, path.name, number)


def _row(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
        return {**row, "_id": str(row["_id"])}
    except (ValueError, KeyError, TypeError) as fault:
        raise BadSet(BAD_ROW % {"name": name, "line": number}) from fault


def _links(path: Path) -> Iterator[tuple[str, str, str]]:
    if not path.is_file():
        raise BadSet(MISSING % {"name": path.name})
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows, start=1):
            if number == 1 or not row:
                continue
            if len(row) < 3 or row[2] not in (TRAIN, TEST):
                raise BadSet(BAD_ROW % {"name": path.name, "line": number})
            yield row[0], row[1], row[2]


def _said(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _listed(row: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    found = [row[name] for name in names if row.get(name)]
    return tuple(str(value) for held in found for value in (held if isinstance(held, list) else [held]))


def _document(row: Mapping[str, Any]) -> Document:
    facets = {name: _said(row, name) for name in ("system", "module") if _said(row, name)}
    return Document(
        RECORD,
        row["_id"],
        _said(row, "title"),
        body=_said(row, "text"),
        codes=_listed(row, "error_codes", "codes"),
        facets=facets,
    )


def _known(row: Mapping[str, Any]) -> Known:
    return Known(
        f"{_said(row, 'title')}\n{_said(row, 'text')}",
        _said(row, "system"),
        _said(row, "module"),
        _listed(row, "error_codes", "codes"),
        _listed(row, "affected_versions", "affected"),
        _said(row, "fixed_in"),
    )


def _told(row: Mapping[str, Any]) -> Told:
    text = "\n".join(part for part in (_said(row, "title"), _said(row, "text")) if part)
    return Told(text, _said(row, "system"), _said(row, "module"), _said(row, "version"))
