"""The rooms of one house of pages, as a table: those are shown that the gate lets this person into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.web.menu import may_open
from portal.web.request import me


@dataclass(frozen=True, slots=True)
class Room:
    """One page with a tab of its own."""

    endpoint: str
    label: str
    icon: str


def open_rooms(rooms: Iterable[Room]) -> list[Room]:
    """Those that this person may enter."""
    return [room for room in rooms if may_open(me(), room.endpoint)]
