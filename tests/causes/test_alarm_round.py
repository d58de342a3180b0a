"""The worker's round over alarms: every new ticket once, nothing twice, nothing without an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectState
from defects.models import Defect
from indexer.index import Index
from indexer.linking import Decision
from kb.columns import CLOCK
from portal.causes.alarms import AlarmState, RecurrenceAlarm, look
from portal.causes.alarms import round as rounds
from portal.db import transaction
from portal.finder import sources
from portal.finder.find import Finder
from portal.finder.proposing import is_ready
from portal.tickets import desk, linking
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import Basis, Looked
from portal.tickets.words import Action
from tests.causes.alarm_desk import AlarmDesk
from tests.world import World

SAYS = "电费核算阶梯电量重复累计，报错 MKT-E2201"
Deed = Callable[[AlarmDesk], object]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(tmp_path / "index", embedder=None)
    yield opened
    opened.close()


@pytest.fixture
def do(maker: sessionmaker[Session], desk_world: World) -> Callable[[Deed], None]:
    def doing(deed: Deed) -> None:
        with transaction(maker) as session:
            deed(AlarmDesk(session, World.of(session)))

    return doing


@pytest.fixture
def repaired(do: Callable[[Deed], None], maker: sessionmaker[Session], index: Index) -> None:
    """One repaired record in library and index."""
    do(lambda stage: stage.record(title="阶梯电量重复累计", symptoms=(SAYS,)))
    with maker() as session:
        index.rebuild(list(sources.every_document(session)))


def alarms(maker: sessionmaker[Session]) -> list[tuple[AlarmState, Basis, int]]:
    with maker() as session:
        rows = session.scalars(select(RecurrenceAlarm).order_by(RecurrenceAlarm.id))
        return [(row.state, row.basis, len(row.sightings)) for row in rows]


def looked(maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return session.scalar(select(func.count()).select_from(Looked)) or 0


@pytest.mark.usefixtures("repaired")
def test_each_new_ticket_is_looked_at_once(
    maker: sessionmaker[Session], index: Index, do: Callable[[Deed], None]
) -> None:
    do(lambda stage: stage.ticket(text=SAYS))
    do(lambda stage: stage.ticket("zhao", text=SAYS))
    do(lambda stage: stage.ticket(text="打印机卡纸，换了硒鼓也不行"))
    assert rounds.watch_for_recurrence(maker, index) == 3
    assert alarms(maker) == [(AlarmState.POSSIBLE, Basis.LIKENESS, 1)], "a model that never learned only asks"
    assert rounds.watch_for_recurrence(maker, index) == 0
    assert (looked(maker), len(alarms(maker))) == (3, 1)


@pytest.mark.usefixtures("repaired")
def test_what_was_decided_is_not_weighed_again(
    maker: sessionmaker[Session], index: Index, do: Callable[[Deed], None]
) -> None:
    def sure(stage: AlarmDesk) -> None:
        defect = stage.session.scalars(select(Defect)).one()
        stage.decided(stage.ticket(text="完全不同的话 MKT-E2201"), defect, Decision.LINK)

    do(sure)
    rounds.watch_for_recurrence(maker, index)
    assert alarms(maker) == [(AlarmState.OPEN, Basis.MATCH, 1)]
    with maker() as session:
        assert session.scalars(select(Defect)).one().state == DefectState.CONFIRMED


@pytest.mark.usefixtures("repaired")
def test_what_is_linked_meanwhile_speaks_for_itself(
    maker: sessionmaker[Session], index: Index, do: Callable[[Deed], None]
) -> None:
    """Searching takes its time and holds nobody up: a colleague may be faster."""

    def link(stage: AlarmDesk) -> None:
        ticket = stage.session.scalars(select(Ticket)).one()
        linking.link(stage.session, ticket, stage.session.scalars(select(Defect)).one(), by=stage.expert)

    do(lambda stage: stage.ticket(text=SAYS))
    with maker() as session:
        (found,) = rounds.found_now(session, Finder(index))
    do(link)
    for _ in range(2):  # the second is a worker beside this one that was slower
        with transaction(maker) as session:
            rounds.write(session, found)
    assert alarms(maker) == [(AlarmState.CONFIRMED, Basis.PERSON, 1)]


@pytest.mark.usefixtures("repaired")
def test_withdrawn_old_and_seen_tickets_are_left_alone(
    maker: sessionmaker[Session], index: Index, do: Callable[[Deed], None]
) -> None:
    def cancelled(stage: AlarmDesk) -> None:
        ticket = stage.ticket(text=SAYS)
        desk.move(stage.session, ticket, Action.CANCEL, by=stage.world.people["wang"], given=desk.Given())

    def old(stage: AlarmDesk) -> None:
        stage.ticket(text=SAYS).filed_at = datetime.now(UTC) - timedelta(days=8)

    do(cancelled)
    do(old)
    assert rounds.watch_for_recurrence(maker, index) == 1
    assert alarms(maker) == []
    with maker() as session:
        session.info[CLOCK] = datetime.now(UTC) + timedelta(days=40)
        ticket = session.scalars(select(Ticket).order_by(Ticket.id)).first()
        assert ticket is not None
        assert look(session, Finder(index), ticket) is None


def test_without_an_index_every_ticket_waits(
    maker: sessionmaker[Session], index: Index, do: Callable[[Deed], None]
) -> None:
    do(lambda stage: stage.ticket(text=SAYS))
    assert not is_ready(index)
    assert rounds.watch_for_recurrence(maker, index) == 0
    assert looked(maker) == 0
    index.rebuild(())
    assert rounds.watch_for_recurrence(maker, index) == 1
