"""Bursts: the tails are exact, like hours are like, each is told of once and shown within people's rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import comb

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import CLOCK
from kb.flow import Refused
from portal.causes.bursts import deciding
from portal.causes.bursts.chances import BUDGET, LOOKS_A_WEEK, chance_against_system, chance_against_weeks
from portal.causes.bursts.counting import Counted, Counts, GroupCounts
from portal.causes.bursts.deciding import Deed
from portal.causes.bursts.judging import PARTS, judged, part_of
from portal.causes.bursts.like_hours import judged_hour, like
from portal.causes.bursts.lists import Line, bursts, going_on, line_of
from portal.causes.bursts.models import Became, Burst, Series
from portal.causes.bursts.watching import watch
from portal.finder.models import Consultation
from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.words import Category, Channel, State, Tier
from portal.tickets.working_calendar import is_workday
from tests.world import World

#: A Wednesday morning, in the desk's own time 10:20.
WEDNESDAY = datetime(2026, 3, 25, 2, 20, tzinfo=UTC)

Told = Callable[..., list[Ticket]]


# ── chances ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 3, 7])
def test_against_weeks_without_spread_it_is_binomial(count: int) -> None:
    before = (2, 1, 0, 3)
    total, share = count + sum(before), Fraction(1, 5)
    exact = sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(count, total + 1))
    assert chance_against_weeks(count, before, differing=0.0) == pytest.approx(float(exact), rel=1e-9)


def test_against_weeks_with_spread_it_is_beta_binomial() -> None:
    """With k = 1 every division of the total among the hours is equally probable."""
    before, count = (1, 2), 3
    total = count + sum(before)
    ways = [comb(total - k + 1, 1) for k in range(total + 1)]
    exact = Fraction(sum(ways[count:]), sum(ways))
    assert chance_against_weeks(count, before, differing=1.0) == pytest.approx(float(exact), rel=1e-9)


def test_against_the_system_it_is_hypergeometric() -> None:
    exact = Fraction(
        sum(comb(8, k) * comb(42, 10 - k) for k in range(4, 9)),
        comb(50, 10),
    )
    assert chance_against_system(4, 8, 10, 50) == pytest.approx(float(exact), rel=1e-9)
    assert chance_against_system(0, 8, 10, 50) == 1.0


def test_more_is_less_probable_and_spread_makes_it_less_surprising() -> None:
    before = (4, 6, 5, 7, 3, 5)
    chances = [chance_against_weeks(count, before, differing=0.05) for count in range(40)]
    assert chances == sorted(chances, reverse=True)
    assert chance_against_weeks(20, before, differing=0.2) > chance_against_weeks(20, before, differing=0.0)
    assert chance_against_weeks(1000, (200, 210, 190), differing=0.04) < 1e-3


def test_the_parts_of_the_budget_add_up() -> None:
    weights = [5, 1, 1, 40]
    spent = sum(
        part_of(series, weight, sum(weights)) * LOOKS_A_WEEK for series in PARTS for weight in weights
    )
    assert spent == pytest.approx(BUDGET)


# ── like hours ───────────────────────────────────────────────────────────────────────────────────


def test_the_last_full_hour_by_quarters() -> None:
    start, end = judged_hour(WEDNESDAY)
    assert (start, end) == (WEDNESDAY - timedelta(minutes=65), WEDNESDAY - timedelta(minutes=5))


def test_holidays_are_compared_with_free_days_and_made_up_saturdays_with_days_of_work() -> None:
    wednesday = like(judged_hour(WEDNESDAY))
    assert len(wednesday) == 12
    assert {start.weekday() for start, _ in wednesday} == {2}
    assert date(2026, 2, 18) not in {start.date() for start, _ in wednesday}  # Spring Festival
    holiday = datetime(2026, 2, 18, 2, 20, tzinfo=UTC)
    assert not any(is_workday(start.date()) for start, _ in like(judged_hour(holiday)))
    made_up = datetime(2026, 2, 28, 2, 20, tzinfo=UTC)  # a Saturday on which China works
    assert all(is_workday(start.date()) for start, _ in like(judged_hour(made_up)))
    assert all(end <= made_up for _, end in like(judged_hour(made_up)))


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def test_a_group_that_bursts_explains_its_systems_count() -> None:
    usual = Counts(9, (2, 3, 2, 3, 2, 2))
    group = GroupCounts(1, 7, 7, 9, 900)
    found = judged(Counted({1: usual}, {}, {5: group}, 20))
    assert [(alarm.series, alarm.group_id) for alarm in found if alarm.is_new] == [(Series.GROUP, 5)]
    assert [alarm.series for alarm in judged(Counted({1: Counts(30, usual.before)}, {}))] == [Series.SYSTEM]


def test_a_desk_that_has_just_begun_knows_nothing_unusual() -> None:
    assert judged(Counted({1: Counts(40, (1, 2))}, {})) == []
    assert judged(Counted({1: Counts(4, (0, 0, 0, 0))}, {})) == []


# ── the worker, and who sees what it found ───────────────────────────────────────────────────────


@pytest.fixture
def told(session: Session, desk_world: World) -> Told:
    """So many tickets of a system within the hour before this moment."""

    def tell(count: int, *, at: datetime, system: str = "mkt", unit: str = "ld-cy") -> list[Ticket]:
        rows = [
            Ticket(
                number=f"GD{system}{unit}{at:%m%d%H%M}{n}",
                title=f"系统打不开 {n}",
                text="点登录没有反应",
                category=Category.DEFECT,
                first_category=Category.DEFECT,
                channel=Channel.WEB,
                system=desk_world.systems[system],
                unit=desk_world.units[unit],
                requester=desk_world.people["wang"],
                filed_by=desk_world.people["wang"],
                state=State.OPEN,
                tier=Tier.MIDDLE,
                filed_at=at - timedelta(minutes=1 + n),
                updated_at=at,
            )
            for n in range(count)
        ]
        session.add_all(rows)
        session.commit()
        return rows

    return tell


@pytest.fixture
def quiet(told: Told) -> None:
    """Twelve weeks with two or three tickets an hour."""
    end = judged_hour(WEDNESDAY)[1]
    for week in range(1, 15):
        told(2 + week % 2, at=end - timedelta(weeks=week))
        told(2, at=end - timedelta(weeks=week), system="oa")


def looked(session: Session, maker: sessionmaker[Session], at: datetime) -> int:
    session.commit()
    begun = watch(maker, at=at)
    session.expire_all()
    return begun


def test_a_burst_is_found_told_of_once_and_over_when_it_is(
    session: Session, maker: sessionmaker[Session], desk_world: World, told: Told, quiet: None
) -> None:
    end = judged_hour(WEDNESDAY)[1]
    told(3, at=end)
    assert looked(session, maker, WEDNESDAY) == 0
    told(16, at=end, unit="hl")
    assert looked(session, maker, WEDNESDAY) == 1
    assert looked(session, maker, WEDNESDAY) == 0
    assert looked(session, maker, WEDNESDAY + timedelta(minutes=15)) == 0
    burst = session.scalars(select(Burst)).one()
    assert (burst.series, burst.system.code, burst.count) == (Series.SYSTEM, "mkt", 19)
    assert burst.usual == pytest.approx(2.5, abs=0.2)
    notices = session.scalars(select(Notice).where(Notice.event == Event.BURST)).all()
    logins = {person.id: login for login, person in desk_world.people.items()}
    assert sorted(logins[notice.person_id] for notice in notices) == ["dispatcher", "expert"]
    assert "系统打不开" not in str([notice.values for notice in notices])
    looked(session, maker, WEDNESDAY + timedelta(hours=4))
    assert session.scalars(select(Burst)).one().ended_at is not None


def test_searches_in_vain_are_a_series_of_their_own(
    session: Session, maker: sessionmaker[Session], desk_world: World, quiet: None
) -> None:
    end = judged_hour(WEDNESDAY)[1]

    def ask(count: int, at: datetime, *, trusted: bool) -> None:
        session.add_all(
            Consultation(
                token=f"{at:%m%d}{n}{trusted}",
                person_id=desk_world.people["wang"].id,
                at=at - timedelta(minutes=1 + n),
                text="登录不了",
                system="oa",
                about="oa",
                trusted=trusted,
            )
            for n in range(count)
        )

    for week in range(1, 14):
        ask(2, end - timedelta(weeks=week), trusted=False)
    ask(20, end, trusted=True)
    assert looked(session, maker, WEDNESDAY) == 0
    ask(20, end, trusted=False)
    assert looked(session, maker, WEDNESDAY) == 1
    assert session.scalars(select(Burst)).one().series == Series.SEARCHES
    session.info[CLOCK] = WEDNESDAY
    seen = {login: len(bursts(session, person).now) for login, person in desk_world.people.items()}
    assert {login for login, count in seen.items() if count} == {"dispatcher", "manager", "analyst", "editor"}


def test_everybody_sees_what_they_serve_and_no_more(
    session: Session, maker: sessionmaker[Session], desk_world: World, told: Told, quiet: None
) -> None:
    end = judged_hour(WEDNESDAY)[1]
    told(4, at=end)
    told(15, at=end, unit="hl")
    looked(session, maker, WEDNESDAY)
    session.info[CLOCK] = WEDNESDAY
    people, burst = desk_world.people, session.scalars(select(Burst)).one()
    for login in ("expert", "dispatcher", "manager", "analyst"):
        line = line_of(session, people[login], burst.id)
        assert line is not None, login
        assert (line.seen, line.whole) == (19, True), login
    part = line_of(session, people["supervisor"], burst.id)  # of one province
    assert part is not None
    assert (part.seen, part.whole, {ticket.unit.code for ticket in part.tickets}) == (4, False, {"ld-cy"})
    for login in ("wang", "admin"):
        assert line_of(session, people[login], burst.id) is None, login
    people["expert"].posts[0].systems = ["oa"]
    assert line_of(session, people["expert"], burst.id) is None
    assert going_on(session, people["manager"]) == 1


def only_line(session: Session, person: Person) -> Line:
    """The one burst, as this person sees it."""
    line = line_of(session, person, session.scalars(select(Burst.id)).one())
    assert line is not None
    return line


@pytest.mark.parametrize("end_them", [False, True])
def test_what_may_be_made_of_it_is_one_rule(
    session: Session,
    maker: sessionmaker[Session],
    desk_world: World,
    told: Told,
    quiet: None,
    end_them: bool,
) -> None:
    end = judged_hour(WEDNESDAY)[1]
    told(4, at=end)
    told(15, at=end, unit="hl")
    looked(session, maker, WEDNESDAY)
    session.info[CLOCK] = WEDNESDAY
    if end_them:
        session.execute(update(Ticket).values(state=State.CLOSED, closed_at=WEDNESDAY))
        session.expire_all()
    people, settle = desk_world.people, {Deed.DISMISS, Deed.PUT_OFF}
    gather = set() if end_them else {Deed.FAULT}
    may = {
        "expert": settle | gather | {Deed.DEFECT, Deed.ARTICLE},
        "analyst": settle | {Deed.DEFECT},
        "dispatcher": settle,
        "manager": settle,
        "editor": {Deed.ARTICLE},
        "supervisor": set(),  # of one unit: a part of it
    }
    for login, deeds in may.items():
        line = only_line(session, people[login])
        assert deciding.open_to(people[login], line) == deeds, login
    people["supervisor"].posts.append(PersonPost(post=Post.EXPERT, systems=["oa"]))
    session.flush()
    assert deciding.open_to(people["supervisor"], only_line(session, people["supervisor"])) == {Deed.ARTICLE}


def test_dismissed_put_off_and_taken_back(
    session: Session, maker: sessionmaker[Session], desk_world: World, told: Told, quiet: None
) -> None:
    end = judged_hour(WEDNESDAY)[1]
    told(19, at=end)
    looked(session, maker, WEDNESDAY)
    session.info[CLOCK] = WEDNESDAY
    dispatcher = desk_world.people["dispatcher"]
    until = deciding.put_off(session, only_line(session, dispatcher), by=dispatcher)
    assert until == datetime(2026, 3, 26, 0, 0, tzinfo=UTC)  # eight in the morning
    assert len(bursts(session, dispatcher).put_off) == 1
    session.info[CLOCK] = until + timedelta(minutes=1)
    assert going_on(session, dispatcher) == 1
    with pytest.raises(Refused, match="为什么"):
        deciding.dismiss(session, only_line(session, dispatcher), reason=" ", by=dispatcher)
    deciding.dismiss(session, only_line(session, dispatcher), reason="演练", by=dispatcher)
    assert going_on(session, dispatcher) == 0
    assert looked(session, maker, WEDNESDAY + timedelta(minutes=15)) == 0
    line, editor = only_line(session, dispatcher), desk_world.people["editor"]
    assert line.burst.dismissed_why == "演练"
    assert deciding.open_to(dispatcher, line) == {Deed.TAKE_BACK}
    deciding.take_back(session, line, by=dispatcher)
    with pytest.raises(Refused, match="没有被忽略"):
        deciding.take_back(session, line, by=dispatcher)
    with pytest.raises(Refused, match="只能查看"):
        deciding.dismiss(session, only_line(session, editor), reason="不管", by=editor)


def test_one_click_makes_a_fault_event_or_a_record_of_it(
    session: Session, maker: sessionmaker[Session], desk_world: World, told: Told, quiet: None
) -> None:
    end = judged_hour(WEDNESDAY)[1]
    tickets = told(19, at=end)
    looked(session, maker, WEDNESDAY)
    session.info[CLOCK] = WEDNESDAY
    expert = desk_world.people["expert"]
    line = only_line(session, expert)
    assert line.proposal == Became.DEFECT
    fault = deciding.to_fault(session, line, title="", by=expert)
    assert (line.burst.became, line.burst.became_number) == (Became.FAULT, fault.number)
    assert len(fault.reports) == len(tickets)
    assert deciding.open_to(expert, line) == frozenset()
    with pytest.raises(Refused, match="已经处理"):
        deciding.to_defect(session, line, title="", by=expert)
    assert going_on(session, expert) == 0
