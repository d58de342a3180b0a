"""The other database: packs between a desk on SQLite and one on PostgreSQL, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.flow import ArticleState
from portal.finder.synonyms import words
from portal.packs import lists
from portal.packs.lists import Narrowed
from portal.packs.models import Pack
from portal.packs.words import Choice, Standing
from tests.packs.desks import Desk, desk_at
from tests.packs.test_kinds import open_defect

pytestmark = pytest.mark.postgres
TITLE = "电费发票怎么下载"


@pytest.fixture
def large(tmp_path: Path, postgres_url: str) -> Iterator[Desk]:
    desk = desk_at(tmp_path / "large", "总部服务台", postgres_url)
    yield desk
    desk.close()


def test_there_and_back(here: Desk, large: Desk) -> None:
    here.trust(large)
    large.trust(here)
    number = here.publish(TITLE, also=["发票在哪"])
    open_defect(here)
    with here.work() as (session, editor):
        words.add(session, ["网厅", "网上营业厅"], by=editor)
    pack = large.take(here.make())
    large.apply(pack, "expert")
    with large.maker() as session:
        assert [group.words for group in session.scalars(words.in_use("网上"))] == [["网厅", "网上营业厅"]]
        row = session.get_one(Pack, pack)
        assert len(session.scalars(lists.items(row, Narrowed(text="KB000001"))).all()) == 1
    large.edit(large.titled(TITLE)[0][0], "总部改的。")
    here.edit(number, "这里改的。")
    home = here.receive(large.make())
    assert here.standings(home)[TITLE] == Standing.CONFLICT
    here.choose(home, TITLE, Choice.TAKE)
    here.apply(home)
    assert here.titled(TITLE)[0][2] == "总部改的。"
    large.undo(pack, "expert")
    large.undo(pack)
    assert large.fates(pack)[TITLE][0] == "kept"
    assert large.titled(TITLE)[0][1] == ArticleState.PUBLISHED
