"""What a person has chosen in the form of the mapping, as the tables of a mapping file. Pure.

The invariant: what the form does not draw (versions, accounts, fixed values of an uploaded file) stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from indexer.words import N_
from kb.importing.outcome import BadFile
from portal.causes.imports.survey import Survey, kinds_taken, named
from portal.causes.trackers.issue import NAMES
from portal.causes.trackers.mapping import KINDS, Mapped, mapping_of, tables_in

NAME = N_("对照表")
#: Between a system and its module in one choice.
PART = "|"
Tables = dict[str, Any]


def tables_of(plan: str) -> Tables:
    """The tables of a kept plan; raises ``BadFile``."""
    found = tables_in(NAME, plan) if plan.strip() else {}
    if not isinstance(found, dict):
        raise BadFile(N_("对照表 %(name)s 不是合法的 TOML 或 JSON。") % {"name": NAME})
    return found


def mapped_by(plan: str) -> Mapped:
    return mapping_of(NAME, tables_of(plan))


def with_source(plan: str, source: str) -> str:
    """The plan with the source that was typed beside it."""
    return as_plan({**tables_of(plan), "source": source.strip()}) if source.strip() else plan


def as_plan(tables: Tables) -> str:
    return json.dumps(tables, ensure_ascii=False, indent=1, default=str) if tables else ""


def chosen(plan: str, survey: Survey, given: Mapping[str, str]) -> str:
    """The plan after the form: fields are called by what they map and their place in the survey."""
    tables = tables_of(plan)
    _put(tables, "columns", {word: given.get(f"column-{word}", "") for word in NAMES})
    _put(tables, "state", _of(survey.states, given, "state"))
    places = _of(survey.places, given, "place")
    _put(tables, "system", {words: place.partition(PART)[0] for words, place in places.items()})
    modules = {words: place.partition(PART)[2] for words, place in places.items() if place}
    _put(tables, "module", modules, also_empty=bool(tables.get("module")))
    levels = {
        words: int(level) for words, level in _of(survey.levels, given, "level").items() if level.isdecimal()
    }
    _put(tables, "severity", levels)
    _put(tables, "defaults", {"fixed_in": given.get("fixed_in", "").strip()}, also_gone=True)
    _kinds(tables, survey, given)
    if source := given.get("source", "").strip():
        tables["source"] = source[:100]
    return as_plan(tables)


def _of(rows: Sequence[Sequence[Any]], given: Mapping[str, str], what: str) -> dict[str, str]:
    found = {named(row[:-1]): given.get(f"{what}-{place}") for place, row in enumerate(rows)}
    return {words: value for words, value in found.items() if value is not None}


def _put(
    tables: Tables,
    name: str,
    said: Mapping[str, Any],
    *,
    also_empty: bool = False,
    also_gone: bool = False,
) -> None:
    """Words of the tables are compared without regard to case, so one word is written once."""
    table = tables.get(name, {})
    table = dict(table) if isinstance(table, dict) else {}
    for words, value in said.items():
        if value == "" and not also_empty and not also_gone:
            continue
        for former in [former for former in table if former.strip().lower() == words.lower()]:
            del table[former]
        if value != "" or also_empty:
            table[words] = value
    tables[name] = table
    if not table:
        del tables[name]


def _kinds(tables: Tables, survey: Survey, given: Mapping[str, str]) -> None:
    """Kinds that the form drew are taken or not; others as before."""
    if not survey.kinds or given.get("kinds") is None:
        return
    before = kinds_taken(survey, mapping_of(NAME, tables))
    wanted = [given.get(f"kind-{place}") is not None for place in range(len(survey.kinds))]
    if wanted == before:
        return
    drawn = {row[0].lower() for row in survey.kinds}
    others = sorted({word for word in tables.get("only", KINDS) if word.lower() not in drawn and word != "*"})
    tables["only"] = [*(row[0] for row, want in zip(survey.kinds, wanted, strict=True) if want), *others]
