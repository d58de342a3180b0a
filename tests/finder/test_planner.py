"""SQLite's planner with the numbers that the worker gives it: what a search found is read by its keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import event, insert, text
from sqlalchemy.orm import Session

from kb.flow import ArticleState
from kb.models import Article, ArticleKind
from portal import db
from portal.finder.shelves import reread
from portal.finder.sources import ARTICLE
from tests.world import World

KEYS = [(ARTICLE, str(number)) for number in range(100, 180)]
AT = datetime(2026, 3, 2, tzinfo=UTC)


def _published(session: Session, world: World, count: int) -> None:
    rows = (
        {
            "number": f"KB{number:06d}",
            "kind": ArticleKind.FAQ,
            "title": f"第{number}篇",
            "body": "正文",
            "state": ArticleState.PUBLISHED,
            "author_id": world.people["analyst"].id,
            "created_at": AT,
            "updated_at": AT,
            "published_at": AT,
        }
        for number in range(count)
    )
    session.execute(insert(Article), list(rows))


def _ways(session: Session, world: World) -> Iterator[str]:
    """How SQLite goes about reading them."""
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        asked.append((statement, values))

    event.listen(session.get_bind(), "before_cursor_execute", note)
    found = reread(session, world.people["wang"], KEYS, glance=True)
    event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len(found) == len(KEYS)
    for statement, values in asked:
        if "FROM article " in statement:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            yield from (str(row[-1]) for row in plan if " article " in f"{row[-1]} ")


def test_what_was_found_is_read_by_its_keys(session: Session, desk_world: World) -> None:
    _published(session, desk_world, 3_000)
    session.commit()
    assert not any("PRIMARY KEY" in way for way in _ways(session, desk_world))  # so it is needed
    db.count_for_planner(session)
    session.commit()
    assert any("PRIMARY KEY" in way for way in _ways(session, desk_world))


def test_nothing_else_is_counted(session: Session, desk_world: World) -> None:
    _published(session, desk_world, 3)
    session.execute(text("ANALYZE"))
    counted = text("SELECT DISTINCT tbl FROM sqlite_stat1")
    assert {"article", "unit", "person"} <= set(session.scalars(counted))
    db.count_for_planner(session)
    assert set(session.scalars(counted)) == {"article"}  # there is no record yet
