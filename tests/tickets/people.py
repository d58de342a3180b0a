"""Short ways to file and move tickets in the tests of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from kb.columns import CLOCK
from portal.tickets import desk
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, Category
from tests.world import MOMENT, World


@dataclass
class Desk:
    """The small desk at a fixed moment that the test moves on."""

    session: Session
    world: World

    def __post_init__(self) -> None:
        self.at(MOMENT)

    def at(self, moment: datetime) -> None:
        self.session.info[CLOCK] = moment

    def later(self, **delta: float) -> datetime:
        moment: datetime = self.session.info[CLOCK] + timedelta(**delta)
        self.at(moment)
        return moment

    def file(self, category: Category = Category.DEFECT, *, by: str = "wang", **more: Any) -> Ticket:
        requester = self.world.people[by]
        system = self.world.systems[more.pop("system", "mkt")]
        text = more.pop("text", "页面一直转圈，报错 0x80070005")
        request = desk.Request(text=text, category=category, system=system, requester=requester, **more)
        return desk.file(self.session, request, by=requester)

    def does(
        self, ticket: Ticket, action: Action, by: str | None, note: str = "写明了", **given: Any
    ) -> TrailEntry:
        person = self.world.people[by] if by else None
        given.setdefault("rating", 5 if action == Action.CONFIRM else None)
        return desk.move(self.session, ticket, action, by=person, given=desk.Given(note=note, **given))

    def at_middle(self, category: Category = Category.DEFECT, **more: Any) -> Ticket:
        """Filed, taken, escalated and ruled."""
        ticket = self.file(category, **more)
        self.does(ticket, Action.TAKE, "agent")
        self.does(ticket, Action.ESCALATE, "agent")
        self.does(ticket, Action.RULE, "expert", category=category)
        return ticket
