"""A post office over the small world: a moment that the test moves, with a real mail server and robot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import CLOCK
from portal import config, db
from portal.config import Settings
from portal.db import transaction
from portal.delivery import post, robots, wire
from portal.delivery.models import Delivery, Kind, Status
from portal.delivery.robots import Invitation
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.delivery.servers import Mailbox, Robot, mail_server, robot
from tests.world import MOMENT, World, build


@dataclass
class Office:
    """What a worker and the people of the desk do, at a moment that stands still."""

    maker: sessionmaker[Session]
    settings: Settings
    now: datetime = MOMENT
    opened: list[Session] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def later(self, **passed: int) -> None:
        self.now += timedelta(**passed)

    def deed(self) -> Any:
        """A transaction at the office's moment."""
        return _at(self.maker, self.now)

    def file(self, text: str = "电费核算页面一直转圈", *, by: str = "wang", **more: Any) -> str:
        with self.deed() as session:
            world = World.of(session)
            values: dict[str, Any] = {"category": Category.DEFECT, "system": "mkt", **more}
            request = desk.Request(
                text=text,
                category=values["category"],
                system=world.systems[values["system"]],
                requester=world.people[by],
            )
            return desk.file(session, request, by=world.people[by]).number

    def does(self, number: str, action: Action, by: str, **given: Any) -> None:
        with self.deed() as session:
            people = World.of(session).people
            desk.move(session, _ticket(session, number), action, by=people[by], given=desk.Given(**given))

    def asks(self, number: str, note: str = "请写下报错代码") -> None:
        """The agent takes it and asks the user for more."""
        self.does(number, Action.TAKE, "agent")
        self.does(number, Action.ASK, "agent", note=note)

    def says(self, number: str, text: str, by: str) -> None:
        with self.deed() as session:
            desk.comment(session, _ticket(session, number), text, by=World.of(session).people[by])

    def person(self, session: Session, login: str) -> Person:
        return session.scalars(select(Person).where(Person.login == login)).one()

    def route(self) -> None:
        while post.route(self.maker, self.settings, now=self.now):
            pass

    def carry(self) -> None:
        """As the worker does: route, and send until nothing is due."""
        self.route()
        while post.carry(self.maker, self.settings, clock=self.clock):
            pass

    def deliveries(self) -> list[Delivery]:
        with self.maker() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def standing(self) -> list[Status]:
        return [row.status for row in self.deliveries()]

    def invite(self, url: str, *, kind: Kind = Kind.GENERIC, **more: Any) -> str:
        """A robot that hears of urging and of what is asked; returns the secret."""
        values = {"name": "值班群", "events": frozenset({"urged", "asked"}), **more}
        with self.deed() as session:
            given = Invitation(kind=kind, url=url, **values)
            admin = self.person(session, "admin")
            return robots.invite(session, given, self.settings, by=admin)[1]


def _ticket(session: Session, number: str) -> Ticket:
    return session.scalars(select(Ticket).where(Ticket.number == number)).one()


class _at:  # noqa: N801 - reads as a word where it is used
    def __init__(self, maker: sessionmaker[Session], moment: datetime) -> None:
        self.inner, self.moment = transaction(maker), moment

    def __enter__(self) -> Session:
        session = self.inner.__enter__()
        session.info[CLOCK] = self.moment
        return session

    def __exit__(self, *problem: Any) -> bool | None:
        return self.inner.__exit__(*problem)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, no test fails because an answer came late."""
    monkeypatch.setattr(wire, "SECONDS", 200.0)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def bot() -> Iterator[Robot]:
    with robot() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox) -> Settings:
    return config.load(
        {
            "TIERDESK_DATA_DIR": str(tmp_path / "data"),
            "TIERDESK_ENCODER": "none",
            "TIERDESK_BASE_URL": "https://desk.example.com",
            "TIERDESK_SMTP_HOST": "127.0.0.1",
            "TIERDESK_SMTP_PORT": str(mailbox.port),
            "TIERDESK_SMTP_SECURITY": "none",
            "TIERDESK_SMTP_TIMEOUT": "200",
            "TIERDESK_SMTP_FROM": "desk@example.com",
            "TIERDESK_WEBHOOK_NETWORKS": "127.0.0.0/8",
        },
        file=tmp_path / "none.toml",
    )


@pytest.fixture
def office(maker: sessionmaker[Session], desk_world: World, settings: Settings) -> Office:
    return Office(maker, settings)


@pytest.fixture
def anywhere(engine_on_each: Engine, settings: Settings) -> Office:
    """The office once on SQLite and once on PostgreSQL."""
    maker = db.sessions_of(engine_on_each)
    with transaction(maker) as session:
        build(session)
    return Office(maker, settings)


@pytest.fixture
def without_mail(office: Office) -> Office:
    office.settings = replace(office.settings, smtp_host="")
    return office
