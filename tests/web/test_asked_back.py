"""An employee whose words fit two answers is asked one question, softly; they may answer it or write on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.finder.models import Consultation
from portal.tickets.models import Ticket
from tests.statements import statements_sent
from tests.web.conftest import Clients, Visitor, Writing

Maker = sessionmaker[Session]
Reindex = Callable[[], None]
WORDS = "重置登录密码"
STEPS = "1. 打开登录页。\n2. 点忘记密码。"


@pytest.fixture
def two_ways(published: Writing, reindex: Reindex) -> None:
    published("在手机上重置登录密码", STEPS, system="oa")
    published("在网页上重置登录密码", STEPS, system="oa")
    reindex()


@pytest.fixture
def two_systems(published: Writing, reindex: Reindex) -> None:
    published("清单导出", STEPS, system="oa")
    published("清单导出", STEPS, system="mkt")
    reindex()


def suggested(visitor: Visitor, text: str = WORDS, **more: str) -> str:
    answer = visitor.submit_fragment("/ask/suggest", {"text": text, "place": "ask", **more})
    assert answer.status_code == 200
    return answer.text


def titles(page: str) -> list[str]:
    return re.findall(r"在(..)上", re.sub(r"<[^>]+>", "", page.partition("answers-title")[2]))


def carried(page: str) -> str:
    found = re.search(r'name="replies" value="([^"]*)" form="ask-form"', page)
    assert found
    return found[1]


def filing(**more: str) -> dict[str, str]:
    return {"text": WORDS, "system": "oa", "category": "account", "step": "file", **more}


def only_ticket(maker: Maker) -> Ticket:
    with maker() as session:
        return session.scalars(select(Ticket)).one()


@pytest.mark.usefixtures("two_ways")
def test_one_question_and_the_reply_orders_the_answers(client: Clients) -> None:
    wang = client("wang")
    page = suggested(wang)
    assert page.count("clarify-question") == 1
    assert "是在网页上还是手机上？" in page
    assert "<kbd>" not in page.partition("clarify-ask")[2].partition("</div>")[0]
    phone = suggested(wang, reply="device=phone")
    assert titles(phone)[0] == "手机"
    assert "is-aside" in phone
    assert "clarify-question" not in phone
    assert carried(phone) == "device=phone"
    web = suggested(wang, replies="device=phone", reply="device=web")
    assert titles(web)[0] == "网页"
    typed_on = suggested(wang, f"{WORDS}的办法", replies="device=phone")
    assert titles(typed_on)[0] == "手机"
    assert "clarify-question" in suggested(wang, replies="device=phone", reply_back="device")


@pytest.mark.usefixtures("two_ways")
def test_who_cannot_say_it_is_left_in_peace(client: Clients) -> None:
    page = suggested(client("wang"), reply="device=")
    assert "clarify-question" not in page
    assert len(titles(page)) == 2


@pytest.mark.usefixtures("two_ways")
@pytest.mark.parametrize(
    "reply", ["nonsense=1", "device=%00", "=", "device=" + "x" * 5_000, "system=<i>x</i>"]
)
def test_a_reply_made_up_by_a_browser_breaks_nothing(client: Clients, maker: Maker, reply: str) -> None:
    wang = client("wang")
    page = suggested(wang, reply=reply)
    assert "<i>x" not in page
    assert wang.submit("/ask", filing(replies=reply)).status_code == 302


@pytest.mark.usefixtures("two_ways")
def test_it_works_without_javascript_and_is_filed_with_the_ticket(client: Clients, maker: Maker) -> None:
    wang = client("wang")
    page = wang.submit("/ask", {"text": WORDS, "step": "look"}).text
    assert 'formaction="/ask"' in page
    replied = wang.submit("/ask", {"text": WORDS, "reply": "device=phone"}).text
    assert titles(replied)[0] == "手机"
    sent = filing(replies=carried(replied), token=token_of(maker))
    for _twice in range(2):
        assert wang.submit("/ask", sent).status_code == 302
    assert only_ticket(maker).text == f"{WORDS}\n另外说明：手机上"


def token_of(maker: Maker) -> str:
    with maker() as session:
        return session.scalars(select(Consultation.token).order_by(Consultation.id.desc())).first() or ""


@pytest.mark.usefixtures("two_systems")
def test_a_reply_that_names_the_system_fills_it_in_and_is_no_guess(client: Clients, maker: Maker) -> None:
    wang = client("wang")
    assert "是哪个系统？" in suggested(wang, "清单导出")
    page = suggested(wang, "清单导出", reply="system=oa")
    assert 'data-system="oa"' in page
    assert 'data-system-why=""' in page
    other = suggested(wang, "清单导出", replies="system=oa", system="mkt")
    assert "clarify-given" not in other, "another system was chosen by hand"
    plain = wang.submit("/ask", {"text": "清单导出", "system": "mkt", "reply": "system=oa"}).text
    assert re.search(r'name="system" value="oa" checked', plain)
    form = {"text": "清单导出", "category": "consultation", "step": "file", "replies": "system=oa"}
    assert wang.submit("/ask", form).status_code == 302
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.system.code, ticket.text) == ("oa", "清单导出")


@pytest.mark.usefixtures("two_ways")
def test_the_home_page_asks_too(client: Clients) -> None:
    page = suggested(client("wang"), place="home")
    assert "clarify-question" in page
    assert 'hx-post="/ask/suggest"' in page


@pytest.mark.usefixtures("two_ways")
def test_no_statement_more_for_more_answers(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    wang = client("wang")

    def statements() -> int:
        with statements_sent(maker) as seen:
            suggested(wang)
        return len(seen)

    few = statements()
    for number in range(4):
        published(f"在手机上重置登录密码之{number}", STEPS, system="oa")
    reindex()
    assert statements() <= few
