"""A tracker's file as records for the import of defects: found out what it is, read, mapped.

The invariant: the same file gives the same records, whatever is in the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from defects.flow import DefectState
from indexer.words import N_
from kb.importing.outcome import BadFile, Record, Row
from portal.causes.trackers import bugzilla, columns, jira
from portal.causes.trackers.files import File
from portal.causes.trackers.issue import Issue, symptoms_of
from portal.causes.trackers.mapping import Mapped
from portal.causes.trackers.markup import root_of

MOST_ISSUES = 200_000
TITLE_LIMIT = 300
TEXT_LIMIT = 20_000
#: States in which a record must name its cause, which trackers seldom do.
NEEDS_CAUSE = frozenset({DefectState.FIXED, DefectState.VERIFIED, DefectState.CLOSED})
NO_CAUSE = N_("来源系统没有写根因。")
#: What grows with every import and is never taken away by one: people here add to it.
GROWING = ("symptoms", "codes", "affected")


class Tracker(StrEnum):
    BUGZILLA = "bugzilla"
    JIRA = "jira"
    CSV = "csv"


def records_of(
    file: Path | File, tracker: Tracker, mapped: Mapped, *, source: str = "", encoding: str = "auto"
) -> list[Record]:
    """Everything that the file brings; raises :class:`BadFile`."""
    file = file if isinstance(file, File) else File(file.name, file)
    named = source or mapped.source or (file.stem if tracker == Tracker.CSV else tracker.value)
    return mapped_records(file, issues_of(file, tracker, mapped, encoding=encoding), mapped, source=named)


def mapped_records(file: File, issues: Iterable[Issue], mapped: Mapped, *, source: str) -> list[Record]:
    """These issues as records; what is no defect is left out and told."""
    records: list[Record] = []
    others: Counter[str] = Counter()
    for issue in issues:
        if not issue.fault and not mapped.takes(issue):
            others[issue.kind] += 1
            continue
        records.append(record_of(file.name, issue, mapped, source=source))
    if not records and not others:
        raise BadFile(N_("%(name)s 里没有可以导入的内容。") % {"name": file.name})
    return _told_of(others, records)


def _told_of(others: Counter[str], records: list[Record]) -> list[Record]:
    """What was left out because it is no defect is said once, with the first record."""
    if not others or not records:
        return records
    kinds = "、".join(f"{kind} {count}" for kind, count in others.most_common(8))
    remark = N_("有 %(count)s 条不是缺陷（%(kinds)s），没有导入；要导入就在对照表里写 only。") % {
        "count": others.total(),
        "kinds": kinds,
    }
    first = records[0]
    return [replace(first, row=replace(first.row, remarks=(*first.row.remarks, remark))), *records[1:]]


def issues_of(file: File, tracker: Tracker, mapped: Mapped, *, encoding: str) -> Iterator[Issue]:
    """Every issue of the file, by what the file is and not by what it is called."""
    if not file.path.is_file():
        raise BadFile(N_("找不到文件 %(name)s。") % {"name": file.path})
    for number, issue in enumerate(_read(file, tracker, mapped, encoding), start=1):
        if number > MOST_ISSUES:
            raise BadFile(N_("%(name)s 里的条目太多，请分成几个文件。") % {"name": file.name})
        yield issue


def _read(file: File, tracker: Tracker, mapped: Mapped, encoding: str) -> Iterator[Issue]:
    start = file.start()
    if tracker != Tracker.CSV and start.startswith(b"<"):
        readers = {Tracker.BUGZILLA: ("bugzilla", bugzilla.issues_in), Tracker.JIRA: ("rss", jira.issues_in)}
        root, read = readers[tracker]
        with file.opened() as stream:
            found = root_of(stream)
        if found and found != root:
            raise BadFile(
                N_("%(name)s 不是 %(tracker)s 的 XML 导出（最外层应是 <%(root)s>）。")
                % {"name": file.name, "tracker": tracker.value, "root": root}
            )
        with file.opened() as stream:
            yield from read(file.name, stream)
    elif tracker == Tracker.JIRA and start[:1] in (b"{", b"["):
        yield from jira.issues_in_json(file.name, file.whole(jira.LARGEST_JSON))
    else:
        yield from columns.issues_in(file.name, file.whole(), named=mapped.columns, encoding=encoding)


# ── one issue ────────────────────────────────────────────────────────────────────────────────────


def record_of(file: str, issue: Issue, mapped: Mapped, *, source: str) -> Record:
    """The issue under our names; what it does not say is left out, so that it changes nothing here."""
    part = N_("%(id)s（第 %(place)s 条）") % {"id": issue.id or "—", "place": issue.place}
    row = Row(file, issue.place, _shown(issue), issue.fault, part=part)
    if issue.fault:
        return Record(row, {})
    values: dict[str, Any] = {**mapped.defaults, **_said(issue, mapped), **mapped.constants}
    if (state := mapped.state(issue)) is None and "state" not in values:
        why = N_("不认识的状态“%(status)s”，请在对照表的 [state] 里写明。") % {"status": _status(issue)}
        return Record(replace(row, fault=why), {})
    values.setdefault("state", state)
    if values["state"] in NEEDS_CAUSE:
        values.setdefault("cause", NO_CAUSE)
    if values["state"] != DefectState.DUPLICATE:
        values.pop("duplicate_of", None)
    return Record(row, {**values, "source": source, "external_id": issue.id})


def _status(issue: Issue) -> str:
    return "/".join(filter(None, (issue.status, issue.resolution)))


def _said(issue: Issue, mapped: Mapped) -> dict[str, Any]:
    affected = tuple(filter(None, map(mapped.version, issue.versions)))
    fixed = tuple(filter(None, map(mapped.version, issue.fixed)))
    values = {
        "title": issue.summary[:TITLE_LIMIT],
        "system": mapped.system(issue),
        "module": mapped.module(issue),
        "type": mapped.type(issue),
        "severity": mapped.severity(issue),
        "symptoms": symptoms_of(issue.description),
        "affected": affected,
        "fixed_in": fixed[0] if fixed else "",
        "reproduce": _report(issue),
        "due_on": issue.due[:10],
        "duplicate_of": issue.duplicate_of,
        "owner_back": mapped.login(issue.assignee),
    }
    return {name: value for name, value in values.items() if value not in ("", (), None)}


def _report(issue: Issue) -> str:
    """The reporter's text, and who it was: people unknown here are kept as text."""
    facts = ((N_("报告人"), issue.reporter), (N_("经办人"), issue.assignee), (N_("原状态"), _status(issue)))
    told = "；".join(f"{name} {value}" for name, value in facts if value)
    foot = f"（{issue.id}：{told}）" if told else f"（{issue.id}）"
    return f"{issue.description[: TEXT_LIMIT - len(foot) - 2]}\n\n{foot}".strip()


def _shown(issue: Issue) -> dict[str, Any]:
    """What a list of rejected rows shows of it."""
    names: Iterable[str] = ("id", "product", "component", "summary", "status", "resolution", "fixed")
    return {name: _plain(getattr(issue, name)) for name in names}


def _plain(value: Any) -> str:
    return "、".join(value) if isinstance(value, tuple) else str(value)
