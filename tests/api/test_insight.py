"""Deflection for scripts: the page’s numbers within the caller’s rights, null where data don’t suffice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import now
from portal.db import transaction
from portal.finder.models import Consultation, Outcome
from tests.api.conftest import Programs
from tests.world import World

PATH = "/insight/deflection"


@pytest.fixture
def asked(maker: sessionmaker[Session], desk_world: World) -> None:
    """王小雨 was helped twice and came back once, 赵海陵 of another province filed."""
    with transaction(maker) as session:
        at = now(session) - timedelta(days=20)
        people = World.of(session).people
        for number, (login, outcome, back) in enumerate(
            (
                ("wang", Outcome.SOLVED, None),
                ("wang", Outcome.SOLVED, at + timedelta(days=1)),
                ("zhao", Outcome.FILED, None),
            )
        ):
            session.add(
                Consultation(
                    token=f"t{number}",
                    person_id=people[login].id,
                    at=at,
                    text="怎么办",
                    system="mkt",
                    offered=1,
                    outcome=outcome,
                    returned_at=back,
                    settled_at=at,
                )
            )


def test_the_numbers_of_the_page(program: Programs, asked: None) -> None:
    told = program("manager").get(PATH).json
    assert told is not None
    assert told["whole"] | {"rate": None} == {
        "asked": 3,
        "offered": 3,
        "opened": 0,
        "stayed": 1,
        "returned": 1,
        "filed": 1,
        "left_filed": 0,
        "left": 0,
        "rate": None,
    }
    assert told["observed"]["value"] == pytest.approx(1 / 3)
    assert told["observed"]["low"] < 1 / 3 < told["observed"]["high"]
    assert [row["code"] for row in told["systems"]] == ["mkt"]
    assert sum(row["tally"]["asked"] for row in told["weeks"]) == 3
    assert {row["code"]: row["tally"]["asked"] for row in told["units"]} == {"ld": 2, "hl": 1}


def test_no_experiment_is_null_and_says_so(program: Programs, asked: None) -> None:
    told = program("manager").get(PATH).json
    assert told is not None
    effect = told["effect"]
    assert (effect["finding"], effect["prevented"]) == ("no_experiment", None)
    assert "effect" in told["definitions"]


def test_the_callers_rights_and_filters_narrow(program: Programs, asked: None) -> None:
    assert program("supervisor").get(PATH).json["whole"]["asked"] == 2  # type: ignore[index]
    manager = program("manager")
    assert manager.get(PATH, unit="hl").json["whole"]["asked"] == 1  # type: ignore[index]
    assert manager.get(PATH, system="oa").json["whole"]["asked"] == 0  # type: ignore[index]
    assert manager.get(PATH, days=10).json["observed"] is None  # type: ignore[index]


@pytest.mark.parametrize("login", ["wang", "agent", "expert", "engineer", "admin"])
def test_it_is_not_for_everybody(program: Programs, asked: None, login: str) -> None:
    assert program(login).get(PATH).status_code == 404


@pytest.mark.parametrize("days", ["0", "367", "x"])
def test_nonsense_is_refused(program: Programs, asked: None, days: str) -> None:
    assert program("manager").get(PATH, days=days).status_code == 422
