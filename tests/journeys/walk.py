"""Walking a ticket over HTTP as the people of the small desk do, each in a browser of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from portal.tickets import trail
from portal.tickets.models import Ticket
from portal.tickets.words import Action, State, Tier

SEEN = re.compile(r'name="seen" value="(\d+)"')


@dataclass
class Walk:
    """One ticket on its way; every step is made through the page of whoever makes it."""

    number: str
    browser: Any
    maker: sessionmaker[Session]
    visitors: dict[str, Any] = field(default_factory=dict)

    def visitor(self, login: str) -> Any:
        if login not in self.visitors:
            self.visitors[login] = self.browser(login)
        return self.visitors[login]

    def at(self, page: str = "") -> str:
        return f"/tickets/{self.number}{page}"

    def offered(self, login: str) -> set[Action]:
        """The moves that this person's page draws."""
        text = self.visitor(login).get(self.at()).text
        return {action for action in Action if f'{self.at("/moves/")}{action}"' in text}

    def tries(self, login: str, action: Action, **fields: Any) -> TestResponse:
        """Post the move with the version that stands on this person's page."""
        seen = SEEN.search(self.visitor(login).get(self.at()).text)
        data = {"note": "", **({"seen": seen[1]} if seen else {}), **fields}
        return self.visitor(login).submit(self.at(f"/moves/{action}"), data)

    def does(self, login: str, action: Action, note: str = "", **fields: Any) -> None:
        """A move that the page offers and that succeeds."""
        assert action in self.offered(login), f"{login} is not offered {action}"
        answer = self.tries(login, action, note=note, **fields)
        assert answer.status_code == 302, answer.text

    def is_refused(self, login: str, action: Action, sentence: str, **fields: Any) -> None:
        """A move that the page does not offer, and that is refused with this sentence when posted."""
        before = self.stands()
        assert action not in self.offered(login)
        answer = self.tries(login, action, **{"note": "试一试", **fields})
        assert answer.status_code == 422, answer.status_code
        assert sentence in answer.text
        assert "试一试" in answer.text  # nothing typed is lost
        assert self.stands() == before

    def user(self, login: str, action: Action, **fields: Any) -> None:
        answer = self.visitor(login).submit(f"/my/tickets/{self.number}/moves/{action}", fields)
        assert answer.status_code == 302, answer.text

    def is_missing(self, login: str, action: Action) -> None:
        """For this person the ticket's page of the staff isn't there."""
        answer = self.visitor(login).submit(self.at(f"/moves/{action}"), {"note": "x"})
        assert answer.status_code == 404

    def stands(self) -> tuple[State, Tier]:
        with self.maker() as session:
            ticket = self._ticket(session)
            return ticket.state, ticket.tier

    def deeds(self) -> list[Action]:
        with self.maker() as session:
            ticket = self._ticket(session)
            assert trail.first_break(ticket.trail) is None
            return [entry.action for entry in ticket.trail]

    def _ticket(self, session: Session) -> Ticket:
        return session.scalars(select(Ticket).where(Ticket.number == self.number)).one()
