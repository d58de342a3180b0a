"""Systems, modules and units of the other desk and which of ours they are: by code, by name, or by hand.

The invariant: nothing is invented here, and a text for certain units never becomes one for everybody
because its units are unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.catalogue.queries import module_names, system_names
from portal.packs.models import Pack
from portal.people.models import Unit
from portal.tickets.words import Category

KINDS = ("system", "module", "unit")


@dataclass(frozen=True, slots=True)
class Place:
    """One name of the other desk: what it is called there, and which of ours it is; empty is none."""

    kind: str
    code: str
    name: str
    ours: str


@dataclass(frozen=True, slots=True)
class Known:
    """The places of this desk: code → name of each kind; modules are called “system/module”."""

    names: Mapping[str, Mapping[str, str]]

    def guess(self, kind: str, code: str, name: str) -> str:
        """The same code, else the one place with the same name."""
        ours = self.names[kind]
        if code in ours:
            return code
        alike = [own for own, called in ours.items() if called == name]
        return alike[0] if len(alike) == 1 else ""


def known(session: Session) -> Known:
    modules = {f"{system}/{module}": name for (system, module), name in module_names(session).items()}
    units = dict(session.execute(select(Unit.code, Unit.name).order_by(Unit.path)).all())
    return Known({"system": system_names(session), "module": modules, "unit": units})


def mapped(pack: Pack, here: Known) -> list[Place]:
    """Every place that the pack names and which of ours it is: as somebody has said, else as guessed."""
    found = []
    for kind in KINDS:
        said = pack.mapping.get(kind, {})
        for code, name in pack.places.get(kind, {}).items():
            ours = said[code] if code in said else here.guess(kind, code, name)
            found.append(Place(kind, code, name, ours if ours in here.names[kind] else ""))
    return found


def unknown(pack: Pack, here: Known) -> list[Place]:
    """The places that are not here under the same code: a person may say which they are."""
    return [place for place in mapped(pack, here) if place.code not in here.names[place.kind]]


@dataclass(frozen=True, slots=True)
class Places:
    """Turns a content of the other desk into one of ours."""

    ours: Mapping[tuple[str, str], str]
    strict: bool = False
    refused: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, pack: Pack, here: Known) -> Places:
        rows = {(place.kind, place.code): place.ours for place in mapped(pack, here)}
        return cls(rows, pack.strict)

    def here(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The same content with our codes; raises :class:`Refused` with what is missing."""
        system = self._one("system", content["system"], N_("系统"))
        module = None
        if content["module"] and system:
            found = self._one("module", f"{content['system']}/{content['module']}", N_("模块")) or ""
            module = found.partition("/")[2] if found.startswith(f"{system}/") else None
        settled = {**content, "system": system, "module": module}
        if "units" in content:
            settled["units"] = self._units(content["units"])
            settled["category"] = content["category"] if content["category"] in set(Category) else None
        return settled

    def _one(self, kind: str, code: str | None, what: str) -> str | None:
        ours = self.ours.get((kind, code)) if code else None
        if code and not ours and self.strict:
            raise Refused(N_("这里没有对应“%(code)s”的%(what)s，请先在上面指定。"), code=code, what=what)
        return ours or None

    def _units(self, codes: Sequence[str]) -> list[str]:
        found = [ours for code in codes if (ours := self._one("unit", code, N_("单位")))]
        if codes and not found:
            raise Refused(
                N_("这篇知识只给某些单位看，这里没有对应的单位；请先在上面指定，免得变成人人可见。")
            )
        return sorted(set(found))
