"""How a search is narrowed: the address as values, and the doors beside the results with their counts.

Everything is counted by the finder over what this reader may see; nothing is counted here. The invariant:
an address that says nonsense narrows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from defects.flow import DefectState
from indexer.words import N_
from kb.flow import ArticleState
from portal.catalogue.queries import module_names, systems_in_order
from portal.faults.flow import AnnouncementState, FaultState
from portal.finder.found import Found
from portal.finder.period import Period, of_days
from portal.tickets.words import State
from portal.web.labels import label, named, translated
from portal.web.request import db, me, parts

KIND_NAMES = {
    "article": N_("知识"),
    "defect": N_("已知缺陷"),
    "ticket": N_("工单"),
    "announcement": N_("公告"),
    "fault": N_("故障事件"),
}
STATES: Mapping[str, type[StrEnum]] = {
    "article": ArticleState,
    "defect": DefectState,
    "ticket": State,
    "announcement": AnnouncementState,
    "fault": FaultState,
}
#: Whether an article is due for review concerns those who write it.
STATES_FOR_ALL = frozenset({"ticket", "defect", "fault"})
LANGUAGES = {"zh": "中文", "en": "English"}
PERIODS = ((7, N_("近一周")), (30, N_("近一个月")), (365, N_("近一年")))
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    text: str = ""
    kind: str = ""
    system: str = ""
    module: str = ""
    state: str = ""
    language: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrowed(self) -> bool:
        return self != Asked(self.text)

    @property
    def filters(self) -> dict[str, str | None]:
        names = ("system", "module", "state", "language")
        return {name: getattr(self, name) or None for name in names}

    @property
    def period(self) -> Period:
        return of_days(self.since, self.until, parts().settings.zone)

    @property
    def arguments(self) -> dict[str, Any]:
        """The address that asks for this."""
        named_ = {"q": self.text, "kind": self.kind, **self.filters, "from": self.since, "to": self.until}
        return {name: str(value) for name, value in named_.items() if value}

    def url(self) -> str:
        return url_for("search.page", **self.arguments)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: its name, how much there is, and where it leads."""

    name: str
    url: str
    count: int | None = None
    active: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    title: str
    choices: tuple[Choice, ...]


Search = Callable[[Asked], Found]


def narrowed_by(asked: Asked, facets: list[Facet]) -> list[Choice]:
    """What was asked for beside the words, each with the address that does without it."""
    chosen = [
        Choice(choice.name, facet.choices[0].url)
        for facet in facets
        for choice in facet.choices[1:]
        if choice.active
    ]
    days = " – ".join(str(day) if day else "…" for day in (asked.since, asked.until))
    whole = replace(asked, since=None, until=None)
    if whole != asked and whole.url() not in {choice.url for choice in chosen}:
        chosen.append(Choice(days, whole.url()))
    return chosen


def asked_of_request() -> Asked:
    given = request.args
    kind = given.get("kind", "")
    asked = Asked(
        given.get("q", "").strip(),
        kind if kind in KIND_NAMES else "",
        given.get("system", ""),
        given.get("module", ""),
        given.get("state", ""),
        given.get("language", ""),
        _day(given.get("from", "")),
        _day(given.get("to", "")),
    )
    return replace(
        asked,
        module=asked.module if asked.system else "",
        state=asked.state if asked.kind and asked.state in set(STATES[asked.kind]) else "",
        language=asked.language if asked.language in LANGUAGES else "",
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def facets(asked: Asked, found: Found, search: Search, *, today: date) -> list[Facet]:
    """The doors beside the results; where else something lies is counted before anything is narrowed."""
    wide = search(Asked(asked.text)) if asked.is_narrowed else found
    made = [
        _facet(asked, "kind", N_("种类"), N_("全部"), _kinds(wide)),
        _facet(asked, "system", N_("系统"), N_("全部系统"), _systems(asked, wide)),
        _facet(asked, "module", N_("模块"), N_("全部模块"), _modules(asked, found, search)),
        _facet(asked, "state", N_("状态"), N_("全部状态"), _states(asked, found, search)),
        _facet(asked, "language", N_("语言"), N_("全部语言"), _languages(asked, found, search)),
        _period(asked, today),
    ]
    return [facet for facet in made if len(facet.choices) > 1]


def _facet(
    asked: Asked, name: str, title: str, everything: str, rows: Iterator[tuple[str, str, int]]
) -> Facet:
    chosen = getattr(asked, name)
    counted = [
        Choice(word, _with(asked, name, value).url(), count, active=value == chosen)
        for value, word, count in rows
    ]
    whole = Choice(translated(everything), _with(asked, name, "").url(), active=not chosen)
    return Facet(translated(title), (whole, *counted) if counted else ())


def _with(asked: Asked, name: str, value: str) -> Asked:
    """Another kind has other states, another system other modules."""
    loose = {"kind": {"state": ""}, "system": {"module": ""}}.get(name, {})
    changed: dict[str, str] = {**loose, name: value}
    return replace(asked, **changed)  # type: ignore[arg-type]


def _without(asked: Asked, name: str, found: Found, search: Search) -> list[tuple[str, int]]:
    """The values of a facet among everything else that was asked for."""
    loose = search(_with(asked, name, "")) if getattr(asked, name) else found
    return loose.facets.get(name, [])


def _kinds(wide: Found) -> Iterator[tuple[str, str, int]]:
    for value, count in wide.facets.get("kind", []):
        yield value, translated(KIND_NAMES[value]), count


def _systems(asked: Asked, wide: Found) -> Iterator[tuple[str, str, int]]:
    names = {row.code: named(row) for row in systems_in_order(db(), active_only=False)}
    counted = dict(wide.facets.get("system", [])[:SHOWN])
    if asked.system and asked.system in names:
        counted.setdefault(asked.system, dict(wide.facets.get("system", [])).get(asked.system, 0))
    for code, count in counted.items():
        yield code, names.get(code, code), count


def _modules(asked: Asked, found: Found, search: Search) -> Iterator[tuple[str, str, int]]:
    if not asked.system:
        return
    names = module_names(db())
    for code, count in _without(asked, "module", found, search)[:SHOWN]:
        yield code, names.get((asked.system, code), code), count


def _states(asked: Asked, found: Found, search: Search) -> Iterator[tuple[str, str, int]]:
    if not asked.kind or (asked.kind not in STATES_FOR_ALL and not me().is_staff):
        return
    states = STATES[asked.kind]
    for value, count in _without(asked, "state", found, search):
        if value in set(states):
            yield value, label(states(value)), count


def _languages(asked: Asked, found: Found, search: Search) -> Iterator[tuple[str, str, int]]:
    counted = _without(asked, "language", found, search)
    if len(counted) > 1 or asked.language:
        for value, count in counted:
            yield value, LANGUAGES.get(value, value), count


def _period(asked: Asked, today: date) -> Facet:
    whole = replace(asked, since=None, until=None)
    choices = [Choice(_("不限时间"), whole.url(), active=whole == asked)]
    for days, words in PERIODS:
        near = replace(whole, since=today - timedelta(days=days))
        choices.append(Choice(translated(words), near.url(), active=near == asked))
    return Facet(_("时间"), tuple(choices))
