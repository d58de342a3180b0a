"""Every path that proposes answers × whose unit runs the repair: a known error is proposed to nobody there.

The paths are the table of ``article_paths``; that each of them shows the same articles to readers of a unit
without the repair is the control.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectState
from defects.models import Defect
from kb.models import ArticleKind
from portal import db
from tests.security.article_paths import ASKED, LISTS
from tests.security.shelves import Shelves, marks_in, shelve
from tests.security.whole_desk import visitor_of, whole_desk
from tests.web.conftest import Visitor

pytestmark = pytest.mark.slow
#: Her unit runs 6.2.1, his 6.1.8; the repair is in 6.2.0.
OVER, STILL = "wang", "zhao"
#: Runs it too, and opens the page: what somebody has opened may be shown to them as that again.
OPENS = "admin"
LOOK = (OVER, STILL, "agent")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Shelves]]:
    """The shelves of ``article_paths``, every article a known error about one verified defect."""
    with whole_desk(tmp_path_factory.mktemp("outgrown"), _outgrown) as place:
        yield place


def _outgrown(maker: sessionmaker[Session], uploads: Path) -> Shelves:
    shelves = shelve(maker, uploads, kind=ArticleKind.KNOWN_ERROR)
    with db.transaction(maker) as session:
        record = session.scalars(select(Defect)).one()
        record.state, record.fixed_in = DefectState.VERIFIED, "6.2.0"
    return shelves


@pytest.fixture(scope="module")
def visitors(place: tuple[Flask, Shelves]) -> dict[str, Visitor]:
    return {login: visitor_of(place[0], login) for login in (OVER, STILL, OPENS, "agent")}


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
