"""How the entries of any trail hold on to each other: each digest covers its content and the digest before.

Pure. Tickets and fault events have trails of their own, made of these links; a signed score is a link that
follows none. The invariant: the same content has the same digest on every machine and every database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar


class Link(Protocol):
    @property
    def seq(self) -> int: ...

    @property
    def previous(self) -> str: ...

    @property
    def digest(self) -> str: ...


One = TypeVar("One", bound=Link)


def digest_of(content: Mapping[str, object], *, after: str | None = None) -> str:
    """``after``: the digest of the entry before, empty for a first one; None for what stands alone."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((text if after is None else f"{after}\n{text}").encode()).hexdigest()


def first_break(entries: Iterable[One], digest: Callable[[One], str]) -> One | None:
    """The first entry whose number, link or digest is wrong; entries come in order."""
    previous, expected = "", 1
    for entry in entries:
        if entry.seq != expected or entry.previous != previous or entry.digest != digest(entry):
            return entry
        previous, expected = entry.digest, expected + 1
    return None
