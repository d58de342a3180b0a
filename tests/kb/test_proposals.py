"""A flag with a better wording: proposed from the words on the screen, adopted with one press, or refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from kb import articles, feedback
from kb.articles import ArticleText
from kb.flow import ArticleAction, Duty, Refused
from kb.models import Article, Base, Feedback
from kb.proposals.models import Proposal
from kb.proposals.wording import adopt, proposals_for, propose

BODY = "先看代码。\n\n1. 点【旧按钮】。\n2. 再点【确定】。"
EDITOR, OTHER, AGENT = 1, 2, 7


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def article(session: Session) -> Article:
    made = articles.write(session, ArticleText(title="怎样确定", body=BODY), by=EDITOR)
    for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
        articles.move(session, made, action, by=OTHER, duties=frozenset(Duty), note="核对过")
    return made


def proposed(session: Session, article: Article, **given: str) -> Proposal:
    values = {"passage": "1. 点【旧按钮】。", "wording": "1. 点【新按钮】。", **given}
    flag = propose(session, article, by=AGENT, **values)
    return proposals_for(session, [flag.id])[flag.id]


def test_what_is_adopted_replaces_the_passage_and_closes_the_flag(session: Session, article: Article) -> None:
    proposal = proposed(session, article, words="按钮改名了")
    adopt(session, proposal, by=OTHER, duties=frozenset(Duty))
    assert article.body == BODY.replace("旧按钮", "新按钮")
    assert article.revisions[-1].note == "采用更正建议"
    assert article.revisions[-1].author_id == OTHER
    assert proposal.feedback.handled_at is not None
    assert session.execute(feedback.waiting()).all() == []


def test_words_alone_are_an_ordinary_flag(session: Session, article: Article) -> None:
    flag = propose(
        session, article, by=AGENT, words="不对", passage="1. 点【旧按钮】。", wording="1. 点【旧按钮】。"
    )
    assert (flag.flagged, flag.words) == (True, "不对")
    assert proposals_for(session, [flag.id]) == {}


def test_a_wording_needs_no_further_words(session: Session, article: Article) -> None:
    assert proposed(session, article).feedback.words


def test_line_ends_of_a_browser_do_not_matter(session: Session, article: Article) -> None:
    passage = "1. 点【旧按钮】。\r\n2. 再点【确定】。"
    proposal = proposed(session, article, passage=passage, wording="1. 点【确定】。\r\n")
    adopt(session, proposal, by=OTHER, duties=frozenset(Duty))
    assert article.body == "先看代码。\n\n1. 点【确定】。"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"passage": "这里没有的话", "wording": "改"},
        {"passage": "", "wording": "凭空多一段"},
        {"passage": "点", "wording": "按"},
        {"passage": "1. 点【旧按钮】。", "wording": "长" * 4_001},
    ],
)
def test_what_is_refused_leaves_no_flag(session: Session, article: Article, given: dict[str, str]) -> None:
    with pytest.raises(Refused):
        propose(session, article, by=AGENT, **given)
    assert session.query(Feedback).count() == 0


def test_a_passage_that_changed_meanwhile_is_not_replaced(session: Session, article: Article) -> None:
    proposal = proposed(session, article)
    text = articles.text_of(article)
    fresh = ArticleText(title=text.title, body=BODY.replace("旧按钮", "别的按钮"))
    articles.revise(session, article, fresh, by=EDITOR)
    with pytest.raises(Refused, match="已经改过"):
        adopt(session, proposal, by=OTHER, duties=frozenset(Duty))
    assert proposal.feedback.handled_at is None


def test_nothing_is_adopted_twice(session: Session, article: Article) -> None:
    proposal = proposed(session, article)
    adopt(session, proposal, by=OTHER, duties=frozenset(Duty))
    with pytest.raises(Refused, match="已经采用过"):
        adopt(session, proposal, by=OTHER, duties=frozenset(Duty))


def test_who_may_not_change_what_readers_see_may_not_adopt(session: Session, article: Article) -> None:
    proposal = proposed(session, article)
    with pytest.raises(Refused):
        adopt(session, proposal, by=AGENT, duties=frozenset())
    assert article.body == BODY
