"""What somebody read lately: the last first, only what they may still read, and forgotten in time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience, Viewer
from kb.columns import CLOCK
from kb.flow import ArticleState
from kb.models import Article
from kb.readers.models import ReadMark
from kb.readers.recent import KEPT, note_read, recently_read
from tests.world import MOMENT

READER = Viewer(person_id=7)


def _published(session: Session, title: str, audience: Audience = Audience.EVERYONE) -> Article:
    article = articles.write(session, ArticleText(title, "正文", audience=audience), by=1)
    article.state = ArticleState.PUBLISHED
    session.flush()
    return article


def _titles(session: Session, viewer: Viewer = READER) -> list[str]:
    return [row.title for row in session.scalars(recently_read(viewer))]


def test_the_last_read_stands_first_and_once(session: Session) -> None:
    first, second = _published(session, "甲"), _published(session, "乙")
    for minutes, article in enumerate((first, second, first)):
        session.info[CLOCK] = MOMENT + timedelta(minutes=minutes)
        note_read(session, article.id, by=7)
        session.flush()
    assert _titles(session) == ["甲", "乙"]
    assert _titles(session, Viewer(person_id=8)) == []


def test_what_may_no_longer_be_read_is_gone(session: Session) -> None:
    article, other = _published(session, "甲"), _published(session, "乙")
    for row in (article, other):
        note_read(session, row.id, by=7)
    article.state, other.audience = ArticleState.RETIRED, Audience.STAFF
    session.flush()
    assert _titles(session) == []
    other.audience = Audience.EVERYONE
    session.flush()
    assert _titles(session) == ["乙"]


def test_what_was_read_long_ago_is_forgotten(session: Session) -> None:
    old, new = _published(session, "甲"), _published(session, "乙")
    session.info[CLOCK] = MOMENT
    note_read(session, old.id, by=7)
    note_read(session, old.id, by=8)
    session.info[CLOCK] = MOMENT + KEPT + timedelta(seconds=1)
    note_read(session, new.id, by=7)
    session.flush()
    kept = session.execute(select(ReadMark.person_id, ReadMark.article_id)).all()
    assert set(kept) == {(7, new.id), (8, old.id)}
