"""Who stands above those who work on a ticket: the front's supervisor, else the service manager.

The table of posts is the one of the deadlines (``levels.alarms.ABOVE``), so that an urge and a breach are
heard by the same people.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Person, PersonPost
from portal.tickets.levels.alarms import ABOVE
from portal.tickets.models import Ticket
from portal.tickets.visibility import post_covers
from portal.tickets.words import Tier


def leads_of(session: Session, ticket: Ticket) -> list[Person]:
    """Those who hold the first of the leading posts that anybody holds for this ticket."""
    posts = ABOVE.get(ticket.tier, ABOVE[Tier.FRONT])
    rows = session.scalars(
        select(PersonPost).join(Person).where(PersonPost.post.in_(posts), Person.active).order_by(Person.id)
    ).unique()
    covering = [row for row in rows if post_covers(row, ticket)]
    found = next((post for post in posts if any(row.post == post for row in covering)), None)
    return [row.person for row in covering if row.post == found]
