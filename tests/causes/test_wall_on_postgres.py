"""The wall and its bursts on PostgreSQL: the same statements, the same answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import CLOCK
from portal.causes.bursts.lists import bursts
from portal.causes.bursts.watching import watch
from portal.causes.wall.lists import wall
from portal.causes.wall.upkeep import keep_wall
from portal.db import transaction
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Category
from tests.engines import postgres_engine as engine
from tests.world import World, build

__all__ = ["engine"]
TEXTS = ("抄表数据导入后电量翻倍", "导入抄表数据之后电量翻倍了", "抄表导入完电量翻倍") * 4


@pytest.mark.postgres
def test_the_wall_and_a_burst(maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        world = build(session)
        for number, text in enumerate(("登录不了", "换手机了", "票据空白", *TEXTS)):
            request = desk.Request(
                text=text,
                category=Category.DEFECT,
                system=world.systems["mkt"],
                requester=world.people["wang"],
            )
            ticket = desk.file(session, request, by=world.people["wang"])
            if number < 3:
                ticket.filed_at -= timedelta(weeks=13)
    assert keep_wall(maker, None) == 1
    with maker() as session:
        latest = session.scalars(select(Ticket.filed_at).order_by(Ticket.filed_at.desc())).first()
        assert latest is not None
    later = latest + timedelta(minutes=16)
    assert watch(maker, at=later) == 1
    with maker() as session:
        session.info[CLOCK] = later
        expert = World.of(session).people["expert"]
        found = wall(session, expert, aside=False, system="", limit=9, offset=0)
        assert [(line.count, line.lately) for line in found.lines] == [(12, 12)]
        assert [line.seen for line in bursts(session, expert).now] == [12]
