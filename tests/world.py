"""A small desk for tests: four units, two systems, one person per post and two requesters.

``desk_world`` lives in ``session`` and is committed, so that other sessions see it too; there,
``World.of(other_session)`` gives the same people as rows of that session.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal import db
from portal.catalogue.models import Deployment, Module, System
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, Post

#: A Monday morning of ordinary work in Asia/Shanghai; a test that needs a fixed clock sets it itself.
MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PASSWORD = "desk-of-lanterns-7"
# Verification reads its cost from the hash, so signing in is quick in tests.
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

UNITS = (
    ("hq", "岭海电网公司", "company", None),
    ("ld", "岭东省公司", "province", "hq"),
    ("ld-cy", "沧源供电局", "bureau", "ld"),
    ("hl", "海陵省公司", "province", "hq"),
)
SYSTEMS = (
    ("mkt", "营销业务应用系统", "6.2.1", {"bill": "电费核算", "meter": "计量资产"}),
    ("oa", "协同办公系统", "3.4.0", {"mail": "公文", "seal": "用印"}),
)
#: login, name, unit, language; the two who only ask.
REQUESTERS = (("wang", "王小雨", "ld-cy", ""), ("zhao", "赵海陵", "hl", ""))
EXPERTS_SYSTEM = "mkt"
FRONT_UNIT = "ld"


@dataclass(frozen=True, slots=True)
class World:
    """Units and systems by code, people by login; every post's login is the post's own value."""

    units: dict[str, Unit]
    systems: dict[str, System]
    people: dict[str, Person]

    @classmethod
    def of(cls, session: Session) -> World:
        """The world as rows of this session."""
        return cls(
            {row.code: row for row in session.scalars(select(Unit))},
            {row.code: row for row in session.scalars(select(System))},
            {row.login: row for row in session.scalars(select(Person))},
        )


def build(session: Session) -> World:
    """Create the world; the caller commits."""
    _units(session)
    _systems(session)
    session.flush()
    units = {row.code: row for row in session.scalars(select(Unit))}
    for login, name, unit, locale in REQUESTERS:
        session.add(person(login, units[unit], name=name, locale=locale))
    for post in Post:
        staff = person(post.value, units["ld-cy" if post in BOUND_TO_UNITS else "hq"])
        staff.posts.append(
            PersonPost(
                post=post,
                unit=units[FRONT_UNIT] if post in BOUND_TO_UNITS else None,
                systems=[EXPERTS_SYSTEM] if post in BOUND_TO_SYSTEMS else [],
            )
        )
        session.add(staff)
    session.flush()
    return World.of(session)


def person(login: str, unit: Unit, *, name: str = "", locale: str = "") -> Person:
    """Somebody new, with the test's password and no post."""
    return Person(
        login=login,
        name=name or login,
        unit=unit,
        locale=locale,
        password_hash=CHEAP_HASH,
        email=f"{login}@example.com",
        created_at=MOMENT,
    )


def _units(session: Session) -> None:
    made: dict[str, Unit] = {}
    for code, name, kind, above in UNITS:
        path = f"{made[above].path}{code}/" if above else f"/{code}/"
        made[code] = Unit(code=code, name=name, kind=kind, path=path, parent=made[above] if above else None)
        session.add(made[code])


def _systems(session: Session) -> None:
    for code, name, version, modules in SYSTEMS:
        system = System(code=code, name=name, version=version)
        system.modules = [Module(code=key, name=word) for key, word in modules.items()]
        session.add(system)
    session.flush()
    hl = session.scalars(select(Unit).where(Unit.code == "hl")).one()
    mkt = session.scalars(select(System).where(System.code == "mkt")).one()
    session.add(Deployment(system=mkt, unit=hl, version="6.1.8"))


@pytest.fixture
def maker(engine: Engine) -> sessionmaker[Session]:
    return db.sessions_of(engine)


@pytest.fixture
def session(maker: sessionmaker[Session]) -> Iterator[Session]:
    with maker() as opened:
        yield opened


@pytest.fixture
def desk_world(session: Session) -> World:
    world = build(session)
    session.commit()
    return world
