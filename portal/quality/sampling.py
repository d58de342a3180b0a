"""Drawing closed tickets for follow-ups and inspections: which rule drew which ticket, and why.

A ticket's lot is a hash of its number and the rule's salt: the same whenever it is asked for, spread evenly,
and nobody can tell it beforehand. The invariants: a ticket is drawn at most once for each purpose, however
often and by however many workers the draw is made; what a rule drew keeps the reason in words of that day.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from portal.people.models import Person
from portal.quality.models import FollowUp, Inspection, SampledUntil, SamplingRule
from portal.quality.words import Kind, Per
from portal.tickets.clocks import ZONE
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, State

#: What closed a moment ago may become visible a moment later than what closed after it.
OVERLAP = timedelta(hours=1)
AT_ONCE = 500
TOLD = (Action.ANSWER, Action.TELL)
#: What each purpose writes.
TARGETS: dict[Kind, type[FollowUp] | type[Inspection]] = {
    Kind.FOLLOW_UP: FollowUp,
    Kind.INSPECTION: Inspection,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one ticket; ``missed`` names the conditions that it does not meet."""

    rule: SamplingRule
    missed: tuple[str, ...]
    lot: float
    """0 to 100; drawn when below the rule's percentage."""

    @property
    def draws(self) -> bool:
        return not self.missed and self.lot < self.rule.percentage


@dataclass
class Taken:
    """How many each rule has drawn so far: by rule, day, and agent or unit."""

    counts: Counter[tuple[int, str, Per, int]] = field(default_factory=Counter)

    def add(self, rule_id: int, day: str, agent_id: int, unit_id: int) -> None:
        self.counts[rule_id, day, Per.AGENT, agent_id] += 1
        self.counts[rule_id, day, Per.UNIT, unit_id] += 1

    def is_full(self, rule: SamplingRule, day: str, agent_id: int, unit_id: int) -> bool:
        whose = agent_id if rule.per == Per.AGENT else unit_id
        return rule.at_most is not None and self.counts[rule.id, day, rule.per, whose] >= rule.at_most


# ── one rule, one ticket: pure ───────────────────────────────────────────────────────────────────


def lot_of(number: str, salt: str) -> float:
    """A number from 0 to below 100 that belongs to this ticket under this rule, always the same."""
    digest = hashlib.sha256(f"{salt}:{number}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100


def finding(rule: SamplingRule, ticket: Ticket) -> Finding:
    """What the rule says of the ticket; the day's limit aside."""
    met = {
        "since": ticket.closed_at is not None and ticket.closed_at >= rule.since,
        "categories": not rule.categories or ticket.category in rule.categories,
        "systems": not rule.systems or ticket.system.code in rule.systems,
        "units": not rule.units or bool(set(rule.units) & set(ticket.unit.ancestry)),
        "channels": not rule.channels or ticket.channel in rule.channels,
        "rating_at_most": rule.rating_at_most is None
        or (ticket.rating is not None and ticket.rating <= rule.rating_at_most),
        "reopened": not rule.reopened or ticket.reopens > 0,
        "overdue": not rule.overdue or was_late(ticket),
    }
    missed = tuple(name for name, fulfilled in met.items() if not fulfilled)
    return Finding(rule, missed, lot_of(ticket.number, rule.salt))


def was_late(ticket: Ticket) -> bool:
    """Was the user told after the ticket should have been closed?"""
    return bool(ticket.close_due and ticket.told_at and ticket.told_at > ticket.close_due)


def reason_of(found: Finding) -> dict[str, object]:
    """Why a ticket was drawn, as it is kept with the ticket."""
    rule = found.rule
    named = ("categories", "systems", "units", "channels", "rating_at_most", "reopened", "overdue")
    return {
        "rule": rule.name,
        "percentage": rule.percentage,
        "lot": round(found.lot, 2),
        "conditions": {
            name: value for name in named if (value := getattr(rule, name)) not in (None, [], False)
        },
    }


def _asks(value: object) -> bool:
    return value not in (None, [], False)


def day_of(ticket: Ticket) -> str:
    """The day on which it was closed, as the desk's calendar has it."""
    return ticket.closed_at.astimezone(ZONE).date().isoformat() if ticket.closed_at else ""


# ── the draw ─────────────────────────────────────────────────────────────────────────────────────


def draw(session: Session, kind: Kind, moment: datetime) -> list[FollowUp | Inspection]:
    """Draw from the tickets closed since the last draw; what is still waiting comes the next time."""
    rules = active_rules(session, kind)
    if not rules:
        return []
    mark = _mark(session, kind, rules)
    tickets = list(session.scalars(_closed(kind, mark.moment - OVERLAP, moment)))
    drawn = _drawn(session, kind, rules, tickets, moment)
    session.add_all(drawn)
    last = tickets[-1].closed_at if len(tickets) == AT_ONCE else moment
    mark.moment = max(mark.moment, last or moment)
    session.flush()
    return drawn


def active_rules(session: Session, kind: Kind) -> list[SamplingRule]:
    """In the order in which they are asked: the first that draws a ticket has drawn it."""
    wanted = select(SamplingRule).where(SamplingRule.kind == kind, SamplingRule.active)
    return list(session.scalars(wanted.order_by(SamplingRule.percentage.desc(), SamplingRule.id)))


def _mark(session: Session, kind: Kind, rules: Sequence[SamplingRule]) -> SampledUntil:
    """Up to where the last draw came; locked, so that two workers draw one after the other."""
    mark = session.get(SampledUntil, kind, with_for_update=True)
    if mark is None:
        _begin(session, SampledUntil(kind=kind, moment=min(rule.since for rule in rules)))
        mark = session.get(SampledUntil, kind, with_for_update=True, populate_existing=True)
    assert mark is not None  # by this draw or by one beside it
    return mark


def _begin(session: Session, mark: SampledUntil) -> None:
    try:
        with session.begin_nested():
            session.add(mark)
    except IntegrityError:  # a worker beside this one has just begun; it is waited for at the lock
        return


def _closed(kind: Kind, start: datetime, end: datetime) -> Select[Ticket]:
    """Ended by an answer, and not drawn yet. The overlap is walked again and finds what came late."""
    target = TARGETS[kind]
    return (
        select(Ticket)
        .where(Ticket.closed_at >= start, Ticket.closed_at <= end, Ticket.state == State.CLOSED)
        .where(Ticket.told_at.is_not(None), ~exists().where(target.ticket_id == Ticket.id))
        .order_by(Ticket.closed_at, Ticket.id)
        .limit(AT_ONCE)
    )


def _drawn(
    session: Session,
    kind: Kind,
    rules: Sequence[SamplingRule],
    tickets: Sequence[Ticket],
    moment: datetime,
) -> list[FollowUp | Inspection]:
    tellers = tellers_of(session, [ticket.id for ticket in tickets])
    taken = _taken(session, kind, {day_of(ticket) for ticket in tickets})
    drawn: list[FollowUp | Inspection] = []
    for ticket in tickets:
        agent = tellers.get(ticket.id)
        found = _first(rules, ticket, agent, taken) if agent is not None else None
        if found is not None and agent is not None:
            taken.add(found.rule.id, day_of(ticket), agent, ticket.unit_id)
            drawn.append(_written(kind, ticket, found, agent, moment))
    return drawn


def _first(rules: Sequence[SamplingRule], ticket: Ticket, agent: int, taken: Taken) -> Finding | None:
    """The first rule that draws the ticket and has room left for that day."""
    findings = (finding(rule, ticket) for rule in rules)
    day = day_of(ticket)
    return next(
        (
            found
            for found in findings
            if found.draws and not taken.is_full(found.rule, day, agent, ticket.unit_id)
        ),
        None,
    )


def _written(
    kind: Kind, ticket: Ticket, found: Finding, agent: int, moment: datetime
) -> FollowUp | Inspection:
    row = TARGETS[kind](
        ticket=ticket,
        agent_id=agent,
        unit_id=ticket.unit_id,
        rule_id=found.rule.id,
        day=day_of(ticket),
        drawn_at=moment,
        why=reason_of(found),
    )
    if isinstance(row, FollowUp):
        row.tries_allowed = found.rule.tries
    return row


def tellers_of(session: Session, tickets: Sequence[int]) -> dict[int, int]:
    """Ticket id → the person who told its user the outcome last."""
    rows = session.execute(
        select(TrailEntry.ticket_id, TrailEntry.by_id)
        .where(TrailEntry.ticket_id.in_(tickets), TrailEntry.action.in_(TOLD), TrailEntry.by_id.is_not(None))
        .order_by(TrailEntry.ticket_id, TrailEntry.seq)
    )
    return {ticket: person for ticket, person in rows if person is not None}


def _taken(session: Session, kind: Kind, days: Iterable[str]) -> Taken:
    target = TARGETS[kind]
    rows = session.execute(
        select(target.rule_id, target.day, target.agent_id, target.unit_id).where(target.day.in_(list(days)))
    )
    taken = Taken()
    for rule, day, agent, unit in rows:
        taken.add(rule, day, agent, unit)
    return taken


# ── why, or why not ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Explanation:
    """One ticket before every rule: what was drawn, who told the user, what each rule says."""

    ticket: Ticket
    drawn: FollowUp | Inspection | None
    teller: Person | None
    findings: tuple[Finding, ...]


def explain(session: Session, kind: Kind, ticket: Ticket) -> Explanation:
    """Why this ticket was drawn, or why not."""
    drawn = _drawn_before(session, TARGETS[kind], ticket)
    teller = tellers_of(session, [ticket.id]).get(ticket.id)
    findings = tuple(finding(rule, ticket) for rule in active_rules(session, kind))
    return Explanation(ticket, drawn, session.get(Person, teller) if teller else None, findings)


def _drawn_before(
    session: Session, target: type[FollowUp] | type[Inspection], ticket: Ticket
) -> FollowUp | Inspection | None:
    wanted = select(target).where(target.ticket_id == ticket.id).options(joinedload(target.agent))
    found: FollowUp | Inspection | None = session.scalar(wanted)  # type: ignore[assignment]  # one of the two
    return found
