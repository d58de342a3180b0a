"""What one kind of import does of its own; the phases from upload to taking back are the same for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from portal.config import Settings
from portal.people.models import Person
from portal.uploads.models import Import, ImportItem, Kind


@dataclass(frozen=True, slots=True)
class Wish:
    """How an upload is to be read, and where what it brings goes."""

    source: str = ""
    plan: str = ""
    encoding: str = "auto"
    split: bool = False
    submits: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file brings. ``found``: the words it uses, for a kind that lets people say what they mean;
    ``sentence``: why nothing can be made of it before they have."""

    items: list[ImportItem]
    found: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Bringer:
    """One kind. ``check`` and ``fits`` raise ``Refused``, ``read`` and ``write`` also ``BadFile``.

    ``write`` brings some items in, or ties them together where the phase is that of links; ``take_back``
    undoes one, or refuses with the reason why it stays. ``in_use``: that reason when something points at it.
    """

    kind: Kind
    check: Callable[[Person], None]
    fits: Callable[[str, Wish], None]
    read: Callable[[Session, Import, Settings], Seen]
    write: Callable[[Session, Import, Sequence[ImportItem], Settings], None]
    take_back: Callable[[Session, Import, ImportItem], None]
    in_use: str
    nothing: str
