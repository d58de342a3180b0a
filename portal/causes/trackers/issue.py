"""One issue of another tracker in the words all trackers share, before any of it becomes ours. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Issue:
    """``description`` is the reporter's own text. ``fault``: why it could not be read."""

    place: int  # counted from 1 within its file; the row of a table
    id: str = ""
    kind: str = ""
    product: str = ""
    component: str = ""
    labels: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    status: str = ""
    resolution: str = ""
    severity: str = ""
    priority: str = ""
    versions: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    duplicate_of: str = ""
    due: str = ""
    reporter: str = ""
    assignee: str = ""
    fault: str = ""


NAMES = tuple(field.name for field in fields(Issue) if field.name not in ("place", "fault"))
SEVERAL = frozenset({"labels", "versions", "fixed"})

#: How reporters head the parts of their text, in the forms that trackers offer them.
STEPS = re.compile(
    r"^[ \t#*_【\[]*(?:steps?[ \t]+to[ \t]+repro(?:duce)?|how[ \t]+to[ \t]+reproduce|[重复]现步骤|操作步骤)"
    r"[ \t*_】\]]*[:：]?",
    re.IGNORECASE | re.MULTILINE,
)
ACTUAL = re.compile(
    r"^[ \t#*_【\[]*(?:actual[ \t]+(?:results?|behaviou?r)|实际结果|实际情况)[ \t*_】\]]*[:：]?",
    re.IGNORECASE | re.MULTILINE,
)
ELSEWHERE = re.compile(
    r"^[ \t#*_【\[]*(?:expected[ \t]+(?:results?|behaviou?r)|additional[ \t]+info\w*|环境|期望结果|预期结果)"
    r"[ \t*_】\]]*[:：]?",
    re.IGNORECASE | re.MULTILINE,
)
AGENT = re.compile(r"^User[ -]Agent:.*$|^Build Identifier:.*$", re.IGNORECASE | re.MULTILINE)
MOST_SYMPTOMS = 6
SYMPTOM_LIMIT = 500


def symptoms_of(description: str) -> tuple[str, ...]:
    """What the reporter saw: what stands before the steps, and what is headed as the actual result."""
    plain = AGENT.sub("", description)
    first = STEPS.search(plain)
    before = plain[: first.start()] if first else plain.split("\n\n")[0] if plain.strip() else ""
    before = _until(before, ELSEWHERE)
    lines = [*_lines(_until(before, ACTUAL)), *_lines(_actual(plain))]
    return tuple(dict.fromkeys(lines))[:MOST_SYMPTOMS]


def _actual(plain: str) -> str:
    found = ACTUAL.search(plain)
    return _until(_until(plain[found.end() :], ELSEWHERE), STEPS) if found else ""


def _until(text: str, mark: re.Pattern[str]) -> str:
    found = mark.search(text)
    return text[: found.start()] if found else text


def _lines(text: str) -> Iterable[str]:
    return (line.strip()[:SYMPTOM_LIMIT] for line in text.strip().split("\n") if line.strip())


def words(value: Any) -> str:
    """A value of a file as text: lists and nothing become what they say."""
    if value is None or isinstance(value, (dict, list, tuple)):
        return ""
    return str(value).strip()
