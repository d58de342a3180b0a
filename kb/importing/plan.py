"""Which column of a file becomes which field of ours: from a map file, from flags, or by name.

No data set is known here. The invariant: a plan that names a field or a column that doesn't exist is
refused before any row is loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from indexer.words import N_
from kb.importing.fields import Field
from kb.importing.outcome import BadFile, Record, Row

SLOT = re.compile(r"\{([^{}]+)\}")
_ABSENT = N_(
    "%(name)s 里没有必需的列 %(absent)s；有的列是：%(known)s。"
    "可用 --field %(first)s=列名 指明，或用 --set %(first)s=值 补上。"
)
TABLE_KEYS = frozenset({"fields", "set", "values", "hints", "own_names", "translation_of"})
#: In ``values``: what everything is called that is not named there.
ELSE = "*"


@dataclass(frozen=True, slots=True)
class Table:
    """How one row gives one thing.

    ``fields``: ours → a column, or a text with {columns} in it. ``constants``: ours → a fixed value.
    ``hints``: the same as ``fields``, for where the row itself says nothing. ``values``: ours → what the
    file calls something → what we call it. ``translation_of``: the number (from 1) of the table whose
    thing this one translates. ``by_name``: columns that bear our own names count too.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    translation_of: int | None = None
    by_name: bool = True
    hints: Mapping[str, str] = field(default_factory=dict)

    def named(self) -> set[str]:
        return {*self.fields, *self.constants, *self.values, *self.hints}

    def columns(self) -> set[str]:
        return {column for source in self.fields.values() for column in _columns(source)}


@dataclass(frozen=True, slots=True)
class Plan:
    tables: tuple[Table, ...] = (Table(),)
    source: str | None = None
    required: tuple[str, ...] = ()

    @property
    def originals(self) -> dict[int, int]:
        """Table → the table whose thing it translates, both counted from 1."""
        return {
            number: table.translation_of
            for number, table in enumerate(self.tables, start=1)
            if table.translation_of is not None
        }

    def records(self, rows: Iterable[Row], *, source: str) -> Iterator[Record]:
        """Every thing that the rows of one file or folder give.

        ``source`` names where they come from when neither the plan nor the rows do. Rows that could
        not be read give one record without fields.
        """
        held = list(rows)
        self._check_columns([row for row in held if not row.fault])
        for row in held:
            if row.fault:
                yield Record(row, {})
                continue
            for number, table in enumerate(self.tables, start=1):
                found = _fields(row, table)
                found["source"] = self.source or found.get("source") or source
                yield Record(row, found, number)

    def _check_columns(self, rows: Sequence[Row]) -> None:
        """Lines of JSON may leave keys out, so a column is missing when no row has it."""
        have = dict.fromkeys(column for row in rows for column in row.values)
        for table in self.tables if rows else ():
            missing = sorted(table.columns() - have.keys())
            if missing:
                raise BadFile(
                    N_("%(name)s 里没有名为 %(missing)s 的列；有的列是：%(known)s。")
                    % {"name": rows[0].file, "missing": "、".join(missing), "known": "、".join(have)}
                )
            given = table.named() | (have.keys() if table.by_name else set())
            absent = [name for name in self.required if name not in given]
            if absent:
                raise BadFile(
                    _ABSENT
                    % {
                        "name": rows[0].file,
                        "absent": "、".join(absent),
                        "known": "、".join(have),
                        "first": absent[0],
                    }
                )


def _columns(source: str) -> list[str]:
    return SLOT.findall(source) if "{" in source else [source]


def _fields(row: Row, table: Table) -> dict[str, Any]:
    found: dict[str, Any] = dict(row.values) if table.by_name else {}
    for name, source in table.fields.items():
        found[name] = _filled(source, row.values) if "{" in source else row.values.get(source)
    found.update(table.constants)
    for name, source in table.hints.items():
        if found.get(name) in (None, "", []):
            found[name] = _filled(source, row.values) if "{" in source else row.values.get(source)
    for name, renamed in table.values.items():
        word = found.get(name)
        if isinstance(word, str):
            found[name] = renamed.get(word.strip(), renamed.get(ELSE, word))
    return found


def _filled(pattern: str, values: Mapping[str, Any]) -> str:
    return SLOT.sub(lambda slot: "" if values.get(slot[1]) is None else str(values[slot[1]]), pattern)


# ── from flags and files ─────────────────────────────────────────────────────────────────────────


def plan_for(
    noun: str,
    known: Sequence[Field],
    *,
    map_file: Path | None = None,
    fields: Sequence[str] = (),
    constants: Sequence[str] = (),
    source: str | None = None,
) -> Plan:
    """The plan that flags and a map file ask for; flags have the last word, in every table."""
    plan = plan_from(str(map_file), _content(map_file), noun) if map_file else Plan()
    return plan_with(plan, known, fields=fields, constants=constants, source=source)


def plan_with(
    plan: Plan,
    known: Sequence[Field],
    *,
    fields: Sequence[str] = (),
    constants: Sequence[str] = (),
    source: str | None = None,
) -> Plan:
    """A plan with the last word of flags, checked against our fields."""
    renamed, fixed = _pairs(fields, "--field"), _pairs(constants, "--set")
    tables = tuple(
        replace(
            table,
            fields={
                name: column for name, column in {**table.fields, **renamed}.items() if name not in fixed
            },
            constants={
                name: value for name, value in {**table.constants, **fixed}.items() if name not in renamed
            },
        )
        for table in plan.tables
    )
    _check_names(tables, {field.name for field in known})
    required = tuple(field.name for field in known if field.required)
    return Plan(tables, source or plan.source, required)


def _pairs(texts: Sequence[str], flag: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise BadFile(N_("%(flag)s 要写成 名称=值，不能是“%(text)s”。") % {"flag": flag, "text": text})
        pairs[name.strip()] = value.strip()
    return pairs


def _check_names(tables: Iterable[Table], known: Collection[str]) -> None:
    for table in tables:
        unknown = sorted(table.named() - set(known))
        if unknown:
            raise BadFile(
                N_("没有名为 %(unknown)s 的字段；可用的字段是：%(known)s。")
                % {"unknown": "、".join(unknown), "known": "、".join(sorted(known))}
            )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise BadFile(
            N_("读不了对照表 %(name)s：%(why)s。") % {"name": path, "why": fault.strerror}
        ) from fault


def plan_from(path: str, content: bytes, noun: str) -> Plan:
    """The plan that a map file asks for; raises :class:`BadFile`."""
    try:
        written = tomllib.loads(content.decode())
    except ValueError as fault:  # both broken TOML and bytes that are no UTF-8
        raise BadFile(
            N_("对照表 %(name)s 不是合法的 TOML：%(why)s。") % {"name": path, "why": fault}
        ) from fault
    tables = written.get(noun)
    if isinstance(tables, dict):
        tables = [tables]
    if not isinstance(tables, list) or not tables or set(written) - {noun, "source"}:
        raise BadFile(
            N_("对照表 %(name)s 里应只有 source 和 [[%(noun)s]] 表。") % {"name": path, "noun": noun}
        )
    source = written.get("source")
    return Plan(tuple(_table(path, table, len(tables)) for table in tables), str(source) if source else None)


def _table(path: str, written: Any, count: int) -> Table:
    parts = (
        {key: written.get(key, {}) for key in ("fields", "set", "values", "hints")}
        if isinstance(written, dict)
        else {}
    )
    other = written.get("translation_of") if isinstance(written, dict) else None
    right = (
        isinstance(written, dict)
        and set(written) <= TABLE_KEYS
        and all(isinstance(part, dict) for part in parts.values())
        and all(isinstance(column, str) for column in (*parts["fields"].values(), *parts["hints"].values()))
        and all(isinstance(renamed, dict) for renamed in parts["values"].values())
        and (other is None or (isinstance(other, int) and 1 <= other <= count))
    )
    if not right:
        raise BadFile(
            N_(
                "对照表 %(name)s：每个表里只能有 fields、set、values、hints 四个子表、"
                "own_names（true 或 false）和 translation_of（第几个表）。"
            )
            % {"name": path}
        )
    own = bool(written.get("own_names", False))
    return Table(parts["fields"], parts["set"], parts["values"], other, by_name=own, hints=parts["hints"])
