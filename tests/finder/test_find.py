"""What is found is shown well: marked words, announcements first, own language first, honest doubt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indexer.document import Mode, ReasonKind
from indexer.index import Index
from kb import articles
from kb.articles import ArticleText
from portal.finder.find import Finder
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets import linking
from tests.finder.conftest import Desk

LONG = "\n\n".join(f"第{number}步：检查第{number}项设置，无误后继续。" for number in range(40))


def joined(snippet: tuple[tuple[str, bool], ...]) -> str:
    return "".join(part for part, _ in snippet)


def test_the_snippet_is_the_passage_that_speaks_to_the_question(desk_of: Desk) -> None:
    desk_of.article("报销常见问题", f"{LONG}\n\n附件超过 20MB 时请先压缩再上传。\n\n{LONG}")
    desk_of.consume()
    snippet = desk_of.found("wang", "附件超过大小 压缩").results[0].snippet
    assert "压缩再上传" in joined(snippet)
    assert len(joined(snippet)) <= 241
    assert any("压缩" in part for part, marked in snippet if marked)


def test_markdown_and_html_come_out_as_words(desk_of: Desk) -> None:
    desk_of.article("打印机脱机", "## 处理\n\n- **重启**打印机 <script>alert(1)</script>\n- 再试一次打印")
    desk_of.consume()
    assert "<script>" not in joined(desk_of.found("wang", "打印机脱机").results[0].snippet)


def test_a_live_announcement_comes_first_for_those_it_affects(desk_of: Desk) -> None:
    desk_of.article("营销系统登录步骤", system="mkt")
    hit = desk_of.announcement("营销系统中断", systems=["mkt"], units=["ld"])
    desk_of.announcement("公文系统中断", systems=["oa"])
    desk_of.announcement("草稿", systems=["mkt"], live=False)
    desk_of.consume()
    for login, told in (("wang", (hit,)), ("zhao", ())):
        person = desk_of.world.people[login]
        found = desk_of.finder.search(desk_of.session, person, "登录步骤")
        assert found.announcements == told
        assert found.results[0].kind == "article"
        suggested = desk_of.finder.suggest(desk_of.session, person, "不知道怎么了", system="mkt")
        assert suggested.announcements == told


def test_a_system_named_in_the_text_brings_its_announcement(desk_of: Desk) -> None:
    told = desk_of.announcement("抢修通知", systems=["mkt"])
    desk_of.consume()
    found = desk_of.finder.suggest(desk_of.session, desk_of.world.people["wang"], "营销系统登不上")
    assert found.announcements == (told,)


def test_announcements_can_be_searched_for_themselves(desk_of: Desk) -> None:
    desk_of.announcement("营销系统抢修通知", systems=["mkt"])
    desk_of.consume()
    assert desk_of.titles("wang", "营销系统抢修通知", kinds=["announcement"]) == ["营销系统抢修通知"]
    assert desk_of.titles("wang", "营销系统抢修通知") == []  # it stands above the results already


def test_a_code_finds_the_article_that_bears_it(desk_of: Desk) -> None:
    desk_of.article("电费发票打印报错", "出现 MKT-E2201 时先清理缓存。", keywords=["MKT-E2201"])
    desk_of.article("电费发票打印缺页", "重新选择纸张。")
    desk_of.consume()
    found = desk_of.finder.suggest(desk_of.session, desk_of.world.people["wang"], "打印电费发票 报 mkt e2201")
    assert found.results[0].title == "电费发票打印报错"
    assert found.trusted
    assert ReasonKind.CODE in {reason.kind for reason in found.results[0].why}


def test_nothing_trustworthy_is_called_so(desk_of: Desk) -> None:
    for subject in (
        "食堂充值",
        "班车预约",
        "打印机脱机",
        "会议室投影",
        "电费发票",
        "公文退回",
        "考勤补签",
        "印章外借",
    ):
        desk_of.article(f"{subject}说明", f"关于{subject}，请到一楼办理。")
    desk_of.consume()
    found = desk_of.finder.suggest(
        desk_of.session, desk_of.world.people["wang"], "说明一下量子纠缠通信为何抖动"
    )
    assert not found.trusted


def translated(desk: Desk) -> None:
    original = desk.article("Outlook 无法打开共享邮箱", "重新添加 shared mailbox 权限。")
    english = desk.article("Outlook cannot open a shared mailbox", "Add the permission again.", language="en")
    english.translation_of_id = original.id
    desk.article("Outlook 日历不同步", "检查 mailbox 版本。")
    desk.consume()


@pytest.mark.parametrize(("login", "first"), [("wang", "zh"), ("zhao", "en")])
def test_one_version_of_a_text_the_readers_own(desk_of: Desk, login: str, first: str) -> None:
    desk_of.world.people["zhao"].locale = "en"
    translated(desk_of)
    found = desk_of.finder.suggest(
        desk_of.session, desk_of.world.people[login], "Outlook cannot open shared mailbox 共享邮箱"
    )
    assert found.results[0].language == first
    assert sum("共享" in result.title or "shared" in result.title for result in found.results) == 1


def test_empty_and_odd_questions_find_nothing_and_break_nothing(desk_of: Desk) -> None:
    desk_of.article("一篇")
    desk_of.consume()
    for text in (
        "",
        "   ",
        "\x00",
        "！？。",
        "%_'\"\\",
        "\ud800",
        "(" * 5_000,
        "KB" * 3_000,
        "GD" + "1" * 400,
    ):
        for finder in (desk_of.finder, Finder(Index.open(Path(desk_of.index._folder) / "no", embedder=None))):
            person = desk_of.world.people["wang"]
            assert finder.search(desk_of.session, person, text).trusted is False
            assert finder.predict(desk_of.session, person, text).system is None


@pytest.fixture
def broken(desk_of: Desk) -> Desk:
    """The same desk after its index was deleted under its feet."""
    desk_of.article("移动办公VPN连不上怎么办", "先检查网络。", also=["外网进不去公司"], audience="everyone")
    desk_of.article("岭东VPN账号口径", units=["ld"])
    desk_of.defect("VPN客户端闪退", symptoms=["一点就退出"], system="oa")
    desk_of.ticket("VPN连不上，急", by="wang")
    desk_of.announcement("VPN抢修", systems=["oa"], units=["ld"])
    desk_of.consume()
    folder = Path(desk_of.index._folder)
    desk_of.index.close()
    shutil.rmtree(folder)
    return Desk(desk_of.session, desk_of.maker, Index.open(folder, embedder=None), desk_of.world)


def test_without_an_index_words_are_still_found_and_the_page_can_say_so(broken: Desk) -> None:
    found = broken.found("wang", "VPN连不上")
    assert (found.mode, found.degraded, found.trusted) == (Mode.UNAVAILABLE, True, False)
    assert found.results[0].title in ("移动办公VPN连不上怎么办", "VPN连不上，急")
    assert broken.titles("wang", "外网进不去", kinds=["article"]) == ["移动办公VPN连不上怎么办"]
    assert broken.titles("wang", "一点就退出", kinds=["defect"]) == ["VPN客户端闪退"]


def test_without_an_index_the_rules_are_the_same(broken: Desk) -> None:
    assert "岭东VPN账号口径" in broken.titles("wang", "VPN")
    assert "岭东VPN账号口径" not in broken.titles("zhao", "VPN")
    assert broken.titles("zhao", "VPN", kinds=["ticket"]) == []
    assert broken.titles("zhao", "VPN抢修", kinds=["announcement"]) == []
    assert broken.titles("wang", "VPN抢修", kinds=["announcement"]) == ["VPN抢修"]


def test_without_an_index_numbers_suggestions_and_evidence_still_come(broken: Desk) -> None:
    ticket = broken.ticket("VPN客户端闪退", system="oa")
    people = broken.world.people
    assert broken.found("wang", ticket.number).results[0].ref == ticket.number
    assert broken.finder.suggest(broken.session, people["wang"], "VPN连不上").results
    assert broken.finder.likely_defects(broken.session, people["manager"], ticket)[0].title == "VPN客户端闪退"
    assert broken.finder.neighbours(broken.session, people["manager"], ticket) != ()
    assert broken.finder.predict(broken.session, people["wang"], "VPN连不上").category is None


def test_likely_defects_carry_evidence_and_remember_judgements(desk_of: Desk) -> None:
    right = desk_of.defect(
        "电费核算导出金额为零",
        module="bill",
        codes=["MKT-E3007"],
        affected=["6.2.1"],
        symptoms=["导出全是零"],
    )
    wrong = desk_of.defect("电费核算导出超时", module="bill", symptoms=["导出很慢"])
    ticket = desk_of.ticket("电费核算导出金额全是零，MKT-E3007", module="bill")
    desk_of.consume()
    expert = desk_of.world.people["expert"]
    first, second = desk_of.finder.likely_defects(desk_of.session, expert, ticket)
    assert (first.id, second.id) == (right.id, wrong.id)
    assert {(reason.kind, reason.text) for reason in first.why} >= {
        (ReasonKind.CODE, "MKT-E3007"),
        (ReasonKind.SAME_SYSTEM, "营销业务应用系统"),
        (ReasonKind.SAME_MODULE, "bill"),
        (ReasonKind.SAME_VERSION, "6.2.1"),
    }
    linking.reject(desk_of.session, ticket, right, by=expert)
    linking.link(desk_of.session, ticket, wrong, by=expert)
    desk_of.session.expire(ticket)
    likely = desk_of.finder.likely_defects(desk_of.session, expert, ticket)
    assert [(result.id, result.linked) for result in likely] == [(wrong.id, True)]


def test_the_linked_defect_is_there_even_if_no_word_is_shared(desk_of: Desk) -> None:
    defect = desk_of.defect("采集任务卡死")
    ticket = desk_of.ticket("发票打不出来")
    desk_of.consume()
    expert = desk_of.world.people["expert"]
    linking.link(desk_of.session, ticket, defect, by=expert)
    desk_of.session.expire(ticket)
    likely = desk_of.finder.likely_defects(desk_of.session, expert, ticket)
    assert [(result.id, result.linked) for result in likely] == [(defect.id, True)]


def filled(desk: Desk) -> None:
    for number in range(4):
        desk.article(
            f"公文退回处理{number}",
            "在公文流转里点退回。",
            system="oa",
            module="mail",
            category="consultation",
        )
        desk.ticket(f"公文流转到第{number}步点不动", by="wang", system="oa", module="mail")
    desk.consume()


def test_system_and_category_are_proposed_from_what_is_near(desk_of: Desk) -> None:
    filled(desk_of)
    desk_of.world.people["wang"].posts.append(PersonPost(post=Post.ANALYST))
    guess = desk_of.finder.predict(desk_of.session, desk_of.world.people["wang"], "公文流转点不动了")
    assert guess.system is not None
    assert guess.module is not None
    assert (guess.system.value, guess.module.value) == ("oa", "mail")
    assert 0.5 <= guess.system.confidence <= 1.0


@pytest.mark.parametrize(
    ("text", "system", "category"),
    [
        ("营销业务应用系统忘记密码了", "mkt", "account"),
        ("营销系统希望增加一个批量导入", "mkt", "change"),
        ("投诉昨天接电话的人态度恶劣", None, "complaint"),
        ("ＯＡ里怎么查看进度", "oa", "consultation"),
        ("嗯嗯你好", None, None),
    ],
)
def test_words_that_name_a_system_or_a_category_count(
    desk_of: Desk, text: str, system: str | None, category: str | None
) -> None:
    filled(desk_of)
    guess = desk_of.finder.predict(desk_of.session, desk_of.world.people["zhao"], text)
    assert (guess.system.value if guess.system else None) == system
    assert (guess.category.value if guess.category else None) == category


def test_a_change_of_words_is_shown_at_once(desk_of: Desk) -> None:
    article = desk_of.article("会议室投影仪没信号")
    desk_of.consume()
    articles.revise(
        desk_of.session, article, ArticleText(title="会议室投影仪没信号（新）", body="换线。"), by=1
    )
    assert desk_of.titles("wang", "投影仪没信号") == ["会议室投影仪没信号（新）"]


@pytest.mark.parametrize(("askers", "proposed"), [(2, None), (3, "oa")])
def test_hidden_tickets_count_only_as_a_crowd(desk_of: Desk, askers: int, proposed: str | None) -> None:
    for login in ("wang", "agent", "editor")[:askers]:
        for number in range(3):
            desk_of.ticket(f"用印登记薄第{number}页翻不动", by=login, system="oa")
    desk_of.consume()
    guess = desk_of.finder.predict(desk_of.session, desk_of.world.people["zhao"], "用印登记薄翻不动")
    assert (guess.system.value if guess.system else None) == proposed


def test_a_staff_text_proposes_nothing_to_a_user(desk_of: Desk) -> None:
    desk_of.article("用印登记薄翻不动", system="oa", category="defect", audience="staff")
    desk_of.consume()
    people = desk_of.world.people
    assert desk_of.finder.predict(desk_of.session, people["zhao"], "用印登记薄翻不动").system is None
    assert desk_of.finder.predict(desk_of.session, people["agent"], "用印登记薄翻不动").system is not None
