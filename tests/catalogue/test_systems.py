"""The catalogue's verbs: who may, what is refused, what the audit keeps, what a deployment wakes."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal.catalogue import systems
from portal.catalogue.models import DataService
from portal.catalogue.queries import version_in
from portal.people.models import AuditEntry
from portal.tickets import administration, desk
from portal.tickets.models import TrailEntry
from portal.tickets.words import Action, Category, State
from tests.world import World

TEXT = systems.SystemText("新系统", "New", "营销", "1.0.0")


def test_a_system_with_its_modules(session: Session, desk_world: World) -> None:
    admin = desk_world.people["admin"]
    system = systems.add_system(session, "NEW", TEXT, by=admin)
    module = systems.add_module(session, system, "a", name="模块", by=admin)
    systems.change_module(session, module, name="模块甲", active=False, by=admin)
    systems.set_system_active(session, system, False, by=admin)
    assert (system.code, module.name, module.active, system.active) == ("new", "模块甲", False, False)
    with pytest.raises(Refused, match="已经用过"):
        systems.add_module(session, system, "a", name="又一个", by=admin)
    with pytest.raises(Refused, match="已经用过"):
        systems.add_system(session, "mkt", TEXT, by=admin)
    assert len(session.scalars(select(AuditEntry)).all()) == 4


@pytest.mark.parametrize("login", ["manager", "expert", "wang"])
def test_only_administrators_change_the_catalogue(session: Session, desk_world: World, login: str) -> None:
    by, mkt = desk_world.people[login], desk_world.systems["mkt"]
    for deed in (
        lambda: systems.add_system(session, "new", TEXT, by=by),
        lambda: systems.change_system(session, mkt, TEXT, by=by),
        lambda: systems.set_system_active(session, mkt, False, by=by),
        lambda: systems.add_module(session, mkt, "x", name="x", by=by),
        lambda: systems.deploy(session, mkt, desk_world.units["ld"], version="7", since=None, by=by),
        lambda: systems.save_service(session, systems.ServiceText("a", "b", "c", True), by=by),
    ):
        with pytest.raises(Refused, match="只有系统管理员"):
            deed()


def test_a_deployment_and_its_history(session: Session, desk_world: World) -> None:
    admin, mkt, unit = desk_world.people["admin"], desk_world.systems["mkt"], desk_world.units
    systems.deploy(session, mkt, unit["ld"], version="6.3.0", since=date(2026, 3, 1), by=admin)
    systems.deploy(session, mkt, unit["ld"], version="6.4.0", since=date(2026, 4, 1), by=admin)
    assert version_in(session, mkt, unit["ld-cy"]) == "6.4.0"
    assert version_in(session, mkt, unit["hl"]) == "6.1.8"
    history = [
        (line.detail["before"], line.detail["after"])
        for line in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    ]
    assert history == [(None, "6.3.0"), ("6.3.0", "6.4.0")]
    with pytest.raises(Refused, match="版本号"):
        systems.deploy(session, mkt, unit["ld"], version="<b>", since=None, by=admin)


def test_data_services(session: Session, desk_world: World) -> None:
    admin = desk_world.people["admin"]
    text = systems.ServiceText("欠费清单", "明细", "提交工单", False, system="mkt", working_days=3)
    row = systems.save_service(session, text, by=admin)
    with pytest.raises(Refused, match="已经有"):
        systems.save_service(session, text, by=admin)
    systems.save_service(session, systems.ServiceText("欠费清单", "新", "提交", True), by=admin, service=row)
    assert row.self_service and row.system is None
    for wrong in (
        systems.ServiceText("甲", "", "c", True),
        systems.ServiceText("甲", "b", "c", True, system="nowhere"),
        systems.ServiceText("甲", "b", "c", True, working_days=-1),
    ):
        with pytest.raises(Refused):
            systems.save_service(session, wrong, by=admin)
    systems.remove_service(session, row, by=admin)
    assert session.scalars(select(DataService)).all() == []


@pytest.mark.parametrize("waiting", [False, True])
def test_who_leaves_hands_tickets_back(session: Session, desk_world: World, waiting: bool) -> None:
    world = desk_world
    wang, agent = world.people["wang"], world.people["agent"]
    request = desk.Request("打不开", Category.CONSULTATION, world.systems["mkt"], wang)
    ticket = desk.file(session, request, by=wang)
    desk.move(session, ticket, Action.TAKE, by=agent)
    if waiting:
        desk.move(session, ticket, Action.ASK, by=agent, given=desk.Given(note="请给截图"))
    handed = administration.deactivate(session, agent, by=world.people["admin"])
    assert handed == [ticket] and ticket.holder is None and not agent.active
    assert ticket.state == (State.WAITING if waiting else State.OPEN)
    last = session.scalars(select(TrailEntry).order_by(TrailEntry.id.desc())).first()
    assert last is not None and (last.action, last.by_id) == (Action.RELEASE, None)
    assert "停用" in last.note
