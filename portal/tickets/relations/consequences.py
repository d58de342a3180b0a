"""What follows from one ticket's move for the tickets it is tied to; ``moves`` takes these steps at once.

Values only: each :class:`Follow` is a step of the system on another ticket, in the same transaction, so that
both trails tell of it or none. The invariant: no ticket stays merged into one that was withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.tickets.flow import Step, Who
from portal.tickets.models import Ticket
from portal.tickets.relations import merging
from portal.tickets.relations.standing import works_for_parent
from portal.tickets.words import Action, State


@dataclass(frozen=True, slots=True)
class Follow:
    """A step of the system on ``ticket``; ``other`` is the ticket that it is then tied to."""

    ticket: Ticket
    action: Action
    note: str
    other: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What has just happened."""

    ticket: Ticket
    row: Step
    by: Person | None
    note: str
    other: Ticket | None = None
    former: Ticket | None = None
    """What it was merged into before this move."""

    @property
    def name(self) -> str:
        return self.by.name if self.by else "系统"


def consequences(session: Session, moved: Moved) -> Iterator[Follow]:
    """The steps of other tickets that this move brings about."""
    match moved.row.action:
        case Action.MERGE if moved.row.by != Who.SYSTEM:
            yield from _merged(moved)
        case Action.UNMERGE | Action.REOPEN if moved.former is not None:
            yield from _parted(session, moved, moved.former)
        case Action.CANCEL:
            yield from _withdrawn(moved)
        case Action.ATTACH | Action.DETACH if moved.row.by != Who.SYSTEM and moved.other is not None:
            yield _told_to_child(moved, moved.other)
        case _:
            yield from _between_colleagues(moved)


def _merged(moved: Moved) -> Iterator[Follow]:
    ticket, survivor = moved.ticket, moved.ticket.survivor
    assert survivor is not None  # the step has just set it
    note = f"{moved.name}把 {ticket.number}“{ticket.title}”并入这张工单。"
    yield Follow(survivor, Action.ABSORB, note)
    for row in list(ticket.duplicates):
        yield Follow(row, Action.MERGE, f"随 {ticket.number} 并入 {survivor.number}。", survivor)


def _parted(session: Session, moved: Moved, former: Ticket) -> Iterator[Follow]:
    ticket = moved.ticket
    if former.is_open:
        yield Follow(former, Action.LET_GO, f"{moved.name}把 {ticket.number} 移出并单：{moved.note}")
    for row in merging.companions(session, ticket, former):
        yield Follow(row, Action.MERGE, f"随 {ticket.number} 离开 {former.number}。", ticket)


def _withdrawn(moved: Moved) -> Iterator[Follow]:
    ticket = moved.ticket
    for row in [row for row in ticket.duplicates if row.merged_into_id == ticket.id]:
        yield Follow(row, Action.UNMERGE, f"{ticket.number} 已由提单人撤销，这张工单恢复单独处理。")


def _told_to_child(moved: Moved, child: Ticket) -> Follow:
    parent = moved.ticket
    if moved.row.action == Action.ATTACH:
        return Follow(
            child, Action.ATTACH, f"{moved.name}：为 {parent.number} 协同处理。{moved.note}", parent
        )
    return Follow(child, Action.DETACH, f"{moved.name}解除了与 {parent.number} 的协同。{moved.note}", parent)


def _between_colleagues(moved: Moved) -> Iterator[Follow]:
    """A child's result reaches those who asked for it without the front ringing them up."""
    row, ticket = moved.row, moved.ticket
    if row.end == State.FEEDBACK and row.start != State.FEEDBACK and works_for_parent(ticket):
        yield Follow(ticket, Action.TELL, moved.note)
