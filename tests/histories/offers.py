"""Which deed a step means on this ticket, and what is given with it. Reads the table, decides nothing.

What the system does by itself between two tickets is a consequence of somebody's deed, so it is not tried
alone; everything else in the table is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.tickets import desk, queries
from portal.tickets.flow import ENDED, Who, open_to
from portal.tickets.flow import Step as Row
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.histories.company import Company
from tests.histories.steps import Kind, Step


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody tries something; ``heard``: the user has just said so on the phone."""

    by: Person | None
    action: Action
    heard: bool = False


def rows_for(ticket: Ticket, who: Try) -> list[Row]:
    """The rows that are open to this person for this action."""
    actor = desk.actor_of(who.by, ticket, heard=who.heard)
    return [row for row in open_to(desk.situation_of(ticket), actor) if row.action == who.action]


def is_consequence(row: Row) -> bool:
    return row.by == Who.SYSTEM and "other" in row.needs


def offered(ticket: Ticket, company: Company) -> dict[Action, list[Try]]:
    """Every action that is open to somebody now, with those it is open to."""
    at = desk.situation_of(ticket)
    found: dict[Action, list[Try]] = {}
    # A call after the close is the only place where somebody says what they heard.
    moments = (False, True) if ticket.state in ENDED else (False,)
    for by in company.everybody:
        for heard in moments:
            for row in open_to(at, desk.actor_of(by, ticket, heard=heard)):
                one = Try(by, row.action, heard)
                if not is_consequence(row) and one not in found.setdefault(row.action, []):
                    found[row.action].append(one)
    return {action: tries for action, tries in found.items() if tries}


def choice_of(ticket: Ticket, company: Company, step: Step) -> Try:
    """Somebody and something: what is offered, or anything at all."""
    if step.kind != Kind.ANYTHING and (open_now := offered(ticket, company)):
        tries = list(open_now.values())[step.dice % len(open_now)]
        return tries[step.who % len(tries)]
    everybody, everything = company.everybody, list(Action)
    by, action = everybody[step.who % len(everybody)], everything[step.dice % len(everything)]
    if by is None and any(is_consequence(row) for row in rows_for(ticket, Try(by, action))):
        by = everybody[-1]
    return Try(by, action, heard=step.dice % 5 == 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a try brings along; ``lacking``: nobody could bring what the row demands."""

    given: desk.Given
    lacking: bool = False


def given_for(
    session: Session, ticket: Ticket, row: Row | None, company: Company, step: Step, others: list[Ticket]
) -> Wanted:
    """Everything that a row can demand."""
    needs = row.needs if row else ()
    able = queries.successors(session, ticket) if "person" in needs else []
    others = [other for other in others if other.id != ticket.id]
    given = desk.Given(
        note=f"写明了 {step.dice}",
        category=list(Category)[step.dice // 7 % len(Category)],
        priority=1 + step.dice % 4 if step.dice % 3 == 0 else None,
        rating=1 + step.dice % 5,
        person=able[step.who % len(able)] if able else None,
        other=others[step.who % len(others)] if others and "other" in needs else None,
        heard=row is not None and row.by == Who.CALLER,
    )
    return Wanted(given, lacking="person" in needs and not able)
