"""The tier rail: where a ticket is, where it has been. Pure: read off the trail, decided nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from indexer.words import N_
from portal.people.models import Person
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import State, Tier

NAMES = (N_("前台"), N_("中台"), N_("后台"), N_("中台验证"), N_("前台反馈"), N_("用户确认"))
#: The same stations in words that an employee needs no training for.
PLAIN_NAMES = (
    N_("服务台接单"),
    N_("专家判断"),
    N_("技术处理"),
    N_("专家检查"),
    N_("告诉您结果"),
    N_("您来确认"),
)


class StopState(StrEnum):
    DONE = "done"
    HERE = "here"
    TODO = "todo"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Stop:
    name: str
    state: StopState
    who: Person | None = None
    at: datetime | None = None


def station_of(state: State, tier: Tier) -> int:
    """Which of the six stations this is."""
    if state in (State.CONFIRMING, State.CLOSED, State.CANCELLED):
        return 5
    if state == State.FEEDBACK:
        return 4
    if state == State.VERIFYING:
        return 3
    return {Tier.FRONT: 0, Tier.LOCAL: 0, Tier.BACK: 2}.get(tier, 1)


def rail_of(ticket: Ticket, trail: Sequence[TrailEntry] = (), *, plain: bool = False) -> tuple[Stop, ...]:
    """The six stations of one ticket; without a trail only "before, here, after" is known."""
    here = station_of(ticket.state, ticket.tier)
    left: dict[int, TrailEntry] = {}
    for entry in trail:
        if entry.from_state is not None and entry.from_tier is not None:
            left[station_of(entry.from_state, entry.from_tier)] = entry
    names = PLAIN_NAMES if plain else NAMES
    return tuple(_stop(number, names[number], here, ticket, left, bool(trail)) for number in range(6))


def _stop(
    number: int, name: str, here: int, ticket: Ticket, left: dict[int, TrailEntry], known: bool
) -> Stop:
    if number == here and ticket.is_open:
        return Stop(name, StopState.HERE, who=ticket.holder)
    if number > here or (number == here and ticket.state == State.CANCELLED):
        return Stop(name, StopState.TODO)
    entry = left.get(number)
    if known and entry is None:
        return Stop(name, StopState.DONE if number == here else StopState.SKIPPED)
    return Stop(name, StopState.DONE, who=entry.by if entry else None, at=entry.at if entry else None)
