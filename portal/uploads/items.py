"""What an upload brings, as the items of its import: the same for every kind of thing that comes in.

The invariant: items are numbered as they stand, without a gap; an upload that brings nothing is a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from indexer.words import N_
from kb.importing.outcome import BadFile
from portal.uploads.models import Import, ImportItem


def numbered(row: Import, items: list[ImportItem]) -> list[ImportItem]:
    if not items:
        raise BadFile(N_("文件里没有可以导入的内容。"))
    for turn, item in enumerate(items):
        item.import_id, item.turn = row.id, turn
    return items


def as_json(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, object]:
    """What JSON can hold of these fields of a row; the others are no field of ours."""
    return {name: _held(value) for name, value in fields.items() if name in names}


def _held(value: object) -> object:
    return json.loads(json.dumps(value, ensure_ascii=False, default=_said))


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
