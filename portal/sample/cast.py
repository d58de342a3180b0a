"""Who plays which part in a sample ticket: people are chosen by the posts they really hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.people.roles import Permission, Post
from portal.tickets.flow import PERMISSION_FOR, Who
from portal.tickets.models import Ticket
from portal.tickets.visibility import post_covers


def _above(name: str) -> str:
    return next((short for short in PROVINCES if name.startswith(short)), "")


PROVINCES = ("岭东", "岭西", "海澜")


@dataclass
class Cast:
    """Everybody of the sample company."""

    people: list[Person]
    dice: random.Random
    requesters: list[Person] = field(init=False)
    #: Nobody changes posts while the sample is played, so each permission is asked of everybody once.
    able: dict[Permission, list[Person]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.requesters = [person for person in self.people if not person.posts]

    @classmethod
    def of(cls, session: Session, dice: random.Random) -> Cast:
        return cls(list(session.scalars(select(Person).order_by(Person.id))), dice)

    def holding(self, post: Post) -> list[Person]:
        return [person for person in self.people if any(row.post == post for row in person.posts)]

    def holding_agents(self) -> list[Person]:
        return self.holding(Post.AGENT)

    def requesters_named_in(self, text: str) -> list[Person]:
        """Requesters of the unit that a text names (望洲局, 岭东 …), so that words and sender agree."""
        return [
            person
            for person in self.requesters
            if any(name in text for name in (person.unit.name[:2], _above(person.unit.name)) if name)
        ]

    def serving(self, who: Who, ticket: Ticket) -> list[Person]:
        """The people who may act as ``who`` on this ticket."""
        able = self._able(PERMISSION_FOR[who])
        return [person for person in able if any(post_covers(row, ticket) for row in person.posts)]

    def _able(self, permission: Permission) -> list[Person]:
        if permission not in self.able:
            self.able[permission] = [person for person in self.people if person.may(permission)]
        return self.able[permission]

    def leads(self, ticket: Ticket) -> list[Person]:
        front = self.serving(Who.FRONT, ticket)
        return [person for person in front if person.may(Permission.ANSWER_COMPLAINTS)]

    def responsible(self, post: Post) -> Callable[[str], Person]:
        """system code → one of those who hold ``post`` for it, always the same one."""
        chosen: dict[str, Person] = {}

        def of_system(system: str) -> Person:
            if system not in chosen:
                fitting = [
                    person
                    for person in self.holding(post)
                    if any(row.post == post and system in row.systems for row in person.posts)
                ]
                chosen[system] = self.dice.choice(fitting)
            return chosen[system]

        return of_system
