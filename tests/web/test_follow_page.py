"""Following an article from its page, letting it go, taking that back; and gaps that are handed over."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb import articles
from kb.audience import Audience
from kb.flow import ArticleAction, Duty
from kb.models import Article
from portal.curation.following.models import ArticleFollower
from portal.db import transaction
from portal.people.models import Person
from portal.tickets.models import Notice
from portal.tickets.notices import Event, tell
from tests.web.conftest import Clients, Writing

Maker = sessionmaker[Session]


def followers(maker: Maker) -> int:
    with maker() as session:
        return len(session.scalars(select(ArticleFollower)).all())


def test_follow_let_go_and_take_that_back(client: Clients, published: Writing, maker: Maker) -> None:
    published("怎样发行")
    wang = client("wang")
    assert "关注这篇" in wang.get("/kb/KB000001").text
    pressed = wang.submit_fragment("/kb/KB000001/follow").text
    assert 'aria-pressed="true"' in pressed
    assert "/kb/KB000001/unfollow" in pressed
    assert wang.submit("/kb/KB000001/follow").location == "/kb/KB000001"
    assert followers(maker) == 1
    listed = wang.get("/kb/followed").text
    assert "怎样发行" in listed
    left = wang.submit("/kb/KB000001/unfollow", {"from": "list"})
    assert left.location == "/kb/followed?undo=KB000001"
    page = wang.get(left.location).text
    assert "不再关注 KB000001" in page
    assert "还没有关注任何知识" in page
    assert wang.submit("/kb/KB000001/follow", {"from": "list"}).location == "/kb/followed"
    assert "撤销" not in wang.get(left.location).text
    assert wang.submit("/kb/KB000001/unfollow").status_code == 302
    assert wang.submit("/kb/KB000001/unfollow").status_code == 404


def test_what_one_may_not_read_is_not_there_to_follow(
    client: Clients, published: Writing, maker: Maker
) -> None:
    published("只给值班员", audience=Audience.STAFF)
    wang = client("wang")
    assert wang.submit("/kb/KB000001/follow").status_code == 404
    assert wang.submit("/kb/KB000009/unfollow").status_code == 404
    assert "只给值班员" not in wang.get("/kb/followed?undo=KB000001").text
    assert client("agent").submit("/kb/KB000001/follow").status_code == 302
    assert followers(maker) == 1


def test_a_retired_one_stays_on_the_list_and_can_be_let_go(
    client: Clients, published: Writing, maker: Maker
) -> None:
    published("怎样发行")
    wang = client("wang")
    wang.submit("/kb/KB000001/follow")
    with transaction(maker) as session:
        row = session.scalars(select(Article)).one()
        editor = session.scalars(select(Person).where(Person.login == "editor")).one()
        duties = frozenset(Duty) - {Duty.SYSTEM}
        articles.move(session, row, ArticleAction.RETIRE, by=editor.id, duties=duties, note="不再适用")
    assert "已下线" in wang.get("/kb/followed").text
    assert wang.submit("/kb/KB000001/unfollow", {"from": "list"}).status_code == 302
    assert followers(maker) == 0


def test_the_notices_say_it_lead_there_and_may_be_chosen(
    client: Clients, published: Writing, maker: Maker
) -> None:
    published("怎样发行")
    with transaction(maker) as session:
        wang = session.scalars(select(Person).where(Person.login == "wang")).one()
        values = {"article": "KB000001", "title": "怎样发行"}
        tell(session, Event.ARTICLE_CHANGED, to=[wang.id], values=values)
        tell(session, Event.ARTICLE_GONE, to=[wang.id], values={"former": "KB000002", "title": "旧办法"})
    browser = client("wang")
    page = browser.get("/notices").text
    assert "您关注的知识 KB000001 有大的改动：怎样发行" in page
    assert "您关注的知识 KB000002 已下线：旧办法" in page
    with maker() as session:
        first, second = session.scalars(select(Notice.id).order_by(Notice.id)).all()
    assert browser.get(f"/notices/{first}").location == "/kb/KB000001"
    assert browser.get(f"/notices/{second}").location == "/notices"
    assert "关注的知识" in browser.get("/account/notices").text
    assert (
        "知识有改动" in browser.get("/notices/who").text or "有大的改动" in browser.get("/notices/who").text
    )
