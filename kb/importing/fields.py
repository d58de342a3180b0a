"""Our own fields and how a raw value becomes one: text, code, choice, list, number, date, moment.

One table of fields per kind of thing serves the check, the help, the map file and the export.
The invariant: what ``take`` returns fits the database's columns; everything else is a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from indexer.words import N_
from kb.importing.outcome import BadRow

ZONE = ZoneInfo("Asia/Shanghai")  # for moments written without one
INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
LISTED = re.compile(r"[;；,，、|\n]")
YES = frozenset({"1", "true", "yes", "y", "是", "√"})
NO = frozenset({"", "0", "false", "no", "n", "否"})

Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of ours: what it is called, what it means, how it is read."""

    name: str
    meaning: str
    read: Reader
    required: bool = False


def take(fields: Sequence[Field], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Read every field of a record; raises :class:`BadRow` with everything that is wrong with it."""
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for field in fields:
        try:
            values[field.name] = field.read(raw.get(field.name))
        except BadRow as fault:
            wrong.append(f"{field.meaning}（{field.name}）{fault}")
            continue
        if field.required and values[field.name] in ("", None, ()):
            wrong.append(N_("缺少%(meaning)s（%(name)s）") % {"meaning": field.meaning, "name": field.name})
    if wrong:
        raise BadRow("；".join(wrong) + "。")
    return values


def _plain(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (dict, list, tuple)):
        raise BadRow(N_("应是文字，不是列表或对象"))
    words = INVISIBLE.sub("", str(raw).replace("\r\n", "\n").replace("\r", "\n")).strip()
    if SURROGATE.search(words):
        raise BadRow(N_("含有不能保存的字符"))
    return words


def text(limit: int) -> Reader:
    """Words of at most ``limit`` characters."""

    def read(raw: Any) -> str:
        words = _plain(raw)
        if len(words) > limit:
            raise BadRow(
                N_("有 %(length)s 个字符，超过上限 %(limit)s") % {"length": len(words), "limit": limit}
            )
        return words

    return read


def code(limit: int = 64) -> Reader:
    """A short name without spaces inside; empty is None."""
    words = text(limit)

    def read(raw: Any) -> str | None:
        return words(raw) or None

    return read


def choice(kind: type[StrEnum], labels: Mapping[Any, str], default: StrEnum | None = None) -> Reader:
    """A member of a closed set, by its value or by the name that people see."""
    named = {label: member for member, label in labels.items()} | {member.value: member for member in kind}

    def read(raw: Any) -> StrEnum | None:
        words = _plain(raw)
        if not words:
            return default
        if words in named:
            return kind(named[words])
        if words.lower() in named:
            return kind(named[words.lower()])
        known = "、".join(member.value for member in kind)
        raise BadRow(N_("只能是 %(known)s，不能是“%(words)s”") % {"known": known, "words": words[:40]})

    return read


def one_of(known: Collection[str], default: str) -> Reader:
    """One of a few fixed words."""

    def read(raw: Any) -> str:
        words = _plain(raw) or default
        if words not in known:
            raise BadRow(
                N_("只能是 %(known)s，不能是“%(words)s”") % {"known": "、".join(known), "words": words[:40]}
            )
        return words

    return read


def words(limit: int, *, most: int = 200) -> Reader:
    """Several short words: a list, lines, or a text divided by commas."""
    return _several(LISTED, limit, most)


def lines(limit: int, *, most: int = 500) -> Reader:
    """Several sentences: a list, or one on each line."""
    return _several(re.compile(r"\n"), limit, most)


def _several(divider: re.Pattern[str], limit: int, most: int) -> Reader:
    one = text(limit)

    def read(raw: Any) -> tuple[str, ...]:
        if not isinstance(raw, (list, tuple)):
            plain = _plain(raw)
            # An export ends a lone word that holds a comma with a line break, see kb.exporting.
            lone = isinstance(raw, str) and "\n" in raw
            raw = (re.compile(r"\n") if lone else divider).split(plain)
        found = tuple(dict.fromkeys(part for part in map(one, raw) if part))
        if len(found) > most:
            raise BadRow(N_("有 %(length)s 项，超过上限 %(limit)s") % {"length": len(found), "limit": most})
        return found

    return read


def number(lowest: int, highest: int, default: int | None = None) -> Reader:
    """A whole number within bounds."""

    def read(raw: Any) -> int | None:
        plain = _plain(raw)
        if not plain:
            return default
        if not re.fullmatch(r"-?\d{1,12}", plain, re.ASCII) or not lowest <= int(plain) <= highest:
            raise BadRow(
                N_("应是 %(lowest)s 到 %(highest)s 的整数，不能是“%(words)s”")
                % {"lowest": lowest, "highest": highest, "words": plain[:40]}
            )
        return int(plain)

    return read


def switch(default: bool = False) -> Reader:
    """Yes or no."""

    def read(raw: Any) -> bool:
        plain = _plain(raw).lower()
        if raw is None or plain == "":
            return default
        if plain in YES or plain in NO:
            return plain in YES
        raise BadRow(N_("只能是 true 或 false（是/否），不能是“%(words)s”") % {"words": plain[:40]})

    return read


def day(raw: Any) -> date | None:
    """2026-03-01 or 2026/3/1; empty is None."""
    plain = _plain(raw)
    if not plain:
        return None
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?", plain, re.ASCII)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        found = None
    raise BadRow(N_("应是日期，例如 2026-03-01，不能是“%(words)s”") % {"words": plain[:40]})


def moment(raw: Any) -> datetime | None:
    """ISO 8601; without a zone it is the desk's own. Empty is None."""
    plain = _plain(raw).replace("/", "-")
    if not plain:
        return None
    try:
        found = datetime.fromisoformat(plain)
    except ValueError as fault:
        raise BadRow(
            N_("应是时间，例如 2026-03-01 09:30，不能是“%(words)s”") % {"words": plain[:40]}
        ) from fault
    try:
        return (found if found.tzinfo else found.replace(tzinfo=ZONE)).astimezone(UTC)
    except OverflowError as fault:
        raise BadRow(
            N_("应是时间，例如 2026-03-01 09:30，不能是“%(words)s”") % {"words": plain[:40]}
        ) from fault
