"""Drafts out of tickets: only what was said, every sentence with its tickets, nobody named, and refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.articles import text_of
from kb.audience import Audience
from kb.columns import CLOCK
from kb.flow import Refused
from kb.markdown import plain
from kb.models import ArticleKind
from portal.curation.drafts import growing
from portal.curation.drafts.composing import composed, only_questions
from portal.curation.drafts.draft import Draft
from portal.curation.drafts.escaping import escaped
from portal.curation.drafts.material import material_of
from portal.curation.drafts.models import DraftSource, Part, Said
from portal.curation.drafts.sources import sources_of
from portal.curation.drafts.titles import shared_phrases
from portal.curation.drafts.weighing import contradict, is_hollow, is_one_case
from portal.curation.wording import says_the_same
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Ticket
from tests.curation.conftest import Answering, publish
from tests.statements import statements_sent
from tests.world import MOMENT, World

pytestmark = pytest.mark.usefixtures("clock")

ANSWER = (
    "您好，报销单第三步“冲销借款”会列出您名下未清的借款，勾选并填冲销额。"
    "列表为空通常是借款单还有一笔付款在途。没花完的在借款单上点“还款”，生成缴款码到对公户。有问题随时联系我们。"
)
ALIKE = (
    "报销单第三步“冲销借款”会列出名下未清的借款，勾选并填写冲销额。前任名下的，由联络员做“借款移交”后再冲。"
)


@pytest.fixture
def tickets(crowd: list[Person], answers: Answering) -> list[Ticket]:
    return [
        answers(crowd[0], "上月借的备用金，报销的时候怎么冲借款", ANSWER),
        answers(crowd[2], "报销单里冲借款选不到我的借款单", ALIKE, rating=4),
    ]


def drafted(session: Session, tickets: list[Ticket], **more: object) -> Draft:
    return composed(material_of(session, tickets, **more))  # type: ignore[arg-type]


# ── put together ─────────────────────────────────────────────────────────────────────────────────


def test_every_sentence_was_said_in_the_tickets_it_names(session: Session, tickets: list[Ticket]) -> None:
    draft = drafted(session, tickets)
    said = {ticket.number: f"{ticket.title}\n{ticket.text}\n{ticket.outcome}" for ticket in tickets}
    assert draft.of(Part.STEP)
    for line in draft.lines:
        assert line.tickets
        assert any(
            line.text in said[number] or line.text.rstrip("。") in said[number] for number in line.tickets
        )


def test_near_identical_sentences_are_one_with_both_sources(session: Session, tickets: list[Ticket]) -> None:
    draft = drafted(session, tickets)
    step = next(line for line in draft.of(Part.STEP) if "冲销借款" in line.text)
    assert set(step.tickets) == {ticket.number for ticket in tickets}
    texts = [line.text for line in draft.lines]
    assert len(texts) == len(set(texts))


def test_greetings_and_promises_are_left_out_and_shown(session: Session, tickets: list[Ticket]) -> None:
    draft = drafted(session, tickets)
    assert not any("随时联系" in line.text for line in draft.lines)
    assert any("随时联系" in text for text in draft.left_out)


def test_the_draft_proposes_what_it_is_about(session: Session, tickets: list[Ticket]) -> None:
    text = drafted(session, tickets).text()
    assert (text.system, text.category, text.kind) == ("oa", "consultation", ArticleKind.HOWTO)
    assert "冲借款" in text.title
    assert "## 怎么办" in text.body
    assert text.audience == Audience.EVERYONE


def test_codes_become_key_words(session: Session, crowd: list[Person], answers: Answering) -> None:
    ticket = answers(
        crowd[0], "上传发票报 RB-INV-021 发票已使用", "点提示里的“查看占用”，是自己的草稿就把发票移除。"
    )
    assert "INV-021" in drafted(session, [ticket]).keywords


# ── refused ──────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_that_nobody_accepted_is_no_answer(
    session: Session, crowd: list[Person], answers: Answering
) -> None:
    poor = answers(crowd[0], "旧表怎么退库", ANSWER, rating=1)
    waiting = answers(crowd[2], "旧表怎么退库", ANSWER, rating=None)
    for ticket in (poor, waiting):
        with pytest.raises(Refused, match="还没有用户认可的答复"):
            drafted(session, [ticket])
    with pytest.raises(Refused, match="只有 0 份，至少要 2 份"):
        drafted(session, [poor, waiting])


def test_several_tickets_need_more_than_one_answer(
    session: Session, crowd: list[Person], answers: Answering
) -> None:
    one = answers(crowd[0], "旧表怎么退库", ANSWER)
    other = answers(crowd[2], "旧表怎么退库", ANSWER, rating=1)
    with pytest.raises(Refused, match="只有 1 份"):
        drafted(session, [one, other])
    assert drafted(session, [one]).of(Part.STEP)


@pytest.mark.parametrize(
    "answer", ["已处理，请再试一次。", "您好，已按知识库说明答复。", "好的，收到，谢谢。"]
)
def test_too_short_an_answer_is_refused(
    session: Session, crowd: list[Person], answers: Answering, answer: str
) -> None:
    with pytest.raises(Refused, match="答复太短"):
        drafted(session, [answers(crowd[0], "旧表怎么退库", answer)])


def test_answers_that_contradict_each_other_are_refused_with_both(
    session: Session, crowd: list[Person], answers: Answering
) -> None:
    one = answers(
        crowd[0], "履约保证金什么时候退", "工程类在竣工验收合格后28天内退履约保证金，凭验收证明申请。"
    )
    other = answers(crowd[2], "保证金多久能退", "工程类在竣工验收合格后14天内退履约保证金，凭验收证明申请。")
    with pytest.raises(Refused) as refusal:
        drafted(session, [one, other])
    assert {refusal.value.values["one"], refusal.value.values["other"]} == {one.number, other.number}


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        ("跨年的发票次年3月31日前可以报。", "跨年的发票次年1月31日前可以报。", True),
        ("外包人员可以开4A账号，一人一号。", "外包人员不可以开4A账号，一人一号。", True),
        ("跨年的发票次年3月31日前可以报。", "跨年发票次年3月31日前都可以报。", False),
        ("先选责任班组再选人。", "打印机要刷卡取件。", False),
        ("不用重走流程，也不能删除原件。", "不用重走流程，也不能删除原件！", False),
    ],
)
def test_what_contradicts(one: str, other: str, against: bool) -> None:
    assert contradict(one, other) is against
    assert contradict(other, one) is against


def test_what_helps_nobody_else() -> None:
    assert is_hollow("您好，感谢您的来电。")
    assert is_hollow("已处理。")
    assert is_one_case("本次已帮您核对并同步到现单位。")
    assert not is_hollow("在“客户档案→补充归档”按户号查出后上传。")


# ── internal ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def told(session: Session, desk_world: World, crowd: list[Person]) -> Ticket:
    """A ticket with a remark for the user and one for the staff."""
    from portal.tickets.words import Action, Category

    agent = desk_world.people["agent"]
    request = desk.Request(
        text="旧表拆回以后怎么退库",
        category=Category.CONSULTATION,
        system=desk_world.systems["oa"],
        requester=crowd[0],
    )
    ticket = desk.file(session, request, by=crowd[0])
    desk.move(session, ticket, Action.TAKE, by=agent)
    desk.comment(session, ticket, "先确认换表流程已经归档，再扫码装箱。", by=agent)
    desk.comment(session, ticket, "后台脚本可以强制改表计状态，口令在保险柜。", by=agent, internal=True)
    desk.move(session, ticket, Action.ANSWER, by=agent, given=desk.Given(note=ANSWER))
    desk.move(session, ticket, Action.CONFIRM, by=crowd[0], given=desk.Given(rating=5))
    return ticket


def test_what_is_internal_stays_out_of_what_everybody_reads(session: Session, told: Ticket) -> None:
    draft = drafted(session, [told])
    assert not any("强制改" in line.text for line in draft.lines)
    assert any("扫码装箱" in line.text for line in draft.of(Part.NOTE))
    assert draft.audience == Audience.EVERYONE


def test_what_is_internal_when_asked_for_makes_a_text_for_the_staff(session: Session, told: Ticket) -> None:
    draft = drafted(session, [told], internal=True)
    inside = next(line for line in draft.lines if "强制改" in line.text)
    assert inside.is_internal
    assert draft.text().audience == Audience.STAFF
    assert draft.without({inside.key}).text().audience == Audience.EVERYONE


# ── masked ───────────────────────────────────────────────────────────────────────────────────────

SECRETS = (
    "王小雨",
    "赵海陵",
    "13812345678",
    "020-12345678",
    "44010119900101123X",
    "zhang3",
    "GD2026-000123-9",
)


def test_nobody_is_named_in_a_draft(session: Session, crowd: list[Person], answers: Answering) -> None:
    question = (
        "我是王小雨，和赵海陵同车，电话13812345678，座机020-12345678，身份证44010119900101123X，"
        "账号：zhang3，单号GD2026-000123-9，提问者5让我问拆回的旧表怎么退库"
    )
    answer = "请提问者1找赵海陵，在拆回管理里点退库申请扫码装箱，每箱最多60块，满箱另开一箱，editor 审核。"
    ticket = answers(crowd[0], question, answer)
    text = drafted(session, [ticket]).text()
    whole = "\n".join((text.title, text.body, *text.also, *text.keywords))
    assert "每箱最多60块" in whole
    for secret in (*SECRETS, "提问者", "editor"):
        assert secret not in whole


# ── written, with its sources ────────────────────────────────────────────────────────────────────


def test_a_draft_is_written_with_its_sources(
    session: Session, desk_world: World, tickets: list[Ticket]
) -> None:
    editor = desk_world.people["editor"]
    draft = drafted(session, tickets)
    unwanted = draft.of(Part.NOTE)[0]
    article = growing.start(session, draft, title="冲借款怎么填", by=editor, dropped={unwanted.key})
    assert (article.title, article.state) == ("冲借款怎么填", "draft")
    assert unwanted.text not in article.body
    rows = list(session.scalars(select(DraftSource).where(DraftSource.article_id == article.id)))
    assert {row.ticket_id for row in rows} == {ticket.id for ticket in tickets}
    assert {row.said for row in rows} <= {Said.QUESTION, Said.OUTCOME}
    seen = sources_of(session, article, editor)
    assert all(sentence.stands and sentence.seen and not sentence.unseen for sentence in seen)


def test_sources_are_seen_by_those_who_may_see_the_tickets(
    session: Session, desk_world: World, tickets: list[Ticket], crowd: list[Person]
) -> None:
    editor, expert = (
        desk_world.people["editor"],
        desk_world.people["expert"],
    )  # the expert is of another system
    article = growing.start(session, drafted(session, tickets), title="", by=editor)
    assert sources_of(session, article, expert) == []
    desk.watch(session, tickets[0], by=desk_world.people["agent"])
    own = sources_of(session, article, crowd[0])
    assert {ticket.number for line in own for ticket in line.seen} == {tickets[0].number}
    shared = next(line for line in own if line.part == Part.STEP and "冲销借款" in line.text)
    assert (shared.count, shared.unseen) == (2, 1)


def test_a_sentence_that_was_rewritten_is_told(
    session: Session, desk_world: World, tickets: list[Ticket]
) -> None:
    article = growing.start(session, drafted(session, tickets), title="", by=desk_world.people["editor"])
    article.body = "全都改写了。"
    seen = sources_of(session, article, desk_world.people["editor"])
    assert not any(sentence.stands for sentence in seen if sentence.part == Part.STEP)


def test_reading_more_tickets_takes_no_more_statements(
    session: Session, crowd: list[Person], answers: Answering
) -> None:
    def statements(numbers: list[int]) -> int:
        with Session(session.get_bind()) as fresh:
            tickets = list(fresh.scalars(select(Ticket).where(Ticket.id.in_(numbers))))
            with statements_sent(fresh) as heard:
                material_of(fresh, tickets)
        return len(heard)

    made = [answers(crowd[2 * (n % 6)], f"旧表怎么退库{n}", ANSWER) for n in range(8)]
    session.commit()
    numbers = [ticket.id for ticket in made]
    assert statements(numbers[:2]) == statements(numbers)


# ── to what exists already ───────────────────────────────────────────────────────────────────────


def test_questions_are_added_to_an_article_as_a_revision(session: Session, desk_world: World) -> None:
    article = publish(session, desk_world, "冲借款怎么填", also=("怎么冲借款",))
    session.info[CLOCK] = MOMENT + timedelta(days=1)
    added = growing.add_questions(
        session, article, ["怎么冲借款？", "备用金报销时怎么抵"], by=desk_world.people["editor"]
    )
    assert added == ["备用金报销时怎么抵"]
    assert text_of(article).also == ("怎么冲借款", "备用金报销时怎么抵")
    assert len(article.revisions) == 2
    with pytest.raises(Refused, match="已经有这些问法"):
        growing.add_questions(session, article, ["备用金报销时怎么抵"], by=desk_world.people["editor"])


def test_tickets_that_one_may_not_open_are_not_there(
    session: Session, desk_world: World, tickets: list[Ticket]
) -> None:
    numbers = [ticket.number for ticket in tickets]
    assert len(growing.chosen_tickets(session, numbers, by=desk_world.people["editor"])) == 2
    with pytest.raises(LookupError):
        growing.chosen_tickets(session, numbers, by=desk_world.people["expert"])
    with pytest.raises(LookupError):
        growing.chosen_tickets(session, [*numbers, "GD0"], by=desk_world.people["editor"])


def test_only_the_ways_of_asking(session: Session, tickets: list[Ticket]) -> None:
    draft = only_questions(material_of(session, tickets), asked=["借款怎么抵掉"])
    assert not draft.of(Part.STEP)
    assert draft.text().body.endswith("1.")
    assert any(says_the_same("借款怎么抵掉", line.text) for line in draft.of(Part.QUESTION))


# ── as Markdown ──────────────────────────────────────────────────────────────────────────────────


@settings(deadline=None, derandomize=True)
@given(
    st.text(alphabet="点[链接](x)<b>*_`#>-+=1.) 甲乙\\|!", min_size=1, max_size=40).filter(
        lambda t: t.strip()
    )
)
def test_nothing_typed_is_a_mark_of_ours(text: str) -> None:
    shown = "".join(plain(f"- {escaped(text)}\n").split())
    bare = "".join(text.split())
    assert shown.removeprefix("•").removeprefix("-") == bare or bare in shown


@settings(deadline=None, derandomize=True)
@given(st.lists(st.text(alphabet="报销借款打印", max_size=20), max_size=6))
def test_shared_phrases_are_shared(texts: list[str]) -> None:
    for phrase in shared_phrases(texts):
        assert 2 * sum(phrase in text for text in texts) >= len(texts)
