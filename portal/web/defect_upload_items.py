"""One record of an import, before it is there: what it says now and what it would say.

The invariant: what is shown is asked as things stand now, by the answer that the writing goes by.
"""

from __future__ import annotations

from typing import Any

from flask import abort, render_template
from flask_babel import gettext as _

from defects.flow import STATE_LABELS, DefectState
from defects.models import SEVERITY_LABELS
from defects.prospects import Prospect
from defects.texts import DefectText
from kb.importing.outcome import FATE_LABELS, Fate
from portal.catalogue.queries import module_names, system_names
from portal.causes.imports.reading import judged
from portal.people.queries import people_by_id
from portal.uploads import standing
from portal.uploads.models import ImportItem, Phase
from portal.web.access import needs
from portal.web.defect_mapping import COLUMN_LABELS
from portal.web.defect_uploads import CURATE, MEANINGS, ROOM, blueprint, meaning
from portal.web.request import db

OWNERS = frozenset({"owner_middle_id", "owner_back_id"})


@blueprint.get("/defects/imports/<int:number>/items/<int:turn>")
@needs(CURATE)
def item(number: int, turn: int) -> str:
    """One record: what it says now and what it would say; of a refused row what stands in the file."""
    row = ROOM.mine(number)
    entry = standing.item_of(db(), row, turn)
    if entry is None:
        abort(404)
    found = None if entry.fate == Fate.REFUSED else judged(db(), row, [entry])
    one = next(iter(found.prospects), None) if found else None
    return render_template(
        "defects/import_item.html",
        row=row,
        item=entry,
        facts=_facts(one, entry) if one and row.phase == Phase.PREVIEWED else [],
        raw=[
            (COLUMN_LABELS.get(name) or meaning(name), _in_words(name, value))
            for name, value in entry.given.items()
            if value
        ],
        fate_labels=FATE_LABELS,
    )


def _in_words(name: str, value: Any) -> Any:
    """What the mapping made of a word of the file, by its name; the file's own words stay as they are."""
    match name:
        case "severity" if str(value) in {str(level) for level in SEVERITY_LABELS}:
            return _(SEVERITY_LABELS[int(value)])
        case "state" if value in set(DefectState):
            return _(STATE_LABELS[DefectState(value)])
    return value


def _facts(found: Prospect, entry: ImportItem) -> list[tuple[Any, ...]]:
    """(field, now, then): of a known record what changes, of a new one what it says."""
    before, after = found.before, found.text
    if before is not None:
        return [(meaning(name), _told(name, before), _told(name, after)) for name in found.changed]
    said = {**entry.given, "state": found.draft.values["state"]}
    told = {
        name: _told(name, after) if hasattr(after, name) else said[name] for name in said if name in MEANINGS
    }
    return [(meaning(name), "", value) for name, value in told.items() if value not in ("", None, (), [])]


def _told(name: str, text: DefectText) -> Any:
    """What a field says, a code or an id by what it stands for."""
    value = getattr(text, name)
    if value is None:
        return ""
    if name in OWNERS:
        people = people_by_id(db(), [value])
        return people[value].name if value in people else ""
    match name:
        case "severity":
            return _(SEVERITY_LABELS[value])
        case "system":
            return system_names(db()).get(value, value)
        case "module":
            return module_names(db()).get((text.system, value), value)
    return value
