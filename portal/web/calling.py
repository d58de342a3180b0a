"""What the call console shows: read off one form, searched, proposed, and handed to its templates.

No deed and no rule lives here. The invariant: whatever is sent comes back on the screen, so that a refused
wrap-up, a reload without JavaScript and a search show the same call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from indexer.highlight import highlight
from portal.catalogue.models import System
from portal.catalogue.queries import systems_in_order
from portal.faults.models import Announcement, FaultReport
from portal.faults.readers import live_announcements
from portal.finder import suggest
from portal.finder.clarify import About
from portal.finder.found import Found, Prediction
from portal.finder.prediction import named_systems
from portal.finder.sources import ARTICLE
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets import callers, calls, desk, plain
from portal.tickets.callers import Waiting
from portal.tickets.models import Ticket
from portal.tickets.rail import Stop, rail_of
from portal.tickets.service_levels import Clock
from portal.tickets.usage import answered_with
from portal.tickets.words import SUB_LABELS, Category
from portal.web.clarifying import NOTHING_ASKED as NO_QUESTION
from portal.web.clarifying import Clarity, clarified, words_of
from portal.web.hearing import CHIPS, Heard, number_in, resolved
from portal.web.information import NOTHING_ASKED, Asked, asked_about
from portal.web.reading_aloud import Reading, reading_of
from portal.web.request import db, me, parts, viewer

PLACE = "console"
SHORTEST = 2
SHOWN = 9  # as many as there are number keys
ASKS_PROGRESS = re.compile(
    r"进度|进展|催|到哪|多久|什么时候(能|好|处理)|处理得?怎么样|有没有结果|how far|progress", re.I
)
ALIKE = 0.35


@dataclass(frozen=True, slots=True)
class Row:
    """One open ticket of the caller, with the sentence that tells them how far it is."""

    ticket: Ticket
    rail: tuple[Stop, ...]
    clock: Clock | None
    standing: plain.Standing
    asked: bool = False
    """The caller seems to be asking about this one."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A live announcement for the caller; ``joined``: they are counted among those hit already."""

    announcement: Announcement
    joined: bool = False


NOBODY_WAITS = Waiting(0)


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the console draws."""

    heard: Heard
    systems: list[System]
    endings: tuple[calls.Ending, ...]
    waiting: Waiting = NOBODY_WAITS
    caller: Person | None = None
    rows: tuple[Row, ...] = ()
    history: tuple[Ticket, ...] = ()
    found: Found | None = None
    clarity: Clarity = NO_QUESTION
    used: Mapping[int, int] = field(default_factory=dict)
    """How many tickets each of the articles found has answered lately."""
    proposed: frozenset[str] = frozenset()
    alerts: tuple[Alert, ...] = ()
    reading: Reading | None = None
    problem: str = ""
    wants: str = ""
    """The field that a refusal asks for: where writing goes on."""
    asked: Asked = NOTHING_ASKED

    @property
    def system(self) -> System | None:
        return next((row for row in self.systems if row.code == self.heard.system), None)

    @property
    def category(self) -> Category | None:
        return Category(self.heard.category) if self.heard.category in set(Category) else None

    @property
    def subs(self) -> Mapping[str, str]:
        return SUB_LABELS[self.category] if self.category else {}

    @property
    def progress(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.asked)[:2]


def screen_of(call: Heard, *, problem: str = "", wants: str = "notes") -> Screen:
    """The whole call: the caller and their past, the queue, what is being read, and what is answered."""
    screen = answered_so_far(call)
    caller = screen.caller
    return replace(
        screen,
        waiting=callers.waiting_for(db(), me()),
        history=tuple(callers.history_of(db(), caller, by=me())) if caller else (),
        reading=_reading(call.reading, caller),
        problem=problem,
        wants=wants if problem else "",
    )


def answered_so_far(call: Heard) -> Screen:
    """What the notes bring, at typing speed: answers, proposals, announcements, how far tickets are."""
    caller = callers.caller_of(db(), call.caller, by=me())
    found, guess = _searched(call, caller)
    systems = systems_in_order(db())
    known = resolved(call, guess, systems)
    found, clarity = clarified(found, call.words, call.replies, systems=systems, known=_settled(call))
    articles = [row.id for row in found.results if row.kind == ARTICLE] if found else []
    return Screen(
        heard=known,
        systems=systems,
        endings=calls.endings_for(me()),
        caller=caller,
        rows=rows_of(caller, call.words) if caller else (),
        found=found,
        clarity=clarity,
        used=answered_with(db(), articles),
        proposed=frozenset(name for name in CHIPS if getattr(known, name)) - call.chosen,
        alerts=_alerts(caller, found, known.system),
        asked=_asked(known, systems),
    )


def _asked(call: Heard, systems: list[System]) -> Asked:
    """What the system wants to know; module and sub-category have chips of their own."""
    return asked_about(
        next((row for row in systems if row.code == call.system), None),
        Category(call.category) if call.category in set(Category) else None,
        module=call.module,
        sub=call.sub,
        typed=call.typed,
        offering=False,
    )


def _searched(call: Heard, caller: Person | None) -> tuple[Found | None, Prediction | None]:
    if len(call.words) < SHORTEST:
        return None, None
    finder = parts().finder
    system = call.system if "system" in call.chosen else None
    category = call.category if "category" in call.chosen else None
    text = f"{call.words} {words_of(call.replies)}".strip()
    unit = caller.unit if caller else None
    found = finder.suggest(db(), me(), text, system=system, category=category, limit=SHOWN, unit=unit)
    open_questions = {"system", "category"} - call.chosen
    return found, finder.predict(db(), me(), call.words) if open_questions else None


def _settled(call: Heard) -> frozenset[About]:
    """What needs no asking: the agent chose it, or the caller named it."""
    chosen = {about for about in (About.SYSTEM, About.MODULE) if about.value in call.chosen}
    named = {About.SYSTEM} if call.words and named_systems(db(), call.words) else set()
    return frozenset(chosen | named)


def rows_of(caller: Person, words: str = "") -> tuple[Row, ...]:
    """The caller's open tickets; those that the words seem to ask about are marked."""
    tickets = callers.open_tickets_of(db(), caller, by=me())
    general = bool(ASKS_PROGRESS.search(words))
    return tuple(_row(ticket, asked=general or _is_about(ticket, words)) for ticket in tickets)


def _row(ticket: Ticket, *, asked: bool) -> Row:
    clock = desk.clock_of(db(), ticket)
    return Row(ticket, rail_of(ticket), clock, plain.standing_of(ticket, clock), asked)


def _is_about(ticket: Ticket, words: str) -> bool:
    if len(words) < 4:
        return False
    marked = sum(len(text) for text, hit in highlight(ticket.title, words) if hit)
    return marked >= ALIKE * len(ticket.title)


def _alerts(caller: Person | None, found: Found | None, system: str) -> tuple[Alert, ...]:
    """Live announcements that concern the call: those for the caller's unit, else those for the agent."""
    reader = viewer_of(caller) if caller else viewer()
    named = {row.id for row in found.announcements} if found else set()
    live = db().scalars(live_announcements(reader).options(joinedload(Announcement.fault))).unique()
    concerning = [row for row in live if row.id in named or (system and system in row.systems)]
    joined = _joined(caller, concerning)
    return tuple(Alert(row, row.fault_id in joined) for row in concerning)


def _joined(caller: Person | None, live: list[Announcement]) -> set[int | None]:
    faults = [row.fault_id for row in live if row.fault_id]
    if caller is None or not faults:
        return set()
    reports = select(FaultReport.fault_id).where(
        FaultReport.person_id == caller.id, FaultReport.fault_id.in_(faults)
    )
    return set(db().scalars(reports))


def _reading(key: str, caller: Person | None) -> Reading | None:
    kind, _colon, number = key.partition(":")
    return reading_of(kind, number_in(number) or 0, caller)


def remembered(screen: Screen) -> Screen:
    """Keep what was shown with the consultation of this call, and hand its token out."""
    if screen.found is None:
        return screen
    call = screen.heard
    kept = suggest.refresh(
        db(), screen.found, by=me(), text=call.words, system=call.system, place=PLACE, token=call.token
    )
    return replace(screen, heard=replace(call, token=kept.token))
