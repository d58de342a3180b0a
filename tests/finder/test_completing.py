"""Completing what people type: what each may open, by words they may read, and their own questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.document import Query
from kb import articles
from kb.audience import Audience
from kb.flow import ArticleAction
from portal.finder import sources, suggest
from portal.finder.found import Found
from portal.finder.meant import did_you_mean
from portal.finder.typeahead import Completion, audience_of, complete
from portal.people.roles import Post
from tests.finder.conftest import DUTIES, Desk

EVERYBODY = ("wang", "zhao", *(post.value for post in Post))


def lines(desk: Desk, login: str, text: str, limit: int = 8) -> tuple[Completion, ...]:
    return complete(desk.session, desk.world.people[login], desk.index, text, limit=limit)


def titles(desk: Desk, login: str, text: str, limit: int = 8) -> list[str]:
    return [line.title for line in lines(desk, login, text, limit)]


def meant(desk: Desk, login: str, text: str) -> str:
    return did_you_mean(desk.session, desk.world.people[login], desk.index, text)


@pytest.mark.parametrize("text", ["登录失败", "dlsb", "denglu shibai", "登陆失败", "KB0000", "上不去"])
def test_an_article_is_found_by_title_sound_number_and_other_wording(desk_of: Desk, text: str) -> None:
    desk_of.article("统一认证登录失败怎么办", also=["门户上不去"])
    desk_of.consume()
    found = lines(desk_of, "wang", text)
    assert [line.title for line in found] == ["统一认证登录失败怎么办"]
    assert found[0].kind == "article"
    assert "".join(part for part, _ in found[0].marked) == found[0].title


def test_the_wording_it_was_found_by_is_shown(desk_of: Desk) -> None:
    desk_of.article("统一认证登录失败怎么办", also=["网页打不开", "门户上不去"])
    desk_of.consume()
    assert lines(desk_of, "wang", "上不去")[0].via == (("门户", False), ("上不去", True))
    assert lines(desk_of, "wang", "登录")[0].via == ()


def test_nobody_is_shown_what_they_may_not_open(desk_of: Desk) -> None:
    desk_of.article("受理口径：账号解锁", audience=Audience.STAFF)
    desk_of.article("根因分析：账号池耗尽", audience=Audience.EXPERTS)
    desk_of.article("账号草稿", publish=False)
    desk_of.article("账号流程（岭东）", units=["ld"])
    desk_of.defect("账号锁死", confirmed=False)
    desk_of.consume()
    assert titles(desk_of, "zhao", "账号") == []
    assert titles(desk_of, "wang", "zhanghao") == ["账号流程（岭东）"]
    assert set(titles(desk_of, "agent", "账号")) >= {"受理口径：账号解锁", "账号流程（岭东）"}
    assert "根因分析：账号池耗尽" not in titles(desk_of, "agent", "账号")
    assert {"根因分析：账号池耗尽", "账号锁死"} <= set(titles(desk_of, "engineer", "账号"))


def test_tickets_are_completed_for_those_who_may_open_them(desk_of: Desk) -> None:
    ticket = desk_of.ticket("电费核算导出之后金额全是零", by="wang")
    desk_of.consume()
    finding = {login for login in EVERYBODY if titles(desk_of, login, "电费核算导出")}
    assert finding == {login for login in EVERYBODY if desk_of.found(login, "电费核算导出金额").results}
    assert "wang" in finding
    assert "zhao" not in finding
    assert [line.ref for line in lines(desk_of, "wang", ticket.number)] == [ticket.number]
    assert lines(desk_of, "zhao", ticket.number) == ()
    assert lines(desk_of, "zhao", ticket.number[:8]) == ()


def test_what_changed_a_moment_ago_is_decided_by_the_database(desk_of: Desk) -> None:
    retired, renamed = desk_of.article("旧版报销流程"), desk_of.article("旧版用印流程")
    desk_of.consume()
    assert len(titles(desk_of, "zhao", "旧版")) == 2
    articles.move(desk_of.session, retired, ArticleAction.RETIRE, by=None, duties=DUTIES, note="旧")
    renamed.title = "用印流程"
    desk_of.session.flush()
    assert titles(desk_of, "zhao", "旧版") == [], "the index still says otherwise"
    desk_of.consume()
    assert titles(desk_of, "zhao", "用印") == ["用印流程"]


def test_letters_of_somebodys_ticket_can_not_be_drawn_out_of_a_defect(desk_of: Desk) -> None:
    record = desk_of.defect("发票打印缺页", symptoms=["打印出来少一页"])
    desk_of.consume()
    (known,) = sources.current(desk_of.session, "defect", [record.id])
    # What the index learns from a linked ticket.
    desk_of.index.update([replace(known, also=(*known.also, "我叫张三丰，发票少一页"))])
    zhao = desk_of.world.people["zhao"]
    proposed = desk_of.index.completions(Query("张三丰", audience=audience_of(zhao)))
    assert proposed == (("defect", str(record.id)),), "the index alone would tell"
    for text in ("张三丰", "zhangsanfeng", "我叫"):
        assert "发票打印缺页" not in titles(desk_of, "zhao", text)
    assert titles(desk_of, "zhao", "少一页") == ["发票打印缺页"], "its own symptoms do find it"


def test_titles_that_are_alike_stand_there_once_and_tickets_are_few(desk_of: Desk) -> None:
    for number in range(5):
        desk_of.ticket("打印不了", by="wang")
        desk_of.ticket(f"打印机第 {number} 台坏了", by="wang")
    desk_of.article("打印问题排查")
    desk_of.consume()
    found = titles(desk_of, "agent", "打印")
    assert found[0] == "打印问题排查"
    assert len(found) == len(set(found)) == 4


def test_systems_in_use_are_completed_by_name_and_pinyin(desk_of: Desk) -> None:
    assert [(line.kind, line.ref) for line in lines(desk_of, "wang", "yingxiao")] == [("system", "mkt")]
    assert titles(desk_of, "wang", "协同") == ["协同办公系统"]
    desk_of.world.systems["oa"].active = False
    desk_of.session.flush()
    assert titles(desk_of, "wang", "协同") == []


def test_my_own_questions_come_back_and_nobody_elses(desk_of: Desk) -> None:
    people = desk_of.world.people
    for login, text, place in (
        ("wang", "公文打不开", "home"), ("zhao", "公文下载不了", "ask"), ("wang", "公文来电记录", "console"),
    ):  # fmt: skip
        suggest.begin(desk_of.session, Found(), by=people[login], text=text, place=place)
    assert titles(desk_of, "wang", "公文") == ["公文打不开"]
    assert titles(desk_of, "zhao", "gongwen") == ["公文下载不了"]
    assert titles(desk_of, "agent", "公文") == []


def test_somebody_who_has_left_is_told_nothing(desk_of: Desk) -> None:
    desk_of.article("登录失败怎么办")
    desk_of.consume()
    assert titles(desk_of, "wang", "登录")
    desk_of.world.people["wang"].active = False
    assert titles(desk_of, "wang", "登录") == []
    assert meant(desk_of, "wang", "登陆") == ""


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", '"', "*", "…", "a" * 5_000, "登" * 5_000, "登 " * 500]
)
def test_anything_may_be_typed(desk_of: Desk, text: str) -> None:
    desk_of.article("登录失败怎么办")
    desk_of.consume()
    assert len(lines(desk_of, "wang", text)) <= 8
    meant(desk_of, "wang", text)


# ---------------------------------------------------------------------------- did you mean


def test_a_better_wording_is_one_of_words_the_viewer_may_read(desk_of: Desk) -> None:
    desk_of.article("登录失败怎么办", "打开统一认证页面")
    desk_of.article("机密：绞磨台账", "rosebud", audience=Audience.EXPERTS)
    desk_of.consume()
    assert meant(desk_of, "wang", "登陆失败") == "登录失败"
    assert meant(desk_of, "wang", "denglu") == "登录"
    for text in ("机蜜", "rosebod"):
        assert meant(desk_of, "wang", text) == ""
        assert meant(desk_of, "expert", text) != ""


def test_a_wording_is_looked_up_again_in_the_database(desk_of: Desk) -> None:
    article = desk_of.article("登录失败怎么办")
    desk_of.consume()
    assert meant(desk_of, "wang", "登陆") == "登录"
    articles.move(desk_of.session, article, ArticleAction.RETIRE, by=None, duties=DUTIES, note="旧")
    assert meant(desk_of, "wang", "登陆") == "", "the index still says otherwise"
