"""Who follows an article hears of considerable changes, of its end and of what replaces it: once, and no
more than they may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import articles, care
from kb.articles import ArticleText
from kb.audience import Audience
from kb.care import Hand
from kb.columns import CLOCK
from kb.flow import ArticleAction, Duty, Refused
from kb.models import Article, Revision
from portal.curation.following import follows
from portal.curation.following.models import ArticleFollower
from portal.curation.following.news import QUIET, is_considerable, tell_followers
from portal.people.models import Person
from portal.tickets.models import Notice
from tests.statements import statements_sent
from tests.world import MOMENT, World

DUTIES = frozenset(Duty) - {Duty.SYSTEM}
BODY = "1. 打开电费核算页面，选好核算月份。\n2. 点“发行”，等进度条走完。\n3. 在清单里核对户数。\n"
OTHER = "1. 打开新的核算中心。\n2. 选月份后点“批量发行”，系统在后台运行。\n3. 收到通知后再核对户数。\n"
Publishing = Callable[..., Article]


@pytest.fixture
def publish(session: Session, desk_world: World) -> Publishing:
    session.info[CLOCK] = MOMENT

    def made(title: str = "怎样发行", body: str = BODY, **more: object) -> Article:
        editor = desk_world.people["editor"].id
        row = articles.write(session, ArticleText(title=title, body=body, **more), by=editor)  # type: ignore[arg-type]
        for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
            articles.move(
                session, row, action, by=desk_world.people["manager"].id, duties=DUTIES, note="照例"
            )
        return row

    return made


@pytest.fixture
def wang(desk_world: World) -> Person:
    return desk_world.people["wang"]


def later(session: Session, minutes: float) -> datetime:
    moment: datetime = session.info[CLOCK] + timedelta(minutes=minutes)
    session.info[CLOCK] = moment
    return moment


def reword(session: Session, article: Article, by: Person, **changes: object) -> None:
    later(session, 1)
    text = replace(articles.text_of(article), **changes)  # type: ignore[arg-type]
    articles.revise(session, article, text, by=by.id, duties=DUTIES)


def told(session: Session) -> list[tuple[str, str, str]]:
    rows = session.execute(
        select(Person.login, Notice.event, Notice.values)
        .join(Person, Person.id == Notice.person_id)
        .order_by(Notice.id)
    )
    return [(login, what, said.get("article") or said.get("former", "")) for login, what, said in rows]


def test_a_considerable_change_is_told_once_and_only_when_it_has_come_to_rest(
    session: Session, desk_world: World, publish: Publishing, wang: Person
) -> None:
    article, editor = publish(), desk_world.people["editor"]
    follows.follow(session, article, by=wang)
    follows.follow(session, article, by=wang)
    follows.follow(session, article, by=editor)
    assert tell_followers(session, later(session, 60)) == 0
    reword(session, article, editor, body=OTHER)
    assert tell_followers(session, later(session, 1)) == 0, "it may be changed again in a minute"
    assert tell_followers(session, later(session, QUIET.seconds / 60)) == 1
    assert told(session) == [("wang", "article_changed", article.number)], "the writer knows already"
    assert tell_followers(session, later(session, 60)) == 0


def test_slips_of_the_pen_are_not_told_until_they_add_up(
    session: Session, desk_world: World, publish: Publishing, wang: Person
) -> None:
    article, editor = publish(), desk_world.people["editor"]
    follows.follow(session, article, by=wang)
    reword(session, article, editor, body=BODY.replace("核对户数", "核对总户数"))
    assert tell_followers(session, later(session, 20)) == 0
    reword(session, article, editor, body=article.body.replace("等进度条走完", "再耐心等到进度条走完"))
    assert tell_followers(session, later(session, 20)) == 1


def test_keywords_are_no_news(session: Session, desk_world: World, publish: Publishing, wang: Person) -> None:
    article = publish()
    follows.follow(session, article, by=wang)
    reword(session, article, desk_world.people["editor"], keywords=("发行",), also=("怎么发行电费",))
    assert tell_followers(session, later(session, 60)) == 0


def test_the_end_is_told_with_the_title_they_knew_and_its_return_too(
    session: Session, desk_world: World, publish: Publishing, wang: Person
) -> None:
    article, editor = publish(), desk_world.people["editor"]
    follows.follow(session, article, by=wang)
    articles.move(session, article, ArticleAction.RETIRE, by=editor.id, duties=DUTIES, note="不再适用")
    articles.move(session, article, ArticleAction.REVIVE, by=editor.id, duties=DUTIES, note="重写")
    reword(session, article, editor, title="内部草稿的标题")
    assert tell_followers(session, later(session, 60)) == 1
    notice = session.scalars(select(Notice)).one()
    assert (notice.event, notice.values["title"]) == ("article_gone", "怎样发行")
    (row,) = follows.followed_by(session, wang)
    assert (row.title, row.article, row.retired) == ("怎样发行", None, True)
    assert tell_followers(session, later(session, 60)) == 0
    for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
        boss = desk_world.people["manager"].id
        articles.move(session, article, action, by=boss, duties=DUTIES, note="好了")
    assert tell_followers(session, later(session, 60)) == 1
    assert told(session)[-1] == ("wang", "article_changed", article.number)


def test_what_replaces_it_is_followed_from_then_on(
    session: Session, desk_world: World, publish: Publishing, wang: Person
) -> None:
    old, new = publish("怎样发行电费"), publish("电费发行的办法", OTHER)
    expert = desk_world.people["expert"]
    follows.follow(session, old, by=wang)
    follows.follow(session, old, by=expert)
    follows.follow(session, new, by=expert)
    care.merge(session, old, new, hand=Hand(desk_world.people["editor"].id, DUTIES))
    assert tell_followers(session, later(session, 60)) == 2
    assert set(told(session)) == {(name, "article_replaced", new.number) for name in ("wang", "expert")}
    rows = session.execute(select(ArticleFollower.article_id, ArticleFollower.person_id)).all()
    assert {tuple(row) for row in rows} == {(new.id, wang.id), (new.id, expert.id)}
    assert tell_followers(session, later(session, 60)) == 0


def test_nobody_hears_of_what_they_may_not_read(
    session: Session, desk_world: World, publish: Publishing, wang: Person
) -> None:
    article, editor = publish(), desk_world.people["editor"]
    follows.follow(session, article, by=wang)
    reword(session, article, editor, body=OTHER, title="只给值班员的标题", audience=Audience.STAFF)
    assert tell_followers(session, later(session, 60)) == 0
    (row,) = follows.followed_by(session, wang)
    assert (row.title, row.article, row.retired) == ("怎样发行", None, False)
    articles.move(session, article, ArticleAction.RETIRE, by=editor.id, duties=DUTIES, note="不再适用")
    assert tell_followers(session, later(session, 60)) == 0
    with pytest.raises(Refused):
        follows.follow(session, publish("内部", audience=Audience.STAFF), by=wang)


def test_nobody_follows_without_end(
    session: Session, publish: Publishing, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "MOST", 1)
    first = publish()
    follows.follow(session, first, by=wang)
    with pytest.raises(Refused, match="最多关注"):
        follows.follow(session, publish("第二篇"), by=wang)
    assert follows.unfollow(session, first, by=wang)
    assert not follows.unfollow(session, first, by=wang)


def test_more_followers_and_articles_ask_no_more_questions(
    session: Session, desk_world: World, publish: Publishing, wang: Person
) -> None:
    editor, expert = desk_world.people["editor"], desk_world.people["expert"]

    def statements(rows: list[Article]) -> int:
        for article in rows:
            reword(session, article, editor, body=OTHER)
        session.flush()
        with statements_sent(session) as seen:
            tell_followers(session, later(session, 60))
        return sum(sql.lstrip().upper().startswith("SELECT") for sql in seen)

    one = publish("一")
    follows.follow(session, one, by=wang)
    few = statements([one])
    many = [publish(name) for name in ("二", "三", "四")]
    for article in many:
        follows.follow(session, article, by=wang)
        follows.follow(session, article, by=expert)
    assert statements(many) <= few + len(many) - 1, "who is muted is asked for each article that is told of"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("甲", BODY), ("乙", BODY), True),
        (("甲", BODY), (" 甲 ", BODY + "\n"), False),
        (("甲", BODY), ("甲", BODY.replace("户数", "总户数")), False),
        (("甲", BODY), ("甲", OTHER), True),
        (("甲", BODY * 50), ("甲", BODY * 50 + "如果仍然失败，" * 20), True),
        (("甲", BODY * 50), ("甲", BODY * 50 + "如果仍然失败，请提单。"), False),
    ],
)
def test_what_is_considerable(before: tuple[str, str], after: tuple[str, str], *, expected: bool) -> None:
    older, newer = (Revision(title=title, body=body) for title, body in (before, after))
    assert is_considerable(older, newer) is expected
