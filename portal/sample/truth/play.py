"""The made-up year, done by the desk's own verbs: tickets filed, weighed by the system, judged by people.

Each ticket is filed under its own clock and weighed at once by what serves then; people look at a part of
them some days later (``judging``); every few weeks the desk learns from what they said.
The invariant: the system never sees the truth, only what people judged.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction as D
from defects.flow import DefectDuty
from defects.models import Defect, DefectType
from defects.texts import DefectText
from indexer.index import Index
from kb.columns import CLOCK
from portal.catalogue.models import Deployment, System
from portal.causes import alarms, autolink
from portal.db import transaction
from portal.finder.consumer import consume
from portal.finder.find import Finder
from portal.finder.learning import learn
from portal.people.models import Person, Unit
from portal.people.roles import Post
from portal.sample import company
from portal.sample.cast import Cast
from portal.sample.truth import judging
from portal.sample.truth.plan import PROVINCES, START, Repair, Report, Year
from portal.sample.truth.played import Played
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Category

AFTER_DAYS = 3
LEARN_EVERY = 28
DUTIES = frozenset(DefectDuty)
HOLDER = "the made-up year"


@dataclass
class Player:
    """The desk of the year and its people."""

    maker: sessionmaker[Session]
    index: Index
    year: Year
    dice: random.Random
    tell: Callable[[int, int], None] = lambda done, total: None
    records: dict[str, int] = field(default_factory=dict)
    asked: dict[str, list[int]] = field(default_factory=dict)
    learned: bool = False

    def play(self) -> list[Played]:
        self._found()
        played: list[Played] = []
        waiting: deque[tuple[int, Played]] = deque()
        happenings = _happenings(self.year)
        for done, report in enumerate(self.year.reports):
            while happenings and happenings[0][0] <= report.day:
                self._happens(*happenings.popleft())
            while waiting and waiting[0][0] <= report.day:
                self._looked_at(waiting.popleft()[1])
            played.append(self._filed(report))
            waiting.append((report.day + AFTER_DAYS, played[-1]))
            self.tell(done + 1, len(self.year.reports))
        return played

    # ── what happens by itself ──────────────────────────────────────────────────────────────────

    def _found(self) -> None:
        with at(self.maker, START) as session:
            company.found(session, "")
        self._consumed(START)
        self.index.rebuild(())

    def _happens(self, day: int, what: str, name: str) -> None:
        moment = START + timedelta(days=day)
        if what == "learn":
            self._learn()
            return
        with at(self.maker, moment) as session:
            if what == "open":
                self._open(session, name)
            elif what == "repair":
                self._repair(session, self.year.repairs[name])
            else:
                self._deploy(session, self.year.repairs[name], what.removeprefix("roll out "), moment)
        self._consumed(moment)

    def _open(self, session: Session, name: str) -> None:
        written, cast = self.year.records[name], Cast.of(session, self.dice)
        expert = cast.responsible(Post.EXPERT)(str(written["system"]))
        defect = library.open_record(session, _text_of(written, expert), by=expert.id)
        moves.move(session, defect, D.CONFIRM, by=expert.id, duties=DUTIES)
        self.records[name] = defect.id

    def _repair(self, session: Session, repair: Repair) -> None:
        """Repaired and verified: from here on it is said to be gone wherever the version runs."""
        defect = session.get_one(Defect, self.records[repair.record])
        by = defect.owner_middle_id
        for action in (D.START, D.FIX, D.VERIFY):
            moves.move(session, defect, action, by=by, duties=DUTIES, cause="已定位", fixed_in=repair.version)

    def _deploy(self, session: Session, repair: Repair, province: str, moment: datetime) -> None:
        system = session.scalars(select(System).where(System.code == repair.system)).one()
        unit = session.scalars(select(Unit).where(Unit.code == province)).one()
        wanted = select(Deployment).where(Deployment.system == system, Deployment.unit == unit)
        row = session.scalar(wanted) or Deployment(system=system, unit=unit)
        row.version, row.since = repair.version, moment.date()
        session.add(row)

    def _learn(self) -> None:
        learning = learn(self.maker, self.index.promotions, embedder=self.index.embedder)
        self.learned |= any(one.promoted and one.name == self._links for one in learning.outcomes)

    @property
    def _links(self) -> str:
        return "links_hybrid" if self.index.embedder is not None else "links_lexical"

    # ── a ticket ────────────────────────────────────────────────────────────────────────────────

    def _filed(self, report: Report) -> Played:
        with at(self.maker, report.at) as session:
            number = self._file(session, report).id
        self._consumed(report.at)
        with at(self.maker, report.at) as session:
            ticket = session.get_one(Ticket, number)
            finder = Finder(self.index)
            considered = autolink.consider(session, finder, ticket)
            alarm = alarms.look(session, finder, ticket)
            session.flush()
            link = ticket.defect
            told = Played(
                report,
                number,
                self.records.get(report.cause or ""),
                link.id if link is not None else None,
                considered.probability if considered is not None and considered.probability else 0.0,
                self.learned,
                alarm.id if alarm is not None else None,
                self.year.is_regression(report),
            )
        self._consumed(report.at)
        return told

    def _file(self, session: Session, report: Report) -> Ticket:
        systems = {row.code: row for row in session.scalars(select(System))}
        request = desk.Request(
            text=report.text,
            category=Category(report.scenario.category),
            system=systems[report.system],
            module=report.module,
            requester=self._somebody(session, report.province),
        )
        return desk.file(session, request, by=request.requester)

    def _somebody(self, session: Session, province: str) -> Person:
        if not self.asked:
            rows = session.scalars(select(Person).where(~Person.posts.any()).order_by(Person.id))
            people = [(row.id, row.unit.path.split("/")) for row in rows]
            self.asked = {name: [one for one, path in people if name in path] for name in PROVINCES}
        return session.get_one(Person, self.dice.choice(self.asked[province]))

    def _looked_at(self, played: Played) -> None:
        moment = played.report.at + timedelta(days=AFTER_DAYS)
        with at(self.maker, moment) as session:
            judging.look_at(session, self.index, played, records=self.records, dice=self.dice)
        self._consumed(moment)

    def _consumed(self, moment: datetime) -> None:
        consume(self.maker, self.index, holder=HOLDER, now=moment)


@contextmanager
def at(maker: sessionmaker[Session], moment: datetime) -> Iterator[Session]:
    """One unit of work under the clock of the year."""
    with transaction(maker) as session:
        session.info[CLOCK] = moment
        yield session


def _happenings(year: Year) -> deque[tuple[int, str, str]]:
    """(day, what, name) in order: records opened, repaired, rolled out; lessons."""
    found = [(day, "open", name) for name, day in year.opened.items()]
    for name, repair in year.repairs.items():
        repaired = max(repair.day, year.opened[name] + 1)
        found.append((repaired, "repair", name))
        found += [
            (max(day, repaired), f"roll out {province}", name) for province, day in repair.units.items()
        ]
    found += [(day, "learn", "") for day in range(LEARN_EVERY, year.days, LEARN_EVERY)]
    return deque(sorted(found))


def _text_of(written: Mapping[str, Any], expert: Person) -> DefectText:
    return DefectText(
        title=written["title"],
        system=written["system"],
        module=written.get("module"),
        type=DefectType(written["type"]),
        severity=int(written["severity"]),
        symptoms=tuple(written["symptoms"]),
        codes=tuple(str(code) for code in written.get("codes") or ()),
        affected=tuple(str(version) for version in written.get("affected") or ()),
        reproduce=str(written.get("reproduce") or ""),
        workaround=str(written.get("workaround") or ""),
        owner_middle_id=expert.id,
    )
