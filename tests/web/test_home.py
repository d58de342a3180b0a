"""The home page: what an employee meets first."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from kb import articles
from kb.audience import Audience
from portal.db import transaction
from portal.tickets.words import CATEGORY_DOORS, Action
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Writing
from tests.world import World


def test_a_stranger_is_sent_to_the_sign_in_page(client: Clients) -> None:
    answer = client().get("/")
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


def test_it_offers_the_box_and_all_eight_doors(client: Clients) -> None:
    page = client("wang").get("/").text
    assert 'id="text"' in page
    for category, words in CATEGORY_DOORS.items():
        assert f"/ask?category={category.value}" in page
        assert words in page


def test_my_open_tickets_say_who_has_them_and_nobody_elses_are_there(
    client: Clients, filed: Filing, moved: Moving
) -> None:
    mine, other = filed("电费核算打不开"), filed("公文发不出去", by="zhao", system="oa")
    moved(mine, Action.TAKE, "agent")
    page = client("wang").get("/").text
    assert mine in page
    assert "服务台的agent正在处理" in page
    assert other not in page


def test_ended_tickets_are_not_on_the_home_page(client: Clients, filed: Filing, moved: Moving) -> None:
    number = filed()
    assert number in client("wang").get("/").text
    moved(number, Action.CANCEL, "wang")
    assert number not in client("wang").get("/").text


def test_popular_questions_are_those_that_colleagues_found_useful(
    client: Clients, published: Writing, maker: sessionmaker[Session]
) -> None:
    published("怎样申请会议室")
    useful = published("电费通知单打印空白怎么办")
    published("只给专家看的判断方法", audience=Audience.EXPERTS)
    with transaction(maker) as session:
        article = session.get(articles.Article, useful)
        assert article is not None
        articles.rate(session, article, by=World.of(session).people["wang"].id, solved=True)
    page = client("wang").get("/").text
    assert page.index("电费通知单打印空白怎么办") < page.index("怎样申请会议室")
    assert "1 人说解决了" in page
    assert "只给专家看的判断方法" not in page


@pytest.mark.parametrize("count", [1, 6])
def test_the_number_of_queries_does_not_grow_with_the_tickets(
    client: Clients, filed: Filing, engine: Engine, count: int
) -> None:
    for number in range(count):
        filed(f"第 {number} 个问题")
    browser = client("wang")
    browser.get("/")
    with statements_sent(engine) as statements:
        browser.get("/")
    assert len(statements) < 25, statements
