"""Every path that proposes answers × whose unit runs the repair: a known error is proposed to nobody there.

The paths are the table of ``article_paths``; that each of them shows the same articles to readers of a unit
without the repair is the control.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from defects.flow import DefectState
from defects.models import Defect
from indexer.index import Index
from kb.models import ArticleKind
from portal import config, db
from portal.app import create_app
from portal.finder import sources
from portal.migrations import history
from tests.security.article_paths import ASKED, LISTS
from tests.security.shelves import Shelves, marks_in, shelve
from tests.web.conftest import COMPILED, Visitor
from tests.world import build

pytestmark = pytest.mark.slow
#: Her unit runs 6.2.1, his 6.1.8; the repair is in 6.2.0.
OVER, STILL = "wang", "zhao"
#: Runs it too, and opens the page: what somebody has opened may be shown to them as that again.
OPENS = "admin"
LOOK = (OVER, STILL, "agent")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Shelves]]:
    """The shelves of ``article_paths``, every article a known error about one verified defect."""
    folder = tmp_path_factory.mktemp("outgrown")
    settings = config.load({"TIERDESK_DATA_DIR": str(folder / "data"), "TIERDESK_ENCODER": "none"})
    config.ensure_folders(settings)
    history.everything()
    engine = db.engine_for(f"sqlite:///{folder / 'desk.db'}")
    db.create_all(engine)
    maker = db.sessions_of(engine)
    with maker() as session:
        build(session)
        session.commit()
    shelves = shelve(maker, settings.upload_dir, kind=ArticleKind.KNOWN_ERROR)
    with db.transaction(maker) as session:
        record = session.scalars(select(Defect)).one()
        record.state, record.fixed_in = DefectState.VERIFIED, "6.2.0"
    index = Index.open(settings.index_dir, embedder=None)
    with maker() as session:
        index.rebuild(list(sources.every_document(session)))
    app = create_app(settings, maker=maker, index=index)
    app.jinja_env.bytecode_cache = COMPILED
    app.config["TESTING"] = True
    app.test_client_class = Visitor
    yield app, shelves
    index.close()
    engine.dispose()


@pytest.fixture(scope="module")
def visitors(place: tuple[Flask, Shelves]) -> dict[str, Visitor]:
    found: dict[str, Visitor] = {}
    for login in (OVER, STILL, OPENS, "agent"):
        visitor = place[0].test_client()
        assert isinstance(visitor, Visitor)
        assert visitor.sign_in(login).status_code == 302
        found[login] = visitor
    return found


@pytest.mark.parametrize("name", [name for name, path in LISTS.items() if path.offers])
def test_a_list_offers_nothing_that_its_readers_unit_has_outgrown(
    name: str, place: tuple[Flask, Shelves], visitors: dict[str, Visitor]
) -> None:
    path, shelves = LISTS[name], place[1]
    assert not marks_in(path.fetch(visitors[OVER], shelves)), name
    shown = marks_in(path.fetch(visitors[STILL], shelves))
    assert shown <= shelves.readable(STILL)
    assert shown or STILL not in path.seen_by, f"{name} shows nobody anything"
    if path.whole:
        assert {row for row in shelves.readable(STILL) if shelves.samples[row].language == "zh"} <= shown


@pytest.mark.parametrize("name", ASKED)
def test_words_of_its_own_find_it_where_the_repair_does_not_run(
    name: str, place: tuple[Flask, Shelves], visitors: dict[str, Visitor]
) -> None:
    path, shelves = ASKED[name], place[1]
    row = shelves.samples[0]  # for everybody
    found = {login: row.place in marks_in(path.ask(visitors[login], "za000"), besides=row) for login in LOOK}
    for_employees = OVER in path.seen_by
    assert not found[OVER], name
    assert found[STILL] is for_employees
    assert found["agent"] or "agent" not in path.seen_by


def test_its_page_opens_and_says_so(place: tuple[Flask, Shelves], visitors: dict[str, Visitor]) -> None:
    row = place[1].samples[0]
    page = visitors[OPENS].get(f"/kb/{row.number}")
    assert page.status_code == 200
    assert row.mark in page.text
    assert "您单位已升级到修复版本 6.2.1" in page.text
    assert "已升级到修复版本" not in visitors[STILL].get(f"/kb/{row.number}").text
