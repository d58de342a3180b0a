"""What every loader does before it writes: read the fields, settle references, find doubles.

The invariant: a row that gives several things is taken whole or refused whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from indexer.words import N_
from kb.importing.fields import Field, take
from kb.importing.identity import Key, id_from
from kb.importing.outcome import BadRow, Outcome, Record, Row

#: What a floor above says about references: names become codes, unknown ones raise BadRow.
Settle = Callable[[dict[str, Any]], dict[str, Any]]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A record whose fields have been read: ready to be written."""

    record: Record
    values: dict[str, Any]
    key: Key

    @property
    def row(self) -> Row:
        return self.record.row


def drafts_of(
    records: Iterable[Record],
    fields: Sequence[Field],
    outcome: Outcome,
    *,
    settle: Settle | None = None,
    named_by: str = "title",
    key: Callable[[dict[str, Any]], Key] | None = None,
) -> list[Draft]:
    """Every record that can stand; the others are told in ``outcome``.

    A thing is known by (source, external id), or by what ``key`` says; a row without an id by the
    field ``named_by``.
    """
    taken: dict[Key, Row] = {}
    drafts: list[Draft] = []
    for _, group in groupby(records, key=lambda record: id(record.row)):
        together = list(group)
        try:
            read = [_read(record, fields, settle) for record in together]
            found = [
                Draft(record, values, key(values) if key else _key(values, taken, named_by))
                for record, values in zip(together, read, strict=True)
            ]
            _claim(found, taken)
        except BadRow as fault:
            outcome.refuse(together[0].row, str(fault))
        else:
            drafts += found
    return drafts


def _read(record: Record, fields: Sequence[Field], settle: Settle | None) -> dict[str, Any]:
    if record.row.fault:
        raise BadRow(record.row.fault)
    values = take(fields, record.fields)
    return settle(values) if settle else values


def _key(values: dict[str, Any], taken: dict[Key, Row], named_by: str) -> Key:
    return values["source"], values["external_id"] or _unnamed(values, taken, named_by)


def _unnamed(values: dict[str, Any], taken: dict[Key, Row], named_by: str) -> str:
    """Rows without an id are told apart by title; equal titles by their order in the file."""
    words, turn = f"{values.get('language', '')}\n{values[named_by]}", 1
    while (values["source"], name := id_from(f"{words}\n{turn}")) in taken:
        turn += 1
    return name


def _claim(found: Sequence[Draft], taken: dict[Key, Row]) -> None:
    mine: dict[Key, Row] = {}
    for draft in found:
        former = taken.get(draft.key) or mine.get(draft.key)
        if former is not None:
            raise BadRow(
                N_("编号 %(id)s 与%(place)s重复。") % {"id": draft.key[1], "place": f" {former.place} "}
            )
        mine[draft.key] = draft.row
    taken |= mine


def assign(target: object, values: Mapping[str, Any]) -> bool:
    """Set what differs; was anything different? Equal values are left alone, so no version moves."""
    differing = {name: value for name, value in values.items() if getattr(target, name) != value}
    for name, value in differing.items():
        setattr(target, name, value)
    return bool(differing)
