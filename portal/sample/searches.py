"""Sessions of suggestion in the sample: what people typed before they filed, or instead of filing."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kb.flow import READABLE
from kb.models import Article
from portal.finder.models import Consultation, Outcome, Shown
from portal.people.models import Person
from portal.sample.halfyear import DAYS
from portal.tickets.models import Ticket
from portal.tickets.words import Channel


def remember(
    session: Session,
    tickets: Sequence[Ticket],
    shelf: Sequence[Article],
    people: Sequence[Person],
    *,
    dice: random.Random,
    today: datetime,
) -> None:
    """Write sessions that ended in a ticket, in an answer, or nowhere."""
    readable = [article for article in shelf if article.state in READABLE and article.language == "zh"]
    by_system: dict[str | None, list[Article]] = {}
    for article in readable:
        by_system.setdefault(article.system, []).append(article)
    for ticket in tickets:
        if ticket.channel == Channel.WEB and dice.random() < 0.8:
            shown = by_system.get(ticket.system.code, [])[:3]
            session.add(_filed(ticket, shown, dice))
    for _ in range(len(tickets) // 3):
        article = dice.choice(readable)
        at = today - timedelta(days=DAYS) * dice.random()
        session.add(_unfiled(article, dice.choice(people), at, dice))
    session.flush()


def _filed(ticket: Ticket, shown: list[Article], dice: random.Random) -> Consultation:
    return Consultation(
        token=secrets.token_urlsafe(16),
        person_id=ticket.requester_id,
        at=ticket.filed_at - timedelta(minutes=dice.randrange(1, 6)),
        text=ticket.text,
        system=ticket.system.code,
        mode="hybrid",
        outcome=Outcome.FILED,
        ended_at=ticket.filed_at,
        ticket_id=ticket.id,
        shown=_shown(shown, dice),
    )


def _unfiled(article: Article, person: Person, at: datetime, dice: random.Random) -> Consultation:
    solved = dice.random() < 0.72
    end = at + timedelta(minutes=dice.randrange(1, 9))
    return Consultation(
        token=secrets.token_urlsafe(16),
        person_id=person.id,
        at=at,
        text=dice.choice([*article.also, article.title]),
        system=article.system,
        mode="hybrid",
        outcome=Outcome.SOLVED if solved else Outcome.LEFT,
        ended_at=end,
        solved_kind="article" if solved else None,
        solved_id=article.id if solved else None,
        shown=_shown([article], dice, opened=end),
    )


def _shown(articles: list[Article], dice: random.Random, opened: datetime | None = None) -> list[Shown]:
    return [
        Shown(
            kind="article",
            subject_id=article.id,
            rank=rank,
            probability=round(dice.uniform(0.2, 0.95), 3),
            opened_at=opened,
        )
        for rank, article in enumerate(articles, start=1)
    ]
