"""Loading the catalogue: units, systems, modules, deployed versions, data services, from one file.

A column ``record`` says which of them a row is; without it a row is a system. Rows may come in any
order. The invariant: nothing is ever deleted by an import; what is gone is set inactive by its row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.importing.fields import Field, code, day, number, one_of, switch, text
from kb.importing.identity import Key
from kb.importing.loading import Draft, Progress, assign, drafts_of
from kb.importing.outcome import BadRow, Outcome, Record
from portal.catalogue.models import DataService, Deployment, Module, System
from portal.people.importing import CODE, UNIT_FIELDS, audit, check_unit, load_units
from portal.people.models import Unit

RECORDS = ("system", "module", "deployment", "service", "unit")

# fmt: off
FIELDS = (
    Field("record",       N_("记录类型"),   one_of(RECORDS, "system")),
    Field("name",         N_("名称"),       text(200)),
    Field("name_en",      N_("英文名"),     text(200)),
    Field("group",        N_("分组"),       text(200)),
    Field("version",      N_("版本"),       text(40)),
    Field("active",       N_("在用"),       switch(default=True)),
    Field("system",       N_("系统"),       code()),
    Field("unit",         N_("单位"),       code()),
    Field("since",        N_("启用日期"),   day),
    Field("what",         N_("服务内容"),   text(20_000)),
    Field("self_service", N_("可自助"),     switch()),
    Field("how",          N_("办理方式"),   text(20_000)),
    Field("approver",     N_("审批人"),     text(200)),
    Field("working_days", N_("工作日"),     number(0, 365, 0)),
    *UNIT_FIELDS,
)
# What a row of each record must name, and what identifies it.
NEEDED = {
    "system":     ("code", "name"),
    "module":     ("system", "code", "name"),
    "deployment": ("system", "unit", "version"),
    "service":    ("name",),
    "unit":       ("code", "name"),
}
# fmt: on


def load(
    session: Session,
    records: Iterable[Record],
    *,
    by: int | None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Load a catalogue; nothing is written when a row is bad, unless ``skip_bad``."""
    outcome = Outcome()
    drafts = drafts_of(records, FIELDS, outcome, settle=_whole, key=_key)
    units = [draft for draft in drafts if draft.values["record"] == "unit"]
    sieve = Outcome() if skip_bad else outcome  # told below, by the same checks, when they are written
    codes = load_units(session, units, sieve, by=by, write=False)
    systems = {system.code: system for system in session.scalars(select(System))}
    known = systems.keys() | {draft.values["code"] for draft in drafts if draft.values["record"] == "system"}
    drafts = [draft for draft in drafts if _stands(draft, known, codes, outcome)]
    if outcome.faults and not skip_bad:
        return outcome
    load_units(session, units, outcome, by=by, write=True)
    writer = _Writer(session, outcome, systems, by=by)
    for record in RECORDS[:-1]:
        writer.write([draft for draft in drafts if draft.values["record"] == record])
    if progress:
        progress(len(drafts))
    return outcome


def _key(values: dict[str, Any]) -> Key:
    parts = {
        "module": (values["system"], values["code"]),
        "deployment": (values["system"], values["unit"]),
        "service": (values["name"],),
    }.get(values["record"], (values["code"],))
    return values["record"], "/".join(map(str, parts))


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    missing = [name for name in NEEDED[values["record"]] if not values[name]]
    if missing:
        raise BadRow(
            N_("%(record)s 一行缺少 %(missing)s。")
            % {"record": values["record"], "missing": "、".join(missing)}
        )
    if values["record"] == "unit":
        check_unit(values)
    if values["record"] in ("system", "module") and not CODE.fullmatch(values["code"]):
        raise BadRow(N_("代码（code）只能用字母、数字和 . _ -。"))
    return values


def _stands(draft: Draft, systems: Collection[str], units: Collection[str], outcome: Outcome) -> bool:
    """Does what this row refers to exist, here or in the file?"""
    values = draft.values
    if values["system"] and values["system"] not in systems:
        outcome.refuse(draft.row, N_("没有代码为 %(code)s 的系统。") % {"code": values["system"]})
        return False
    if values["record"] == "deployment" and values["unit"] not in units:
        outcome.refuse(draft.row, N_("没有代码为 %(code)s 的单位。") % {"code": values["unit"]})
        return False
    return True


class _Writer:
    """One method per kind of record; each finds the row that is there or makes one."""

    def __init__(
        self, session: Session, outcome: Outcome, systems: dict[str, System], *, by: int | None
    ) -> None:
        self.session, self.outcome, self.systems, self.by = session, outcome, systems, by
        self.units = {unit.code: unit for unit in session.scalars(select(Unit))}
        self.services = {service.name: service for service in session.scalars(select(DataService))}
        self.deployments = {(row.system_id, row.unit_id): row for row in session.scalars(select(Deployment))}

    def write(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            row, fields = getattr(self, f"_{draft.values['record']}")(draft.values)
            self._settle(draft, row, fields)
        self.session.flush()

    def _settle(self, draft: Draft, row: Any, fields: dict[str, Any]) -> None:
        differs = assign(row, fields)
        if row.id is None:
            self.session.add(row)
            self.outcome.new += 1
        elif differs:
            self.outcome.changed += 1
        else:
            self.outcome.unchanged += 1
            return
        audit(self.session, *draft.key, by=self.by)

    def _system(self, values: dict[str, Any]) -> tuple[System, dict[str, Any]]:
        row = self.systems.setdefault(values["code"], System(code=values["code"]))
        return row, _some(values, "name", "name_en", "group", "version", "active")

    def _module(self, values: dict[str, Any]) -> tuple[Module, dict[str, Any]]:
        system = self.systems[values["system"]]
        found = next((row for row in system.modules if row.code == values["code"]), None)
        return found or Module(code=values["code"], system=system), _some(values, "name", "active")

    def _deployment(self, values: dict[str, Any]) -> tuple[Deployment, dict[str, Any]]:
        system, unit = self.systems[values["system"]], self.units[values["unit"]]
        found = self.deployments.get((system.id, unit.id))
        return found or Deployment(system=system, unit=unit), _some(values, "version", "since")

    def _service(self, values: dict[str, Any]) -> tuple[DataService, dict[str, Any]]:
        row = self.services.get(values["name"]) or DataService(name=values["name"])
        names = ("name_en", "system", "what", "self_service", "how", "approver", "working_days")
        return row, _some(values, *names)


def _some(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}
