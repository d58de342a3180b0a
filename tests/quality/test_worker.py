"""The worker's draw: idempotent, also with two workers at once, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import CLOCK
from portal import config
from portal.cli.sampling import draw_samples
from portal.cli.upkeep import JOBS
from portal.db import transaction
from portal.people.roles import Post
from portal.quality import follow_ups, inspections, lists, results
from portal.quality.follow_ups import Heard
from portal.quality.lists import Pile
from portal.quality.models import FollowUp, Inspection
from portal.quality.results import Asked
from portal.quality.sheets import newest
from portal.quality.words import Kind
from tests.engines import engine_on_each as engine
from tests.quality.ways import GOOD, Office
from tests.world import World, build

__all__ = ["engine"]
WORKERS = 4


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return config.load({"TIERDESK_DATA_DIR": str(tmp_path / "data"), "TIERDESK_ENCODER": "none"})


def closed(maker: sessionmaker[Session], count: int) -> None:
    """Rules for both purposes, then tickets that were closed just now."""
    with transaction(maker) as session:
        office = Office(session, build(session))
        moment = datetime.now(UTC)
        office.at(moment)
        office.rule(Kind.FOLLOW_UP)
        office.rule(Kind.INSPECTION)
        for _ in range(count):
            office.closed()
        del session.info[CLOCK]


def test_the_draw_is_a_job_of_the_worker() -> None:
    assert draw_samples in {job.run for job in JOBS}


def test_several_workers_draw_each_ticket_once(
    engine: Engine, maker: sessionmaker[Session], settings: config.Settings
) -> None:
    closed(maker, 8)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda _: draw_samples(settings, maker), range(WORKERS)))
    draw_samples(settings, maker)
    with maker() as session:
        for model in (FollowUp, Inspection):
            assert session.scalar(select(func.count()).select_from(model)) == 8


def test_lists_and_results_on_both_databases(engine: Engine, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        office = Office(session, build(session))
        office.rule(Kind.FOLLOW_UP)
        office.rule(Kind.INSPECTION)
        version = newest(office.sheet())
        other = office.colleague("agent2", Post.AGENT)
        for agent in ("agent", "agent", "agent2"):
            office.closed(agent=agent)
        calls, looks = office.draw(Kind.FOLLOW_UP), office.draw(Kind.INSPECTION)
        people = office.world.people
        assert version is not None
        for row in looks[:2]:
            inspections.score(session, row, version, marks=GOOD, by=people["inspector"])
        follow_ups.reached(session, calls[0], Heard(True, 5), by=people["supervisor"])
        follow_ups.reached(session, calls[1], Heard(False, 2), by=other)
        session.flush()
        moment = session.info[CLOCK]
        _check(session, office.world, Asked(moment.replace(hour=0), moment.replace(hour=23)))


def _check(session: Session, world: World, asked: Asked) -> None:
    manager, inspector = world.people["manager"], world.people["inspector"]
    whole, rung = results.whole(session, manager, asked)
    assert (whole.n, whole.total, whole.squares) == (2, 188.0, pytest.approx(2 * 94**2))
    assert (rung.n, rung.reached, rung.solved, rung.satisfaction, rung.squares) == (2, 2, 1, 7.0, 29.0)
    assert [line.name for line in results.by_agent(session, manager, asked)] == ["agent"]
    assert [line.name for line in results.by_unit(session, manager, asked)] == ["沧源供电局"]
    assert lists.inspections(session, inspector, Pile.WAITING).total == 1
    assert lists.inspections(session, inspector, Pile.ENDED).total == 2
    assert lists.follow_ups(session, world.people["supervisor"], Pile.WAITING).total == 1
    assert lists.follow_up_counts(session, world.people["agent"])[Pile.WAITING] == 1
    assert lists.next_to_score(session, inspector) is not None
    assert lists.next_to_ring(session, world.people["supervisor"]) is not None
    assert lists.next_to_ring(session, world.people["agent2"]) is None  # it is their own
