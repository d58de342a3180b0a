"""Two desks in closed networks of their own: a database and a data folder each, and a stick between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, Duty
from kb.models import Article
from portal import config, db
from portal.db import transaction
from portal.finder import outbox
from portal.migrations import history
from portal.packs import applying, making, receiving, senders, signing
from portal.packs.models import Pack, PackItem
from portal.packs.parts import Bench, carry_on
from portal.packs.signing import OwnKey, own_key
from portal.packs.wishes import Wish
from portal.packs.words import MOVING, Choice, Kind, Standing
from portal.tickets import attachments
from portal.tickets.attachments import Upload
from tests.world import World, build

EVERY_DUTY = frozenset(Duty)


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk; its people are those of ``tests.world``."""

    name: str
    settings: config.Settings
    engine: Engine
    maker: sessionmaker[Session]
    made: list[Path] = field(default_factory=list)

    @property
    def key(self) -> OwnKey:
        return own_key(self.settings.data_dir)

    @property
    def bench(self) -> Bench:
        return Bench.of(self.settings)

    @contextmanager
    def work(self, login: str = "editor") -> Iterator[tuple[Session, Any]]:
        """A unit of work of somebody of this desk."""
        with transaction(self.maker) as session:
            yield session, World.of(session).people[login]

    # ── articles ─────────────────────────────────────────────────────────────────────────────────

    def publish(self, title: str, body: str = "1. 按步骤操作。", **more: Any) -> str:
        """A published article, written by the editor and published by the expert; its number."""
        with self.work() as (session, editor):
            article = articles.write(session, ArticleText(title=title, body=body, **more), by=editor.id)
            expert = World.of(session).people["expert"]
            for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
                articles.move(session, article, action, by=expert.id, duties=EVERY_DUTY)
            return article.number

    def edit(self, number: str, body: str, **more: Any) -> None:
        """Other words for an article."""
        from dataclasses import replace

        with self.work() as (session, editor):
            article = self.article(session, number)
            text = replace(articles.text_of(article), body=body, **more)
            articles.revise(session, article, text, by=editor.id, duties=EVERY_DUTY)

    def retire(self, number: str) -> None:
        with self.work() as (session, editor):
            article = self.article(session, number)
            articles.move(
                session, article, ArticleAction.RETIRE, by=editor.id, duties=EVERY_DUTY, note="不再需要"
            )

    @staticmethod
    def article(session: Session, number: str) -> Article:
        return session.scalars(select(Article).where(Article.number == number)).one()

    def titled(self, title: str) -> Any:
        """(number, state, body, confidence) of the articles with this title."""
        with self.maker() as session:
            columns = (Article.number, Article.state, Article.body, Article.confidence)
            return session.execute(select(*columns).where(Article.title == title).order_by(Article.id)).all()

    def picture(self, content: bytes, name: str = "screen.png") -> str:
        """A loose picture of the editor, as the address that a text shows it by."""
        with self.work() as (session, editor):
            [stored] = attachments.illustrate(
                session,
                None,
                [Upload(name, content)],
                by=editor,
                folder=self.settings.upload_dir,
                limit_mb=5,
            )
            return f"/files/{stored.id}"

    # ── packs ────────────────────────────────────────────────────────────────────────────────────

    def make(self, wish: Wish | None = None) -> Path:
        """Make a pack of everything that may leave."""
        path = self.settings.data_dir / f"{len(self.made)}.tdpack"
        with self.work() as (session, editor):
            making.make(
                session,
                wish or Wish(),
                by=editor,
                key=self.key,
                name=self.name,
                uploads=self.settings.upload_dir,
                out=path,
            )
        self.made.append(path)
        return path

    def trust(self, other: Desk) -> None:
        with self.work("admin") as (session, admin):
            public = other.key.public
            typed = signing.fingerprint(public)
            senders.trust(session, public, name=other.name, typed=typed, by=admin)

    def receive(self, path: Path, login: str = "editor") -> int:
        """Take a pack in and compare all of it; its number."""
        with self.work(login) as (session, person):
            pack = receiving.receive(
                session,
                path,
                name=path.name,
                by=person,
                folder=self.settings.data_dir,
                own=self.key.public,
            )
            number = pack.id
        self.go_on(number)
        return number

    def go_on(self, number: int) -> None:
        """Until nothing moves, each part in a transaction of its own."""
        moving = True
        while moving:
            with transaction(self.maker) as session:
                pack = session.get_one(Pack, number)
                carry_on(session, pack, self.bench)
                moving = pack.phase in MOVING

    def standings(self, number: int) -> dict[str, Standing]:
        """Title → how it stands."""
        with self.maker() as session:
            rows = session.scalars(select(PackItem).where(PackItem.pack_id == number))
            return {row.title: row.standing for row in rows if row.standing is not None}

    def fates(self, number: int) -> dict[str, tuple[str, str]]:
        """Title → what became of it, and the sentence."""
        with self.maker() as session:
            rows = session.scalars(select(PackItem).where(PackItem.pack_id == number))
            return {row.title: (row.fate.value, row.sentence) for row in rows}

    def choose(self, number: int, title: str, choice: Choice) -> None:
        with self.work() as (session, editor):
            pack = session.get_one(Pack, number)
            wanted = select(PackItem).where(PackItem.pack_id == number, PackItem.title == title)
            applying.choose(session, pack, session.scalars(wanted).one(), choice, by=editor)

    def apply(self, number: int, login: str = "editor", *, publish: bool = False) -> None:
        with self.work(login) as (session, person):
            applying.apply(session, session.get_one(Pack, number), by=person, publish=publish)
        self.go_on(number)

    def undo(self, number: int, login: str = "editor") -> None:
        with self.work(login) as (session, person):
            applying.undo(session, session.get_one(Pack, number), by=person)
        self.go_on(number)

    def take(self, path: Path, *, publish: bool = True) -> int:
        """Receive and apply with the defaults."""
        number = self.receive(path)
        self.apply(number, publish=publish)
        return number

    def close(self) -> None:
        self.engine.dispose()


def desk_at(folder: Path, name: str, database: str = "") -> Desk:
    """A new desk with the people and the catalogue of the small world."""
    history.everything()
    environ = {"TIERDESK_DATA_DIR": str(folder / "data"), "TIERDESK_ENCODER": "none"}
    environ |= {"TIERDESK_DATABASE_URL": database} if database else {}
    settings = config.load({**environ, "TIERDESK_COMPANY": name})
    config.ensure_folders(settings)
    engine = db.engine_for(settings.database_url)
    db.create_all(engine)
    maker = db.sessions_of(engine)
    outbox.listen(maker)
    with transaction(maker) as session:
        build(session)
    return Desk(name, settings, engine, maker)


__all__ = ["Choice", "Desk", "Kind", "Standing", "desk_at"]
