"""A change and its outbox row stand or fall together."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from kb import articles
from portal import db
from portal.faults import board
from portal.finder import outbox
from portal.finder.models import OutboxRow
from portal.tickets import desk as verbs
from tests.finder.conftest import Desk


def rows(session: Session) -> list[tuple[str, str]]:
    return [
        tuple(row)
        for row in session.execute(select(OutboxRow.kind, OutboxRow.subject_id).order_by(OutboxRow.id))
    ]


def cleared(desk: Desk) -> Session:
    desk.consume()
    assert rows(desk.session) == []
    return desk.session


def test_every_searchable_thing_leaves_a_row(desk_of: Desk) -> None:
    made = (
        ("article", desk_of.article("一篇").id),
        ("defect", desk_of.defect("一条").id),
        ("ticket", desk_of.ticket("一张").id),
        ("announcement", desk_of.announcement("一则", systems=["mkt"]).id),
    )
    assert {(kind, str(number)) for kind, number in made} == set(rows(desk_of.session))


def test_a_change_that_is_rolled_back_leaves_no_row(desk_of: Desk) -> None:
    article = desk_of.article("会议室投影")
    session = cleared(desk_of)
    text = articles.text_of(article)
    articles.revise(session, article, text.__class__(title="改过的标题", body=text.body), by=1)
    assert rows(session) == [("article", str(article.id))]
    session.rollback()
    assert rows(session) == []


def test_one_row_for_each_thing_and_flush(desk_of: Desk) -> None:
    article, ticket = desk_of.article("一篇"), desk_of.ticket("一张")
    session = cleared(desk_of)
    article.views += 1
    article.solved += 1
    ticket.urges += 1
    session.flush()
    assert sorted(rows(session)) == [("article", str(article.id)), ("ticket", str(ticket.id))]


def test_things_that_nobody_searches_leave_no_row(desk_of: Desk) -> None:
    ticket = desk_of.ticket("一张")
    session = cleared(desk_of)
    desk_of.world.people["wang"].phone = "13900001234"
    verbs.comment(session, ticket, "补一句", by=desk_of.world.people["wang"])
    session.flush()
    before = [row for row in rows(session) if row[0] != "ticket"]
    assert before == []


def test_watching_a_ticket_changes_who_finds_it(desk_of: Desk) -> None:
    ticket = desk_of.ticket("营销系统打印电费发票时报错")
    cleared(desk_of)
    assert desk_of.titles("zhao", "打印电费发票报错") == []
    verbs.watch(desk_of.session, ticket, by=desk_of.world.people["agent"])
    assert rows(desk_of.session) == [("ticket", str(ticket.id))]


def test_another_system_for_an_announcement_leaves_a_row(desk_of: Desk) -> None:
    announcement = desk_of.announcement("营销系统故障", systems=["mkt"])
    session = cleared(desk_of)
    text = board.AnnouncementText(
        announcement.kind, announcement.title, announcement.body, systems=["mkt", "oa"]
    )
    board.change_announcement(session, announcement, text, by=desk_of.world.people["expert"])
    assert rows(session) == [("announcement", str(announcement.id))]


def test_a_deleted_row_is_noticed(desk_of: Desk) -> None:
    announcement = desk_of.announcement("写错的草稿", live=False, systems=["mkt"])
    session = cleared(desk_of)
    session.delete(announcement)
    session.flush()
    assert ("announcement", str(announcement.id)) in rows(session)


def test_listening_twice_writes_once(desk_of: Desk, maker: sessionmaker[Session]) -> None:
    outbox.listen(maker)
    article = desk_of.article("一篇", publish=False)
    assert rows(desk_of.session) == [("article", str(article.id))]


def test_each_new_maker_listens_wherever_it_lives_in_memory(engine: Engine) -> None:
    for _ in range(300):  # a maker that is gone leaves its address to a later one
        made = db.sessions_of(engine)
        outbox.listen(made)
        outbox.listen(made)
        with made() as session:
            assert len(session.dispatch.after_flush) == 1
