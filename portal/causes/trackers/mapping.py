"""What another tracker calls things, and what we call them: a file of the operator over sensible defaults.

TOML or JSON; docs/importing.md names every table. The invariant: an unknown table, state or type is refused
with its name before any file is read.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from defects.flow import STATE_LABELS, DefectState
from defects.models import TYPE_LABELS, DefectType
from indexer.words import N_
from kb.importing.outcome import BadFile
from portal.causes.trackers.issue import NAMES, Issue

ELSE = "*"
TABLES = ("system", "module", "state", "severity", "type", "version", "people", "columns", "set", "defaults")
WORDS = ("source",)
NEITHER = N_("对照表 %(name)s 不是合法的 TOML 或 JSON。")
S, T = DefectState, DefectType

#: ``STATUS/RESOLUTION`` before ``STATUS`` before ``*/RESOLUTION``; all in lower case.
STATES: Mapping[str, DefectState] = {
    # Bugzilla
    "unconfirmed": S.SUSPECTED,
    "new": S.CONFIRMED,
    "confirmed": S.CONFIRMED,
    "assigned": S.IN_PROGRESS,
    "in_progress": S.IN_PROGRESS,
    "reopened": S.CONFIRMED,
    "resolved": S.FIXED,
    "verified": S.VERIFIED,
    "closed": S.CLOSED,
    # Jira
    "open": S.CONFIRMED,
    "to do": S.CONFIRMED,
    "backlog": S.CONFIRMED,
    "selected for development": S.CONFIRMED,
    "in progress": S.IN_PROGRESS,
    "in review": S.IN_PROGRESS,
    "patch available": S.IN_PROGRESS,
    "done": S.CLOSED,
    "待办": S.CONFIRMED,
    "处理中": S.IN_PROGRESS,
    "已解决": S.FIXED,
    "完成": S.CLOSED,
    "已关闭": S.CLOSED,
}
#: What the resolution says goes before what the status says: a closed duplicate is a duplicate.
RESOLUTIONS: Mapping[str, DefectState] = {
    "duplicate": S.DUPLICATE,
    "重复": S.DUPLICATE,
    "invalid": S.NOT_A_DEFECT,
    "worksforme": S.NOT_A_DEFECT,
    "incomplete": S.NOT_A_DEFECT,
    "moved": S.NOT_A_DEFECT,
    "not a bug": S.NOT_A_DEFECT,
    "not a problem": S.NOT_A_DEFECT,
    "cannot reproduce": S.NOT_A_DEFECT,
    "wontfix": S.CONFIRMED,  # it is there, and it will stay: its workaround is worth knowing
    "won't fix": S.CONFIRMED,
    "won't do": S.CONFIRMED,
}
SEVERITIES: Mapping[str, int] = {
    "blocker": 1,
    "critical": 1,
    "highest": 1,
    "p1": 1,
    "s1": 1,
    "major": 2,
    "high": 2,
    "p2": 2,
    "s2": 2,
    "normal": 3,
    "medium": 3,
    "p3": 3,
    "s3": 3,
    "minor": 4,
    "low": 4,
    "lowest": 4,
    "trivial": 4,
    "p4": 4,
    "p5": 4,
    "s4": 4,
}
KINDS = frozenset({"", "bug", "defect", "缺陷", "故障"})
NO_VERSION = frozenset({"", "---", "--", "unspecified", "none", "future"})


@dataclass(frozen=True, slots=True)
class Mapped:
    """The mapping in use; words of ``tables`` in lower case, ``constants`` and ``defaults`` by our fields."""

    source: str = ""
    kinds: frozenset[str] = KINDS
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def _word(self, table: str, *words: str) -> str | None:
        """What the operator calls the first of these words that the table names."""
        named = self.tables.get(table, {})
        return next((named[word.lower()] for word in (*words, ELSE) if word.lower() in named), None)

    @property
    def columns(self) -> Mapping[str, str]:
        return self.tables.get("columns", {})

    def takes(self, issue: Issue) -> bool:
        """Is this kind of issue a defect?"""
        return ELSE in self.kinds or issue.kind.lower() in self.kinds

    def system(self, issue: Issue) -> str:
        named = self._word("system", f"{issue.product}/{issue.component}", issue.product)
        return issue.product if named is None else named

    def module(self, issue: Issue) -> str:
        """Modules are named by the operator alone: a tracker's components are seldom ours."""
        return self._word("module", f"{issue.product}/{issue.component}", issue.component) or ""

    def state(self, issue: Issue) -> DefectState | None:
        """None for a word that nobody has named."""
        words = (f"{issue.status}/{issue.resolution}", issue.status, f"{ELSE}/{issue.resolution}")
        named = self._word("state", *words)
        if named is not None:
            return DefectState(named)
        return RESOLUTIONS.get(issue.resolution.lower(), STATES.get(issue.status.lower()))

    def severity(self, issue: Issue) -> int:
        words = (issue.severity, issue.priority)
        named = self._word("severity", *filter(None, words))
        if named is not None:
            return int(named)
        return next((SEVERITIES[word.lower()] for word in words if word.lower() in SEVERITIES), 3)

    def type(self, issue: Issue) -> str:
        return self._word("type", *issue.labels, f"{issue.product}/{issue.component}", issue.component) or ""

    def version(self, version: str) -> str:
        named = self._word("version", version)
        if named is not None:
            return named
        return "" if version.lower() in NO_VERSION else version

    def login(self, account: str) -> str:
        return (self._word("people", account) or account) if account else ""


# ── from a file ──────────────────────────────────────────────────────────────────────────────────


def mapping_from(path: Path) -> Mapped:
    """Raises :class:`BadFile` with what is wrong."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise BadFile(
            N_("读不了对照表 %(name)s：%(why)s。") % {"name": path, "why": fault.strerror}
        ) from fault
    except ValueError as fault:
        raise BadFile(NEITHER % {"name": path}) from fault
    return mapping_of(str(path), tables_in(str(path), content))


def tables_in(name: str, content: str) -> Any:
    """TOML, or JSON of the same shape, by what it is."""
    try:
        return json.loads(content) if content.lstrip().startswith("{") else tomllib.loads(content)
    except (ValueError, RecursionError) as fault:
        raise BadFile(NEITHER % {"name": name}) from fault


def mapping_of(name: str, written: Any) -> Mapped:
    """The mapping that these tables describe, checked."""
    known = {*TABLES, *WORDS, "only"}
    if not isinstance(written, dict) or set(written) - known:
        unknown = "、".join(sorted(set(written) - known)) if isinstance(written, dict) else ""
        raise BadFile(
            N_("对照表 %(name)s 里不认识 %(unknown)s；可以有：%(known)s。")
            % {"name": name, "unknown": unknown, "known": "、".join(sorted(known))}
        )
    tables = {table: _table(name, table, written.get(table, {})) for table in TABLES}
    constants, defaults = tables.pop("set"), tables.pop("defaults")
    found = Mapped(
        source=str(written.get("source", "")),
        kinds=_kinds(name, written.get("only")),
        tables={table: _said(words) for table, words in tables.items()},
        constants=constants,
        defaults=defaults,
    )
    return _checked(name, found)


def _table(name: str, table: str, written: Any) -> dict[str, Any]:
    fits = isinstance(written, dict) and all(isinstance(value, (str, int)) for value in written.values())
    if not fits:
        raise BadFile(
            N_('对照表 %(name)s：[%(table)s] 里每一行应是 来源的写法 = "这里的写法"。')
            % {"name": name, "table": table}
        )
    return dict(written)


def _said(words: Mapping[str, Any]) -> dict[str, str]:
    return {word.strip().lower(): str(value).strip() for word, value in words.items()}


def _kinds(name: str, written: Any) -> frozenset[str]:
    if written is None:
        return KINDS
    if not isinstance(written, list) or not all(isinstance(word, str) for word in written):
        raise BadFile(N_('对照表 %(name)s：only 应是问题类型的列表，例如 ["Bug"]。') % {"name": name})
    return frozenset(word.strip().lower() for word in written)


def _checked(name: str, found: Mapped) -> Mapped:
    """States, types and severities by our own words, whatever language they were written in."""
    states = {label: state.value for state, label in STATE_LABELS.items()} | {state: state for state in S}
    types = {label: kind.value for kind, label in TYPE_LABELS.items()} | {kind: kind for kind in T}
    levels = {str(level): str(level) for level in (1, 2, 3, 4)}
    tables = dict(found.tables)
    for table, known in (("state", states), ("type", types), ("severity", levels)):
        tables[table] = {word: _known(name, table, value, known) for word, value in tables[table].items()}
    for word in tables["columns"]:
        _known(name, "columns", word, {own: own for own in NAMES})
    return Mapped(found.source, found.kinds, tables, found.constants, found.defaults)


def _known(name: str, table: str, value: str, known: Mapping[str, str]) -> str:
    if value not in known:
        raise BadFile(
            N_("对照表 %(name)s：[%(table)s] 里的“%(value)s”不认识；可以用：%(known)s。")
            % {"name": name, "table": table, "value": value, "known": "、".join(known)}
        )
    return str(known[value])
