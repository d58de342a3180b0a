"""Nobody of the sample company is named in a draft or a gap, whatever colleagues write about them."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal.curation.drafts.composing import composed, only_questions
from portal.curation.drafts.draft import Draft
from portal.curation.drafts.material import material_of
from portal.curation.gaps.gathering import gather
from portal.curation.gaps.models import Gap, GapAsk
from portal.people.models import Person
from portal.sample import material
from portal.tickets.models import Ticket
from tests.curation.conftest import Answering, Asking, regroup
from tests.world import World, person

pytestmark = pytest.mark.usefixtures("clock")

#: Ways in which people bring others into it.
ABOUT = (
    "{name}让我问：{text}",
    "{text}，联系{name} {phone}",
    "我是{name}，账号{login}，{text}",
    "{text}（经办人：{name}，电话 {phone}）",
    "替{name}问一下，{text}，回{login}@linghai.example",
)


@pytest.fixture
def company(session: Session, desk_world: World) -> list[Person]:
    rows: list[dict[str, Any]] = material.read("people.yaml")
    people = []
    for row in rows:
        one = person(row["login"], desk_world.units["ld-cy"], name=row["name"])
        one.name_en, one.phone = row["name_en"], row["phone"]
        people.append(one)
    session.add_all(people)
    session.commit()
    return people


def said(dice: random.Random, company: list[Person]) -> str:
    scenario = dice.choice([row for row in material.scenarios() if row.category == "consultation"])
    text = material.Slots(dice, date(2026, 3, 2)).fill(dice.choice(scenario.says))
    other = dice.choice(company)
    return dice.choice(ABOUT).format(name=other.name, phone=other.phone, login=other.login, text=text)


def tells(text: str, company: list[Person]) -> list[str]:
    secrets = (secret for one in company for secret in (one.name, one.phone, one.name_en, one.login))
    return [secret for secret in secrets if secret and secret in text]


def test_drafts_name_nobody(session: Session, company: list[Person], answers: Answering) -> None:
    dice = random.Random(11)
    for number in range(25):
        scenario = dice.choice([row for row in material.scenarios() if row.category == "consultation"])
        other = dice.choice(company)
        answer = f"{scenario.notes['answer']}详情找{other.name}（{other.phone}）。"
        ticket = answers(company[number], said(dice, company), answer)
        text = drafted(session, ticket.id).text()
        whole = "\n".join((text.title, text.body, *text.also, *text.keywords))
        assert tells(whole, company) == [], ticket.text


def drafted(session: Session, number: int) -> Draft:
    ticket = session.get(Ticket, number)
    assert ticket is not None
    words = material_of(session, [ticket])
    try:
        return composed(words)
    except Refused:
        return only_questions(words)


def test_gaps_name_nobody(session: Session, company: list[Person], asks: Asking) -> None:
    dice = random.Random(12)
    for number in range(80):
        asks(company[number % len(company)], said(dice, company))
    while gather(session):
        pass
    regroup(session)
    for ask in session.scalars(select(GapAsk)):
        assert tells(ask.text, company) == []
    for gap in session.scalars(select(Gap)):
        assert tells("\n".join((gap.title, *gap.words)), company) == []
