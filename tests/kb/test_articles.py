"""The verbs of the knowledge base: who may change words when, four eyes, revisions, feedback."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from kb import articles, feedback, shelf, views
from kb.articles import BODY_LIMIT, ArticleText
from kb.audience import Viewer
from kb.columns import CLOCK
from kb.flow import NEEDS, STEPS, ArticleAction, ArticleState, Duty, Refused, is_revisable, open_to, step
from kb.models import Article
from kb.queries import readable_articles
from kb.translations.keeping import is_behind

NINA, OTTO = 1, 2
BOTH = frozenset(Duty) - {Duty.SYSTEM}
EVERYTHING = frozenset(NEEDS)
TEXT = ArticleText(title="密码过期怎么改", body="1. 打开门户\n2. 点修改", system="oa", module="mail")
MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(session: Session) -> None:
    session.info[CLOCK] = MOMENT


def published(session: Session, text: ArticleText = TEXT) -> Article:
    article = articles.write(session, text, by=NINA)
    articles.move(session, article, ArticleAction.SUBMIT, by=NINA, duties=BOTH)
    articles.move(session, article, ArticleAction.PUBLISH, by=OTTO, duties=BOTH)
    return article


def test_the_author_does_not_publish_but_a_colleague_does(session: Session) -> None:
    article = articles.write(session, TEXT, by=NINA)
    articles.move(session, article, ArticleAction.SUBMIT, by=NINA, duties=BOTH)
    with pytest.raises(Refused, match="另一位同事"):
        articles.move(session, article, ArticleAction.PUBLISH, by=NINA, duties=BOTH)
    articles.move(session, article, ArticleAction.PUBLISH, by=OTTO, duties=BOTH)
    assert article.state == ArticleState.PUBLISHED


def test_whoever_rewrote_a_draft_in_review_does_not_publish_it(session: Session) -> None:
    article = articles.write(session, TEXT, by=NINA)
    articles.move(session, article, ArticleAction.SUBMIT, by=NINA, duties=BOTH)
    articles.revise(session, article, replace(TEXT, body="别的"), by=OTTO, duties=BOTH)
    with pytest.raises(Refused, match="另一位同事"):
        articles.move(session, article, ArticleAction.PUBLISH, by=OTTO, duties=BOTH)
    articles.move(session, article, ArticleAction.PUBLISH, by=3, duties=BOTH)


@pytest.mark.parametrize("state", ArticleState)
@pytest.mark.parametrize("duties", [frozenset(), {Duty.WRITE}, {Duty.PUBLISH}, BOTH])
def test_drawing_and_deciding_read_one_table(state: ArticleState, duties: frozenset[Duty]) -> None:
    for is_author in (True, False):
        drawn = {row.action for row in open_to(state, duties, is_author=is_author)}
        for action in ArticleAction:
            try:
                step(state, action, duties=duties, is_author=is_author, note="因为", given=EVERYTHING)
            except Refused:
                assert action not in drawn
            else:
                assert action in drawn


def test_every_state_can_be_left() -> None:
    assert {row.start for row in STEPS} == set(ArticleState)


def test_a_writer_changes_drafts_and_a_publisher_what_readers_see(session: Session) -> None:
    article = published(session)
    with pytest.raises(Refused, match="审核人"):
        articles.revise(session, article, replace(TEXT, body="新"), by=NINA, duties={Duty.WRITE})
    articles.revise(session, article, replace(TEXT, body="新"), by=OTTO, duties=BOTH)
    assert article.body == "新"
    articles.move(session, article, ArticleAction.RETIRE, by=OTTO, duties=BOTH, note="过时")
    with pytest.raises(Refused, match="下线"):
        articles.revise(session, article, TEXT, by=OTTO, duties=BOTH)
    with pytest.raises(Refused, match="下线"):
        articles.restore(session, article, 1, by=OTTO, duties=BOTH)
    assert not is_revisable(ArticleState.RETIRED, BOTH)


def test_a_newer_version_is_not_overwritten(session: Session) -> None:
    article = articles.write(session, TEXT, by=NINA)
    seen = article.version
    articles.revise(session, article, replace(TEXT, body="甲"), by=OTTO, seen=seen)
    with pytest.raises(Refused, match="同事改过"):
        articles.revise(session, article, replace(TEXT, body="乙"), by=NINA, seen=seen)
    assert article.body == "甲"
    articles.revise(session, article, replace(TEXT, body="乙"), by=NINA, seen=article.version)


def test_restoring_is_a_new_revision(session: Session) -> None:
    article = articles.write(session, TEXT, by=NINA)
    articles.revise(session, article, replace(TEXT, title="新标题", body="新"), by=OTTO)
    articles.restore(session, article, 1, by=NINA)
    assert (article.title, article.body) == (TEXT.title, TEXT.body)
    assert [row.number for row in article.revisions] == [1, 2, 3]
    with pytest.raises(Refused, match="没有第 9 版"):
        articles.restore(session, article, 9, by=NINA)


@pytest.mark.parametrize(
    "text",
    [
        replace(TEXT, title=" "),
        replace(TEXT, body="\n"),
        replace(TEXT, title="长" * 301),
        replace(TEXT, body="x" * (BODY_LIMIT + 1)),
    ],
)
def test_what_cannot_stand_is_refused(session: Session, text: ArticleText) -> None:
    with pytest.raises(Refused):
        articles.write(session, text, by=NINA)


def test_a_second_verdict_replaces_the_first_and_waits_again(session: Session) -> None:
    article = published(session)
    first = articles.rate(session, article, by=7, solved=False, words="第二步没有")
    assert [row[0].id for row in session.execute(feedback.waiting())] == [first.id]
    feedback.handle(session, first)
    assert not session.execute(feedback.waiting()).all()
    with pytest.raises(Refused, match="已经处理"):
        feedback.handle(session, first)
    articles.rate(session, article, by=7, solved=False, words="还是没有")
    assert len(session.execute(feedback.waiting()).all()) == 1
    articles.rate(session, article, by=7, solved=True)
    assert (article.solved, article.not_solved) == (1, 0)


def test_a_flag_needs_words_and_comes_first(session: Session) -> None:
    article = published(session)
    with pytest.raises(Refused, match="哪里不对"):
        articles.flag(session, article, by=8, words=" ")
    articles.rate(session, article, by=7, solved=False, words="没用")
    articles.flag(session, article, by=8, words="截图是旧版")
    assert [row[0].flagged for row in session.execute(feedback.waiting())] == [True, False]


def test_counting_a_view_changes_neither_version_nor_revision(session: Session) -> None:
    article = published(session)
    before = article.version
    views.count_view(session, article.id)
    session.refresh(article)
    assert (article.views, article.version, len(article.revisions)) == (1, before, 1)


def test_a_translation_is_behind_when_the_original_changed_after_it(session: Session) -> None:
    original = published(session)
    session.info[CLOCK] = MOMENT + timedelta(days=1)
    english = published(session, replace(TEXT, title="Password expired", language="en"))
    english.translation_of_id = original.id
    session.flush()
    assert [row.behind for row in shelf.other_languages(session, original, Viewer())] == [False]
    session.info[CLOCK] = MOMENT + timedelta(days=2)
    articles.move(session, original, ArticleAction.MARK_DUE, by=NINA, duties=BOTH, note="升级")
    assert not is_behind(session, english), "a move says nothing new"
    articles.revise(session, original, replace(TEXT, body="新的做法"), by=OTTO)
    assert is_behind(session, english)
    assert [row.behind for row in shelf.other_languages(session, original, Viewer())] == [True]


def test_the_library_shows_one_version_of_each_article(session: Session) -> None:
    original = published(session)
    english = published(session, replace(TEXT, title="Password expired", language="en"))
    english.translation_of_id = original.id
    lone = published(session, replace(TEXT, title="Only English", language="en"))
    session.flush()
    everything = readable_articles(Viewer())
    assert set(session.scalars(shelf.in_language(everything, "zh"))) == {original, lone}
    assert set(session.scalars(shelf.in_language(everything, "en"))) == {english, lone}


def test_a_filter_narrows_a_list_and_a_search_alike(session: Session) -> None:
    mail = published(session)
    seal = published(session, replace(TEXT, title="用印", module="seal"))
    wanted = shelf.Filter(system="oa", module="mail")
    assert session.scalars(wanted.narrow(readable_articles(Viewer()))).all() == [mail]
    assert [wanted.fits(row) for row in (mail, seal)] == [True, False]
    assert shelf.counts_by(session, readable_articles(Viewer()), Article.module) == {"mail": 1, "seal": 1}
    assert shelf.related_to(session, mail, Viewer()) == [seal]
    assert shelf.related_to(session, mail, Viewer(levels=frozenset())) == []
