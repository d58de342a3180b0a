"""A desk with an index: sessions that write the outbox, a real index, and short ways to make things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect
from defects.texts import DefectText
from indexer.index import Index
from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, Duty
from kb.models import Article
from portal import db
from portal.faults import board
from portal.faults.board import AnnouncementText
from portal.faults.flow import AnnouncementKind
from portal.faults.models import Announcement
from portal.finder import consumer, outbox
from portal.finder.find import Finder
from portal.finder.found import Found
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Category
from tests.world import World

DUTIES = frozenset(Duty)


@pytest.fixture
def maker(engine: Engine) -> sessionmaker[Session]:
    made = db.sessions_of(engine)
    outbox.listen(made)
    return made


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = Index.open(tmp_path / "index", embedder=None)
    yield opened
    opened.close()


@dataclass(frozen=True)
class Desk:
    """Everything a test of finding needs, in one session."""

    session: Session
    maker: sessionmaker[Session]
    index: Index
    world: World
    finder: Finder = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "finder", Finder(self.index))

    def article(
        self, title: str, body: str = "步骤见正文。", *, publish: bool = True, **more: object
    ) -> Article:
        written = articles.write(
            self.session,
            ArticleText(title=title, body=body, **more),  # type: ignore[arg-type]
            by=self.world.people["editor"].id,
        )
        for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH) if publish else ():
            articles.move(
                self.session, written, action, by=self.world.people["expert"].id, duties=DUTIES, note="好"
            )
        return written

    def defect(self, title: str, *, confirmed: bool = True, **more: object) -> Defect:
        values: dict[str, object] = {"system": "mkt", "workaround": "先用旧版页面。"} | more
        record = library.open_record(
            self.session,
            DefectText(title=title, **values),  # type: ignore[arg-type]
            by=self.world.people["expert"].id,
        )
        if confirmed:
            moves.move(
                self.session, record, DefectAction.CONFIRM, by=None, duties={DefectDuty.CURATE}, note="是"
            )
        return record

    def ticket(self, text: str, *, by: str = "wang", system: str = "mkt", **more: object) -> Ticket:
        person = self.world.people[by]
        values: dict[str, object] = {"category": Category.DEFECT} | more
        request = desk.Request(
            text=text,
            system=self.world.systems[system],
            requester=person,
            **values,  # type: ignore[arg-type]
        )
        return desk.file(self.session, request, by=person)

    def announcement(self, title: str, *, live: bool = True, **more: object) -> Announcement:
        text = AnnouncementText(AnnouncementKind.FAULT, title, "正在抢修，请稍后再试。", **more)  # type: ignore[arg-type]
        expert = self.world.people["expert"]
        made = board.write_announcement(self.session, text, by=expert)
        if live:
            board.publish(self.session, made, by=expert)
        return made

    def consume(self) -> int:
        """What the worker does a moment later."""
        self.session.commit()
        return consumer.consume(self.maker, self.index, holder="test", now=datetime.now(UTC))

    def consume_into(self, index: Index) -> int:
        self.session.commit()
        return consumer.consume(self.maker, index, holder="test", now=datetime.now(UTC))

    def found(self, login: str, text: str, **more: object) -> Found:
        return self.finder.search(self.session, self.world.people[login], text, **more)  # type: ignore[arg-type]

    def titles(self, login: str, text: str, **more: object) -> list[str]:
        return [result.title for result in self.found(login, text, **more).results]


@pytest.fixture
def desk_of(session: Session, maker: sessionmaker[Session], index: Index, desk_world: World) -> Desk:
    return Desk(session, maker, index, desk_world)


@pytest.fixture
def fresh(maker: sessionmaker[Session]) -> Iterator[Callable[[], Session]]:
    """Sessions of somebody else, closed at the end."""
    opened: list[Session] = []

    def make() -> Session:
        opened.append(maker())
        return opened[-1]

    yield make
    for session in opened:
        session.close()
