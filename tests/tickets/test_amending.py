"""Correcting and taking back one's own words, and calling somebody by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import CLOCK
from kb.flow import Refused
from portal.tickets import amending, desk, trail
from portal.tickets.models import Comment, Notice, Ticket, TrailEntry, Watcher
from portal.tickets.notices import Event
from portal.tickets.words import Action, Category
from tests.world import MOMENT, World, person


@pytest.fixture
def ticket(session: Session, desk_world: World) -> Ticket:
    session.info[CLOCK] = MOMENT
    wang = desk_world.people["wang"]
    request = desk.Request("页面打不开", Category.DEFECT, desk_world.systems["mkt"], wang)
    return desk.file(session, request, by=wang)


def say(session: Session, ticket: Ticket, text: str, login: str = "wang", **more: bool) -> Comment:
    return desk.comment(session, ticket, text, by=World.of(session).people[login], **more)


def entries(session: Session, ticket: Ticket, action: Action) -> list[TrailEntry]:
    return list(session.scalars(select(TrailEntry).filter_by(ticket_id=ticket.id, action=action)))


def told(session: Session, event: Event) -> set[str]:
    session.flush()
    rows = session.scalars(select(Notice).filter_by(event=event))
    names = {row.id: row.login for row in World.of(session).people.values()}
    return {names[row.person_id] for row in rows}


def test_a_correction_keeps_the_first_words_in_the_trail(session: Session, ticket: Ticket) -> None:
    remark = say(session, ticket, "报错 ORA-0117")
    amending.edit_comment(session, remark, "报错 ORA-01017", by=remark.by, minutes=10)
    assert (remark.text, remark.edited_at) == ("报错 ORA-01017", MOMENT)
    (entry,) = entries(session, ticket, Action.AMEND)
    assert entry.data["was"] == "报错 ORA-0117"
    session.flush()
    assert trail.broken_tickets(session) == []


def test_what_is_taken_back_is_gone_from_the_page_and_kept_in_the_trail(
    session: Session, ticket: Ticket
) -> None:
    desk.move(session, ticket, Action.TAKE, by=World.of(session).people["agent"])
    remark = say(session, ticket, "密码是 123456")
    amending.withdraw_comment(session, remark, by=remark.by, minutes=10)
    assert remark.text == "" and remark.withdrawn_at == MOMENT
    (entry,) = entries(session, ticket, Action.RETRACT)
    assert entry.data["was"] == "密码是 123456" and entry.note == ""
    notes = [row.values["note"] for row in session.scalars(select(Notice).filter_by(event=Event.COMMENTED))]
    assert notes == [amending.TAKEN_BACK]
    with pytest.raises(Refused):
        amending.edit_comment(session, remark, "还是说吧", by=remark.by, minutes=10)
    assert trail.broken_tickets(session) == []


@pytest.mark.parametrize("minutes", [0, 10])
def test_after_a_while_words_stand(session: Session, ticket: Ticket, minutes: int) -> None:
    remark = say(session, ticket, "在等")
    session.info[CLOCK] = MOMENT + timedelta(minutes=minutes, seconds=1)
    with pytest.raises(Refused, match=str(minutes)):
        amending.withdraw_comment(session, remark, by=remark.by, minutes=minutes)
    assert remark.text == "在等"


def test_nobody_changes_anothers_words_nor_those_of_an_ended_ticket(session: Session, ticket: Ticket) -> None:
    remark = say(session, ticket, "在等")
    with pytest.raises(Refused):
        amending.edit_comment(session, remark, "不等", by=World.of(session).people["agent"], minutes=10)
    desk.move(session, ticket, Action.CANCEL, by=remark.by)
    with pytest.raises(Refused):
        amending.edit_comment(session, remark, "不等", by=remark.by, minutes=10)


def test_a_colleague_called_by_name_or_account_hears_of_it(session: Session, ticket: Ticket) -> None:
    world = World.of(session)
    world.people["expert"].name = "杜专家"
    session.flush()
    say(session, ticket, "@杜专家看一下，也请＠engineer 准备", "agent", internal=True)
    assert told(session, Event.MENTIONED) == {"expert", "engineer"}


def test_nobody_is_told_of_what_they_may_not_read(session: Session, ticket: Ticket) -> None:
    world = World.of(session)
    say(session, ticket, "@zhao 你们那边也这样吗 @王小雨", "agent", internal=True)
    assert told(session, Event.MENTIONED) == set()  # 赵 has no part in it, 王 may not read internal words
    say(session, ticket, "@王小雨 请看", "agent")
    assert told(session, Event.MENTIONED) == {"wang"}
    assert world.people["wang"].id == ticket.requester_id


def test_whoever_only_asks_calls_nobody_in_from_outside(session: Session, ticket: Ticket) -> None:
    say(session, ticket, "@expert 快来")
    assert told(session, Event.MENTIONED) == set()
    desk.move(session, ticket, Action.TAKE, by=World.of(session).people["agent"])
    say(session, ticket, "@agent 快来")
    assert told(session, Event.MENTIONED) == {"agent"}


def test_the_longest_name_is_meant(session: Session, ticket: Ticket) -> None:
    unit = World.of(session).units["ld-cy"]
    session.add_all([person("li", unit, name="李明"), person("liming", unit, name="李明华")])
    session.flush()
    for login in ("li", "liming"):
        session.add(Watcher(ticket_id=ticket.id, person_id=World.of(session).people[login].id))
    session.flush()
    say(session, ticket, "@李明华请补图", "agent")
    assert told(session, Event.MENTIONED) == {"liming"}
