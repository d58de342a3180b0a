"""The words that a tracker's file uses, how often, and what each of them is taken for. Pure.

What is kept with the import and drawn as the form of the mapping. The invariant: every word that decides a
row's state, system or severity is among them, most frequent first, up to a bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.causes.trackers.issue import Issue
from portal.causes.trackers.mapping import Mapped

MOST_WORDS = 80


@dataclass(slots=True)
class Survey:
    """Lists of [words…, how often]; as it is kept, in JSON."""

    shape: str = ""
    source: str = ""
    header: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)  # ours → the column that was recognised
    kinds: list[list[Any]] = field(default_factory=list)
    states: list[list[Any]] = field(default_factory=list)  # status, resolution
    places: list[list[Any]] = field(default_factory=list)  # product, component
    levels: list[list[Any]] = field(default_factory=list)
    more: bool = False  # there were more words than can be drawn

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Survey:
        return cls(**kept)


def surveyed(issues: Iterable[Issue], mapped: Mapped, survey: Survey) -> Survey:
    """Count what these issues say; those that are no defects are counted by kind alone."""
    kinds: Counter[tuple[str, ...]] = Counter()
    counted: tuple[Counter[tuple[str, ...]], ...] = (Counter(), Counter(), Counter())
    for issue in issues:
        if issue.fault:
            continue
        kinds[(issue.kind,)] += 1
        if mapped.takes(issue):
            states, places, levels = counted
            states[issue.status, issue.resolution] += 1
            places[issue.product, issue.component] += 1
            levels[(issue.severity or issue.priority,)] += 1
    survey.kinds = _listed(kinds)
    survey.states, survey.places, survey.levels = map(_listed, counted)
    survey.more = any(len(found) > MOST_WORDS for found in counted)
    return survey


def _listed(found: Counter[tuple[str, ...]]) -> list[list[Any]]:
    return [[*words, count] for words, count in found.most_common(MOST_WORDS) if any(words)]


# ── what the words are taken for ─────────────────────────────────────────────────────────────────


def states_taken(survey: Survey, mapped: Mapped) -> list[str]:
    """Our state for each; empty for what nobody has named."""
    found = (mapped.state(Issue(0, status=row[0], resolution=row[1])) for row in survey.states)
    return [state.value if state else "" for state in found]


def places_taken(survey: Survey, mapped: Mapped) -> list[tuple[str, str]]:
    """(system, module) for each, as the mapping calls them."""
    issues = (Issue(0, product=row[0], component=row[1]) for row in survey.places)
    return [(mapped.system(issue), mapped.module(issue)) for issue in issues]


def levels_taken(survey: Survey, mapped: Mapped) -> list[int]:
    return [mapped.severity(Issue(0, severity=row[0])) for row in survey.levels]


def kinds_taken(survey: Survey, mapped: Mapped) -> list[bool]:
    return [mapped.takes(Issue(0, kind=row[0])) for row in survey.kinds]


def named(words: Sequence[str]) -> str:
    """How the mapping's tables call a pair."""
    return "/".join(words)
