"""Asking another system for help: a child ticket filed from its parent, or an existing one tied to it.

Whoever asks is the child's user: colleagues hear of its result and accept it, the user at the front hears of
the parent. What the front of the parent has understood is not asked again: the child goes on to the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.catalogue.models import System
from portal.people.models import Person
from portal.tickets.filing import Request, file
from portal.tickets.flow import step
from portal.tickets.given import Given
from portal.tickets.models import Ticket
from portal.tickets.moves import actor_of, move, situation_of
from portal.tickets.words import Action, Category, Tier


@dataclass(frozen=True, slots=True)
class Help:
    """What is asked of which system."""

    system: System
    text: str
    title: str = ""
    category: Category | None = None
    """The parent's when nothing else is said."""


def ask(session: Session, parent: Ticket, wanted: Help, *, by: Person, seen: int | None = None) -> Ticket:
    """File a child of ``parent`` in another system; the parent ends after it."""
    step(situation_of(parent), Action.ATTACH, actor_of(by, parent))  # refused before anything is filed
    request = Request(
        text=wanted.text,
        title=wanted.title,
        category=wanted.category or parent.category,
        system=wanted.system,
        requester=by,
        impact=parent.impact,
        urgency=parent.urgency,
        unit=parent.unit,
    )
    child = file(session, request, by=by)
    attach(session, parent, child, by=by, seen=seen)
    if parent.tier not in (Tier.FRONT, Tier.LOCAL):
        note = f"由 {parent.number} 的经办人发起，问题已经问清，直接研判。"
        move(session, child, Action.ESCALATE, by=None, given=Given(note=note))
    return child


def attach(
    session: Session, parent: Ticket, child: Ticket, *, by: Person, note: str = "", seen: int | None = None
) -> None:
    """Tie an existing ticket to ``parent``, which then ends after it."""
    move(session, parent, Action.ATTACH, by=by, given=Given(note=note, other=child), seen=seen)


def detach(
    session: Session, parent: Ticket, child: Ticket, *, by: Person, note: str = "", seen: int | None = None
) -> None:
    """Take the tie back; both go on by themselves."""
    move(session, parent, Action.DETACH, by=by, given=Given(note=note, other=child), seen=seen)
