"""The whole application over HTTP: a small world, real sign-ins, CSRF on.

``client("wang")`` is a browser in which that person has signed in through the page; ``client()`` one in
which nobody has. Writing goes through ``visitor.submit(...)``, which sends the token of the page, as a
browser would. Rows are read in sessions of their own: ``with maker() as session``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.texts import DefectText
from indexer.index import Index
from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, Duty
from portal import config
from portal.app import create_app
from portal.db import transaction
from portal.finder import sources
from portal.people.models import Person, PersonPost
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.world import PASSWORD, World, person

TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')
HTMX = {"HX-Request": "true"}

#: Takes a login, or nothing for a stranger.
Clients = Callable[..., "Visitor"]
#: Files a ticket through the desk's own verb and returns its number.
Filing = Callable[..., str]
#: Publishes an article, or confirms a defect, through the verbs and returns its id.
Writing = Callable[..., int]
#: Moves a ticket by its number through the desk's own verb.
Moving = Callable[..., None]


def png_of(width: int, height: int) -> bytes:
    """A real picture."""
    held = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(held, "PNG")
    return held.getvalue()


class Compiled(BytecodeCache):
    """Templates that an earlier application of this process has compiled; Jinja compares their sources."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.held:
            bucket.bytecode_from_string(self.held[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.held[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Visitor(FlaskClient):
    """One browser. It reads each answer to its end, so that what is done after sending is done."""

    def open(self, *args: Any, buffered: bool = True, **options: Any) -> TestResponse:
        return super().open(*args, buffered=buffered, **options)

    def token(self, page: str = "/account") -> str:
        """The CSRF token of this browser's session, read from a page."""
        found = TOKEN.search(self.get(page, follow_redirects=True).text)
        assert found, f"{page} carries no CSRF token"
        return found[1]

    def submit(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """POST a form with its token."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **options)

    def fragment(self, path: str, **options: Any) -> TestResponse:
        """GET as htmx does."""
        return self.get(path, headers=HTMX, **options)

    def submit_fragment(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """POST as htmx does."""
        return self.submit(path, data, headers=HTMX, **options)

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        fields = {"login": login, "password": password, "csrf_token": self.token("/sign-in")}
        return self.post("/sign-in", data=fields)


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return config.load({"TIERDESK_DATA_DIR": str(tmp_path / "data"), "TIERDESK_ENCODER": "none"})


@pytest.fixture
def index(settings: config.Settings) -> Iterator[Index]:
    """Word search alone: quick, and the same for everybody who runs the tests."""
    opened = Index.open(settings.index_dir, embedder=None)
    yield opened
    opened.close()


@pytest.fixture
def app(
    settings: config.Settings, maker: sessionmaker[Session], index: Index, desk_world: World
) -> Iterator[Flask]:
    made = create_app(settings, maker=maker, index=index)
    made.jinja_env.bytecode_cache = COMPILED
    made.config["TESTING"] = True
    made.test_client_class = Visitor
    yield made


@pytest.fixture
def client(app: Flask) -> Clients:
    """Browsers: one per call, signed in as the person with this login."""

    def browser(login: str | None = None) -> Visitor:
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        if login is not None:
            answer = visitor.sign_in(login)
            assert answer.status_code == 302, answer.text
        return visitor

    return browser


@pytest.fixture
def reindex(maker: sessionmaker[Session], index: Index) -> Callable[[], None]:
    """Put everything that is in the database now into the index."""

    def rebuild() -> None:
        with maker() as session:
            index.rebuild(list(sources.every_document(session)))

    return rebuild


@pytest.fixture
def filed(maker: sessionmaker[Session], desk_world: World) -> Filing:
    """File a ticket; by default 王小雨's defect of the marketing system."""

    def file(
        text: str = "电费核算页面一直转圈，报错 0x80070005",
        *,
        by: str = "wang",
        category: Category = Category.DEFECT,
        system: str = "mkt",
        **more: Any,
    ) -> str:
        with transaction(maker) as session:
            world = World.of(session)
            requester = world.people[by]
            request = desk.Request(
                text=text, category=category, system=world.systems[system], requester=requester, **more
            )
            return desk.file(session, request, by=requester).number

    return file


@pytest.fixture
def moved(maker: sessionmaker[Session]) -> Moving:
    """Take steps with a ticket: ``moved(number, Action.TAKE, "agent")``; a login of None is the system."""

    def move(number: str, action: Action, by: str | None, **given: Any) -> None:
        with transaction(maker) as session:
            ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
            person = session.scalars(select(Person).where(Person.login == by)).one() if by else None
            desk.move(session, ticket, action, by=person, given=desk.Given(**given))

    return move


@pytest.fixture
def published(maker: sessionmaker[Session], desk_world: World) -> Writing:
    """Publish an article for everybody."""

    def publish(title: str, body: str = "1. 按步骤操作。", **more: Any) -> int:
        with transaction(maker) as session:
            people = World.of(session).people
            article = articles.write(
                session, ArticleText(title=title, body=body, **more), by=people["editor"].id
            )
            for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
                articles.move(
                    session, article, action, by=people["expert"].id, duties=frozenset(Duty), note="核对过"
                )
            return article.id

    return publish


@pytest.fixture
def known(maker: sessionmaker[Session], desk_world: World) -> Writing:
    """Confirm a defect of the marketing system, with a workaround that everybody may read."""

    def confirm(title: str, **more: Any) -> int:
        values: dict[str, Any] = {"system": "mkt", "workaround": "先用旧版页面打印。", **more}
        with transaction(maker) as session:
            expert = World.of(session).people["expert"]
            record = library.open_record(session, DefectText(title=title, **values), by=expert.id)
            duties = {DefectDuty.CURATE}
            moves.move(session, record, DefectAction.CONFIRM, by=expert.id, duties=duties, note="复现了")
            return record.id

    return confirm


def somebody(session: Session, login: str) -> Person:
    """The person of this login, as a row of this session."""
    return session.scalars(select(Person).where(Person.login == login)).one()


@pytest.fixture
def second_editor(maker: sessionmaker[Session], desk_world: World) -> str:
    """A colleague of the editor with the same post, for what four eyes must see."""
    with transaction(maker) as session:
        editor = somebody(session, "editor")
        other = person("editor2", editor.unit, name="第二位编辑")
        other.posts = [PersonPost(post=row.post, systems=[]) for row in editor.posts]
        session.add(other)
    return "editor2"
