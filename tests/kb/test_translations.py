"""A translation is older when the words of its original are others than those it was made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.columns import CLOCK
from kb.flow import Refused
from kb.models import Article
from kb.translations import keeping
from tests.statements import statements_sent

NINA, OTTO = 1, 2
MOMENT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TEXT = ArticleText(title="密码过期怎么改", body="1. 打开门户\n2. 点修改")


@pytest.fixture
def pair(session: Session) -> tuple[Article, Article]:
    """An original and its translation, an hour younger, that nobody has compared yet."""
    session.info[CLOCK] = MOMENT
    original = articles.write(session, TEXT, by=NINA)
    pass_time(session)
    english = ArticleText(title="Password expired", body="1. Open the portal", language="en")
    translation = articles.write(session, english, by=NINA)
    translation.translation_of = original
    session.flush()
    return original, translation


def pass_time(session: Session) -> None:
    session.info[CLOCK] += timedelta(hours=1)


def change(session: Session, article: Article, **words: Any) -> None:
    pass_time(session)
    articles.revise(session, article, replace(articles.text_of(article), **words), by=OTTO)


def behind(session: Session, article: Article) -> bool:
    return keeping.is_behind(session, article)


def test_without_a_comparison_the_times_of_the_words_decide(
    session: Session, pair: tuple[Article, Article]
) -> None:
    original, translation = pair
    assert not behind(session, translation)
    change(session, original, body="1. 打开新门户")
    assert behind(session, translation)
    change(session, translation, body="1. Open the new portal")
    assert not behind(session, translation)
    assert not behind(session, original), "an original is behind nothing"


def test_only_other_words_make_a_compared_translation_older(
    session: Session, pair: tuple[Article, Article]
) -> None:
    original, translation = pair
    keeping.follow(session, translation, by=NINA)
    change(session, original, keywords=("口令",), also=("密码到期",))
    assert not behind(session, translation)
    change(session, original, title="密码到期怎么办")
    assert behind(session, translation)
    change(session, translation, body="1. Open it")
    assert behind(session, translation), "other words alone don't say that the original was read again"
    keeping.follow(session, translation, by=OTTO)
    assert not behind(session, translation)
    articles.restore(session, original, 1, by=NINA)
    assert behind(session, translation)


def test_what_it_was_compared_with_is_named(session: Session, pair: tuple[Article, Article]) -> None:
    original, translation = pair
    change(session, original, body="1. 打开新门户")
    guessed = keeping.basis_of(session, translation)
    assert guessed is not None
    assert (guessed.revision.number, guessed.by_id) == (1, None)
    keeping.follow(session, translation, 2, by=OTTO)
    said = keeping.basis_of(session, translation)
    assert said is not None
    assert (said.revision.number, said.by_id, said.at) == (2, OTTO, session.info[CLOCK])
    assert keeping.basis_of(session, original) is None


def test_only_a_translation_follows_and_only_what_is_there(
    session: Session, pair: tuple[Article, Article]
) -> None:
    original, translation = pair
    with pytest.raises(Refused, match="不是译文"):
        keeping.follow(session, original, by=NINA)
    with pytest.raises(Refused, match="没有第 9 版"):
        keeping.follow(session, translation, 9, by=NINA)


def test_many_are_judged_in_two_queries(session: Session, pair: tuple[Article, Article]) -> None:
    original, translation = pair
    rows = [original, translation]
    for number in range(8):
        row = articles.write(session, ArticleText(title=f"T{number}", body="x", language="en"), by=NINA)
        row.translation_of = original
        session.flush()
        if number % 2:
            keeping.follow(session, row, by=NINA)
        rows.append(row)
    change(session, original, body="别的")
    with statements_sent(session) as asked:
        assert keeping.behind_among(session, rows) == {row.id for row in rows[1:]}
    assert len(asked) == 2
