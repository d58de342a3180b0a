"""The mapping of an import as a form: the words of the file, each with what it is taken for.

What the choices mean is in ``portal.causes.imports``. The invariant: what is drawn as chosen is what the
preview beside it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from defects.flow import STATE_LABELS
from defects.models import SEVERITY_LABELS
from portal.catalogue.queries import systems_by_code
from portal.causes.imports import survey as words
from portal.causes.imports.choices import PART, mapped_by, tables_of
from portal.causes.imports.shapes import SHAPE_LABELS, Shape
from portal.causes.imports.survey import Survey
from portal.causes.trackers.mapping import Mapped
from portal.tickets.references import References
from portal.uploads.models import Import
from portal.web.request import db

#: What an issue says, in the order of the form.
COLUMN_LABELS = {
    "id": _l("编号"),
    "summary": _l("概要"),
    "status": _l("状态"),
    "resolution": _l("解决结果"),
    "product": _l("产品或项目"),
    "component": _l("组件"),
    "severity": _l("严重程度"),
    "priority": _l("优先级"),
    "description": _l("描述"),
    "versions": _l("受影响的版本"),
    "fixed": _l("修复版本"),
    "kind": _l("问题类型"),
    "labels": _l("标签"),
    "duplicate_of": _l("重复的是"),
    "due": _l("到期日"),
    "reporter": _l("报告人"),
    "assignee": _l("经办人"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of the file: ``taken`` is what it is taken for, empty when nobody has said."""

    place: int
    said: str
    count: int
    taken: str


def mapping_values(row: Import) -> dict[str, Any]:
    """What the form draws; nothing for rows under our own names, which need no mapping."""
    survey = Survey.of(row.found) if row.found else Survey()
    if not survey.shape or survey.shape == Shape.OWN:
        return {"mapping": None, "survey": survey, "shapes": SHAPE_LABELS}
    mapped = mapped_by(row.plan)
    defaults = tables_of(row.plan).get("defaults", {})
    states = _choices(survey.states, words.states_taken(survey, mapped))
    places = _choices(survey.places, _places(survey, mapped))
    return {
        "mapping": {
            "states": states,
            "places": places,
            "unnamed": any(not one.taken for one in (*states, *places)),
            "levels": _choices(survey.levels, map(str, words.levels_taken(survey, mapped))),
            "kinds": _choices(
                survey.kinds, ["1" if taken else "" for taken in words.kinds_taken(survey, mapped)]
            ),
            "fixed_in": defaults.get("fixed_in", "") if isinstance(defaults, dict) else "",
            "source": survey.source,
        },
        "survey": survey,
        "shapes": SHAPE_LABELS,
        "header": list(dict.fromkeys(survey.header)),
        "columns": COLUMN_LABELS,
        "states": STATE_LABELS,
        "severities": SEVERITY_LABELS,
        "systems": systems_by_code(db()),
        "part": PART,
    }


def _choices(rows: list[list[Any]], taken: Any) -> list[Choice]:
    return [
        Choice(place, " / ".join(filter(None, row[:-1])), row[-1], found)
        for place, (row, found) in enumerate(zip(rows, taken, strict=True))
    ]


def _places(survey: Survey, mapped: Mapped) -> list[str]:
    """system or system|module, by our codes; empty for what is not in the catalogue."""
    references = References(db())
    found = []
    for system, module in words.places_taken(survey, mapped):
        code = references.systems.get(system, "")
        part = references.modules.get(code, {}).get(module, "") if module else ""
        found.append(f"{code}{PART}{part}" if part else code)
    return found
