"""The queue of judgements: what the worker examines, what each judge is offered, and never more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import DefectAction, DefectDuty
from defects.moves import move
from portal.causes.teaching import gathering, queue
from portal.causes.teaching.gathering import keep_queue
from portal.causes.teaching.listing import KINDS, Wanted, judged_of
from portal.causes.teaching.models import TeachingPick
from portal.causes.teaching.tally import systems_of, tally_of
from portal.finder.judgements import Provenance, judgements
from portal.finder.lessons import striking
from portal.finder.lessons.models import Source
from portal.tickets import linking
from portal.tickets.models import ArticleLink, Ticket
from portal.tickets.words import Category, State
from tests.finder.conftest import Desk, desk_of, index, maker
from tests.statements import statements_sent
from tests.world import MOMENT

__all__ = ["desk_of", "index", "maker"]
THINGS = (
    ("发票二维码打印空白", "发票打出来二维码那里是空的"),
    ("附件上传进度停在一半", "传附件传到一半就不动了"),
    ("列表翻页之后顺序错乱", "翻到第二页顺序全乱了"),
)


@pytest.fixture
def asked(desk_of: Desk) -> Desk:
    """Records of two systems, and tickets that tell of them."""
    for title, said in THINGS:
        desk_of.defect(title, symptoms=[said])
        desk_of.ticket(f"升级以后{said}")
    desk_of.defect("公文打不开", system="oa", symptoms=["点开公文一片空白"])
    desk_of.ticket("点开公文一片空白", system="oa")
    desk_of.consume()
    return desk_of


def offered(desk: Desk, login: str) -> list[str]:
    desk.session.expire_all()
    person = desk.world.people[login]
    picks = queue.picks_for(desk.session, person)
    assert len(picks) == queue.how_many_for(desk.session, person)
    return [pick.ticket.text for pick in picks]


def keep(desk: Desk) -> int:
    desk.session.commit()
    return keep_queue(desk.maker, desk.index)


def test_each_judge_is_offered_what_they_may_judge(asked: Desk) -> None:
    assert keep(asked) == 4
    assert len(offered(asked, "analyst")) == 4
    of_expert = offered(asked, "expert")  # of the marketing system alone
    assert len(of_expert) == 3
    assert not any("公文" in text for text in of_expert)
    for login in ("manager", "engineer", "editor", "wang"):
        assert offered(asked, login) == []


def test_a_ticket_is_examined_once_by_each_model(asked: Desk) -> None:
    assert keep(asked) == 4
    assert keep(asked) == 0
    asked.ticket("又传附件传到一半就不动了")
    assert keep(asked) == 1
    asked.session.execute(TeachingPick.__table__.update().values(model="former"))  # type: ignore[attr-defined]
    assert keep(asked) == 5


def test_what_is_judged_is_gone_and_comes_back_when_it_is_taken_back(asked: Desk) -> None:
    session, expert = asked.session, asked.world.people["expert"]
    keep(asked)
    pick = queue.picks_for(session, expert)[0]
    ticket, text = pick.ticket, pick.ticket.text
    assert pick.defect is not None
    linking.link(session, ticket, pick.defect, by=expert)
    session.flush()
    assert text not in offered(asked, "expert")
    linking.undo_last(session, ticket, by=expert)
    session.flush()
    assert text in offered(asked, "expert")


def test_passing_by_is_for_oneself_alone(asked: Desk) -> None:
    session, expert = asked.session, asked.world.people["expert"]
    keep(asked)
    ticket = queue.picks_for(session, expert)[0].ticket
    queue.pass_by(session, ticket, by=expert)
    queue.pass_by(session, ticket, by=expert)
    assert ticket.text not in offered(asked, "expert")
    assert ticket.text in offered(asked, "analyst")
    assert queue.take_up(session, ticket, by=expert)
    assert not queue.take_up(session, ticket, by=expert)
    assert ticket.text in offered(asked, "expert")


def test_nobody_is_asked_about_what_ended_is_old_or_complains(asked: Desk) -> None:
    session = asked.session
    cancelled = asked.ticket("升级以后传附件传到一半就不动了，撤了")
    complaint = asked.ticket("传附件传到一半就不动了，没人管", category=Category.COMPLAINT)
    old = asked.ticket("去年传附件传到一半就不动了")
    cancelled.state, old.filed_at = State.CANCELLED, old.filed_at - gathering.RECENT - timedelta(days=1)
    assert keep(asked) == 4
    assert complaint.id not in set(session.scalars(select(TeachingPick.ticket_id)))
    fresh = session.scalars(select(Ticket).where(Ticket.text.contains("二维码"))).one()
    fresh.filed_at -= gathering.RECENT + timedelta(days=1)
    asked.ticket("再来一张传附件传到一半就不动了")
    keep(asked)
    assert fresh.id not in set(session.scalars(select(TeachingPick.ticket_id)))


def test_a_record_that_is_none_is_not_asked_about(asked: Desk) -> None:
    session, expert = asked.session, asked.world.people["expert"]
    keep(asked)
    pick = next(row for row in queue.picks_for(session, expert) if "附件" in row.ticket.text)
    assert pick.defect is not None
    dead, text = pick.defect, pick.ticket.text
    move(session, dead, DefectAction.REJECT, by=None, duties={DefectDuty.CURATE}, note="不是")
    session.flush()
    assert text not in offered(asked, "expert")
    asked.consume()
    assert keep(asked) == 1  # it may be about another one
    assert all(row.defect is not dead for row in queue.picks_for(session, expert))
    assert keep(asked) == 0


def test_reading_the_queue_costs_the_same_for_many(asked: Desk) -> None:
    keep(asked)
    few = _queries(asked)
    for n in range(12):
        asked.ticket(f"第{n}次翻到第二页顺序全乱了")
    keep(asked)
    assert _queries(asked) == few


def _queries(desk: Desk) -> int:
    desk.session.commit()
    with desk.maker() as session:
        analyst = session.merge(desk.world.people["analyst"])
        with statements_sent(session) as seen:
            assert queue.picks_for(session, analyst)
    return len(seen)


# ------------------------------------------------------------------ what was judged


@pytest.fixture
def told(asked: Desk) -> Desk:
    """One judgement of each kind that staff make."""
    session, people = asked.session, asked.world.people
    tickets = list(session.scalars(select(Ticket).order_by(Ticket.id)))
    records = [asked.defect(f"别的事{n}") for n in range(3)]
    linking.link(session, tickets[0], records[0], by=people["expert"])
    linking.reject(session, tickets[1], records[0], by=people["analyst"])
    linking.none_of_these(session, tickets[2], records[1:], by=people["expert"])
    article = asked.article("公文打不开怎么办", audience="everyone")
    session.add(ArticleLink(ticket=tickets[3], article=article, by_id=people["agent"].id, at=MOMENT))
    session.flush()
    return asked


def test_judgements_are_counted_by_kind_system_and_post(told: Desk) -> None:
    found = tally_of(told.session, since=None, systems=None)
    one_each = dict.fromkeys(("linked", "rejected", "none", "answered"), 1)
    assert dict(found.total) == one_each
    assert {str(kind): n for kind, n in found.total.items()} == {
        str(one.provenance): 1 for one in judgements(told.session)
    }
    assert dict(found.systems["oa"]) == {"answered": 1}
    assert dict(found.posts["expert"]) == {"linked": 1, "none": 1}
    assert dict(found.posts["analyst"]) == {"rejected": 1}
    bound = tally_of(told.session, since=None, systems=systems_of(told.world.people["expert"]))
    assert list(bound.systems) == ["mkt"]
    assert systems_of(told.world.people["analyst"]) is None
    none = tally_of(told.session, since=MOMENT + timedelta(days=9_999), systems=None)
    assert not none.total


def rows_of(session: Session, desk: Desk, login: str, kind: Provenance, *, struck: bool = False) -> list[str]:
    wanted = Wanted(kind, struck=struck)
    found, total = judged_of(session, desk.world.people[login], wanted, limit=20, offset=0)
    assert total == len(found)
    return [row.text for row in found]


def test_each_kind_is_listed_within_the_readers_rights(told: Desk) -> None:
    session = told.session
    for kind in (Provenance.LINKED, Provenance.REJECTED, Provenance.NONE):
        assert len(rows_of(session, told, "analyst", kind)) == 1
        assert len(rows_of(session, told, "expert", kind)) == 1
    assert len(rows_of(session, told, "analyst", Provenance.ANSWERED)) == 1
    assert rows_of(session, told, "expert", Provenance.ANSWERED) == []  # of another system
    assert set(KINDS) == set(Provenance)
    none, _ = judged_of(session, told.world.people["analyst"], Wanted(Provenance.NONE), limit=20, offset=0)
    assert len(none[0].subjects) == 2


def test_a_struck_one_is_marked_counted_apart_and_still_listed(told: Desk) -> None:
    session, analyst = told.session, told.world.people["analyst"]
    found, _ = judged_of(session, analyst, Wanted(Provenance.LINKED), limit=20, offset=0)
    assert rows_of(session, told, "analyst", Provenance.LINKED, struck=True) == []
    striking.strike(session, Source.LINK, found[0].source_id, reason="点错", by=analyst)
    session.flush()
    marked, _ = judged_of(session, analyst, Wanted(Provenance.LINKED, struck=True), limit=20, offset=0)
    assert [row.mark.reason for row in marked if row.mark] == ["点错"]
    counted = tally_of(session, since=None, systems=None)
    assert counted.struck == 1
    assert Provenance.LINKED not in counted.total
