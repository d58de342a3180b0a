"""What an agent does with an answer while the caller waits: read, send, flag; the clarifying question."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from kb.models import Article, Feedback
from kb.proposals.models import Proposal
from portal.db import transaction
from portal.finder.models import Consultation
from portal.finder.sending.models import LinkSent
from portal.people.models import Person
from portal.people.roles import Post
from portal.tickets.models import Notice, Ticket
from portal.tickets.words import Action, Category
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing
from tests.web.test_console import call
from tests.world import World

Maker = sessionmaker[Session]
Reindex = Callable[[], None]
STEPS = "先看代码。\n\n1. 打开【核算】。\n2. 点**发行**。"


# ── reading aloud ────────────────────────────────────────────────────────────────────────────────


def test_steps_stand_one_by_one_and_the_words_are_ready_for_a_chat(
    client: Clients, maker: Maker, published: Writing
) -> None:
    article = published("怎样发行", STEPS, system="mkt")
    page = client("agent").submit_fragment(f"/console/read/article/{article}", call(maker)).text
    assert page.count('class="console-step') == 3 + page.count("console-step-") + page.count("console-steps-")
    assert "第 2 步，共 2 步" in page
    words = re.search(r'data-copy-words="([^"]*)"', page)
    assert words
    assert "【怎样发行】\n先看代码。\n1. 打开【核算】。\n2. 点发行。" in words[1]
    assert "/kb/KB000001" in words[1]


def test_words_that_are_not_for_the_caller_are_neither_copied_nor_sent(
    client: Clients, maker: Maker, published: Writing
) -> None:
    article = published("只给值班员", STEPS, audience=Audience.STAFF)
    page = client("agent").submit_fragment(f"/console/read/article/{article}", call(maker)).text
    assert "仅内部" in page
    assert "data-copy-words" not in page
    assert f"/console/send/{article}" not in page
    for_all = published("给所有人", STEPS)
    shown = client("agent").submit_fragment(f"/console/read/article/{for_all}", call(maker)).text
    assert "data-copy-words" in shown
    assert f"/console/send/{for_all}" in shown


def test_a_known_defect_is_read_and_copied_as_its_workaround(
    client: Clients, maker: Maker, known: Writing
) -> None:
    defect = known("打印空白", symptoms=["打出来是白纸"])
    page = client("agent").submit_fragment(f"/console/read/defect/{defect}", call(maker)).text
    words = re.search(r'data-copy-words="([^"]*)"', page)
    assert words
    assert "先用旧版页面打印。" in words[1]
    assert "打出来是白纸" in page
    assert "打出来是白纸" not in words[1]


def test_only_the_licence_opens_the_editor(client: Clients, maker: Maker, published: Writing) -> None:
    article = published("怎样发行", STEPS)
    path = f"/console/read/article/{article}"
    assert "/knowledge/KB000001/edit" not in client("agent").submit_fragment(path, call(maker)).text
    with transaction(maker) as session:
        people = World.of(session).people
        people["agent"].posts.append(type(people["agent"].posts[0])(post=Post.EDITOR, systems=[]))
    assert "/knowledge/KB000001/edit" in client("agent").submit_fragment(path, call(maker)).text


# ── sending the link ─────────────────────────────────────────────────────────────────────────────


def test_the_caller_gets_the_link_in_their_bell_and_it_leads_to_the_article(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    article = published("电费核算怎样发行", STEPS, system="mkt")
    reindex()
    agent = client("agent")
    agent.submit_fragment("/console/answers", call(maker))
    with maker() as session:
        token = session.scalars(select(Consultation.token)).one()
    done = agent.submit_fragment(f"/console/send/{article}", call(maker, token=token))
    assert done.status_code == 200
    assert "已发给王小雨" in done.text
    with maker() as session:
        sent = session.scalars(select(LinkSent)).one()
        assert sent.consultation_id == session.scalars(select(Consultation.id)).one()
        notice = session.scalars(select(Notice)).one()
        assert session.get_one(Person, notice.person_id).login == "wang"
        number = notice.id
    wang = client("wang")
    assert "电费核算怎样发行" in wang.get("/notices").text
    assert wang.get(f"/notices/{number}").location == "/kb/KB000001"


def test_a_link_is_sent_once(client: Clients, maker: Maker, published: Writing) -> None:
    article, agent = published("怎样发行", STEPS), client("agent")
    assert agent.submit_fragment(f"/console/send/{article}", call(maker)).status_code == 200
    again = agent.submit_fragment(f"/console/send/{article}", call(maker))
    assert again.status_code == 422
    assert "刚刚已经发给来电者了" in again.text
    assert "链接刚刚发过" in agent.submit_fragment(f"/console/read/article/{article}", call(maker)).text
    with maker() as session:
        assert len(session.scalars(select(Notice)).all()) == 1


@pytest.mark.parametrize(
    ("more", "audience", "status", "sentence"),
    [
        ({"caller": ""}, Audience.EVERYONE, 422, "请先查到来电者"),
        ({}, Audience.STAFF, 422, "来电者看不到这篇知识"),
        ({}, Audience.EXPERTS, 404, ""),
    ],
)
def test_who_may_not_be_sent_it_is_not(
    client: Clients,
    maker: Maker,
    published: Writing,
    more: dict[str, object],
    audience: Audience,
    status: int,
    sentence: str,
) -> None:
    article = published("怎样发行", STEPS, audience=audience)
    refused = client("agent").submit_fragment(f"/console/send/{article}", {**call(maker), **more})
    assert refused.status_code == status
    assert sentence in refused.text
    with maker() as session:
        assert session.scalars(select(Notice)).all() == []
        assert session.scalars(select(LinkSent)).all() == []


def test_nothing_is_sent_to_a_caller_of_a_foreign_unit_nor_by_others(
    client: Clients, maker: Maker, published: Writing
) -> None:
    article = published("怎样发行", STEPS)
    assert client("agent").submit_fragment(f"/console/send/{article}", call(maker, "zhao")).status_code == 404
    for login in ("wang", "expert", "editor", "manager"):
        assert client(login).submit_fragment(f"/console/send/{article}", call(maker)).status_code == 404, (
            login
        )
    assert client("local_support").submit_fragment(f"/console/send/{article}", call(maker)).status_code == 200


def test_sending_works_without_javascript_and_the_call_stays(
    client: Clients, maker: Maker, published: Writing
) -> None:
    page = client("agent").submit(f"/console/send/{published('怎样发行', STEPS)}", call(maker))
    assert page.status_code == 200
    assert "<!doctype html>" in page.text
    assert "电费核算的发行按钮在哪里" in page.text


# ── flagging and correcting ──────────────────────────────────────────────────────────────────────


def flagged(visitor: Visitor, **given: str) -> int:
    return visitor.submit_fragment("/kb/KB000001/corrections", given).status_code


def test_a_flag_carries_a_better_wording_that_an_editor_adopts_with_one_press(
    client: Clients, maker: Maker, published: Writing
) -> None:
    article = published("怎样发行", STEPS)
    change = {"words": "按钮改名了", "passage": "2. 点**发行**。", "wording": "2. 点**发布**。"}
    assert flagged(client("agent"), **change) == 200
    editor = client("editor")
    waiting = editor.get("/knowledge?list=feedback").text
    assert "按钮改名了" in waiting
    assert "<ins>布</ins>" in waiting
    with maker() as session:
        number = session.scalars(select(Proposal.feedback_id)).one()
    assert client("agent").submit(f"/knowledge/feedback/{number}/adopt").status_code == 404
    assert editor.submit(f"/knowledge/feedback/{number}/adopt").status_code == 302
    with maker() as session:
        assert session.get_one(Article, article).body.endswith("2. 点**发布**。")
        assert session.get_one(Feedback, number).handled_at is not None


def test_a_refused_flag_keeps_what_was_typed(client: Clients, maker: Maker, published: Writing) -> None:
    published("怎样发行", STEPS)
    agent = client("agent")
    gone = {"words": "说得不清", "passage": "早就没有的话", "wording": "新的说法"}
    refused = agent.submit_fragment("/kb/KB000001/corrections", gone)
    assert refused.status_code == 422
    assert "新的说法" in refused.text
    assert "说得不清" in refused.text
    with maker() as session:
        assert session.scalars(select(Feedback)).all() == []
    assert flagged(agent, words="说得不清") == 200


def test_a_flag_is_at_hand_beside_the_answers_of_a_ticket(
    client: Clients, filed: Filing, moved: Moving, published: Writing, reindex: Reindex
) -> None:
    published("怎样发行电费", STEPS, system="mkt")
    reindex()
    number = filed("怎样发行电费", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    agent = client("agent")
    assert "/kb/KB000001/corrections" in agent.fragment(f"/tickets/{number}/answers").text
    asked = agent.fragment("/kb/KB000001/corrections")
    assert "哪里不对" in asked.text
    assert "/knowledge/KB000001/edit" not in asked.text
    assert "/knowledge/KB000001/edit" in client("editor").fragment("/kb/KB000001/corrections").text
    assert client("wang").get("/kb/KB000001/corrections").status_code == 404


def test_only_staff_who_may_read_it_flag_an_article(client: Clients, published: Writing) -> None:
    published("内部口径", STEPS, audience=Audience.EXPERTS)
    assert flagged(client("wang"), words="x") == 404
    assert flagged(client("agent"), words="x") == 404
    assert flagged(client("expert"), words="x") == 200


# ── the clarifying question ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def two_ways(published: Writing, reindex: Reindex) -> None:
    published("在手机上重置登录密码", STEPS, system="oa")
    published("在网页上重置登录密码", STEPS, system="oa")
    reindex()


def asked(visitor: Visitor, maker: Maker, **more: object) -> str:
    fields = {**call(maker, notes="重置登录密码", system="", chosen=""), **more}
    return visitor.submit_fragment("/console/answers", fields).text


def titles(page: str) -> list[str]:
    return re.findall(r'aria-label="(在..上重置登录密码)"', page)


@pytest.mark.usefixtures("two_ways")
def test_two_rivals_bring_one_question_and_a_reply_ranks_anew(client: Clients, maker: Maker) -> None:
    agent = client("agent")
    page = asked(agent, maker)
    assert page.count("clarify-question") == 1
    assert "是在网页上还是手机上？" in page
    phone = asked(agent, maker, reply="device=phone")
    assert titles(phone)[0] == "在手机上重置登录密码"
    assert "clarify-question" not in phone
    web = asked(agent, maker, replies="device=phone", reply="device=web")
    assert titles(web)[0] == "在网页上重置登录密码"
    assert len(titles(web)) == 2
    back = asked(agent, maker, replies="device=web", reply_back="device")
    assert "clarify-question" in back


@pytest.mark.usefixtures("two_ways")
def test_who_cannot_say_is_not_asked_again(client: Clients, maker: Maker) -> None:
    page = asked(client("agent"), maker, reply="device=")
    assert "是在网页上还是手机上？" not in page
    assert len(titles(page)) == 2


@pytest.mark.usefixtures("two_ways")
@pytest.mark.parametrize(
    "reply", ["nonsense=1", "device=%00", "=", "device=" + "x" * 5_000, "device=<script>"]
)
def test_a_reply_made_up_by_a_browser_breaks_nothing(client: Clients, maker: Maker, reply: str) -> None:
    page = asked(client("agent"), maker, reply=reply)
    assert len(titles(page)) == 2
    assert "<script>" not in page


@pytest.mark.usefixtures("two_ways")
def test_what_was_cleared_up_is_filed_with_the_call(client: Clients, maker: Maker) -> None:
    fields = call(maker, ending="file", replies="device=phone")
    assert client("agent").submit_fragment("/console/wrap-up", fields).status_code == 200
    with maker() as session:
        assert session.scalars(select(Ticket.text)).one().endswith("来电时问清：手机上")


def test_a_reply_that_names_the_system_fills_it_in(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    published("清单导出", STEPS, system="oa")
    published("清单导出", STEPS, system="mkt")
    reindex()
    agent = client("agent")
    fields = call(maker, notes="清单导出", system="", category="", chosen="")
    assert "是哪个系统？" in agent.submit_fragment("/console/answers", fields).text
    page = agent.submit_fragment("/console/answers", {**fields, "reply": "system=oa"}).text
    assert re.search(r'<option value="oa" selected', page)


# ── figures, statements, honesty ─────────────────────────────────────────────────────────────────


def test_answers_say_how_often_they_were_used_and_ask_the_database_equally_often(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    first = published("电费核算怎样发行", STEPS, system="mkt")
    reindex()
    agent = client("agent")
    assert agent.submit_fragment(f"/console/answered/{first}", call(maker)).status_code == 200

    def statements() -> tuple[int, str]:
        with statements_sent(maker) as seen:
            page = agent.submit_fragment("/console/answers", call(maker)).text
        return len(seen), page

    few, page = statements()
    assert "近 90 天答复用过 1 次" in page
    for number in range(6):
        published(f"电费核算第 {number} 种发行办法", STEPS, system="mkt")
    reindex()
    many, page = statements()
    assert page.count("data-answer=") >= 5
    assert many <= few


def test_nothing_found_is_said_plainly_and_the_nearest_stays_usable(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    agent = client("agent")
    assert "没有可信的匹配" in agent.submit_fragment("/console/answers", call(maker, notes="食堂菜单")).text
    published("电费核算怎样发行", STEPS, system="mkt")
    reindex()
    page = agent.submit_fragment("/console/answers", call(maker, notes="发行")).text
    assert 'data-key="1"' in page


def test_the_keys_are_told(client: Clients) -> None:
    page = client("agent").get("/console").text
    assert 'id="console-help"' in page
    for key in ("Esc", "Ctrl+Enter", "⇧1 – ⇧4", "Home"):
        assert f"<kbd>{key}</kbd>" in page


# ── quoting an article in a reply ────────────────────────────────────────────────────────────────


@pytest.fixture
def taken(filed: Filing, moved: Moving) -> str:
    number = filed("怎样发行电费", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    return number


def test_articles_are_found_from_within_a_reply_and_quoted_with_their_link(
    client: Clients, taken: str, published: Writing, reindex: Reindex
) -> None:
    published("电费核算怎样发行", STEPS, system="mkt")
    reindex()
    agent = client("agent")
    page = agent.get(f"/tickets/{taken}/inline-answers").text
    quote = re.search(r'data-quote="([^"]*)"', page)
    assert quote
    assert quote[1].splitlines() == [
        "知识 KB000001《电费核算怎样发行》",
        "&gt; 先看代码。",
        "&gt; 1. 打开【核算】。",
        "&gt; 2. 点发行。",
        "http://localhost/kb/KB000001",
    ]


def test_words_that_the_user_may_not_read_never_reach_the_reply(
    client: Clients, taken: str, published: Writing, reindex: Reindex, maker: Maker
) -> None:
    published("电费核算怎样发行", "口令在二号柜。", system="mkt", audience=Audience.STAFF)
    reindex()
    agent = client("agent")
    page = agent.get(f"/tickets/{taken}/inline-answers?q=电费核算").text
    assert "用户看不到这篇" in page
    assert 'data-quote=""' in page
    agent.submit(f"/tickets/{taken}/comments", {"text": "参考 KB000001", "cited": "KB000001"})
    with maker() as session:
        assert session.scalars(select(Ticket)).one().article_links == []


@pytest.mark.parametrize(
    ("text", "cited", "internal", "used"),
    [
        ("请看 KB000001", "KB000001", "", 1),
        ("引用删掉了", "KB000001", "", 0),
        ("只是提到 KB000001", "", "", 0),
        ("给同事看 KB000001", "KB000001", "1", 0),
    ],
)
def test_what_was_quoted_to_the_user_counts_as_use(
    client: Clients,
    taken: str,
    published: Writing,
    maker: Maker,
    text: str,
    cited: str,
    internal: str,
    used: int,
) -> None:
    published("电费核算怎样发行", STEPS, system="mkt")
    fields = {"text": text, "cited": cited, **({"internal": internal} if internal else {})}
    assert client("agent").submit(f"/tickets/{taken}/comments", fields).status_code == 302
    with maker() as session:
        assert len(session.scalars(select(Ticket)).one().article_links) == used


def test_a_ticket_that_is_not_served_has_no_answers_either(client: Clients, filed: Filing) -> None:
    foreign = filed(by="zhao")
    assert client("agent").get(f"/tickets/{foreign}/inline-answers").status_code == 404
    assert client("wang").get(f"/tickets/{foreign}/inline-answers").status_code == 404
