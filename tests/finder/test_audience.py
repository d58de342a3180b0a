"""Nobody finds what they may not read: not in lists, counts, facets, snippets, suggestions, neighbours.

Each refusal stands beside somebody who may.
"""

from __future__ import annotations

import pytest

from indexer.document import Document, ReasonKind
from kb import articles
from kb.audience import Audience
from kb.flow import ArticleAction
from portal.finder.found import Found
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets import linking
from portal.tickets.models import Ticket
from tests.finder.conftest import DUTIES, Desk
from tests.statements import statements_sent

EVERYBODY = ("wang", "zhao", *(post.value for post in Post))


def sees(desk: Desk, login: str, text: str) -> bool:
    """Does anything of it come through, anywhere?"""
    found = desk.found(login, text)
    suggested = desk.finder.suggest(desk.session, desk.world.people[login], text)
    if not found.results:
        # Which engine answered and whose probabilities they are is the installation's, not a text's.
        facets: dict[str, list[tuple[str, int]]] = {"kind": []} if "kind" in found.facets else {}
        assert found == Found(mode=found.mode, facets=facets, calibration=found.calibration)
    assert found.total == len(found.results)
    assert sum(count for _, count in found.facets.get("kind", [])) == found.total
    return bool(found.results or suggested.results or found.announcements or suggested.announcements)


def test_a_text_for_one_province_stays_there(desk_of: Desk) -> None:
    desk_of.article("岭东费控停电流程", units=["ld"])
    desk_of.consume()
    assert sees(desk_of, "wang", "费控停电流程")
    assert sees(desk_of, "agent", "费控停电流程")
    assert not sees(desk_of, "zhao", "费控停电流程")
    assert not sees(desk_of, "expert", "费控停电流程")  # works at headquarters, above the province


@pytest.mark.parametrize("login", EVERYBODY)
def test_a_draft_is_found_by_nobody(desk_of: Desk, login: str) -> None:
    desk_of.article("充电桩离线重启步骤", publish=False)
    desk_of.consume()
    assert not sees(desk_of, login, "充电桩离线重启步骤")


def test_staff_texts_and_expert_texts(desk_of: Desk) -> None:
    desk_of.article("受理口径：账号解锁核验", audience=Audience.STAFF)
    desk_of.article("根因分析：连接池耗尽", audience=Audience.EXPERTS)
    desk_of.consume()
    assert not sees(desk_of, "wang", "受理口径账号解锁核验")
    assert not sees(desk_of, "admin", "受理口径账号解锁核验")
    assert sees(desk_of, "agent", "受理口径账号解锁核验")
    assert not sees(desk_of, "agent", "根因分析连接池耗尽")
    assert sees(desk_of, "engineer", "根因分析连接池耗尽")


def test_a_defect_is_shown_to_users_only_when_it_is_known_and_has_a_workaround(desk_of: Desk) -> None:
    desk_of.defect("发票打印缺页", symptoms=["打印出来少一页"])
    desk_of.defect("抄表数据翻倍", confirmed=False)
    desk_of.defect("采集任务卡死", shown_to_users=False)
    desk_of.consume()
    assert sees(desk_of, "wang", "发票打印缺页")
    for hidden in ("抄表数据翻倍", "采集任务卡死"):
        assert not sees(desk_of, "wang", hidden)
        assert sees(desk_of, "engineer", hidden)


def test_the_root_cause_is_no_way_to_find_a_defect(desk_of: Desk) -> None:
    desk_of.defect("发票打印缺页", cause="厂商留了后门口令 zxcvbn99")
    desk_of.consume()
    assert not sees(desk_of, "wang", "后门口令 zxcvbn99")


def test_tickets_are_found_by_those_who_may_open_them(desk_of: Desk) -> None:
    desk_of.ticket("电费核算导出之后金额全是零", by="wang")
    desk_of.consume()
    finding = {login for login in EVERYBODY if desk_of.found(login, "电费核算导出金额全是零").results}
    assert finding == {
        "wang", "agent", "local_support", "supervisor", "inspector", "expert", "engineer",
        "analyst", "editor", "dispatcher", "manager",
    }  # fmt: skip


def test_a_number_opens_nothing_that_a_page_would_hide(desk_of: Desk) -> None:
    ticket, draft = desk_of.ticket("打印不了"), desk_of.article("草稿", publish=False)
    defect = desk_of.defect("还没确认", confirmed=False)
    desk_of.consume()
    for number in (ticket.number, draft.number, defect.number):
        assert desk_of.found("zhao", f"请看{number}谢谢").results == ()
    for text in (ticket.number, f"工单{ticket.number.lower()}到哪了"):
        result = desk_of.found("wang", text).results[0]
        assert (result.kind, result.ref, result.trusted) == ("ticket", ticket.number, True)
    assert desk_of.found("engineer", defect.number).results[0].ref == defect.number


def test_somebody_who_has_left_finds_nothing(desk_of: Desk) -> None:
    desk_of.article("移动办公VPN连不上怎么办")
    desk_of.announcement("VPN故障", systems=["oa"])
    desk_of.consume()
    assert sees(desk_of, "wang", "VPN连不上")
    desk_of.world.people["wang"].active = False
    assert not sees(desk_of, "wang", "VPN连不上")


def test_what_changed_a_moment_ago_is_decided_by_the_database(desk_of: Desk) -> None:
    retired, narrowed = desk_of.article("旧版报销流程"), desk_of.article("旧版用印流程")
    desk_of.consume()
    assert len(desk_of.titles("zhao", "旧版流程")) == 2
    articles.move(desk_of.session, retired, ArticleAction.RETIRE, by=None, duties=DUTIES, note="旧")
    text = articles.text_of(narrowed)
    articles.revise(
        desk_of.session,
        narrowed,
        articles.ArticleText(title=text.title, body="新正文只给岭东", units=["ld"]),
        by=1,
    )
    assert desk_of.titles("zhao", "旧版流程") == []  # the index knows nothing of it yet
    result = desk_of.found("wang", "旧版用印流程").results[0]
    assert "".join(part for part, _ in result.snippet) == "新正文只给岭东"


def test_an_index_that_lies_shows_nothing(desk_of: Desk) -> None:
    draft = desk_of.article("内部草稿", publish=False)
    desk_of.consume()
    lie = Document("article", str(draft.id), "内部草稿", body="机密步骤", audience=frozenset({"everyone"}))
    desk_of.index.update([lie, Document("article", "77", "没有这行", audience=frozenset({"everyone"}))])
    assert not sees(desk_of, "wang", "内部草稿 机密步骤 没有这行")


def test_neighbours_and_likely_defects_obey_the_same_rules(desk_of: Desk) -> None:
    mine = desk_of.ticket("电费核算导出金额全是零", by="zhao")
    foreign = desk_of.ticket("电费核算导出金额都变成零", by="wang")
    desk_of.defect("电费核算导出金额为零", confirmed=False)
    desk_of.consume()
    people = desk_of.world.people
    assert desk_of.finder.neighbours(desk_of.session, people["zhao"], mine) == ()
    alike = desk_of.finder.neighbours(desk_of.session, people["manager"], mine)
    assert [result.id for result in alike] == [foreign.id]
    assert desk_of.finder.likely_defects(desk_of.session, people["zhao"], mine) == ()
    assert desk_of.finder.likely_defects(desk_of.session, people["expert"], mine) != ()


def test_filters_and_kinds_only_narrow(desk_of: Desk) -> None:
    desk_of.article("打印问题总览", system="oa")
    desk_of.article("打印问题内部口径", system="mkt", audience=Audience.STAFF)
    desk_of.ticket("打印问题求助", by="wang", system="oa")
    desk_of.consume()
    assert desk_of.titles("zhao", "打印问题", filters={"system": "mkt"}) == []
    assert desk_of.titles("agent", "打印问题", filters={"system": "mkt"}) == ["打印问题内部口径"]
    assert desk_of.titles("wang", "打印问题", filters={"system": ["oa"]}, kinds=["article"]) == [
        "打印问题总览"
    ]
    assert desk_of.titles("wang", "打印问题", kinds=["ticket"]) == ["打印问题求助"]
    assert desk_of.titles("wang", "打印问题", kinds=["nonsense"]) == []
    assert desk_of.titles("wang", "打印问题", filters={"system": []}) == []
    assert len(desk_of.titles("wang", "打印问题", filters={"system": "", "module": None})) == 2


def test_pages_of_results_are_slices_of_one_list(desk_of: Desk) -> None:
    for number in range(7):
        desk_of.article(f"打印机第{number}种问题")
    desk_of.consume()
    whole = desk_of.titles("wang", "打印机问题")
    pages = [desk_of.titles("wang", "打印机问题", limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [title for page in pages for title in page] == whole
    assert desk_of.found("wang", "打印机问题", limit=3).total == 7


def test_the_number_of_queries_does_not_grow_with_the_results(desk_of: Desk) -> None:
    def queries(text: str) -> int:
        desk_of.session.expire_all()
        person = desk_of.world.people["manager"]
        assert person.posts
        assert person.unit.path
        with statements_sent(desk_of.session) as counted:
            assert desk_of.finder.search(desk_of.session, person, text, limit=50).results
        return len(counted)

    def fill(word: str, count: int) -> None:
        for number in range(count):
            desk_of.article(f"{word}问题{number}", units=["hq"])
            desk_of.defect(f"{word}缺陷{number}")
            desk_of.ticket(f"{word}求助{number}")

    fill("电表", 1)
    fill("发票", 12)
    desk_of.consume()
    assert queries("发票") == queries("电表") <= 12


def test_posts_gained_and_lost_count_at_once(desk_of: Desk) -> None:
    ticket = desk_of.ticket("公文流转卡住", system="oa")
    desk_of.consume()
    zhao = desk_of.world.people["zhao"]
    assert desk_of.titles("zhao", "公文流转卡住") == []
    zhao.posts.append(PersonPost(post=Post.EXPERT, systems=["oa"]))
    desk_of.session.flush()
    result = desk_of.found("zhao", "公文流转卡住").results[0]
    assert isinstance(result.subject, Ticket)
    assert result.id == ticket.id
    zhao.posts.clear()
    desk_of.session.flush()
    assert desk_of.titles("zhao", "公文流转卡住") == []


def test_words_of_linked_tickets_teach_but_are_never_shown(desk_of: Desk) -> None:
    defect = desk_of.defect("发票打印缺页", symptoms=["打印出来少一页"])
    ticket = desk_of.ticket("老李说机器吐纸吐到半截卡住，工号八八三二", by="wang")
    desk_of.consume()
    expert = desk_of.world.people["expert"]
    question = "吐纸吐到半截卡住"
    assert desk_of.found("zhao", question, kinds=["defect"]).total == 0
    linking.link(desk_of.session, ticket, defect, by=expert)
    desk_of.consume()
    found = desk_of.found("zhao", question, kinds=["defect"])
    assert [result.id for result in found.results] == [defect.id]
    told = [*(part for part, _ in found.results[0].snippet), *(why.text for why in found.results[0].why)]
    assert not any("老李" in text or "八八三二" in text for text in told)
    linking.undo(desk_of.session, ticket, defect, by=expert)
    desk_of.consume()
    assert desk_of.found("zhao", question, kinds=["defect"]).total == 0


def test_a_reason_quotes_only_what_the_row_still_says(desk_of: Desk) -> None:
    article = desk_of.article("移动办公说明", also=["外网进不去公司系统"])
    desk_of.consume()
    text = articles.text_of(article)
    articles.revise(desk_of.session, article, articles.ArticleText(title=text.title, body=text.body), by=1)
    for result in desk_of.found("wang", "外网进不去公司系统").results:
        assert not any(
            why.text == "外网进不去公司系统" for why in result.why if why.kind == ReasonKind.ASKED_AS
        )
