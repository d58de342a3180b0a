"""The table of an article's life: who may take which step, what is held of the words, and when it happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from kb import articles, care, timing
from kb.articles import ArticleText, Given
from kb.care import Hand
from kb.columns import CLOCK
from kb.flow import (
    NEEDS,
    READABLE,
    REVISIONS,
    STEPS,
    ArticleAction,
    ArticleState,
    Confidence,
    Duty,
    Refused,
    held_after_revision,
    open_to,
    step,
)
from kb.models import Article, ArticleMove, AtExpiry
from kb.search import is_searchable
from portal.db import transaction
from tests.engines import engine_on_each as engine

__all__ = ["engine"]
A, S, D = ArticleAction, ArticleState, Duty
NINA, OTTO, PIA = 1, 2, 3
WRITER = frozenset({D.WRITE})
EXPERT = frozenset({D.WRITE, D.VERIFY})
EDITOR = frozenset({D.WRITE, D.PUBLISH, D.VERIFY})
PEOPLE = (frozenset(), WRITER, EXPERT, EDITOR)
MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TOMORROW = MOMENT + timedelta(days=1)
TEXT = ArticleText(title="密码过期怎么改", body="1. 打开门户\n2. 点修改", system="oa")


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> None:
    if "session" in request.fixturenames:
        request.getfixturevalue("session").info[CLOCK] = MOMENT


def submitted(session: Session, *, by: int = NINA, text: ArticleText = TEXT) -> Article:
    article = articles.write(session, text, by=by)
    articles.move(session, article, A.SUBMIT, by=by, duties=WRITER)
    return article


def published(session: Session, *, by: int = NINA, reviewer: int = OTTO, **more: object) -> Article:
    article = submitted(session, by=by)
    articles.move(session, article, A.PUBLISH, by=reviewer, duties=EDITOR, given=Given(**more))  # type: ignore[arg-type]
    return article


def at(session: Session, moment: datetime) -> None:
    session.info[CLOCK] = moment


# ── the table ────────────────────────────────────────────────────────────────────────────────────


@given(
    st.sampled_from(S),
    st.sampled_from(A),
    st.sampled_from((*PEOPLE, frozenset({D.SYSTEM}), frozenset(D))),
    st.booleans(),
    st.sampled_from([None, *Confidence]),
    st.frozensets(st.sampled_from(sorted(NEEDS))),
)
def test_what_is_drawn_is_what_is_decided(
    state: S,
    action: A,
    duties: frozenset[Duty],
    is_author: bool,
    held: Confidence | None,
    brought: frozenset[str],
) -> None:
    drawn = {row.action: row for row in open_to(state, duties, is_author=is_author, confidence=held)}
    asked = {"duties": duties, "is_author": is_author, "confidence": held, "given": brought}
    try:
        decided = step(state, action, note="", **asked)  # type: ignore[arg-type]
    except Refused as refusal:
        assert str(refusal)
        assert action not in drawn or not set(drawn[action].needs) <= brought
    else:
        assert decided == drawn[action]
        assert set(decided.needs) <= brought


@given(st.sampled_from(S), st.sampled_from(Confidence), st.booleans())
def test_no_person_takes_the_workers_steps(state: S, held: Confidence, is_author: bool) -> None:
    for duties in PEOPLE:
        drawn = open_to(state, duties, is_author=is_author, confidence=held)
        assert not {row.action for row in drawn} & {A.RELEASE, A.EXPIRE}


@given(st.sampled_from(S), st.sampled_from(Confidence))
def test_nobody_vouches_for_their_own_words(state: S, held: Confidence) -> None:
    for row in open_to(state, EDITOR, is_author=True, confidence=held):
        assert row.then != Confidence.VERIFIED, f"{row.action} would make one's own words verified"
        assert row.end not in READABLE or row.start in READABLE, f"{row.action} would publish one's own words"


def test_every_state_can_be_reached_and_left() -> None:
    assert {row.end for row in STEPS} == {row.start for row in STEPS} == set(S)
    assert all(row.start == row.end or row.then is None or row.duty != D.SYSTEM for row in STEPS)


def test_only_known_confidence_offers_steps_that_depend_on_it() -> None:
    assert A.VERIFY not in {row.action for row in open_to(S.PUBLISHED, EDITOR, is_author=False)}
    for held, offered in ((Confidence.UNVERIFIED, A.VERIFY), (Confidence.VERIFIED, A.DOUBT)):
        drawn = {row.action for row in open_to(S.PUBLISHED, EDITOR, is_author=False, confidence=held)}
        assert drawn & {A.VERIFY, A.DOUBT} == {offered}


@given(st.sampled_from(Confidence), st.sampled_from(PEOPLE), st.booleans())
def test_changed_words_are_never_held_for_more_than_before(
    held: Confidence, duties: frozenset[Duty], is_author: bool
) -> None:
    after = held_after_revision(held, duties, is_author=is_author)
    keeps = D.VERIFY in duties and not is_author
    assert after == (held if keeps else Confidence.UNVERIFIED)


# ── confidence ───────────────────────────────────────────────────────────────────────────────────


def test_an_expert_verifies_what_a_colleague_wrote_and_nobody_their_own(session: Session) -> None:
    article = published(session)
    assert article.confidence == Confidence.VERIFIED
    articles.move(session, article, A.DOUBT, by=PIA, duties=EXPERT, note="第二步没有了")
    with pytest.raises(Refused, match="自己写的"):
        articles.move(session, article, A.VERIFY, by=NINA, duties=EDITOR)
    with pytest.raises(Refused, match="岗位"):
        articles.move(session, article, A.VERIFY, by=PIA, duties=WRITER)
    articles.move(session, article, A.VERIFY, by=PIA, duties=EXPERT)
    with pytest.raises(Refused, match="未核实"):
        articles.move(session, article, A.VERIFY, by=OTTO, duties=EXPERT)
    assert (article.confidence, article.state) == (Confidence.VERIFIED, S.PUBLISHED)


def test_other_words_are_doubted_other_marks_are_not(session: Session) -> None:
    article = published(session)
    articles.revise(session, article, replace(TEXT, keywords=("OA",)), by=NINA, duties=EDITOR)
    assert article.confidence == Confidence.VERIFIED, "not a word was changed"
    articles.revise(session, article, replace(TEXT, body="1. 新的"), by=NINA, duties=EDITOR)
    assert article.confidence == Confidence.UNVERIFIED


def test_a_colleagues_first_correction_is_a_second_pair_of_eyes_the_next_is_their_own(
    session: Session,
) -> None:
    article = published(session)
    articles.revise(session, article, replace(TEXT, body="1. 新的"), by=OTTO, duties=EDITOR)
    assert article.confidence == Confidence.VERIFIED
    articles.revise(session, article, replace(TEXT, body="1. 更新的"), by=OTTO, duties=EDITOR)
    assert article.confidence == Confidence.UNVERIFIED
    with pytest.raises(Refused, match="自己写的"):
        articles.move(session, article, A.VERIFY, by=OTTO, duties=EDITOR)


def test_an_import_vouches_for_nothing(session: Session) -> None:
    article = published(session)
    articles.revise(session, article, replace(TEXT, body="1. 批量改的"), by=OTTO)
    assert article.confidence == Confidence.UNVERIFIED


def test_the_writer_may_pass_a_recheck_but_does_not_verify_by_it(session: Session) -> None:
    article = published(session)
    articles.move(session, article, A.MARK_DUE, by=NINA, duties=WRITER, note="升级了")
    articles.revise(session, article, replace(TEXT, body="1. 新的"), by=NINA, duties=EDITOR)
    articles.move(session, article, A.RECHECK, by=NINA, duties=EDITOR)
    assert (article.state, article.confidence) == (S.PUBLISHED, Confidence.UNVERIFIED)
    articles.move(session, article, A.MARK_DUE, by=NINA, duties=WRITER, note="再看")
    with pytest.raises(Refused, match="以外的同事"):
        articles.move(session, article, A.RECHECK, by=NINA, duties=EXPERT)
    articles.move(session, article, A.RECHECK, by=PIA, duties=EXPERT)
    assert article.confidence == Confidence.VERIFIED


def test_vouching_has_its_moment_and_a_new_review_date(session: Session) -> None:
    article = published(session)
    assert article.checked_at == MOMENT
    at(session, TOMORROW)
    articles.move(
        session, article, A.SNOOZE, by=OTTO, duties=EXPERT, note="等新版", given=Given(until=date(2026, 4, 1))
    )
    assert (article.checked_at, article.snoozed_until) == (MOMENT, date(2026, 4, 1))
    articles.move(session, article, A.STILL_RIGHT, by=OTTO, duties=EXPERT, note="逐步试过")
    assert (article.checked_at, article.snoozed_until) == (TOMORROW, None)
    assert article.review_on == (TOMORROW + articles.REVIEW_EVERY).date()


@pytest.mark.parametrize("until", [None, date(2026, 3, 2), date(2026, 9, 1)])
def test_later_means_a_day_soon_enough(session: Session, until: date | None) -> None:
    article = published(session)
    with pytest.raises(Refused):
        articles.move(session, article, A.SNOOZE, by=OTTO, duties=EXPERT, note="等", given=Given(until=until))


# ── at its time ──────────────────────────────────────────────────────────────────────────────────


def scheduled(session: Session, when: datetime = TOMORROW, **more: object) -> Article:
    article = submitted(session)
    articles.move(
        session,
        article,
        A.SCHEDULE,
        by=OTTO,
        duties=EDITOR,
        given=Given(publish_at=when, **more),  # type: ignore[arg-type]
    )
    return article


def test_what_is_approved_for_later_is_read_from_then_on(session: Session) -> None:
    article = scheduled(session)
    assert not is_searchable(article)
    assert timing.release(session, TOMORROW - timedelta(seconds=1)) == []
    at(session, TOMORROW)
    assert timing.release(session, TOMORROW) == [article]
    assert (article.state, article.published_at, article.publish_at) == (S.PUBLISHED, TOMORROW, None)
    assert is_searchable(article)
    assert article.moves[-1].by_id is None
    assert timing.release(session, TOMORROW) == [], "once"


def test_the_author_does_not_schedule_their_own_words_nor_the_past(session: Session) -> None:
    article = submitted(session)
    with pytest.raises(Refused, match="另一位同事"):
        articles.move(session, article, A.SCHEDULE, by=NINA, duties=EDITOR, given=Given(publish_at=TOMORROW))
    for when in (None, MOMENT, MOMENT + timedelta(days=400)):
        with pytest.raises(Refused):
            articles.move(session, article, A.SCHEDULE, by=OTTO, duties=EDITOR, given=Given(publish_at=when))


def test_an_approval_does_not_outlive_the_words(session: Session) -> None:
    article = scheduled(session)
    articles.revise(session, article, replace(TEXT, body="1. 别的"), by=NINA, duties=WRITER)
    assert (article.state, article.publish_at) == (S.IN_REVIEW, None)
    assert article.moves[-1].action == A.UNSCHEDULE
    assert timing.release(session, TOMORROW) == []
    assert article.confidence == Confidence.UNVERIFIED


def test_a_plan_can_be_taken_back_or_brought_forward(session: Session) -> None:
    article = scheduled(session)
    articles.move(session, article, A.UNSCHEDULE, by=OTTO, duties=EDITOR)
    assert (article.state, article.publish_at, article.confidence) == (
        S.IN_REVIEW,
        None,
        Confidence.UNVERIFIED,
    )
    second = scheduled(session)
    articles.move(session, second, A.PUBLISH, by=OTTO, duties=EDITOR)
    assert (second.state, second.publish_at) == (S.PUBLISHED, None)


@pytest.mark.parametrize(("chosen", "state"), [(AtExpiry.RECHECK, S.DUE), (AtExpiry.RETIRE, S.RETIRED)])
def test_it_holds_until_the_last_day_and_ends_as_chosen(session: Session, chosen: AtExpiry, state: S) -> None:
    last = date(2026, 3, 20)
    article = published(session, expires_on=last, at_expiry=chosen)
    assert timing.ending(session, last - timedelta(days=15)) == []
    assert timing.ending(session, last - timedelta(days=14)) == [article]
    assert timing.ending(session, last - timedelta(days=13)) == [], "told once"
    assert timing.expire(session, last) == [], "the last day still counts"
    assert timing.expire(session, last + timedelta(days=1)) == [article]
    assert (article.state, article.expires_on) == (state, None)
    assert "2026-03-20" in article.moves[-1].note
    assert timing.expire(session, last + timedelta(days=9)) == []


def test_what_is_being_checked_again_is_not_marked_twice(session: Session) -> None:
    article = published(session, expires_on=date(2026, 3, 20))
    articles.move(session, article, A.MARK_DUE, by=NINA, duties=WRITER, note="看看")
    moves = len(article.moves)
    timing.expire(session, date(2026, 3, 21))
    assert (article.state, len(article.moves)) == (S.DUE, moves)


def test_an_end_before_the_beginning_is_refused(session: Session) -> None:
    with pytest.raises(Refused, match="有效期"):
        published(session, expires_on=date(2026, 3, 1))
    with pytest.raises(Refused, match="有效期"):
        scheduled(session, expires_on=date(2026, 3, 2))


def test_several_workers_take_each_step_once(engine: Engine, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        session.info[CLOCK] = MOMENT
        for _ in range(4):
            scheduled(session)
        published(session, expires_on=date(2026, 3, 2), at_expiry=AtExpiry.RETIRE)

    def work(_: int) -> None:
        with transaction(maker) as mine:
            timing.release(mine, TOMORROW)
            timing.expire(mine, date(2026, 3, 3))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with maker() as session:
        for action, count in ((A.RELEASE, 4), (A.EXPIRE, 1)):
            taken = select(func.count()).select_from(ArticleMove).where(ArticleMove.action == action)
            assert session.scalar(taken) == count


# ── looking after it ─────────────────────────────────────────────────────────────────────────────


def test_looking_after_is_written_down_and_asks_for_its_duty(session: Session) -> None:
    article = published(session)
    words = article.version
    editor, writer = Hand(OTTO, EDITOR), Hand(PIA, WRITER)
    with pytest.raises(Refused, match="知识编辑"):
        care.entrust(session, article, PIA, hand=writer, note="")
    care.entrust(session, article, PIA, hand=Hand(NINA, WRITER), note="甲 → 乙")
    assert (article.owner_id, article.moves[-1].action) == (PIA, A.ENTRUST)
    care.entrust(session, article, PIA, hand=editor, note="同一个人")
    assert article.moves[-1].note == "甲 → 乙", "nothing happened, nothing is written"
    with pytest.raises(Refused):
        care.set_review(session, article, date(2026, 3, 1), hand=editor)
    with pytest.raises(Refused):
        care.set_review(session, article, date(2026, 5, 1), hand=writer)
    care.set_review(session, article, date(2026, 5, 1), hand=editor)
    care.set_expiry(session, article, date(2026, 6, 1), at_expiry=AtExpiry.RETIRE, hand=editor)
    assert (article.review_on, article.expires_on) == (date(2026, 5, 1), date(2026, 6, 1))
    care.set_expiry(session, article, None, at_expiry=AtExpiry.RECHECK, hand=editor)
    assert article.expires_on is None
    assert article.version > words
    assert len(article.revisions) == 1


def test_merging_leaves_a_way_and_the_questions(session: Session) -> None:
    gone, kept = published(session), published(session, by=OTTO, reviewer=NINA)
    articles.revise(
        session, gone, replace(TEXT, title="口令到期", also=("登不上门户",)), by=OTTO, duties=EDITOR
    )
    with pytest.raises(Refused):
        care.merge(session, gone, gone, hand=Hand(OTTO, EDITOR))
    with pytest.raises(Refused):
        care.merge(session, gone, kept, hand=Hand(OTTO, WRITER))
    care.merge(session, gone, kept, hand=Hand(OTTO, EDITOR))
    assert (gone.state, gone.replaced_by_id) == (S.RETIRED, kept.id)
    assert kept.also == ["口令到期", "登不上门户"]
    assert kept.number in gone.moves[-1].note
    assert care.successor(session, gone) is kept
    assert care.successor(session, kept) is None
    articles.move(session, gone, A.REVIVE, by=NINA, duties=WRITER)
    articles.move(session, gone, A.SUBMIT, by=NINA, duties=WRITER)
    articles.move(session, gone, A.PUBLISH, by=PIA, duties=EDITOR)
    assert care.successor(session, gone) is None, "it speaks for itself again"


def test_every_article_has_a_mark_for_its_readers(session: Session) -> None:
    article = published(session)
    assert care.mark_of(article) == "verified"
    articles.move(session, article, A.DOUBT, by=OTTO, duties=EXPERT, note="?")
    assert care.mark_of(article) == "unverified"
    articles.move(session, article, A.MARK_DUE, by=OTTO, duties=EXPERT, note="?")
    assert care.mark_of(article) == "due"
    assert {str(value) for value in Confidence} | {"due"} == set(care.MARKS)


def test_whatever_can_be_revised_stays_out_of_readers_sight_or_in_it() -> None:
    for state, revising in REVISIONS.items():
        assert (state in READABLE) == (revising.then in READABLE)
