"""Sessions of suggestion: kept while typing, one person's own, solved once, filed after all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kb import articles
from kb.columns import now
from kb.flow import ArticleAction
from kb.models import Article
from portal.finder import suggest
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.words import Category
from tests.finder.conftest import DUTIES, Desk


@pytest.fixture
def asked(desk_of: Desk) -> Desk:
    desk_of.article("移动办公VPN连不上怎么办", "先检查网络。")
    desk_of.article("移动办公VPN账号申请", "走流程。")
    desk_of.consume()
    return desk_of


def person(desk: Desk, login: str = "wang") -> Person:
    return desk.world.people[login]


def typed(desk: Desk, text: str, token: str | None = None, login: str = "wang") -> Consultation:
    found = desk.finder.suggest(desk.session, person(desk, login), text)
    return suggest.refresh(desk.session, found, by=person(desk, login), text=text, token=token)


def shown(consultation: Consultation) -> list[tuple[str, int]]:
    return [(row.kind, row.subject_id) for row in sorted(consultation.shown, key=lambda row: row.rank)]


def first(consultation: Consultation) -> int:
    return shown(consultation)[0][1]


def test_typing_on_keeps_the_consultation_and_what_was_opened(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    number = first(begun)
    assert suggest.opened(asked.session, begun.token, by=person(asked), kind="article", id=number) is begun
    again = typed(asked, "VPN连不上怎么办", begun.token)
    assert (again.id, again.text) == (begun.id, "VPN连不上怎么办")
    assert next(row for row in again.shown if row.subject_id == number).opened_at is not None
    nothing = typed(asked, "量子", begun.token)
    assert shown(nothing) == [("article", number)]  # opened once, so it was an answer they were given


def test_foreign_and_unknown_tokens_do_not_exist(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    zhao, number = person(asked, "zhao"), first(begun)
    ticket = asked.ticket("VPN连不上", by="zhao")
    for token in (begun.token, "no-such-token", "", None):
        assert suggest.consultation_of(asked.session, token, by=zhao) is None
        assert suggest.opened(asked.session, token, by=zhao, kind="article", id=number) is None
        assert suggest.solved_by(asked.session, token, by=zhao, kind="article", id=number) is None
        assert suggest.filed(asked.session, token, by=zhao, ticket=ticket) is None
    assert typed(asked, "VPN", begun.token, login="zhao").id != begun.id
    assert (begun.outcome, begun.text) == (Outcome.OPEN, "VPN连不上")
    assert suggest.solved_by(asked.session, begun.token, by=person(asked), kind="article", id=number) is begun


def test_solved_is_a_deflection_and_counts_once(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    number = first(begun)
    for _ in range(3):
        suggest.solved_by(asked.session, begun.token, by=person(asked), kind="article", id=number)
    article = asked.session.get_one(Article, number)
    assert (begun.outcome, begun.solved_kind, begun.solved_id) == (Outcome.SOLVED, "article", number)
    assert begun.ended_at is not None
    assert (article.solved, article.not_solved) == (1, 0)
    assert typed(asked, "另一个问题", begun.token).id != begun.id


def test_only_what_was_shown_can_have_solved_it(asked: Desk) -> None:
    hidden = asked.article("没显示过的")
    begun = typed(asked, "VPN连不上")
    assert (
        suggest.solved_by(asked.session, begun.token, by=person(asked), kind="article", id=hidden.id) is None
    )
    assert (
        suggest.opened(asked.session, begun.token, by=person(asked), kind="defect", id=first(begun)) is None
    )
    assert begun.outcome == Outcome.OPEN


def test_an_article_retired_meanwhile_gets_no_verdict(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    article = asked.session.get_one(Article, first(begun))
    articles.move(asked.session, article, ArticleAction.RETIRE, by=None, duties=DUTIES, note="旧")
    assert suggest.solved_by(asked.session, begun.token, by=person(asked), kind="article", id=article.id)
    assert (begun.outcome, article.solved) == (Outcome.SOLVED, 0)


def test_filing_after_all_is_no_deflection_and_keeps_what_was_shown(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    suggest.solved_by(asked.session, begun.token, by=person(asked), kind="article", id=first(begun))
    ticket = asked.ticket("VPN还是连不上")
    assert suggest.filed(asked.session, begun.token, by=person(asked), ticket=ticket) is begun
    assert (begun.outcome, begun.ticket_id) == (Outcome.FILED, ticket.id)
    assert len(begun.shown) == 2
    assert suggest.filed(asked.session, begun.token, by=person(asked), ticket=asked.ticket("又一张")) is None


def test_a_ticket_that_somebody_else_filed_ends_nothing(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    foreign = asked.ticket("VPN连不上", by="zhao")
    assert suggest.filed(asked.session, begun.token, by=person(asked), ticket=foreign) is None
    assert begun.outcome == Outcome.OPEN


def test_what_nobody_comes_back_to_was_left(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    asked.session.commit()
    later = now(asked.session) + timedelta(hours=1)
    assert suggest.leave_open_ones(asked.session, before=later) == 1
    asked.session.refresh(begun)
    assert begun.outcome == Outcome.LEFT
    assert suggest.solved_by(asked.session, begun.token, by=person(asked), kind="article", id=first(begun))
    assert begun.outcome == Outcome.SOLVED


def test_announcements_count_as_shown(asked: Desk) -> None:
    told = asked.announcement("VPN抢修", systems=["oa"])
    asked.consume()
    found = asked.finder.suggest(asked.session, person(asked), "VPN连不上", system="oa")
    begun = suggest.begin(asked.session, found, by=person(asked), text="VPN连不上", system="oa", place="home")
    assert shown(begun)[0] == ("announcement", told.id)
    assert (begun.system, begun.place, begun.mode) == ("oa", "home", "lexical")


def test_what_is_taken_back_was_never_solved(asked: Desk) -> None:
    begun = typed(asked, "VPN连不上")
    number, other = first(begun), shown(begun)[1][1]
    wang = person(asked)
    suggest.solved_by(asked.session, begun.token, by=wang, kind="article", id=number)
    zhao = person(asked, "zhao")
    assert suggest.taken_back(asked.session, begun.token, by=zhao, kind="article", id=number) is None
    assert suggest.taken_back(asked.session, begun.token, by=wang, kind="article", id=other) is None
    assert begun.outcome == Outcome.SOLVED
    assert suggest.taken_back(asked.session, begun.token, by=wang, kind="article", id=number) is begun
    assert (begun.outcome, begun.ended_at, begun.solved_kind, begun.solved_id) == (
        Outcome.OPEN,
        None,
        None,
        None,
    )
    assert suggest.taken_back(asked.session, begun.token, by=wang, kind="article", id=number) is None
    ticket = asked.ticket("VPN还是连不上")
    assert suggest.filed(asked.session, begun.token, by=wang, ticket=ticket) is begun


def test_an_agent_who_answers_a_caller_deflects_nothing(asked: Desk) -> None:
    agent = person(asked, "agent")
    begun = typed(asked, "VPN连不上", login="agent")
    ticket = asked.ticket("VPN连不上")
    number = first(begun)
    suggest.solved_by(asked.session, begun.token, by=agent, kind="article", id=number, ticket=ticket)
    assert (begun.outcome, begun.ticket_id) == (Outcome.SOLVED, ticket.id)
    assert suggest.taken_back(asked.session, begun.token, by=agent, kind="article", id=number) is None


def test_asked_for_somebody_else_is_a_call_wherever_it_was_typed(asked: Desk) -> None:
    agent, wang = person(asked, "agent"), person(asked)
    begun = typed(asked, "VPN连不上", login="agent")
    request = desk.Request(
        text="VPN连不上", category=Category.DEFECT, system=asked.world.systems["oa"], requester=wang
    )
    ticket = desk.file(asked.session, request, by=agent)
    assert suggest.filed(asked.session, begun.token, by=agent, ticket=ticket) is begun
    assert begun.place == "console"
