"""A desk on which people ask in vain: short ways to make sessions, searches and answered consultations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.columns import CLOCK
from kb.flow import ArticleAction, Duty
from kb.models import Article
from portal.curation.gaps.gathering import gather
from portal.curation.gaps.grouping import arrange, arranged, waiting_systems
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.world import MOMENT, World, person

PRINTER = (
    "打印机刷卡之后没有任务怎么取件",
    "刷了工牌显示没任务，打印取件怎么弄",
    "刷卡机上取件没有任务",
    "漫游打印刷卡取件看不到任务",
)
LOAN = ("上月借的备用金报销时怎么冲掉", "报销单里冲借款怎么选不到我的借款", "备用金报销怎么冲借款")

_TOKENS = count()
#: Leaves a session of suggestion without a trustworthy answer.
Asking = Callable[..., Consultation]
#: A consultation ticket that was answered and confirmed.
Answering = Callable[..., Ticket]


@pytest.fixture
def crowd(session: Session, desk_world: World) -> list[Person]:
    """Twelve people who only ask."""
    units = (desk_world.units["ld-cy"], desk_world.units["hl"])
    people = [person(f"asker{n}", units[n % 2], name=f"提问者{n}") for n in range(12)]
    session.add_all(people)
    session.commit()
    return people


@pytest.fixture
def asks(session: Session) -> Asking:
    def ask(
        by: Person, text: str, *, ago: int = 5, system: str = "oa", outcome: Outcome = Outcome.LEFT
    ) -> Consultation:
        at = MOMENT - timedelta(days=ago)
        row = Consultation(
            token=f"t{next(_TOKENS)}",
            person_id=by.id,
            at=at,
            text=text,
            system=system,
            mode="lexical",
            outcome=outcome,
            ended_at=at,
        )
        session.add(row)
        session.flush()
        return row

    return ask


@pytest.fixture
def answers(session: Session, desk_world: World) -> Answering:
    def answer(
        by: Person,
        text: str,
        outcome: str,
        *,
        rating: int | None = 5,
        sub: str = "how_to",
        system: str = "oa",
        article: Article | None = None,
    ) -> Ticket:
        agent = desk_world.people["agent"]
        request = desk.Request(
            text=text,
            category=Category.CONSULTATION,
            sub=sub,
            system=desk_world.systems[system],
            requester=by,
        )
        ticket = desk.file(session, request, by=by)
        desk.move(session, ticket, Action.TAKE, by=agent)
        given = desk.Given(note=outcome, article=article)
        desk.move(session, ticket, Action.ANSWER, by=agent, given=given)
        if rating is not None:
            desk.move(session, ticket, Action.CONFIRM, by=by, given=desk.Given(rating=rating))
        return ticket

    return answer


@pytest.fixture
def clock(session: Session) -> None:
    session.info[CLOCK] = MOMENT


def regroup(session: Session) -> None:
    """What the worker does, by words alone."""
    gather(session)
    session.flush()
    for system in waiting_systems(session):
        arrange(session, arranged(session, system, None))
    session.commit()


def publish(session: Session, world: World, title: str, **more: object) -> Article:
    text = ArticleText(title=title, body="1. 按步骤操作。", **more)  # type: ignore[arg-type]
    article = articles.write(session, text, by=world.people["editor"].id)
    for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
        articles.move(
            session, article, action, by=world.people["expert"].id, duties=frozenset(Duty), note="核对过"
        )
    return article


def ask_all(asks: Asking, people: Sequence[Person], texts: Sequence[str], *, ago: int = 5) -> None:
    for number, text in enumerate(texts):
        asks(people[number % len(people)], text, ago=ago)
