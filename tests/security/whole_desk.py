"""The whole application over a desk that a module fills once, for tests that only look at it.

``tests/web/conftest.py`` builds one anew for each test; here one stands for a module, because its filling
takes longer than the looking. Invariant: whoever borrows it leaves what anybody may see as they found it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from portal import config, db
from portal.app import create_app
from portal.finder import sources
from portal.migrations import history
from tests.web.conftest import COMPILED, Visitor
from tests.world import build

Filling = TypeVar("Filling")


@contextmanager
def whole_desk(
    folder: Path, fill: Callable[[sessionmaker[Session], Path], Filling]
) -> Iterator[tuple[Flask, Filling]]:
    """The application, and what ``fill`` put into the small world and its uploads; all is indexed."""
    settings = config.load({"TIERDESK_DATA_DIR": str(folder / "data"), "TIERDESK_ENCODER": "none"})
    config.ensure_folders(settings)
    history.everything()
    engine = db.engine_for(f"sqlite:///{folder / 'desk.db'}")
    db.create_all(engine)
    maker = db.sessions_of(engine)
    with maker() as session:
        build(session)
        session.commit()
    filling = fill(maker, settings.upload_dir)
    index = Index.open(settings.index_dir, embedder=None)
    with maker() as session:
        index.rebuild(list(sources.every_document(session)))
    yield _application(settings, maker, index), filling
    index.close()
    engine.dispose()


def _application(settings: config.Settings, maker: sessionmaker[Session], index: Index) -> Flask:
    app = create_app(settings, maker=maker, index=index)
    app.jinja_env.bytecode_cache = COMPILED
    app.config["TESTING"] = True
    app.test_client_class = Visitor
    return app


def visitor_of(app: Flask, login: str | None) -> Visitor:
    """A browser in which this person has signed in, or nobody."""
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    if login is not None:
        assert visitor.sign_in(login).status_code == 302
    return visitor
