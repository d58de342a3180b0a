"""Plays a history: several sessions with connections of their own, taking turns as the steps say.

A screen shows what its session last read, however old. One writer at a time where the database has one
(SQLite), one per ticket where it has many; the rest of the order is the history's. What was accepted is kept
in the chronicle the moment it is committed. The invariant: nothing here depends on time, chance or threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import CLOCK
from kb.flow import Refused
from portal import db
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.histories import beside, offers
from tests.histories.chronicle import Chronicle, Deed
from tests.histories.company import USERS, Company
from tests.histories.promises import Before, check_move, check_overtaken, written_since
from tests.histories.steps import Ending, Kind, Step
from tests.world import MOMENT

MOST_TICKETS = 3
#: Minutes that pass: moments, an hour, half a day, a night, a weekend, the days after which silence confirms.
WAITS = (0, 1, 7, 45, 60, 119, 240, 600, 1440, 3 * 1440, 5 * 1440)


@dataclass
class Screen:
    """One person's connection: the session, what is on it, what it has done and not yet committed."""

    session: Session
    company: Company
    tickets: dict[int, Ticket] = field(default_factory=dict)
    pending: list[Deed] = field(default_factory=list)
    judged: set[int] = field(default_factory=set)
    """Tickets that a judgement holds, also one that was refused, until this screen commits."""

    def forget(self) -> None:
        """A new request begins: every ticket is read anew."""
        for row in list(self.session):
            if isinstance(row, Ticket):
                self.session.expire(row)

    def look(self, number: int) -> Ticket:
        if number not in self.tickets:
            self.tickets[number] = self.session.get_one(Ticket, number)
        return self.tickets[number]

    @property
    def held(self) -> set[int]:
        return {deed.ticket for deed in self.pending} | self.judged


class Stage:
    """The whole house for one history."""

    def __init__(self, maker: sessionmaker[Session], screens: list[Screen]) -> None:
        self.screens, self.chronicle = screens, Chronicle()
        self.observer = maker()
        self.one_writer = maker.kw["bind"].dialect.name == "sqlite"
        self.moment = MOMENT
        self.related = False  # once tickets are tied, a deed on one may move another
        self._set_clocks()

    # ── taking turns ─────────────────────────────────────────────────────────────────────────────

    def play(self, history: list[Step]) -> None:
        try:
            self._file(self.screens[0], history[0])
            self._end(self.screens[0], Ending.COMMIT)
            for step in history:
                screen = self.screens[step.screen % len(self.screens)]
                self._turn(screen, step)
                self._end(screen, step.ending)
            for screen in self.screens:
                self._end(screen, Ending.COMMIT)
        except BaseException:
            for screen in self.screens:
                self._drop(screen)
            raise
        finally:
            self.observer.close()

    def _turn(self, screen: Screen, step: Step) -> None:
        number = self.chronicle.numbers[step.ticket % len(self.chronicle.numbers)]
        match step.kind:
            case Kind.FILE:
                self._file(screen, step)
            case Kind.WAIT:
                self._wait(step)
            case Kind.SILENCE | Kind.FIX:
                self._unattended(screen, step)
            case Kind.OFFERED | Kind.ANYTHING:
                self._move(screen, self._fresh(screen, number), step)
            case Kind.STALE:
                self._move_stale(screen, number, step)
            case Kind.OLD_FORM:
                self._send_old_form(screen, number, step)
            case _:
                ticket = self._fresh(screen, number)
                screen.judged |= {number} if step.kind == Kind.LINK else set()
                screen.pending += beside.act(screen.session, screen.company, ticket, step)

    def _end(self, screen: Screen, ending: Ending) -> None:
        if ending == Ending.HOLD and screen.pending:
            return
        if ending == Ending.DROP and screen.pending:
            self._drop(screen)
        else:
            screen.session.commit()
            self.chronicle.accept(screen.pending)
            screen.pending, screen.judged = [], set()

    def _drop(self, screen: Screen) -> None:
        screen.session.rollback()
        screen.pending, screen.judged = [], set()
        screen.tickets = {number: row for number, row in screen.tickets.items() if row in screen.session}
        screen.company.read()

    def _begin(self, screen: Screen, number: int | None) -> None:
        """Become the writer: whoever holds the same has committed by then, as a waiting writer would see."""
        for other in self.screens:
            clashes = self.one_writer or self.related or number is None or number in other.held
            if other is not screen and other.pending and clashes:
                self._end(other, Ending.COMMIT)
        if not screen.pending:
            screen.session.commit()
            db.take_write_lock(screen.session)

    def _fresh(self, screen: Screen, number: int) -> Ticket:
        self._begin(screen, number)
        screen.forget()
        return screen.look(number)

    # ── what people do ───────────────────────────────────────────────────────────────────────────

    def _wait(self, step: Step) -> None:
        self.moment += timedelta(minutes=WAITS[step.dice % len(WAITS)])
        self._set_clocks()

    def _set_clocks(self) -> None:
        for screen in self.screens:
            screen.session.info[CLOCK] = self.moment

    def _file(self, screen: Screen, step: Step) -> None:
        if len(self.chronicle.numbers) + self._drafts() >= MOST_TICKETS:
            return
        self._begin(screen, None)
        company = screen.company
        who = company.people[USERS[step.who % len(USERS)]]
        request = desk.Request(
            text="页面一直转圈",
            category=list(Category)[step.dice % len(Category)],
            system=list(company.systems.values())[step.ticket % 2],
            requester=who,
            impact=1 + step.dice % 3,
        )
        ticket = desk.file(screen.session, request, by=who)
        screen.tickets[ticket.id] = ticket
        screen.pending.append(Deed(ticket.id, Action.FILE, who.id, ""))

    def _drafts(self) -> int:
        return sum(deed.action == Action.FILE for screen in self.screens for deed in screen.pending)

    def _unattended(self, screen: Screen, step: Step) -> None:
        for other in self.screens:
            self._end(other, Ending.COMMIT)
        self._begin(screen, None)
        screen.forget()
        if step.kind == Kind.SILENCE:
            moved = desk.confirm_silent(screen.session, self.moment, days=3)
        else:
            beside.fix_one(screen.session, screen.company, step)
            moved = desk.release_ready(screen.session)
        for ticket in moved:
            last = ticket.trail[-1]
            screen.pending.append(Deed(ticket.id, last.action, None, last.note))

    def _move(self, screen: Screen, ticket: Ticket, step: Step) -> None:
        who = offers.choice_of(ticket, screen.company, step)
        self._attempt(screen, ticket, who, step, others=self._others(screen))

    def _move_stale(self, screen: Screen, number: int, step: Step) -> None:
        """The session still believes what it read before; the database may have gone on."""
        ticket = screen.tickets.get(number)
        self._begin(screen, None)
        if ticket is None or screen.pending:
            return
        who = offers.choice_of(ticket, screen.company, step)
        behind = {held for held, row in screen.tickets.items() if row.version != self._stands(held)}
        self._attempt(screen, ticket, who, step, behind=behind)

    def _send_old_form(self, screen: Screen, number: int, step: Step) -> None:
        shown = screen.tickets[number].version if number in screen.tickets else 0
        ticket = self._fresh(screen, number)
        who = offers.choice_of(ticket, screen.company, step)
        behind = {number} if shown != ticket.version else set()
        self._attempt(screen, ticket, who, step, seen=shown, behind=behind, others=self._others(screen))

    def _others(self, screen: Screen) -> list[Ticket]:
        """The tickets that a deed may tie this one to: those that everybody can see."""
        return [screen.look(number) for number in self.chronicle.numbers]

    def _stands(self, number: int) -> int:
        """The version that is committed now."""
        stands = self.observer.scalar(select(Ticket.version).where(Ticket.id == number))
        self.observer.rollback()
        assert stands is not None
        return stands

    def _attempt(
        self,
        screen: Screen,
        ticket: Ticket,
        who: offers.Try,
        step: Step,
        *,
        seen: int | None = None,
        behind: AbstractSet[int] = frozenset(),
        others: Sequence[Ticket] = (),
    ) -> None:
        """One move: accepted exactly when it was offered, and refused with the right sentence.

        ``behind``: the tickets of which this screen shows what is no longer so.
        """
        session, number = screen.session, ticket.id
        rows = offers.rows_for(ticket, who)
        wanted = offers.given_for(session, ticket, rows[0] if rows else None, screen.company, step, others)
        if wanted.given.other is not None:
            self._begin(screen, None)  # both are held until the commit
        before = Before.of(session, ticket)
        told = who.by.id if who.by else None
        try:
            entry = desk.move(session, ticket, who.action, by=who.by, given=wanted.given, seen=seen)
        except desk.Overtaken as overtaken:
            assert behind, f"{who.action} was told of somebody faster, and there was nobody"
            if number in behind:
                check_overtaken(self.observer, number, overtaken, by=told)
            if seen is None:  # noticed by the database: the session is rolled back, the screen fresh
                self._drop(screen)
        except Refused as refused:
            excused = not rows or wanted.lacking or behind or "other" in rows[0].needs
            assert excused, f"{who.action} was offered, then refused: {refused}"
            assert str(refused).strip(), "a refusal without a sentence"
        else:
            assert rows, f"{who.action} was not offered, yet accepted"
            assert number not in behind, f"{who.action} was accepted over somebody else's move"
            check_move(session, ticket, entry, rows[0], who.by, before)
            screen.pending += written_since(session, entry, before)
            self.related = self.related or wanted.given.other is not None
