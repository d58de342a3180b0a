"""From askings to gaps: gathered once, grouped by meaning, kept under their names, decided on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.columns import CLOCK
from kb.flow import Refused
from portal.curation.gaps import deciding, searching
from portal.curation.gaps.course import courses, met_since, weeks_of
from portal.curation.gaps.flow import STEPS, GapAction, GapState
from portal.curation.gaps.gathering import gather
from portal.curation.gaps.lists import Order, Wanted, gaps_listed
from portal.curation.gaps.models import AskKind, Gap, GapAsk
from portal.curation.gaps.record import record_of, tickets_of
from portal.curation.gaps.shrinkage import Verdict
from portal.finder import suggest
from portal.finder.models import Arm, Outcome
from portal.people.models import Person
from tests.curation.conftest import LOAN, PRINTER, Answering, Asking, ask_all, publish, regroup
from tests.world import MOMENT, World

pytestmark = pytest.mark.usefixtures("clock")


def gaps(session: Session) -> list[Gap]:
    return list(session.scalars(select(Gap).order_by(Gap.id)))


def askings(session: Session) -> list[GapAsk]:
    return list(session.scalars(select(GapAsk).order_by(GapAsk.id)))


# ── gathered ─────────────────────────────────────────────────────────────────────────────────────


def test_everything_asked_in_vain_is_gathered_once(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking, answers: Answering
) -> None:
    asks(crowd[0], "公文怎么转会签")
    answers(crowd[2], "旧表拆回以后怎么退库", "在拆回管理里退库。")
    searching.remember(session, "电子签章怎么签", by=crowd[3])
    assert gather(session) == 2
    assert gather(session) == 0
    assert {ask.kind for ask in askings(session)} == {AskKind.LEFT, AskKind.TICKET, AskKind.SEARCH}


def test_a_session_and_its_ticket_count_once(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking, answers: Answering
) -> None:
    consultation = asks(crowd[0], "旧表拆回以后怎么退库")
    ticket = answers(crowd[0], "旧表拆回以后怎么退库", "在拆回管理里退库。")
    suggest.filed(session, consultation.token, by=crowd[0], ticket=ticket)
    gather(session)
    assert [ask.kind for ask in askings(session)] == [AskKind.FILED]


@pytest.mark.parametrize("case", ["solved", "trusted", "held back", "progress", "short", "with an article"])
def test_what_is_no_gap(
    session: Session,
    desk_world: World,
    crowd: list[Person],
    asks: Asking,
    answers: Answering,
    case: str,
) -> None:
    if case == "solved":
        asks(crowd[0], "公文怎么转会签", outcome=Outcome.SOLVED)
    elif case == "trusted":
        asks(crowd[0], "公文怎么转会签").trusted = True
    elif case == "held back":
        asks(crowd[0], "公文怎么转会签").arm = Arm.HELD
    elif case == "progress":
        answers(crowd[0], "我的单子到哪了", "在审批。", sub="progress")
    elif case == "short":
        asks(crowd[0], "公文")
    else:
        article = publish(session, desk_world, "公文转会签")
        answers(crowd[0], "公文怎么转会签", "按这篇做。", article=article)
    session.flush()
    assert gather(session) == 0


def test_words_are_masked_before_they_are_kept(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    asks(crowd[0], "我是王小雨，电话13812345678，账号：zhang3，赵海陵让我问公文怎么转")
    searching.remember(session, "提问者1 的密码是 abc123 怎么改", by=crowd[1])
    gather(session)
    words = " ".join(ask.text for ask in askings(session))
    assert "公文怎么转" in words
    for secret in ("王小雨", "13812345678", "zhang3", "赵海陵", "提问者1", "abc123"):
        assert secret not in words


def test_a_search_is_kept_once_a_day_and_forgotten_after_half_a_year(
    session: Session, desk_world: World, crowd: list[Person]
) -> None:
    assert searching.remember(session, "电子签章怎么签", by=crowd[0]) is not None
    assert searching.remember(session, " 电子签章怎么签 ", by=crowd[0]) is None
    assert searching.remember(session, "嗯", by=crowd[0]) is None
    assert searching.remember(session, "电子签章怎么签", by=crowd[1]) is not None
    assert searching.forget(session) == 0
    session.info[CLOCK] = MOMENT + searching.KEPT + timedelta(days=1)
    assert searching.forget(session) == 2
    assert askings(session) == []


# ── grouped ──────────────────────────────────────────────────────────────────────────────────────


def test_askings_of_one_meaning_make_one_gap(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    ask_all(asks, crowd, (*PRINTER, *LOAN))
    regroup(session)
    found = {gap.title: gap for gap in gaps(session)}
    assert len(found) == 2
    counted = gaps_listed(session, Wanted(), limit=10)
    assert [line.people for line in counted.lines] == [4, 3]
    assert counted.lines[0].gap.title in PRINTER


def test_one_person_alone_makes_no_gap(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    ask_all(asks, crowd[:1], PRINTER)
    regroup(session)
    assert gaps(session) == []


def test_a_gap_keeps_its_identity_and_a_decision_is_never_taken_apart(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    ask_all(asks, crowd, PRINTER[:3])
    regroup(session)
    (gap,) = gaps(session)
    number = gap.id
    deciding.dismiss(session, gap, reason="只是一台机器坏了", by=desk_world.people["editor"])
    asks(crowd[5], PRINTER[3], ago=1)
    ask_all(asks, crowd[6:], LOAN, ago=1)
    regroup(session)
    assert {row.id for row in gaps(session)} > {number}
    session.refresh(gap)
    assert gap.state == GapState.DISMISSED
    counted = {line.gap.id: line.people for line in gaps_listed(session, Wanted(), limit=10).lines}
    assert counted[number] == 4


def test_grouping_again_changes_nothing(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    ask_all(asks, crowd, (*PRINTER, *LOAN))
    regroup(session)
    before = [(ask.id, ask.gap_id) for ask in askings(session)]
    session.execute(GapAsk.__table__.update().values(placed_at=None))  # type: ignore[attr-defined]
    session.expire_all()
    regroup(session)
    assert [(ask.id, ask.gap_id) for ask in askings(session)] == before


# ── decided ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def gap(session: Session, desk_world: World, crowd: list[Person], asks: Asking) -> Gap:
    ask_all(asks, crowd, PRINTER, ago=20)
    regroup(session)
    return gaps(session)[0]


def test_from_gap_to_solved(session: Session, desk_world: World, gap: Gap) -> None:
    editor = desk_world.people["editor"]
    article = publish(session, desk_world, "刷卡取件没有任务怎么办")
    deciding.adopt(session, gap, article, by=editor)
    assert (gap.state, gap.assignee_id) == (GapState.ADOPTED, editor.id)
    assert deciding.settle_published(session) == 1
    assert (gap.state, gap.solved_at) == (GapState.SOLVED, MOMENT)
    assert deciding.settle_published(session) == 0
    assert [move.by_id for move in gap.moves] == [editor.id, None]
    deciding.reopen(session, gap, by=editor, note="还是有人问")
    assert (gap.state, gap.article_id, gap.solved_at) == (GapState.OPEN, None, None)


def test_a_draft_settles_nothing(session: Session, desk_world: World, gap: Gap) -> None:
    from kb import articles

    editor = desk_world.people["editor"]
    draft = articles.write(session, articles.ArticleText(title="草稿", body="1. 写"), by=editor.id)
    deciding.adopt(session, gap, draft, by=editor)
    assert deciding.settle_published(session) == 0
    with pytest.raises(Refused, match="还没有发布"):
        deciding.settle(session, gap, draft, by=editor)


def test_a_reason_is_wanted_and_readers_decide_nothing(session: Session, desk_world: World, gap: Gap) -> None:
    with pytest.raises(Refused, match="请写明原因"):
        deciding.dismiss(session, gap, reason="  ", by=desk_world.people["editor"])
    with pytest.raises(Refused, match="只能查看"):
        deciding.dismiss(session, gap, reason="不用", by=desk_world.people["manager"])
    with pytest.raises(Refused, match="不能写知识"):
        deciding.assign(session, gap, desk_world.people["agent"], by=desk_world.people["editor"])
    deciding.assign(session, gap, desk_world.people["expert"], by=desk_world.people["editor"])
    assert gap.is_held


def test_every_state_is_left_by_a_row_and_every_row_leads_somewhere_known() -> None:
    assert {row.start for row in STEPS} == set(GapState)
    assert len({(row.start, row.action) for row in STEPS}) == len(STEPS)
    assert {row.action for row in STEPS} == set(GapAction)


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────


def test_whether_it_shrank_is_counted_by_people_and_days(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    for week in range(8):
        for number in range(5):
            asks(crowd[number], PRINTER[number % 4], ago=40 + 7 * week + number % 5)
            asks(crowd[number], PRINTER[number % 4], ago=40 + 7 * week + number % 5)  # asked twice that day
    asks(crowd[9], PRINTER[0], ago=10)
    regroup(session)
    (gap,) = gaps(session)
    article = publish(session, desk_world, "刷卡取件没有任务怎么办")
    session.info[CLOCK] = MOMENT - timedelta(days=35)
    deciding.settle(session, gap, article, by=desk_world.people["editor"])
    session.info[CLOCK] = MOMENT
    course = courses(session, [gap])[gap.id]
    assert course.before.count == 38  # of eight weeks, the two earliest askings lie too far back
    assert course.after.count == 1
    assert course.verdict == Verdict.SHRANK
    solved = asks(crowd[3], PRINTER[1], ago=3, outcome=Outcome.SOLVED)
    solved.solved_kind, solved.solved_id = "article", article.id
    session.flush()
    met = met_since(session, gap)
    assert met is not None
    assert (met.by_themselves, met.by_the_desk, met.in_vain, met.share) == (1, 0, 1, 0.5)
    assert sum(week.asks for week in weeks_of(session, gap)) == 41


# ── read ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_narrowed_and_ordered(
    session: Session, desk_world: World, crowd: list[Person], asks: Asking
) -> None:
    ask_all(asks, crowd, PRINTER, ago=100)
    ask_all(asks, crowd, LOAN, ago=3)
    regroup(session)
    assert [line.people for line in gaps_listed(session, Wanted(days=180), limit=9).lines] == [4, 3]
    assert [line.people for line in gaps_listed(session, Wanted(days=30), limit=9).lines] == [3]
    growing = gaps_listed(session, Wanted(days=180, order=Order.GROWTH), limit=9).lines
    assert [line.growing for line in growing] == [True, False]
    assert gaps_listed(session, Wanted(days=180, text="备用金"), limit=9).total == 1
    assert gaps_listed(session, Wanted(days=180, system="mkt"), limit=9).total == 0
    assert gaps_listed(session, Wanted(days=180, state=GapState.SOLVED), limit=9).total == 0
    assert gaps_listed(session, Wanted(days=180, unit="hl"), limit=9).lines[0].people == 2
    assert gaps_listed(session, Wanted(days=180), limit=1, offset=1).total == 2


def test_tickets_behind_a_gap_are_seen_by_those_who_may_see_them(
    session: Session, desk_world: World, crowd: list[Person], answers: Answering
) -> None:
    for number, text in enumerate(PRINTER):
        answers(crowd[2 * number], text, "删掉旧队列重发。")
    regroup(session)
    (gap,) = gaps(session)
    assert len(tickets_of(session, gap, desk_world.people["editor"])) == 4
    seen = record_of(session, gap, desk_world.people["expert"])  # of another system
    assert (seen.tickets, seen.unseen, seen.counted.people) == ((), 4, 4)
    assert session.scalar(select(func.count()).select_from(Gap)) == 1
