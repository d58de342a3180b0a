"""What a field of an information form is, and whether a value fits it. Pure.

A value is kept as one line of canonical text, whatever its kind; an empty one is no answer. A screenshot is
never a value: pictures hang on the ticket like every other file, and the form counts them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from indexer.words import N_
from kb.flow import Refused


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"
    VERSION = "version"
    CODE = "code"
    SCREENSHOT = "screenshot"


class Need(StrEnum):
    """From when on a ticket must have it; what is demanded at filing is demanded ever after."""

    OPTIONAL = "optional"
    FILING = "filing"
    ESCALATION = "escalation"


KIND_LABELS = {
    Kind.TEXT: N_("一行文字"),
    Kind.LONG: N_("多行文字"),
    Kind.NUMBER: N_("数字"),
    Kind.DATE: N_("日期"),
    Kind.CHOICE: N_("单选"),
    Kind.YES_NO: N_("是或否"),
    Kind.VERSION: N_("版本号"),
    Kind.CODE: N_("错误代码"),
    Kind.SCREENSHOT: N_("截图"),
}
NEED_LABELS = {
    Need.OPTIONAL: N_("选填"),
    Need.FILING: N_("提交时必填"),
    Need.ESCALATION: N_("升级前必填"),
}
YES, NO = "yes", "no"
YES_NO_LABELS = {YES: N_("是"), NO: N_("否")}
LONGEST = {Kind.TEXT: 200, Kind.LONG: 4000, Kind.NUMBER: 40, Kind.VERSION: 40, Kind.CODE: 80}
NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")
VERSION = re.compile(r"[vVrR]?\d[0-9A-Za-z]*([._+-][0-9A-Za-z]+)*")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a field of a kind with choices; its Chinese name is what is kept."""

    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked."""

    key: str
    kind: Kind
    name: str
    name_en: str = ""
    hint: str = ""
    hint_en: str = ""
    need: Need = Need.OPTIONAL
    choices: tuple[Choice, ...] = ()

    @property
    def is_demanded(self) -> bool:
        return self.need != Need.OPTIONAL


@dataclass(frozen=True, slots=True)
class Names:
    """Names of fields inside a sentence, in both languages; whoever renders it chooses."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    def __str__(self) -> str:
        return "、".join(self.zh)

    def __bool__(self) -> bool:
        return bool(self.zh)

    @property
    def english(self) -> str:
        return ", ".join(self.en)


NOTHING = Names((), ())


def names_of(fields: Iterable[Field]) -> Names:
    """What these fields are called."""
    rows = list(fields)
    return Names(tuple(row.name for row in rows), tuple(row.name_en or row.name for row in rows))


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def checked(field: Field, text: str) -> str:
    """The value as it is kept; raises :class:`Refused` with a sentence that names the field."""
    value = _plain(field.kind, text)
    if not value or field.kind == Kind.SCREENSHOT:
        return ""
    if len(value) > LONGEST.get(field.kind, 200):
        raise Refused(
            N_("“%(field)s”太长，最多 %(limit)s 个字。"),
            field=names_of([field]),
            limit=LONGEST.get(field.kind, 200),
        )
    if (objection := _objection(field, value)) is not None:
        raise Refused(objection, field=names_of([field]))
    return value


def _plain(kind: Kind, text: str) -> str:
    """Without what no database keeps; what is no prose in half-width letters and on one line."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if kind == Kind.LONG:
        return text.replace("\r\n", "\n")
    if kind not in (Kind.TEXT, Kind.CHOICE):
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split())


def _objection(field: Field, value: str) -> str | None:
    match field.kind:
        case Kind.NUMBER if not NUMBER.fullmatch(value):
            return N_("“%(field)s”要填数字，例如 12 或 3.5。")
        case Kind.DATE if not _is_day(value):
            return N_("“%(field)s”要填日期，例如 2026-03-02。")
        case Kind.CHOICE if value not in {choice.name for choice in field.choices}:
            return N_("“%(field)s”请从给出的选项里选一个。")
        case Kind.YES_NO if value not in YES_NO_LABELS:
            return N_("“%(field)s”请选“是”或“否”。")
        case Kind.VERSION if not VERSION.fullmatch(value):
            return N_("“%(field)s”要填版本号，例如 V2.3.1。")
        case _:
            return None


def _is_day(value: str) -> bool:
    try:
        return len(value) == len("2026-03-02") and bool(date.fromisoformat(value))
    except ValueError:
        return False


def checked_all(fields: Sequence[Field], given: Mapping[str, str]) -> dict[str, str]:
    """key → value of everything given for these fields, empty ones too; the first wrong one refuses."""
    return {field.key: checked(field, given[field.key]) for field in fields if field.key in given}


def lacking(
    fields: Sequence[Field], answers: Mapping[str, str], *, needs: frozenset[Need], pictures: int | None
) -> tuple[Field, ...]:
    """The fields of these needs that have no answer.

    ``pictures``: how many hang on the ticket; the n-th screenshot asked for is given when there are n.
    None means that pictures may come later.
    """
    asked = [field for field in fields if field.kind == Kind.SCREENSHOT]
    return tuple(
        field
        for field in fields
        if field.need in needs
        and not (
            (pictures is None or asked.index(field) < pictures)
            if field.kind == Kind.SCREENSHOT
            else answers.get(field.key)
        )
    )


# ── as they are kept ─────────────────────────────────────────────────────────────────────────────


def packed(fields: Iterable[Field]) -> list[dict[str, Any]]:
    """The fields as JSON."""
    return [
        {
            "key": row.key,
            "kind": row.kind.value,
            "name": row.name,
            "name_en": row.name_en,
            "hint": row.hint,
            "hint_en": row.hint_en,
            "need": row.need.value,
            "choices": [[choice.name, choice.name_en] for choice in row.choices],
        }
        for row in fields
    ]


def unpacked(rows: Iterable[Mapping[str, Any]]) -> tuple[Field, ...]:
    """The fields that ``packed`` wrote."""
    return tuple(
        Field(
            key=row["key"],
            kind=Kind(row["kind"]),
            name=row["name"],
            name_en=row["name_en"],
            hint=row["hint"],
            hint_en=row["hint_en"],
            need=Need(row["need"]),
            choices=tuple(Choice(name, name_en) for name, name_en in row["choices"]),
        )
        for row in rows
    )
