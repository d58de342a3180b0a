"""Sessions of suggestion in the sample: what people typed before they filed, or instead of filing.

A quarter was held back from suggestions (fewer would tell nothing among so few people), and it is known
what suggestions do here: of questions that were answered about 42 in 100 end in a ticket, of those that
were not 75. Who came back is found by the same verb as in real life. The invariant: nobody's arm is chosen
by hand, it is drawn as the desk draws it.
"""

from __future__ import annotations

import random
import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.flow import READABLE
from kb.models import Article
from portal.faults.flow import AnnouncementKind
from portal.faults.models import Announcement, FaultReport
from portal.finder import returns
from portal.finder.holdout import Holdout, Terms
from portal.finder.models import CONSOLE, Consultation, Outcome, Shown
from portal.finder.sources import ANNOUNCEMENT, ARTICLE
from portal.people.models import Person
from portal.sample.halfyear import DAYS
from portal.tickets.models import Ticket
from portal.tickets.words import Channel

HOLDOUT = Holdout(share=0.25, name="sample")
#: How many of the tickets that were filed here began with a question: with answers, and held back.
BEGAN_SHOWN, BEGAN_HELD = 0.5, 0.9
#: Of a hundred who typed and filed nothing, so many are there among those held back.
QUIET_HELD = 0.43
SAID_SOLVED = 0.62
#: Tickets whose user had asked a few days before: called it solved, or left without a word.
CAME_BACK, HAD_LEFT = 0.05, 0.03
CALLS_ASKED = 0.5
#: Tickets before which nothing was found.
NOTHING_FOUND = 0.06


@dataclass
class Memory:
    """What sessions are made of."""

    dice: random.Random
    people: dict[int, Person]
    by_system: dict[str | None, list[Article]] = field(default_factory=lambda: defaultdict(list))

    def terms(self, person: int, at: datetime) -> Terms:
        return HOLDOUT.terms_for(self.people[person], at)


def remember(
    session: Session,
    tickets: Sequence[Ticket],
    shelf: Sequence[Article],
    people: Sequence[Person],
    *,
    dice: random.Random,
    today: datetime,
) -> None:
    """Write sessions that ended in a ticket, in an answer, on a call, at an announcement, or nowhere."""
    readable = [article for article in shelf if article.state in READABLE and article.language == "zh"]
    memory = Memory(dice, {person.id: person for person in people})
    for article in readable:
        memory.by_system[article.system].append(article)
    made = [row for ticket in tickets for row in _of_ticket(memory, ticket)]
    for _ in range(len(tickets) // 3):
        at = today - timedelta(days=DAYS) * dice.random()
        made += _quiet(memory, dice.choice(readable), dice.choice(people), at)
    _mark_first(made)
    session.add_all([*made, *_joined(session)])
    session.flush()
    returns.look_back(session, today)


def _mark_first(made: Sequence[Consultation]) -> None:
    """Of everybody's questions in the weeks of one draw, the earliest."""
    seen: set[tuple[int, int]] = set()
    for row in sorted(made, key=lambda row: row.at):
        if row.round is not None:
            row.first = (row.person_id, row.round) not in seen
            seen.add((row.person_id, row.round))


def _of_ticket(memory: Memory, ticket: Ticket) -> Iterator[Consultation]:
    dice = memory.dice
    if ticket.channel == Channel.HOTLINE:
        if ticket.filed_by_id != ticket.requester_id and dice.random() < CALLS_ASKED:
            yield _call(memory, ticket)
        began = 0.0
    else:
        at = ticket.filed_at - timedelta(minutes=dice.randrange(1, 6))
        terms = memory.terms(ticket.requester_id, at)
        began = BEGAN_HELD if terms.holds_back else BEGAN_SHOWN
        if ticket.channel == Channel.WEB and dice.random() < began:
            yield _filed(memory, ticket, at, terms)
            return
    if (chance := dice.random()) < CAME_BACK + HAD_LEFT:
        yield from _before(memory, ticket, Outcome.SOLVED if chance < CAME_BACK else Outcome.LEFT)


def _filed(memory: Memory, ticket: Ticket, at: datetime, terms: Terms) -> Consultation:
    made = _begun(memory, ticket.requester_id, at, terms, text=ticket.text, system=ticket.system.code)
    made.outcome, made.ended_at, made.ticket_id = Outcome.FILED, ticket.filed_at, ticket.id
    if memory.dice.random() < NOTHING_FOUND:
        made.shown, made.offered, made.trusted = [], 0, False
    _look_into(memory, made, 0.45)
    return made


def _before(memory: Memory, ticket: Ticket, outcome: Outcome) -> Iterator[Consultation]:
    """They had asked the same some days before, in fewer words."""
    at = ticket.filed_at - timedelta(hours=memory.dice.randrange(3, 130))
    terms = memory.terms(ticket.requester_id, at)
    if outcome == Outcome.SOLVED and terms.holds_back:
        return
    made = _begun(memory, ticket.requester_id, at, terms, text=ticket.title, system=ticket.system.code)
    _look_into(memory, made, 1.0 if outcome == Outcome.SOLVED else 0.5)
    _end(memory, made, outcome)
    yield made


def _quiet(memory: Memory, article: Article, person: Person, at: datetime) -> Iterator[Consultation]:
    """Somebody asked and filed nothing, because an answer solved it or for reasons of their own."""
    terms, dice = memory.terms(person.id, at), memory.dice
    if terms.holds_back and dice.random() > QUIET_HELD:
        return
    made = _begun(
        memory, person.id, at, terms, text=dice.choice([*article.also, article.title]), system=article.system
    )
    solved = bool(made.shown) and dice.random() < SAID_SOLVED
    if made.shown:
        made.shown = _shown(memory, [article, *(row for row in _near(memory, article) if row is not article)])
    _look_into(memory, made, 1.0 if solved else 0.5)
    _end(memory, made, Outcome.SOLVED if solved else Outcome.LEFT)
    yield made


def _call(memory: Memory, ticket: Ticket) -> Consultation:
    """What an agent looked up for a caller: the ticket is there either way."""
    at = ticket.filed_at - timedelta(minutes=memory.dice.randrange(1, 4))
    made = _begun(memory, ticket.filed_by_id, at, Terms(), text=ticket.text, system=ticket.system.code)
    made.place, made.ticket_id, made.ended_at = CONSOLE, ticket.id, ticket.filed_at
    used = next((link.article_id for link in ticket.article_links), None)
    made.outcome = Outcome.SOLVED if used else Outcome.FILED
    if used:
        made.solved_kind, made.solved_id = ARTICLE, used
    return made


def _joined(session: Session) -> Iterator[Consultation]:
    """“Me too” at an announcement, pressed on the page where people ask."""
    rows = session.execute(
        select(FaultReport.person_id, FaultReport.at, Announcement.id, Announcement.title)
        .join(Announcement, Announcement.fault_id == FaultReport.fault_id)
        .where(FaultReport.ticket_id.is_(None), Announcement.kind == AnnouncementKind.FAULT)
        .order_by(FaultReport.id)
    )
    for person, at, announcement, title in rows:
        yield Consultation(
            token=secrets.token_urlsafe(16),
            person_id=person,
            at=at - timedelta(minutes=1),
            text=title,
            mode="hybrid",
            outcome=Outcome.SOLVED,
            ended_at=at,
            solved_kind=ANNOUNCEMENT,
            solved_id=announcement,
            announced=True,
            shown=[Shown(kind=ANNOUNCEMENT, subject_id=announcement, rank=1, probability=1.0, opened_at=at)],
        )


# ── parts of a session ───────────────────────────────────────────────────────────────────────────


def _begun(
    memory: Memory, person: int, at: datetime, terms: Terms, *, text: str, system: str | None
) -> Consultation:
    found = memory.by_system.get(system, [])[:3]
    return Consultation(
        token=secrets.token_urlsafe(16),
        person_id=person,
        at=at,
        text=text,
        system=system,
        mode="hybrid",
        offered=len(found),
        trusted=bool(found),
        arm=terms.arm,
        chance=terms.chance,
        round=terms.round,
        shown=[] if terms.holds_back else _shown(memory, found),
    )


def _near(memory: Memory, article: Article) -> list[Article]:
    return memory.by_system[article.system][:2]


def _shown(memory: Memory, articles: Sequence[Article]) -> list[Shown]:
    return [
        Shown(
            kind=ARTICLE,
            subject_id=article.id,
            rank=rank,
            probability=round(memory.dice.uniform(0.2, 0.95), 3),
        )
        for rank, article in enumerate(articles, start=1)
    ]


def _look_into(memory: Memory, made: Consultation, chance: float) -> None:
    """The first answer was opened, more or less often."""
    if made.shown and memory.dice.random() < chance:
        made.opened_at = made.shown[0].opened_at = made.at + timedelta(minutes=1)


def _end(memory: Memory, made: Consultation, outcome: Outcome) -> None:
    made.outcome, made.ended_at = outcome, made.at + timedelta(minutes=memory.dice.randrange(2, 9))
    if outcome == Outcome.SOLVED and made.shown:
        made.solved_kind, made.solved_id = ARTICLE, made.shown[0].subject_id
    elif outcome == Outcome.SOLVED:
        made.outcome = Outcome.LEFT
