"""The database that histories share: founded once, swept behind each, with connections that stay open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, Table, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectState
from defects.models import Defect
from portal import db
from portal.catalogue.models import Deployment
from tests.engines import engine_at, make_tables
from tests.histories.company import Company, found
from tests.histories.stage import Screen
from tests.histories.steps import SCREENS
from tests.postgres import Server


def engine_on(request: pytest.FixtureRequest, places: pytest.TempPathFactory) -> Iterator[Engine]:
    """Every table in an empty database of the kind that the fixture's parameter names."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres_server")
        with server.database(request.getfixturevalue("postgres_tables")) as url, engine_at(url) as made:
            yield made
        return
    url = f"sqlite:///{places.mktemp('histories') / 'desk.db'}"
    make_tables(url)
    with engine_at(url) as made:
        yield made


class House:
    """Everything that outlives one history."""

    def __init__(self, maker: sessionmaker[Session]) -> None:
        self.maker = maker
        with db.transaction(maker) as session:
            found(session)
        self.swept = _tables_beside_the_company(maker)
        self.sessions = [maker() for _ in range(SCREENS)]
        self.companies = [Company(session) for session in self.sessions]
        for session in self.sessions:
            session.commit()

    def screens(self) -> list[Screen]:
        """Fresh screens on the open connections, over a house without tickets."""
        return [
            Screen(session, company) for session, company in zip(self.sessions, self.companies, strict=True)
        ]

    def sweep(self) -> None:
        """Nobody's tickets stay, and what a history did to the company is undone."""
        with db.transaction(self.maker) as session:
            for table in self.swept:
                session.execute(delete(table))
            session.execute(update(Defect).values(state=DefectState.CONFIRMED, fixed_in=None, version=1))
            session.execute(update(Deployment).values(version="6.1.8"))
        for session, company in zip(self.sessions, self.companies, strict=True):
            for row in list(session):
                if row.__table__ in self.swept:
                    session.expunge(row)
            for defect in company.defects.values():
                session.expire(defect)

    def close(self) -> None:
        for session in self.sessions:
            session.close()


def _tables_beside_the_company(maker: sessionmaker[Session]) -> list[Table]:
    """The tables that are empty once the company is founded, those that point at others first."""
    with maker() as session:
        return [
            table
            for metadata in reversed(db.METADATA)
            for table in reversed(metadata.sorted_tables)
            if session.execute(select(table).limit(1)).first() is None
        ]
