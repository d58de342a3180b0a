"""Asking: answers before a ticket, deflection, filing, and nothing typed is ever lost."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.models import Article
from portal.db import transaction
from portal.faults import board
from portal.faults.board import AnnouncementText
from portal.faults.flow import AnnouncementKind, FaultAction
from portal.faults.models import FaultReport
from portal.finder.models import Consultation, Outcome
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing, png_of
from tests.world import World

Reindex = Callable[[], None]
QUESTION = "电费通知单打印出来是空白"
PNG = png_of(3, 2)


@pytest.fixture
def answered(published: Writing, known: Writing, reindex: Reindex) -> tuple[int, int]:
    """An article and a known defect that speak of the question."""
    article = published(
        "电费通知单打印空白怎么办", "1. 清除打印插件缓存。\n2. 重新登录后再打印。", system="mkt"
    )
    defect = known("电费通知单打印空白或错位", symptoms=["打印出来是空白"])
    reindex()
    return article, defect


def token_in(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)" form="ask-form"', page)
    assert found, "the answers carry no token"
    return found[1]


def suggested(browser: Visitor, text: str = QUESTION, **more: str) -> str:
    answer = browser.submit_fragment("/ask/suggest", {"text": text, "place": "ask", **more})
    assert answer.status_code == 200
    return answer.text


def filing(**more: object) -> dict[str, object]:
    return {
        "text": QUESTION,
        "system": "mkt",
        "category": "defect",
        "impact": "2",
        "urgency": "1",
        "step": "file",
        **more,
    }


def consultations(maker: sessionmaker[Session]) -> list[Consultation]:
    with maker() as session:
        return list(session.scalars(select(Consultation).order_by(Consultation.id)))


def only_ticket(maker: sessionmaker[Session]) -> Ticket:
    with maker() as session:
        return session.scalars(select(Ticket)).one()


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def test_a_door_opens_the_page_with_its_category(client: Clients) -> None:
    page = client("wang").get("/ask?category=account").text
    assert re.search(r'name="category" value="account" checked', page)
    assert not re.search(r'name="category" value="defect" checked', page)


def test_answers_come_while_typing(client: Clients, answered: tuple[int, int]) -> None:
    page = suggested(client("wang"))
    assert "电费通知单打印空白怎么办" in page
    assert "电费通知单打印空白或错位" in page
    assert "解决了" in page
    assert 'data-system="mkt"' in page


def test_a_letter_says_nothing_yet_and_nothing_is_remembered(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    assert "边写边帮您找" in suggested(client("wang"), "电")
    assert consultations(maker) == []


def test_no_trustworthy_match_is_said_plainly(client: Clients, answered: tuple[int, int]) -> None:
    assert "没有可信的匹配" in suggested(client("wang"), "食堂的红烧肉卖完了")


def test_typing_on_is_one_consultation(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    token = token_in(suggested(browser, "电费通知单"))
    assert token_in(suggested(browser, QUESTION, token=token)) == token
    rows = consultations(maker)
    assert [row.text for row in rows] == [QUESTION]


def test_an_answer_is_read_beside_the_text_and_counts_as_opened(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    token = token_in(suggested(browser))
    panel = browser.submit_fragment(f"/ask/answers/article/{answered[0]}", {"token": token}).text
    assert "清除打印插件缓存" in panel
    assert "<html" not in panel
    assert consultations(maker)[0].shown[0].opened_at or consultations(maker)[0].shown[1].opened_at


def test_an_answer_is_a_page_of_its_own_without_javascript(
    client: Clients, answered: tuple[int, int]
) -> None:
    page = client("wang").get(f"/ask/answers/defect/{answered[1]}").text
    assert "<html" in page
    assert "先用旧版页面打印" in page


def test_a_user_reads_the_workaround_and_not_the_root_cause(
    client: Clients, known: Writing, reindex: Reindex
) -> None:
    number = known("汇总报表慢", cause="索引失效", reproduce="大单位执行汇总", symptoms=["汇总很慢"])
    page = client("wang").get(f"/ask/answers/defect/{number}").text
    assert "汇总很慢" in page
    assert "索引失效" not in page
    assert "大单位执行汇总" not in page


@pytest.mark.parametrize("path", ["article/999999", "ticket/1", "nonsense/1"])
def test_what_is_not_there_or_not_an_answer_is_404(client: Clients, filed: Filing, path: str) -> None:
    filed()
    assert client("wang").get(f"/ask/answers/{path}").status_code == 404


def test_a_defect_kept_from_users_is_there_for_staff_alone(client: Clients, known: Writing) -> None:
    number = known("内部才看的缺陷", shown_to_users=False)
    assert client("wang").get(f"/ask/answers/defect/{number}").status_code == 404
    assert client("expert").get(f"/ask/answers/defect/{number}").status_code == 200


# ── “that solved it” ─────────────────────────────────────────────────────────────────────────────


def test_solved_is_a_deflection_and_no_ticket(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    token = token_in(suggested(browser))
    data = {"token": token, "answer": f"article:{answered[0]}"}
    thanks = browser.submit_fragment("/ask/solved", data)
    assert "问题解决了" in thanks.text
    (row,) = consultations(maker)
    assert (row.outcome, row.solved_kind, row.solved_id) == (Outcome.SOLVED, "article", answered[0])
    with maker() as session:
        article = session.get(Article, answered[0])
        assert article is not None
        assert article.solved == 1
        assert session.scalars(select(Ticket)).all() == []


def test_solved_works_without_javascript(client: Clients, answered: tuple[int, int]) -> None:
    browser = client("wang")
    token = token_in(browser.submit("/ask", {"text": QUESTION, "step": "look"}).text)
    answer = browser.submit("/ask/solved", {"token": token, "answer": f"defect:{answered[1]}"})
    assert (answer.status_code, answer.location) == (302, "/")
    assert "太好了" in browser.get("/").text


@pytest.mark.parametrize("answer", ["article:999", "article:x", "article", "", f"article:{'9' * 40}"])
def test_what_was_never_shown_cannot_have_solved_it(
    client: Clients, answered: tuple[int, int], answer: str
) -> None:
    browser = client("wang")
    token = token_in(suggested(browser))
    assert browser.submit("/ask/solved", {"token": token, "answer": answer}).status_code == 404


def test_somebody_elses_consultation_is_not_there(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    token = token_in(suggested(client("wang")))
    data = {"token": token, "answer": f"article:{answered[0]}"}
    assert client("zhao").submit("/ask/solved", data).status_code == 404
    assert consultations(maker)[0].outcome == Outcome.OPEN


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def test_filing_keeps_what_was_shown_and_the_pictures(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    token = token_in(suggested(browser))
    picture = (io.BytesIO(PNG), "截图.png")
    answer = browser.submit("/ask", filing(token=token, files=picture), content_type="multipart/form-data")
    assert answer.status_code == 302
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert answer.location == f"/my/tickets/{ticket.number}"
        assert (ticket.text, ticket.system.code, ticket.category) == (QUESTION, "mkt", Category.DEFECT)
        assert (ticket.impact, ticket.urgency, ticket.priority) == (2, 1, 2)
        assert [file.content_type for file in ticket.attachments] == ["image/png"]
        row = session.scalars(select(Consultation)).one()
        assert (row.outcome, row.ticket_id) == (Outcome.FILED, ticket.id)
        assert len(row.shown) >= 2


def test_a_page_sent_twice_files_once_and_other_words_file_again(
    client: Clients, answered: tuple[int, int], maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    token = token_in(suggested(browser))
    twice = filing(token=token, text="第一行\r\n第二行")
    first, second = (browser.submit("/ask", twice).location for _time in range(2))
    assert first == second
    other = browser.submit("/ask", filing(token=token, text="另一个问题")).location
    assert other != first
    with maker() as session:
        assert len(session.scalars(select(Ticket)).all()) == 2


def test_htmx_is_led_to_the_new_ticket(client: Clients, maker: sessionmaker[Session]) -> None:
    answer = client("wang").submit_fragment("/ask", filing())
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == f"/my/tickets/{only_ticket(maker).number}"


def test_system_and_category_left_open_are_the_proposed_ones(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    text = "忘记密码，营销业务应用系统登录不了，请重置密码"
    answer = client("wang").submit("/ask", filing(text=text, system="", category=""))
    assert answer.status_code == 302
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.system.code, ticket.category) == ("mkt", Category.ACCOUNT)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"system": "", "text": "屏幕上出现了看不懂的东西 QQXX"}, "请选择是哪个系统的问题"),
        ({"category": "", "text": "营销业务应用系统 QQXX"}, "请选一个最接近的类别"),
        ({"text": ""}, "请写一两句话说明遇到了什么问题"),
        ({"system": "no-such"}, "请选择是哪个系统的问题"),
    ],
)
def test_a_refusal_keeps_everything_typed(
    client: Clients, maker: sessionmaker[Session], wrong: dict[str, str], sentence: str
) -> None:
    fields = filing(**wrong)
    answer = client("wang").submit("/ask", fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert str(fields["text"]) in answer.text
    assert re.search(r'name="urgency" value="1" checked', answer.text)
    with maker() as session:
        assert session.scalars(select(Ticket)).all() == []


def test_a_refused_file_files_nothing_and_htmx_gets_only_the_sentence(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    program = (io.BytesIO(b"MZ\x90\x00" + bytes(60)), "截图.png")
    answer = client("wang").submit_fragment("/ask", filing(files=program), content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "不是可以接收的类型" in answer.text
    assert "<form" not in answer.text
    with maker() as session:
        assert session.scalars(select(Ticket)).all() == []


def test_without_javascript_answers_are_looked_at_first(client: Clients, answered: tuple[int, int]) -> None:
    page = client("wang").submit("/ask", {"text": QUESTION, "step": "look"}).text
    assert "电费通知单打印空白怎么办" in page
    assert QUESTION in page
    assert "都不是，提交工单" in page


def test_a_form_without_its_token_is_refused(client: Clients, maker: sessionmaker[Session]) -> None:
    assert client("wang").post("/ask", data=filing()).status_code == 400
    with maker() as session:
        assert session.scalars(select(Ticket)).all() == []


# ── an outage that is known already ──────────────────────────────────────────────────────────────


@pytest.fixture
def outage(maker: sessionmaker[Session], filed: Filing, moved: Moving, reindex: Reindex) -> int:
    """A live fault announcement of the marketing system in 岭东; its id."""
    number = filed("营销系统打不开", category=Category.FAULT)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="多人反映")
    moved(number, Action.RULE, "expert", category=Category.FAULT)
    with transaction(maker) as session:
        people = World.of(session).people
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        fault = board.gather(session, [ticket], title="营销系统打不开", by=people["expert"])
        board.move(session, fault, FaultAction.SUBMIT, by=people["expert"], note="大面积")
        board.move(session, fault, FaultAction.DECLARE, by=people["dispatcher"], note="核实")
        text = AnnouncementText(
            AnnouncementKind.FAULT, "营销系统岭东无法登录", "正在抢修。", systems=["mkt"], units=["ld"]
        )
        made = board.write_announcement(session, text, by=people["expert"], fault=fault)
        board.publish(session, made, by=people["expert"])
        announcement = made.id
    reindex()
    return announcement


def test_a_live_fault_of_the_system_comes_first_for_those_affected(client: Clients, outage: int) -> None:
    page = suggested(client("agent"), "营销业务应用系统登录不上")
    assert "营销系统岭东无法登录" in page
    assert "我也遇到了" in page
    assert "已记下" in suggested(client("wang"), "营销业务应用系统登录不上"), "her ticket has said so"
    assert "营销系统岭东无法登录" not in suggested(client("zhao"), "营销业务应用系统登录不上")


def test_me_too_adds_me_once_without_a_ticket(
    client: Clients, outage: int, desk_world: World, maker: sessionmaker[Session]
) -> None:
    browser = client("agent")
    for _time in range(2):
        assert "已记下" in browser.submit_fragment(f"/ask/me-too/{outage}").text
    with maker() as session:
        mine = FaultReport.person_id == World.of(session).people["agent"].id
        assert len(session.scalars(select(FaultReport).where(mine)).all()) == 1
    assert "已记下，恢复后通知您" in suggested(browser, "营销业务应用系统登录不上")


def test_me_too_is_not_there_for_other_units(client: Clients, outage: int) -> None:
    assert client("zhao").submit(f"/ask/me-too/{outage}").status_code == 404
    assert client("wang").submit("/ask/me-too/99999").status_code == 404
