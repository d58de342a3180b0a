"""The figures against a world small enough to count by hand; what a viewer may not see is not counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects import library
from defects.texts import DefectText
from kb.columns import CLOCK
from portal.finder.models import Consultation, Outcome
from portal.insight import charts
from portal.insight.definitions import DEFINITIONS, GROUPS
from portal.insight.morning import Figure, morning
from portal.insight.periods import Scope, last_days
from portal.tickets import desk, linking
from portal.tickets.models import Ticket
from portal.tickets.queries import queue
from portal.tickets.words import Action, Category, Tier
from tests.statements import statements_sent
from tests.world import World

NOW = datetime(2026, 3, 31, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning in Shanghai


def at(session: Session, moment: datetime) -> None:
    session.info[CLOCK] = moment


def file(
    session: Session, world: World, days: float, *, by: str = "wang", category: Category, system: str = "mkt"
) -> Ticket:
    """A ticket filed that many days ago, at a working hour."""
    at(session, NOW - timedelta(days=days))
    person = world.people[by]
    request = desk.Request(text="打不开", category=category, system=world.systems[system], requester=person)
    return desk.file(session, request, by=person)


def answer(session: Session, world: World, ticket: Ticket, *, rating: int, minutes: int = 60) -> None:
    """The front takes it after ten minutes, answers after ``minutes``; confirmed at once."""
    start = ticket.filed_at
    agent, requester = world.people["agent"], ticket.requester
    at(session, start + timedelta(minutes=10))
    desk.move(session, ticket, Action.TAKE, by=agent)
    at(session, start + timedelta(minutes=minutes))
    desk.move(session, ticket, Action.ANSWER, by=agent, given=desk.Given(note="请清缓存"))
    desk.move(session, ticket, Action.CONFIRM, by=requester, given=desk.Given(rating=rating))


def consult(session: Session, world: World, days: float, outcome: Outcome, by: str = "wang") -> None:
    number = session.scalar(select(func.count()).select_from(Consultation)) or 0
    session.add(
        Consultation(
            token=f"t{number}",
            person_id=world.people[by].id,
            at=NOW - timedelta(days=days),
            text="怎么办",
            system="mkt",
            outcome=outcome,
        )
    )
    session.flush()


@pytest.fixture
def counted(session: Session, desk_world: World) -> World:
    """Seven days: 4 filed (3 mkt, 1 oa of 海陵), 2 answered; before them: 2 filed, 1 answered."""
    world = desk_world
    consultation = Category.CONSULTATION
    answer(session, world, file(session, world, 1, category=consultation), rating=5)
    answer(session, world, file(session, world, 4, category=consultation), rating=2, minutes=120)
    file(session, world, 5, category=Category.DEFECT)
    file(session, world, 5, by="zhao", category=Category.DEFECT, system="oa")
    answer(session, world, file(session, world, 11, category=consultation), rating=4)
    file(session, world, 12, category=Category.ACCOUNT)
    for days, outcome in ((1, Outcome.SOLVED), (2, Outcome.FILED), (3, Outcome.LEFT), (1, Outcome.OPEN)):
        consult(session, world, days, outcome)
    consult(session, world, 2, Outcome.SOLVED, by="zhao")
    consult(session, world, 9, Outcome.SOLVED)
    at(session, NOW)
    return world


def figures(session: Session, world: World, login: str, **scope: str) -> dict[str, Figure]:
    return dict(morning(session, Scope(world.people[login], **scope), last_days(session, 7)))


def values(found: dict[str, Figure]) -> dict[str, tuple[float | None, float | None]]:
    return {
        key: (figure.now.value if figure.now else None, figure.before.value if figure.before else None)
        for key, figure in found.items()
    }


def test_every_figure_by_hand(session: Session, counted: World) -> None:
    found = values(figures(session, counted, "manager"))
    assert found["open"] == (3, 1)  # two defects and the account; a week ago the account alone
    assert found["overdue"] == (1, 1)  # the account ticket was due long ago
    assert found["filed"] == (4, 2)
    assert found["closed"] == (2, 1)
    assert found["first"] == (1, 1)
    assert found["satisfaction"] == (3.5, 4)
    assert found["response"] == (10, 10)
    assert found["handling"] == (90, 60)
    assert found["deflection"] == (0.5, 1)  # 2 solved of 4 that ended; the open one doesn't count
    assert found["linked"] == (0, None)  # two defects, none linked; none the week before
    assert found["returned"] == (0, 0) and found["reopened"] == (0, 0)


def test_each_viewer_counts_what_their_posts_serve(session: Session, counted: World) -> None:
    """The supervisor's unit is 岭东: 赵海陵's ticket and question are not theirs."""
    found = values(figures(session, counted, "supervisor"))
    assert found["filed"] == (3, 2) and found["open"] == (2, 1)
    assert found["deflection"] == (pytest.approx(1 / 3), 1)


def test_the_filters_narrow_every_figure(session: Session, counted: World) -> None:
    by_system = values(figures(session, counted, "manager", system="oa"))
    assert by_system["filed"] == (1, 0) and by_system["closed"] == (0, 0)
    assert by_system["deflection"] == (None, None)
    by_unit = values(figures(session, counted, "manager", unit="hl"))
    assert by_unit["filed"] == (1, 0) and by_unit["deflection"] == (1, None)
    assert values(figures(session, counted, "manager", unit="nowhere"))["filed"] == (0, 0)


@pytest.mark.parametrize("key", ["open", "overdue", "soon", "filed", "closed"])
@pytest.mark.parametrize("login", ["manager", "supervisor", "dispatcher"])
def test_a_figure_and_its_list_agree(session: Session, counted: World, key: str, login: str) -> None:
    figure = figures(session, counted, login)[key]
    assert figure.now is not None
    assert queue(session, counted.people[login], figure.tickets).total == figure.now.value


def test_every_figure_is_defined_and_shown_once() -> None:
    shown = [key for _name, keys in GROUPS for key in keys]
    assert sorted(shown) == sorted(DEFINITIONS)
    assert all(row.meaning for row in DEFINITIONS.values())


def test_the_charts_by_hand(session: Session, counted: World) -> None:
    scope = Scope(counted.people["manager"])
    tiers = list(Tier)
    by_system = {line.code: line.numbers for line in charts.open_by_system(session, scope)}
    assert by_system["mkt"][tiers.index(Tier.FRONT)] == 2 and sum(by_system["oa"]) == 1
    units = {line.code: line.numbers for line in charts.open_by_unit(session, scope, NOW)}
    assert units == {"ld": (1, 1), "hl": (1, 0)}
    below = charts.open_by_unit(session, Scope(counted.people["manager"], unit="ld"), NOW)
    assert [line.code for line in below] == ["ld-cy"]
    weeks = dict(charts.categories_by_week(session, scope, last_days(session, 7).until))
    assert weeks[Category.CONSULTATION][-2:] == (1, 2) and weeks[Category.DEFECT][-1] == 2
    period = last_days(session, 7)
    busiest = charts.systems_by_tickets(session, scope, period)
    assert [(line.code, line.numbers) for line in busiest] == [("mkt", (2, 3)), ("oa", (0, 1))]


def test_movers_need_more_than_chance() -> None:
    lines = [
        charts.Line("a", "甲", "", (10, 14)),
        charts.Line("b", "乙", "", (3, 30)),
        charts.Line("c", "丙", "", (40, 8)),
    ]
    assert [(mover.code, mover.z > 0) for mover in charts.movers("system", lines)] == [
        ("b", True),
        ("c", False),
    ]


def test_queries_do_not_grow_with_tickets(session: Session, counted: World) -> None:
    def cost() -> int:
        with statements_sent(session) as seen:
            figures(session, counted, "manager")
            charts.top_defects(session, Scope(counted.people["manager"]), NOW)
            charts.longest_overdue(session, Scope(counted.people["manager"]), NOW)
        return len(seen)

    before = cost()
    for number in range(12):
        file(session, counted, 2 + number / 24, category=Category.ACCOUNT)
    at(session, NOW)
    session.expire_all()
    counted.people["manager"].posts  # noqa: B018 - reloaded once, outside the count
    assert cost() <= before + 2


def test_the_link_rate_counts_closed_tickets_too(session: Session, counted: World) -> None:
    """Two defect tickets, one linked and closed: one half, and its list shows that one."""
    ticket = session.scalars(
        select(Ticket).where(Ticket.category == Category.DEFECT, Ticket.requester.has(login="wang"))
    ).one()
    expert = counted.people["expert"]
    text = DefectText(title="转圈", system="mkt", symptoms=["一直转圈"])
    defect = library.open_record(session, text, by=expert.id)
    linking.link(session, ticket, defect, by=expert)
    ticket.closed_at = NOW - timedelta(days=1)  # as it would be in the end
    session.flush()
    figure = figures(session, counted, "manager")["linked"]
    assert figure.now is not None and (figure.now.value, figure.now.n) == (0.5, 2)
    assert queue(session, counted.people["manager"], figure.tickets).total == 1
    top = charts.top_defects(session, Scope(counted.people["manager"]), NOW)
    assert [(row.defect.number, row.tickets, sum(row.weeks)) for row in top] == [(defect.number, 1, 1)]
