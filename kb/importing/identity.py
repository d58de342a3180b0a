"""What makes a row the same thing the next time it comes: (source, external id).

A desk's own export names things by number and moment of creation, so that coming home it finds them
again, while another desk's KB000012 is never mistaken for ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

OWN = "tierdesk"
CHUNK = 400
Key = tuple[str, str]
T = TypeVar("T")


class Kept(Protocol):
    """A row that imports can find again."""

    number: Any
    created_at: Any
    source: Any
    external_id: Any


def own_id(number: str, created: datetime) -> str:
    """How our export names a thing that came from nowhere else."""
    return f"{number}@{created.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def key_of(number: str, created: datetime, *, source: str | None, external_id: str | None) -> Key:
    """The identity that an export writes and an import recognises."""
    return (source, external_id) if source and external_id else (OWN, own_id(number, created))


def id_from(words: str) -> str:
    """A stable id for a row that brings none: the same title is the same thing."""
    return f"~{hashlib.sha256(words.encode()).hexdigest()[:20]}"


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists short enough for one statement."""
    held: list[T] = []
    for item in items:
        held.append(item)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


def ids_of(
    session: Session, model: Any, keys: Sequence[Key], *, created: str = "created_at"
) -> dict[Key, int]:
    """key → id of the rows that are already there: a few statements, however many keys."""
    found: dict[Key, int] = {}
    for source in dict.fromkeys(source for source, _ in keys):
        for part in chunks(external_id for own, external_id in keys if own == source):
            wanted = select(model.external_id, model.id).where(
                model.source == source, model.external_id.in_(part)
            )
            found |= {(source, external_id): number for external_id, number in session.execute(wanted)}
            if source == OWN:
                found |= _own(session, model, part, created)
    return found


def _own(session: Session, model: Any, ids: Sequence[str], created: str) -> dict[Key, int]:
    numbers = [words.partition("@")[0] for words in ids]
    rows = session.execute(
        select(model.number, getattr(model, created), model.id).where(
            model.number.in_(numbers), model.external_id.is_(None)
        )
    )
    wanted = set(ids)
    return {(OWN, name): id_ for number, at, id_ in rows if (name := own_id(number, at)) in wanted}


def numbered(first: str) -> Iterator[str]:
    """Running numbers from ``first`` on, as wide as it: taken in bulk instead of asked for one by one."""
    prefix, start, width = first[:2], int(first[2:]), len(first) - 2
    while True:
        yield f"{prefix}{start:0{width}d}"
        start += 1
