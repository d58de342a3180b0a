"""Small strict readers of JSON values: what isn't exactly as told is refused, nothing is guessed. Pure.

Unlike imports, which are kind to files that people made, packs are made by this program alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from indexer.words import N_
from portal.packs.words import BadPack

Check = Callable[[Any], Any]
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Wrong(Exception):
    """This value is not of the kind that was told."""


def fields(value: Any, known: Mapping[str, Check], where: str) -> dict[str, Any]:
    """Exactly these fields, each right; raises :class:`BadPack` naming the first that isn't."""
    if not isinstance(value, dict) or value.keys() != known.keys():
        raise BadPack(N_("资料包里的%(where)s缺少内容或有多余的内容，没有读取。"), where=where)
    found = {}
    for name, check in known.items():
        try:
            found[name] = check(value[name])
        except Wrong as fault:
            raise BadPack(
                N_("资料包里的%(where)s的 %(name)s 不符合规定，没有读取。"), where=where, name=name
            ) from fault
    return found


def text(most: int, *, least: int = 0) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not least <= len(value) <= most or INVISIBLE.search(value):
            raise Wrong
        return value

    return check


def matching(pattern: re.Pattern[str]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Wrong
        return value

    return check


def or_none(inner: Check) -> Check:
    return lambda value: None if value is None else inner(value)


def number(lowest: int, highest: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise Wrong
        return value

    return check


def switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong
    return value


def member(kind: type[StrEnum]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in set(kind):
            raise Wrong
        return value

    return check


def many(inner: Check, most: int) -> Check:
    def check(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            raise Wrong
        return [inner(item) for item in value]

    return check


def named(key: Check, inner: Check, most: int) -> Check:
    """An object whose names and values are alike."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > most:
            raise Wrong
        return {key(name): inner(item) for name, item in value.items()}

    return check


def table(known: Mapping[str, Check], where: str) -> Check:
    return lambda value: fields(value, known, where)


def moment(value: Any) -> datetime:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value, re.ASCII):
        raise Wrong
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError as fault:
        raise Wrong from fault


def told(at: datetime) -> str:
    """A moment as ``moment`` reads it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def day(value: Any) -> str:
    try:
        date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as fault:
        raise Wrong from fault
    return str(value)
