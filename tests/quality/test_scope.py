"""Who sees which follow-up and which inspection: both shapes of each rule say the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.people.roles import Post
from portal.quality import inspections, results
from portal.quality.models import FollowUp, Inspection
from portal.quality.results import Asked
from portal.quality.scope import (
    is_follow_up_visible,
    is_inspection_visible,
    visible_follow_ups,
    visible_inspections,
)
from portal.quality.sheets import newest
from portal.quality.words import Kind
from tests.quality.ways import GOOD, Office

EVERYBODY = ("wang", "zhao", "agent2", "far", "far_inspector", *(post.value for post in Post))


@pytest.fixture
def busy(office: Office) -> Office:
    """Tickets of two provinces, answered by two agents; half of the inspections are scored."""
    office.colleague("agent2", Post.AGENT)
    office.colleague("far", Post.AGENT, "hl")
    office.colleague("far_inspector", Post.INSPECTOR, "hl")
    office.rule(Kind.FOLLOW_UP)
    office.rule(Kind.INSPECTION)
    for agent, user in (("agent", "wang"), ("agent2", "wang"), ("far", "zhao"), ("agent", "wang")):
        office.closed(agent=agent, by=user)
    office.draw(Kind.FOLLOW_UP)
    rows = office.draw(Kind.INSPECTION)
    version = newest(office.sheet())
    assert version is not None
    for row, login in ((rows[0], "inspector"), (rows[2], "far_inspector")):
        inspections.score(office.session, row, version, marks=GOOD, by=office.world.people[login])
    office.session.flush()
    return office


@pytest.mark.parametrize("login", EVERYBODY)
def test_both_shapes_agree(busy: Office, login: str) -> None:
    person = busy.world.people[login]
    calls, looks = (
        busy.session.scalars(select(FollowUp)).all(),
        busy.session.scalars(select(Inspection)).all(),
    )
    assert set(busy.session.scalars(visible_follow_ups(person))) == {
        row for row in calls if is_follow_up_visible(person, row)
    }
    assert set(busy.session.scalars(visible_inspections(person))) == {
        row for row in looks if is_inspection_visible(person, row)
    }


def test_who_sees_how_many(busy: Office) -> None:
    def counts(login: str) -> tuple[int, int]:
        person = busy.world.people[login]
        session = busy.session
        return len(session.scalars(visible_follow_ups(person)).all()), len(
            session.scalars(visible_inspections(person)).all()
        )

    assert counts("wang") == (0, 0)
    assert counts("admin") == (0, 0)
    assert counts("expert") == (0, 0)
    assert counts("agent") == (3, 1)  # the one of their own that has a score; not that another was drawn
    assert counts("agent2") == (3, 0)
    assert counts("far") == (1, 1)
    assert counts("inspector") == (3, 3)
    assert counts("supervisor") == (3, 3)
    assert counts("manager") == (4, 4)


def test_a_closed_account_sees_nothing(busy: Office) -> None:
    person = busy.world.people["manager"]
    person.active = False
    assert busy.session.scalars(visible_follow_ups(person)).all() == []
    assert busy.session.scalars(visible_inspections(person)).all() == []


def test_results_count_what_the_viewer_may_see(busy: Office) -> None:
    moment = busy.session.info["tierdesk.now"]
    asked = Asked(moment - timedelta(days=1), moment + timedelta(days=1))
    people = busy.world.people
    for login, names in (
        ("manager", {"agent", "agent2", "far"}),
        ("supervisor", {"agent", "agent2"}),
        ("far_inspector", {"far"}),
        ("agent", set()),
    ):
        lines = results.by_agent(busy.session, people[login], asked)
        scored = {line.name for line in lines if line.inspected.n}
        assert scored <= names
    (inspected, _rung) = results.whole(busy.session, people["manager"], asked)
    assert (inspected.n, inspected.total) == (2, 188.0)
    assert results.of_own(busy.session, people["agent"], asked)[0].n == 1
    narrowed = Asked(asked.since, asked.until, unit="hl")
    assert results.whole(busy.session, people["manager"], narrowed)[0].n == 1
    assert results.whole(busy.session, people["supervisor"], narrowed)[0].n == 0
