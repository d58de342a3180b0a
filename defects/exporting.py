"""Defect records as rows that an import reads. Which records, the caller's query says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from defects.flow import DefectState
from defects.importing import FIELDS
from defects.models import Defect
from defects.texts import text_of
from kb.importing.identity import Key, chunks, key_of

COLUMNS = ("number", *(field.name for field in FIELDS))
#: What is for those alone who work on root causes.
RECIPE = frozenset({"data_fix"})


def columns_for(hidden: Collection[str]) -> tuple[str, ...]:
    """Columns without these: an empty cell would say that there is nothing."""
    return tuple(name for name in COLUMNS if name not in hidden)


def defect_rows(
    session: Session, wanted: Select[Defect], *, logins: Mapping[int, str]
) -> Iterator[dict[str, Any]]:
    """By number, a few hundred in memory at a time; ``logins``: who the owners are."""
    ids = session.scalars(wanted.with_only_columns(Defect.id).order_by(Defect.id))
    for part in chunks(list(ids)):
        wanted = select(Defect).where(Defect.id.in_(part)).options(selectinload(Defect.duplicate_of))
        rows = session.scalars(wanted.order_by(Defect.id))
        yield from (_row(defect, logins) for defect in rows)


def _row(defect: Defect, logins: Mapping[int, str]) -> dict[str, Any]:
    source, external_id = _key(defect)
    text = text_of(defect)
    merged_into = defect.duplicate_of if defect.state == DefectState.DUPLICATE else None
    return {
        **{name: getattr(text, name) for name in text.__dataclass_fields__},
        "number": defect.number,
        "source": source,
        "external_id": external_id,
        "state": defect.state.value,
        "owner_middle": logins.get(defect.owner_middle_id or 0),
        "owner_back": logins.get(defect.owner_back_id or 0),
        "duplicate_of": "|".join(_key(merged_into)) if merged_into else None,
    }


def _key(defect: Defect) -> Key:
    return key_of(defect.number, defect.created_at, source=defect.source, external_id=defect.external_id)
