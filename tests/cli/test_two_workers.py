"""Two workers at once on one desk: every change reaches the index, none is lost, none stands twice."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from indexer.document import Query
from kb.importing.articles import FIELDS, load
from kb.importing.plan import plan_for
from portal.cli.place import Place, opened, opened_index
from portal.cli.upkeep import Upkeep
from portal.finder.models import OutboxRow
from portal.finder.sources import every_version
from tests.cli.conftest import Desk
from tests.cli.test_services import running, said
from tests.importing.conftest import rows_of

pytestmark = pytest.mark.slow
BATCHES, EACH, ENOUGH = 12, 4, 5_000


def write(place: Place, batch: int) -> None:
    rows = [{"title": f"会议室投影仪 {batch}-{n}", "body": "重启投影仪"} for n in range(EACH)]
    with place.writing() as session:
        records = plan_for("article", FIELDS).records(rows_of(*rows), source=f"batch {batch}")
        load(session, records, by=1, publish=True)


def waiting(place: Place) -> int:
    with place.reading() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


@contextmanager
def at_it(holder: str, written: threading.Event, faults: list[BaseException]) -> Iterator[threading.Thread]:
    """One worker on its own connection and its own view of the index, until nothing waits any more."""

    def work() -> None:
        with opened() as place, opened_index(place.settings) as index:
            upkeep = Upkeep(place.settings, place.maker, index, holder=holder)
            for _ in range(ENOUGH):
                done = written.is_set()
                upkeep.round()
                if done and not waiting(place):
                    return
            faults.append(AssertionError(f"{holder} never saw the end"))

    thread = threading.Thread(target=work, name=holder)
    thread.start()
    try:
        yield thread
    finally:
        written.set()
        thread.join(200)
        assert not thread.is_alive()


def test_both_work_at_once_and_nothing_is_lost_or_doubled(desk: Desk) -> None:
    written = threading.Event()
    faults: list[BaseException] = []
    with opened() as place:
        with at_it("left", written, faults), at_it("right", written, faults):
            for batch in range(BATCHES):
                write(place, batch)
            written.set()
        assert faults == []
        with place.reading() as session:
            wanted = every_version(session)
        with opened_index(place.settings) as index:
            assert index.versions() == wanted
            hits = index.search(Query("投影仪", audience=None, limit=1_000)).hits
    assert len(wanted) == BATCHES * EACH
    assert sorted(hit.key for hit in hits) == sorted(wanted)


def test_one_of_two_is_killed_and_the_desk_is_whole(desk: Desk) -> None:
    with running("worker") as left, running("worker") as right:
        for process in (left, right):
            said(process, "后台服务已启动")
        with opened() as place:
            for batch in range(BATCHES):
                write(place, batch)
                if batch == BATCHES // 2:
                    left.send_signal(signal.SIGKILL)
        right.send_signal(signal.SIGTERM)
        said(right, "后台服务已停止")
        assert right.wait(30) == 0
    checked = json.loads(desk.real("reindex", "--check", "--json").stdout)
    assert checked["documents"] == BATCHES * EACH
    again = json.loads(desk.real("reindex", "--check", "--json").stdout)
    assert (again["missing"], again["stale"], again["surplus"], again["repaired"]) == (0, 0, 0, 0)
