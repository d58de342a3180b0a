"""What the workbench shows: the piles, the ticket on the table, and its likely root causes.

No deed and no rule lives here. The invariant: a ticket that no working post of mine serves is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from defects.models import Defect
from indexer.document import Reason, ReasonKind
from kb.flow import Refused
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.causes.evidence import NOBODY, WhoElse, who_else
from portal.finder import linking
from portal.finder.found import Result
from portal.finder.linking import Decision, Pair
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk, piles
from portal.tickets.conditions import sentence_values
from portal.tickets.flow import BETWEEN_TICKETS, closed_to, open_to
from portal.tickets.linking import answered_none, last_judged
from portal.tickets.models import Comment, DefectLink, LinkVerdict, Ticket, TrailEntry
from portal.tickets.piles import Pile
from portal.tickets.rail import Stop, rail_of
from portal.tickets.service_levels import Clock
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action
from portal.web.files import shown_of
from portal.web.information import Shown, read_only
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts
from portal.web.ticket_moves import Button, MoveForm, buttons_of, offer_rulings

CANDIDATES = 5
#: Handing over to a named colleague is done on the ticket's own page.
ELSEWHERE = BETWEEN_TICKETS | {Action.REASSIGN, Action.HAND_OVER}
#: Where the ticket page's key means something else here.
KEYS = {Action.RELEASE: "h"}
#: Of colleagues only the name is shown, so neither their posts nor their units are loaded.
NAMED = (lazyload(Person.posts), lazyload(Person.unit))
#: Everything the table shows of a ticket, in a number of queries that doesn't grow with its story.
WHOLE = (
    joinedload(Ticket.holder).options(*NAMED),
    joinedload(Ticket.requester).lazyload(Person.posts),
    selectinload(Ticket.trail).joinedload(TrailEntry.by).options(*NAMED),
    selectinload(Ticket.comments).joinedload(Comment.by).options(*NAMED),
    selectinload(Ticket.attachments),
    selectinload(Ticket.defect_links),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A likely root cause with its evidence."""

    result: Result
    pairs: tuple[Pair, ...]
    else_: WhoElse = NOBODY
    other_system: System | None = None
    """The record's system, where the user named another one."""
    automatic: bool = False
    """The system linked it, and nobody has confirmed that yet."""

    @property
    def defect(self) -> Defect:
        assert isinstance(self.result.subject, Defect)
        return self.result.subject

    def why(self, ticket: Ticket, module: str) -> tuple[Reason, ...]:
        """The evidence, with the module's name for its code and the system's in the reader's language."""
        called = {ReasonKind.SAME_MODULE: module, ReasonKind.SAME_SYSTEM: named(ticket.system)}
        return tuple(
            replace(reason, text=called.get(reason.kind) or reason.text) for reason in self.result.why
        )


@dataclass(frozen=True, slots=True)
class Table:
    """One ticket on the table with everything to decide."""

    ticket: Ticket
    rail: tuple[Stop, ...]
    clock: Clock | None
    module: str
    buttons: list[Button]
    closed: list[tuple[str, str]]
    form: MoveForm
    attachments: Any
    candidates: list[Candidate]
    decision: Decision
    rejected: list[Defect]
    none: list[Defect]
    """The records that one "none of these" has ruled out."""
    may_link: bool
    may_open: bool
    information: Shown

    @property
    def may_rule(self) -> bool:
        return any(button.step.action == Action.RULE for button in self.buttons)

    @property
    def judged(self) -> list[Defect]:
        """What ``u`` takes back: the last judgement that stands, "none of these" as a whole."""
        return [link.defect for link in last_judged(self.ticket)]

    @property
    def live(self) -> DefectLink | None:
        return next((link for link in self.ticket.defect_links if link.is_live), None)

    @property
    def offered(self) -> list[Candidate]:
        """What "none of these" would rule out; nothing once a person has said which it is."""
        if self.live is not None and not self.live.is_automatic:
            return []
        return self.candidates


@dataclass(frozen=True, slots=True)
class Bench:
    """The whole workbench."""

    piles: tuple[Pile, ...]
    heights: dict[str, int]
    pile: Pile | None
    tickets: list[Ticket]
    table: Table | None = None
    problem: str = ""
    said: str = ""


def pile_named(name: str) -> Pile | None:
    """One of my piles, the first one when the name is none of them."""
    mine = piles.piles_of(me())
    return next((pile for pile in mine if pile.name == name), mine[0] if mine else None)


def queue_of(pile: Pile | None) -> list[Ticket]:
    return piles.top_of(db(), pile, me()) if pile else []


def bench_of(
    pile: Pile | None,
    ticket: Ticket | None,
    *,
    form: MoveForm | None = None,
    problem: str = "",
    said: str = "",
) -> Bench:
    """The bench with this ticket on the table."""
    mine = piles.piles_of(me())
    return Bench(
        mine,
        piles.heights(db(), mine, me()),
        pile,
        queue_of(pile),
        table_of(ticket, form=form) if ticket else None,
        problem,
        said,
    )


def benched_ticket(number: str) -> Ticket:
    """A ticket that a working post of mine serves, whole; any other one isn't there."""
    wanted = select(Ticket).where(Ticket.number == number).options(*WHOLE)
    ticket = db().scalars(wanted.execution_options(populate_existing=True)).first()
    if ticket is None or not piles.is_on_bench(me(), ticket):
        abort(404)
    return ticket


def table_of(ticket: Ticket, *, form: MoveForm | None = None) -> Table:
    """Everything there is to decide about one ticket."""
    at, by = desk.situation_of(ticket), desk.actor_of(me(), ticket)
    held = permissions_on(me(), ticket)
    found = parts().finder.likely_defects(db(), me(), ticket, limit=CANDIDATES)
    form = form or MoveForm(formdata=None)
    form.seen.process_data(ticket.version)
    offer_rulings(form, ticket)
    return Table(
        ticket=ticket,
        rail=rail_of(ticket, ticket.trail),
        clock=desk.clock_of(db(), ticket),
        module=next((row.name for row in ticket.system.modules if row.code == ticket.module), ""),
        buttons=[row for row in buttons_of(open_to(at, by)) if row.step.action not in ELSEWHERE],
        closed=[
            (row.label, sentence_of(Refused(reason, **sentence_values(at))))
            for row, reason in closed_to(at, by)
            if row.action not in ELSEWHERE
        ],
        form=form,
        attachments=shown_of(ticket),
        candidates=candidates_of(ticket, found),
        decision=linking.decision_on(found),
        rejected=rejected_of(ticket.defect_links),
        none=[link.defect for link in answered_none(ticket)],
        may_link=Permission.LINK_DEFECTS in held,
        may_open=Permission.CURATE_DEFECTS in held,
        information=read_only(ticket),
    )


def candidates_of(ticket: Ticket, found: Sequence[Result]) -> list[Candidate]:
    """The likely records with everything that a person can check."""
    records = [(row, row.subject) for row in found if isinstance(row.subject, Defect)]
    others = who_else(db(), me(), ticket, [defect.id for _row, defect in records])
    systems = systems_by_code(db())
    made = {link.defect_id for link in ticket.defect_links if link.is_automatic}
    return [
        Candidate(
            row,
            linking.side_by_side(ticket, defect),
            others.get(defect.id, NOBODY),
            systems.get(defect.system) if defect.system != ticket.system.code else None,
            defect.id in made,
        )
        for row, defect in records
    ]


def rejected_of(links: list[DefectLink]) -> list[Defect]:
    """The records this ticket was told apart from; the last judgement on a pair counts."""
    latest = {link.defect_id: link for link in links if link.verdict != LinkVerdict.UNDONE}
    return [link.defect for link in latest.values() if link.verdict == LinkVerdict.REJECTED]
