"""My tickets: plain words, what is mine to do, and nothing that is none of my business."""

from __future__ import annotations

import html
import io
import re

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets import desk, linking
from portal.tickets.models import Comment, Ticket, Watcher
from portal.tickets.words import Action, Category, State
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing, png_of
from tests.world import World, person


def version_on(browser: Visitor, number: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', browser.get(f"/my/tickets/{number}").text)
    assert found
    return found[1]


def state_of(maker: sessionmaker[Session], number: str) -> State:
    with maker() as session:
        return session.scalars(select(Ticket.state).where(Ticket.number == number)).one()


@pytest.fixture
def told(filed: Filing, moved: Moving) -> str:
    """A consultation that has been answered and waits for its user."""
    number = filed("会议室怎么申请", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="在协同办公首页点会议预定")
    return number


# ── seeing ───────────────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_mine_and_open_ones_first(client: Clients, filed: Filing, moved: Moving) -> None:
    ended, other = filed("已经撤销的"), filed("别人的", by="zhao")
    moved(ended, Action.CANCEL, "wang")
    open_one = filed("还开着的")
    page = client("wang").get("/my/tickets").text
    assert page.index(open_one) < page.index(ended)
    assert other not in page
    assert open_one not in client("wang").get("/my/tickets?show=ended").text


def test_what_an_agent_files_for_a_caller_is_the_callers(
    client: Clients, desk_world: World, maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        world = World.of(session)
        text, category = "来电：打不开", Category.CONSULTATION
        request = desk.Request(text, category, world.systems["oa"], requester=world.people["wang"])
        number = desk.file(session, request, by=world.people["agent"]).number
    assert number in client("wang").get("/my/tickets").text
    assert number not in client("agent").get("/my/tickets").text
    assert "由agent代为提交" in client("wang").get(f"/my/tickets/{number}").text


def test_an_empty_list_says_what_to_do(client: Clients) -> None:
    assert "这里还没有工单" in client("wang").get("/my/tickets").text


def test_watched_tickets_have_a_list_and_a_page(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = filed()
    assert client("zhao").get(f"/my/tickets/{number}").status_code == 404
    with transaction(maker) as session:
        ticket = session.scalars(select(Ticket)).one()
        session.add(Watcher(ticket_id=ticket.id, person_id=World.of(session).people["zhao"].id))
    assert number in client("zhao").get("/my/tickets?show=watched").text
    page = client("zhao").get(f"/my/tickets/{number}")
    assert page.status_code == 200
    assert "撤销工单" not in page.text


@pytest.mark.parametrize("login", ["zhao", "agent", "expert", "manager"])
def test_a_ticket_that_is_not_mine_is_not_on_my_pages(client: Clients, filed: Filing, login: str) -> None:
    number = filed()
    assert client(login).get(f"/my/tickets/{number}").status_code == 404
    assert client("wang").get(f"/my/tickets/{number}").status_code == 200


def test_staff_see_their_own_tickets_the_same_way(client: Clients, filed: Filing) -> None:
    number = filed("我自己的邮箱满了", by="agent")
    assert "服务台已收到" in client("agent").get(f"/my/tickets/{number}").text


def test_who_has_it_and_what_comes_next_in_plain_words(client: Clients, filed: Filing, moved: Moving) -> None:
    number, browser = filed(), client("wang")
    assert "服务台已收到，正在排队受理" in browser.get(f"/my/tickets/{number}").text
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="客户情绪大，尽快")
    moved(number, Action.TAKE, "expert")
    page = browser.get(f"/my/tickets/{number}").text
    assert "专家expert正在判断原因" in page
    assert re.search(r"最晚 <time .*</time> 前办结", page)
    moved(number, Action.RULE, "expert", category=Category.DEFECT)
    moved(number, Action.TO_BACK, "expert", note="查一下索引")
    assert "已转给技术人员" in browser.get(f"/my/tickets/{number}").text


def test_what_colleagues_write_to_each_other_stays_theirs(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="请问是哪个浏览器？")
    moved(number, Action.SUPPLY, "wang", note="是谷歌浏览器")
    moved(number, Action.ESCALATE, "agent", note="用户描述不清，先压一压")
    with transaction(maker) as session:
        ticket = session.scalars(select(Ticket)).one()
        agent = World.of(session).people["agent"]
        desk.comment(session, ticket, "内部：疑似老问题", by=agent, internal=True)
        desk.comment(session, ticket, "已经联系专家", by=agent)
    page = client("wang").get(f"/my/tickets/{number}").text
    for shown in ("请问是哪个浏览器", "是谷歌浏览器", "转给专家判断", "已经联系专家"):
        assert shown in page
    for hidden in ("先压一压", "疑似老问题"):
        assert hidden not in page


def test_a_parked_ticket_shows_the_workaround_that_everybody_may_read(
    client: Clients, filed: Filing, moved: Moving, known: Writing, maker: sessionmaker[Session]
) -> None:
    defect, number = known("打印空白", cause="缓存没有清"), filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="缺陷")
    moved(number, Action.RULE, "expert", category=Category.DEFECT)
    with transaction(maker) as session:
        ticket = session.scalars(select(Ticket)).one()
        record = session.get(linking.Defect, defect)
        assert record is not None
        linking.link(session, ticket, record, by=World.of(session).people["expert"])
    moved(number, Action.PARK, "expert", note="等 6.2.2")
    page = client("wang").get(f"/my/tickets/{number}").text
    assert "等待期间可以先这样做" in page
    assert "先用旧版页面打印" in page
    assert "缓存没有清" not in page
    assert "等 6.2.2" not in page


# ── doing ────────────────────────────────────────────────────────────────────────────────────────


def test_the_user_confirms_with_stars(client: Clients, told: str, maker: sessionmaker[Session]) -> None:
    browser = client("wang")
    assert "在协同办公首页点会议预定" in browser.get(f"/my/tickets/{told}").text
    answer = browser.submit(
        f"/my/tickets/{told}/moves/confirm",
        {"rating": "5", "note": "很快", "seen": version_on(browser, told)},
    )
    assert answer.status_code == 302
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.state, ticket.rating, ticket.rating_words) == (State.CLOSED, 5, "很快")
    assert "您的评价" in browser.get(f"/my/tickets/{told}").text


def test_confirming_without_stars_is_refused_and_the_words_stay(
    client: Clients, told: str, maker: sessionmaker[Session]
) -> None:
    answer = client("wang").submit(f"/my/tickets/{told}/moves/confirm", {"note": "谢谢小李"})
    assert answer.status_code == 422
    assert "请给这次服务打分" in answer.text
    assert "谢谢小李" in answer.text
    assert state_of(maker, told) == State.CONFIRMING


def test_the_user_reopens_with_a_reason(client: Clients, told: str, maker: sessionmaker[Session]) -> None:
    browser = client("wang")
    refused = browser.submit(f"/my/tickets/{told}/moves/reopen", {"note": " "})
    assert refused.status_code == 422
    assert state_of(maker, told) == State.CONFIRMING
    assert browser.submit(f"/my/tickets/{told}/moves/reopen", {"note": "还是不行"}).status_code == 302
    assert state_of(maker, told) == State.OPEN


def test_the_user_answers_the_fronts_question_with_a_picture(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number, browser = filed(), client("wang")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="请补一张截图")
    assert "请补一张截图" in browser.get(f"/my/tickets/{number}").text
    answer = browser.submit(
        f"/my/tickets/{number}/moves/supply",
        {"note": "截图在这里", "files": (io.BytesIO(png_of(4, 4)), "屏幕.png")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302
    assert state_of(maker, number) == State.OPEN
    assert "屏幕.png" in browser.get(f"/my/tickets/{number}").text


def test_cancelling_is_possible_until_somebody_works_on_it(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    browser, first, second = client("wang"), filed("第一个"), filed("第二个")
    assert "撤销工单" in browser.get(f"/my/tickets/{first}").text
    assert browser.submit(f"/my/tickets/{first}/moves/cancel", {"note": ""}).status_code == 302
    assert state_of(maker, first) == State.CANCELLED
    moved(second, Action.TAKE, "agent")
    moved(second, Action.ESCALATE, "agent", note="要专家看")
    assert "撤销工单" not in browser.get(f"/my/tickets/{second}").text
    assert browser.submit(f"/my/tickets/{second}/moves/cancel", {"note": ""}).status_code == 422
    assert state_of(maker, second) == State.OPEN


@pytest.mark.parametrize("action", ["take", "answer", "escalate", "nonsense"])
def test_the_desks_own_moves_are_not_here(client: Clients, filed: Filing, action: str) -> None:
    number = filed(by="agent")
    answer = client("agent").submit(f"/my/tickets/{number}/moves/{action}", {"note": "我来"})
    assert answer.status_code == 404


@pytest.mark.parametrize("deed", ["moves/cancel", "comments", "urges"])
def test_nobody_else_does_anything_with_my_ticket(client: Clients, filed: Filing, deed: str) -> None:
    number = filed()
    data = {"note": "x", "text": "x", "words": "x"}
    assert client("zhao").submit(f"/my/tickets/{number}/{deed}", data).status_code == 404
    assert client("wang").submit(f"/my/tickets/{number}/{deed}", data).status_code == 302


def test_a_stale_page_is_told_what_happened(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number, browser = filed(), client("wang")
    seen = version_on(browser, number)
    moved(number, Action.TAKE, "agent")
    answer = browser.submit(f"/my/tickets/{number}/moves/cancel", {"note": "不用了", "seen": seen})
    assert answer.status_code == 422
    assert "agent刚刚对这张工单做了“受理”" in answer.text
    assert state_of(maker, number) == State.OPEN


def test_a_remark_reaches_the_story_and_an_empty_one_is_refused(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number, browser = filed(), client("wang")
    assert browser.submit(f"/my/tickets/{number}/comments", {"text": "  "}).status_code == 422
    assert browser.submit(f"/my/tickets/{number}/comments", {"text": "刚才又出现一次"}).status_code == 302
    assert "刚才又出现一次" in browser.get(f"/my/tickets/{number}").text
    with maker() as session:
        assert [row.internal for row in session.scalars(select(Comment))] == [False]


def test_urging_counts_once_in_a_while(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    number, browser = filed(), client("wang")
    assert browser.submit(f"/my/tickets/{number}/urges", {"words": "月底结账"}).status_code == 302
    again = browser.submit(f"/my/tickets/{number}/urges", {"words": "还没好吗"})
    assert again.status_code == 422
    assert "刚刚已经催过" in again.text
    assert "还没好吗" in again.text
    with maker() as session:
        assert session.scalars(select(Ticket.urges)).one() == 1


def test_the_list_asks_the_database_the_same_whatever_its_length(
    client: Clients, filed: Filing, engine: Engine
) -> None:
    counts = []
    browser = client("wang")
    browser.get("/my/tickets")  # the first page of a browser also settles its session
    for more in (1, 6):
        for number in range(more):
            filed(f"问题 {more} {number}")
        with statements_sent(engine) as statements:
            browser.get("/my/tickets")
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_english_readers_get_a_page_too(client: Clients, told: str) -> None:
    browser = client("wang")
    browser.submit("/language/en", {"next": "/"})
    assert browser.get(f"/my/tickets/{told}").status_code == 200


# ── letting a colleague see it ───────────────────────────────────────────────────────────────────


def test_a_colleague_is_named_by_login_or_by_a_name_that_one_alone_bears(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    browser, number = client("wang"), filed()
    page = f"/my/tickets/{number}"
    assert client("zhao").get(page).status_code == 404
    invited = browser.submit(f"{page}/watchers", {"login": " 赵海陵 "}, follow_redirects=True)
    assert "赵海陵（海陵省公司）现在能看到这张工单了" in html.unescape(invited.text)
    assert client("zhao").get(page).status_code == 200
    removed = browser.submit(f"{page}/watchers/zhao/remove", follow_redirects=True)
    assert "对方不再能看到这张工单" in removed.text
    assert client("zhao").get(page).status_code == 404

    with transaction(maker) as session:
        session.add(person("zhao2", World.of(session).units["hl"], name="赵海陵"))
    for nobody in ("赵海陵", "查无此人", "  "):
        refused = browser.submit(f"{page}/watchers", {"login": nobody})
        assert refused.status_code == 422
        assert "有几位同名" in refused.text
        assert nobody in refused.text
    assert browser.submit(f"{page}/watchers", {"login": "ZHAO2"}).status_code == 302
