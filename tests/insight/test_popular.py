"""Popular questions: near colleagues count most, and nothing is shown that the reader may not read."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from kb.audience import Audience
from kb.columns import CLOCK
from kb.flow import ArticleState
from kb.models import Article, ArticleKind
from portal.finder.models import Consultation, Outcome
from portal.insight.popular import popular_articles, province_path
from tests.world import MOMENT, World


def article(session: Session, title: str, **more: object) -> Article:
    values: dict[str, object] = {
        "number": f"KB{session.query(Article).count():06d}",
        "kind": ArticleKind.FAQ,
        "title": title,
        "body": "正文",
        "state": ArticleState.PUBLISHED,
        "author_id": 1,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        **more,
    }
    row = Article(**values)
    session.add(row)
    session.flush()
    return row


def solved(session: Session, row: Article, world: World, *, by: str, days_ago: int = 1) -> None:
    session.add(
        Consultation(
            token=f"{by}{row.id}{days_ago}",
            person_id=world.people[by].id,
            at=MOMENT - timedelta(days=days_ago),
            text="怎么办",
            outcome=Outcome.SOLVED,
            solved_kind="article",
            solved_id=row.id,
        )
    )
    session.flush()


def titles(session: Session, world: World, login: str, language: str = "zh") -> list[str]:
    return [row.title for row in popular_articles(session, world.people[login], language=language)]


def test_what_helped_near_colleagues_comes_first(session: Session, desk_world: World) -> None:
    session.info[CLOCK] = MOMENT
    far, near = article(session, "海陵常问"), article(session, "岭东常问")
    solved(session, far, desk_world, by="zhao")
    solved(session, near, desk_world, by="agent")
    assert titles(session, desk_world, "wang")[0] == "岭东常问"
    assert titles(session, desk_world, "zhao")[0] == "海陵常问"


def test_what_helped_long_ago_is_forgotten(session: Session, desk_world: World) -> None:
    session.info[CLOCK] = MOMENT
    useful, old = article(session, "大家觉得有用", solved=3), article(session, "早已过时")
    solved(session, old, desk_world, by="wang", days_ago=200)
    assert titles(session, desk_world, "wang")[0] == useful.title
    solved(session, old, desk_world, by="wang", days_ago=2)
    assert titles(session, desk_world, "wang")[0] == old.title


def test_ones_own_language_comes_first(session: Session, desk_world: World) -> None:
    article(session, "如何重置", solved=9)
    article(session, "How to reset", language="en")
    assert titles(session, desk_world, "wang", "en") == ["How to reset", "如何重置"]


def test_nothing_unreadable_is_popular(session: Session, desk_world: World) -> None:
    article(session, "草稿", state=ArticleState.DRAFT)
    article(session, "内部", audience=Audience.STAFF)
    assert titles(session, desk_world, "wang") == []
    session.execute(update(Article).values(state=ArticleState.PUBLISHED, audience=Audience.EVERYONE))
    assert len(titles(session, desk_world, "wang")) == 2


def test_near_is_the_province_or_else_the_company(desk_world: World) -> None:
    paths = {code: province_path(unit) for code, unit in desk_world.units.items()}
    assert paths == {"hq": "/hq/", "ld": "/hq/ld/", "ld-cy": "/hq/ld/", "hl": "/hq/hl/"}
