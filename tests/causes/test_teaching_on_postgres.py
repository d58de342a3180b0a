"""The queue, the tallies and the lists of judgements on PostgreSQL, which groups more strictly."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.causes.teaching import queue
from portal.causes.teaching.gathering import keep_queue, labels_by_system
from portal.causes.teaching.listing import Wanted, judged_of
from portal.causes.teaching.tally import tally_of
from portal.finder.judgements import Provenance, cases, how_many_cases, judgements
from portal.finder.lessons import runs, striking
from portal.finder.lessons.models import Source
from portal.finder.models import Consultation, Outcome, Shown
from portal.tickets import linking
from portal.tickets.models import Ticket
from tests.engines import postgres_engine as engine
from tests.finder.conftest import Desk, desk_of, index, maker
from tests.world import MOMENT

__all__ = ["desk_of", "engine", "index", "maker"]
pytestmark = pytest.mark.postgres


@pytest.mark.slow
def test_everything_is_asked_of_postgresql_as_of_sqlite(desk_of: Desk) -> None:
    session, people = desk_of.session, desk_of.world.people
    record = desk_of.defect("附件上传进度停在一半", symptoms=["传附件传到一半就不动了"])
    other = desk_of.defect("公文打不开", symptoms=["点开公文一片空白"])
    linked, told_apart, _left = (desk_of.ticket(f"第{n}次传附件传到一半就不动了") for n in range(3))
    desk_of.consume()
    assert keep_queue(desk_of.maker, desk_of.index) == 3
    session.expire_all()
    assert (
        queue.how_many_for(session, people["expert"]) == len(queue.picks_for(session, people["expert"])) == 3
    )
    link = linking.link(session, linked, record, by=people["expert"])
    linking.none_of_these(session, told_apart, [record, other], by=people["analyst"])
    asked = Consultation(token="t", person_id=people["wang"].id, at=MOMENT, text="附件停住", system="mkt")
    asked.outcome = Outcome.FILED
    asked.shown = [Shown(kind="defect", subject_id=record.id, rank=1, opened_at=MOMENT)]
    session.add(asked)
    session.flush()
    assert queue.how_many_for(session, people["expert"]) == 1
    assert how_many_cases(session) == len(cases(session)) == 2
    assert labels_by_system(session) == {"mkt": 2}
    found = tally_of(session, since=MOMENT, systems=None)
    assert {str(kind): count for kind, count in found.total.items()} == {
        "linked": 1,
        "none": 1,
        "in_vain": 1,
    }
    for kind in Provenance:
        judged, total = judged_of(session, people["manager"], Wanted(kind, "mkt"), limit=20, offset=0)
        assert len(judged) == total == found.total[kind]
    striking.strike(session, Source.LINK, link.id, reason="点错", by=people["analyst"])
    session.flush()
    assert "linked" not in {str(one.provenance) for one in judgements(session)}
    linked = session.scalars(select(Ticket).where(Ticket.id == linked.id)).one()
    queue.pass_by(session, linked, by=people["expert"])
    assert runs.begin(session).id
    assert runs.pending(session) is not None
