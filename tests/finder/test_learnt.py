"""The words of those who were helped teach the index, without telling who they were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.finder import learnt, sources, upkeep
from portal.finder.masking import masked
from portal.finder.models import Consultation, Outcome
from portal.tickets import linking, talk
from portal.tickets.models import Ticket
from portal.tickets.words import State
from tests.finder.conftest import Desk


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("我的手机13812345678收不到验证码", "我的手机…收不到验证码"),
        ("手机号：138-1234-5678，登录不了", "手机号：…，登录不了"),
        ("电话0755-12345678打不通", "电话…打不通"),
        ("身份证号440106199001011234提示已存在", "身份证号…提示已存在"),
        ("账号：zhang_san3，密码是 Abc@1234，一直报错", "账号：…，密码是 …，一直报错"),
        ("工号A0012345无法登录", "工号…无法登录"),
        ("发到zhang.san@linghai.example没有收到", "发到…@linghai.example没有收到"),
        ("https://oa.linghai.example/todo?id=88&token=abc打不开", "https://oa.linghai.example打不开"),
        ("张经理让我问，李小红老师也一样", "…经理让我问，…老师也一样"),
        ("我叫王五，流程卡住了", "我叫…，流程卡住了"),
        ("户号0312345678901的电费不对", "户号…的电费不对"),
        ("工单GD20260301-0007还没人理", "工单…还没人理"),
        ("报ORA-01017和0x80070005，版本V6.10.2，HTTP 502", "报ORA-01017和0x80070005，版本V6.10.2，HTTP 502"),
        ("2026年3月的数据少了1234条", "2026年3月的数据少了1234条"),
        ("我是财务部的，密码忘记了怎么办", "我是财务部的，密码忘记了怎么办"),
        ("账号被锁了，密码过期", "账号被锁了，密码过期"),
        ("总是打印不出来，金额总数不对", "总是打印不出来，金额总数不对"),
    ],
)
def test_what_tells_who_it_was_is_masked_and_what_tells_the_problem_stays(said: str, left: str) -> None:
    assert masked(said) == left


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet="账号密码手机：: 是张王经理我叫1380x-@.a。，/", max_size=60))
def test_masking_twice_masks_no_more(text: str) -> None:
    assert masked(masked(text)) == masked(text)


def test_the_people_concerned_are_masked_by_name() -> None:
    assert masked("欧阳的电脑，欧阳锋修过", names={"欧阳锋", "欧阳", ""}) == "…的电脑，…修过"


def closed(desk: Desk, text: str, *, rating: int | None = 5) -> Ticket:
    ticket = desk.ticket(text)
    ticket.state, ticket.rating = State.CLOSED, rating
    desk.session.flush()
    return ticket


def said_of(desk: Desk, kind: str, number: int) -> tuple[str, ...]:
    (document,) = sources.current(desk.session, kind, [number])
    return document.also


def test_an_article_learns_from_tickets_it_solved_and_questions_it_answered(desk_of: Desk) -> None:
    article = desk_of.article("VPN 连接失败的处理", also=["外网连不上"])
    wang, agent = desk_of.world.people["wang"], desk_of.world.people["agent"]
    good = closed(desk_of, f"在家里连不上单位，我是{wang.name}，手机13812345678")
    bad, running = closed(desk_of, "完全没用", rating=1), desk_of.ticket("还没有办完的")
    for ticket in (good, bad, running):
        talk.link_article(desk_of.session, ticket, article, by=agent)
    for outcome, text in ((Outcome.SOLVED, "回家怎么办公"), (Outcome.FILED, "另一件事")):
        desk_of.session.add(
            Consultation(
                token=text,
                person_id=wang.id,
                at=good.filed_at,
                text=text,
                outcome=outcome,
                solved_kind="article" if outcome == Outcome.SOLVED else None,
                solved_id=article.id if outcome == Outcome.SOLVED else None,
            )
        )
    desk_of.session.flush()
    assert said_of(desk_of, "article", article.id) == (
        "外网连不上",
        "在家里连不上单位，我是…，手机…",
        "回家怎么办公",
    )


def test_a_record_learns_the_newest_few_and_no_more(desk_of: Desk) -> None:
    record = desk_of.defect("导出为零")
    expert = desk_of.world.people["expert"]
    for number in range(learnt.LEARNT_TICKETS + 4):
        ticket = desk_of.ticket(f"第{number}次导出之后是零" + "长" * 500)
        linking.link(desk_of.session, ticket, record, by=expert)
    desk_of.session.flush()
    also = said_of(desk_of, "defect", record.id)
    assert len(also) == learnt.LEARNT_TICKETS
    assert also[0].startswith(f"第{learnt.LEARNT_TICKETS + 3}次")
    assert max(map(len, also)) == learnt.LEARNT_CHARACTERS


def test_a_ticket_that_is_closed_teaches_its_article_at_once(desk_of: Desk) -> None:
    article = desk_of.article("VPN 连接失败的处理")
    ticket = desk_of.ticket("在家里连不上单位")
    talk.link_article(desk_of.session, ticket, article, by=desk_of.world.people["agent"])
    desk_of.consume()
    assert not upkeep.compare(desk_of.maker, desk_of.index)
    assert said_of(desk_of, "article", article.id) == ()
    ticket.state = State.CLOSED
    desk_of.consume()
    assert len(said_of(desk_of, "article", article.id)) == 1
    assert not upkeep.compare(desk_of.maker, desk_of.index)


def test_learnt_words_are_found_by_and_never_shown(desk_of: Desk) -> None:
    article = desk_of.article("VPN 连接失败的处理", "先检查网络。")
    ticket = closed(desk_of, "在家里没办法连回单位的门户")
    talk.link_article(desk_of.session, ticket, article, by=desk_of.world.people["agent"])
    desk_of.consume()
    upkeep.repair(desk_of.maker, desk_of.index, upkeep.compare(desk_of.maker, desk_of.index))
    found = desk_of.found("zhao", "在家里没办法连回单位的门户", kinds=["article"])
    assert [result.title for result in found.results] == ["VPN 连接失败的处理"]
    shown = "".join(text for result in found.results for text, _ in result.snippet)
    quoted = [reason for result in found.results for reason in result.why if reason.kind == "asked_as"]
    assert "门户" not in shown
    assert quoted == []
