"""Deflection by hand: every ending counted once; calls, announcements and the held back stand apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.columns import CLOCK
from kb.flow import ArticleAction, Duty
from portal.finder.holdout import round_of
from portal.finder.models import Arm, Consultation, Outcome, Shown
from portal.insight import deflection_lines as lines
from portal.insight.deflection import Tally, deflection, observed_deflection
from portal.insight.deflection_words import FINDINGS, MEANINGS
from portal.insight.effects import LEAST_PEOPLE, Finding
from portal.insight.morning import morning
from portal.insight.periods import Scope, last_days
from tests.statements import statements_sent
from tests.world import World, person

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Asking = Callable[..., Consultation]


@pytest.fixture
def world(session: Session, desk_world: World) -> World:
    session.info[CLOCK] = NOW
    return desk_world


@pytest.fixture
def asks(session: Session, world: World) -> Asking:
    """``asks(outcome, days=…)``: one session, by default 王小雨's about the marketing system, settled."""
    counter = iter(range(10_000))

    def ask(outcome: Outcome, *, days: float = 20, by: str = "wang", **more: Any) -> Consultation:
        at = NOW - days * DAY
        people = {row.login: row for row in world.people.values()}
        values: dict[str, Any] = {
            "text": "怎么办",
            "system": "mkt",
            "offered": 1,
            "settled_at": NOW if days > 7 else None,
            "first": "arm" in more,
            "opened_at": NOW if is_opened(more.get("shown", ())) else None,
            "returned_at": at + DAY if more.pop("returned", False) else None,
        }
        row = Consultation(
            token=f"t{next(counter)}",
            person_id=people[by].id if by in people else int(by),
            at=at,
            outcome=outcome,
            **(values | more),
        )
        session.add(row)
        session.flush()
        return row

    return ask


@pytest.fixture
def told(session: Session, world: World, asks: Asking) -> World:
    """Of 90 days: 2 stayed, 1 came back, 2 filed, 1 left and filed, 1 left; what is not counted around it."""
    asks(Outcome.SOLVED, shown=[opened("article", 1)])
    asks(Outcome.SOLVED, by="zhao", system="oa", days=3, shown=[opened("defect", 1)])
    asks(
        Outcome.SOLVED,
        returned=True,
        shown=[opened("article", 1), Shown(kind="article", subject_id=2, rank=2)],
    )
    asks(Outcome.FILED, offered=0)
    asks(Outcome.FILED, days=85, place="home", shown=[Shown(kind="article", subject_id=1, rank=1)])
    asks(Outcome.LEFT, returned=True, place="api")
    asks(Outcome.LEFT, system=None)
    # Not of them:
    asks(Outcome.OPEN)
    asks(Outcome.SOLVED, days=91)
    asks(Outcome.SOLVED, place="console", by="agent")
    asks(Outcome.FILED, place="console", by="agent")
    asks(Outcome.SOLVED, solved_kind="announcement", solved_id=1, shown=[opened("announcement", 1)])
    asks(Outcome.FILED, place="reading")
    asks(Outcome.LEFT, arm=Arm.HELD, chance=0.5, round=3)
    asks(Outcome.FILED, arm=Arm.HELD, chance=0.5, round=3)
    return world


def is_opened(shown: Sequence[Shown]) -> bool:
    return any(row.opened_at is not None and row.kind != "announcement" for row in shown)


def opened(kind: str, number: int) -> Shown:
    return Shown(kind=kind, subject_id=number, rank=1, opened_at=NOW)


def of(session: Session, world: World, login: str = "manager", days: int = 90, **scope: str) -> Any:
    return deflection(session, Scope(world.people[login], **scope), last_days(session, days))


WHOLE = Tally(asked=7, offered=6, opened=3, stayed=2, returned=1, filed=2, left_filed=1, left=1)


def test_every_ending_by_hand(session: Session, told: World) -> None:
    found = of(session, told)
    assert found.whole == WHOLE
    assert (found.whole.solved, found.people, found.fresh) == (3, 2, 1)
    assert (found.announced, found.held, found.calls.asked, found.calls.solved) == (1, 2, 2, 1)
    assert found.observed is not None and found.observed.value == pytest.approx(2 / 7)
    assert found.observed.n == 7


def test_the_first_page_tells_the_same_number(session: Session, told: World) -> None:
    scope, period = Scope(told.people["manager"]), last_days(session, 90)
    tile = morning(session, scope, period)["deflection"].now
    assert tile == observed_deflection(session, scope, period) == of(session, told).observed


def test_parts_add_up(session: Session, told: World) -> None:
    scope, period = Scope(told.people["manager"]), last_days(session, 90)
    for found in (
        lines.by_system(session, scope, period),
        lines.by_unit(session, scope, period),
        lines.by_week(session, scope, period),
    ):
        for name in ("asked", "stayed", "returned", "filed", "left_filed", "left", "opened", "offered"):
            assert sum(getattr(line.tally, name) for line in found) == getattr(WHOLE, name)
        for line in found:
            tally = line.tally
            ends = (tally.stayed, tally.returned, tally.filed, tally.left_filed, tally.left)
            assert sum(ends) == tally.asked


def test_lines_by_hand(session: Session, told: World) -> None:
    scope, period = Scope(told.people["manager"]), last_days(session, 90)
    systems = lines.by_system(session, scope, period)
    assert [(line.code, line.tally.asked, line.tally.stayed) for line in systems] == [
        ("mkt", 5, 1),
        ("oa", 1, 1),
        ("", 1, 0),
    ]
    units = lines.by_unit(session, scope, period)
    assert [(line.code, line.tally.asked) for line in units] == [("ld", 6), ("hl", 1)]
    below = lines.by_unit(session, Scope(told.people["manager"], unit="ld"), period)
    assert [(line.code, line.tally.asked) for line in below] == [("ld-cy", 6)]
    weeks = lines.by_week(session, scope, period)
    assert (
        len(weeks) == 13 and weeks[0].period.since == period.since and weeks[-1].period.until == period.until
    )
    assert [line.tally.asked for line in weeks] == [1, *[0] * 9, 5, 0, 1]


def test_filters_and_posts_narrow(session: Session, told: World) -> None:
    assert of(session, told, system="oa").whole == Tally(1, 1, 1, 1)
    assert of(session, told, unit="hl").whole.asked == 1
    assert of(session, told, unit="nowhere").whole == Tally() == of(session, told, system="x").whole
    assert of(session, told, days=7).whole.asked == 1
    # The supervisor's unit is 岭东: 赵海陵's question isn't theirs; the expert's system is mkt.
    assert of(session, told, "supervisor").whole.asked == 6
    assert of(session, told, "expert").whole.asked == 5
    assert of(session, told, "wang").whole == Tally()


def publish(session: Session, world: World, title: str, **more: Any) -> int:
    article = articles.write(
        session, ArticleText(title=title, body="1. 做。", **more), by=world.people["editor"].id
    )
    for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
        articles.move(
            session, article, action, by=world.people["expert"].id, duties=frozenset(Duty), note="核对过"
        )
    return article.id


def test_articles_by_hand_and_only_those_the_viewer_may_read(
    session: Session, world: World, asks: Asking
) -> None:
    useful, other = publish(session, world, "有用的"), publish(session, world, "没用的")
    hidden = publish(session, world, "海陵才看的", units=("hl",))
    shown = lambda number, **more: Shown(kind="article", subject_id=number, rank=1, **more)  # noqa: E731
    for returned in (False, False, True):
        asks(
            Outcome.SOLVED,
            returned=returned,
            solved_kind="article",
            solved_id=useful,
            shown=[shown(useful, opened_at=NOW), shown(other)],
        )
    asks(Outcome.FILED, shown=[shown(useful, opened_at=NOW), shown(hidden, opened_at=NOW)])
    asks(Outcome.FILED, shown=[shown(useful)])
    asks(Outcome.SOLVED, place="console", by="agent", shown=[shown(other)])
    scope, period = Scope(world.people["supervisor"]), last_days(session, 90)
    found, total = lines.by_article(session, scope, period)
    assert [(row.title, row.shown, row.opened, row.stayed, row.returned, row.filed) for row in found] == [
        ("有用的", 5, 4, 2, 1, 1),
        ("没用的", 3, 0, 0, 0, 0),
    ]
    assert total == 2 and found[1].rate is None
    assert found[0].rate is not None and found[0].rate.value == 0.5
    second, total = lines.by_article(session, scope, period, limit=1, offset=1)
    assert ([row.title for row in second], total) == (["没用的"], 2)


# ── the experiment ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def trial(session: Session, world: World, asks: Asking) -> World:
    """40 people shown of whom 10 filed, 25 held back of whom 20 filed; each asked once in one fortnight."""
    unit = world.units["ld-cy"]
    for arm, count, filed in ((Arm.SHOWN, 40, 10), (Arm.HELD, 25, 20)):
        for number in range(count):
            one = person(f"{arm}{number}", unit)
            session.add(one)
            session.flush()
            outcome = Outcome.FILED if number < filed else Outcome.LEFT
            asks(outcome, by=str(one.id), **terms(arm))
    return world


def terms(arm: Arm, days: float = 20, chance: float = 0.5) -> dict[str, Any]:
    return {"arm": arm, "chance": chance, "round": round_of(NOW - days * DAY), "days": days}


def test_the_effect_by_hand(session: Session, trial: World) -> None:
    found = of(session, trial).effect
    assert (found.shown.people, found.shown.tickets, found.held.people, found.held.tickets) == (
        40,
        10,
        25,
        20,
    )
    assert found.finding == Finding.FEWER
    assert found.prevented is not None and found.prevented.value == pytest.approx(0.8 - 0.25)
    assert 0 < found.prevented.low < 0.55 < found.prevented.high < 1


def test_one_person_fewer_than_enough_is_no_number(session: Session, trial: World) -> None:
    held = select(Consultation).where(Consultation.arm == Arm.HELD).limit(25 - LEAST_PEOPLE + 1)
    for row in session.scalars(held):
        session.delete(row)
    session.flush()
    found = of(session, trial).effect
    assert (found.finding, found.least, found.prevented) == (Finding.NOT_ENOUGH, LEAST_PEOPLE - 1, None)


def test_what_is_left_out_on_both_sides(session: Session, trial: World, asks: Asking) -> None:
    before = of(session, trial).effect
    for arm in (Arm.SHOWN, Arm.HELD):
        # Second questions of a fortnight, whatever came of the first.
        first = select(Consultation).where(Consultation.arm == arm).order_by(Consultation.id).limit(1)
        someone = session.scalars(first).one()
        asks(Outcome.FILED, by=str(someone.person_id), first=False, **terms(arm, days=19))
        asks(Outcome.LEFT, by="zhao", offered=0, **terms(arm, days=50))
        asks(
            Outcome.FILED,
            by="expert",
            announced=True,
            **terms(arm, days=50),
        )
        asks(Outcome.FILED, by="engineer", **terms(arm, days=3))  # its days are not over
        asks(Outcome.FILED, by="manager", **terms(arm, days=95))
    assert of(session, trial).effect == before


def test_who_came_back_counts_as_a_ticket_on_both_sides(session: Session, trial: World) -> None:
    for arm in (Arm.SHOWN, Arm.HELD):
        left = select(Consultation).where(Consultation.arm == arm, Consultation.outcome == Outcome.LEFT)
        session.scalars(left.order_by(Consultation.id).limit(1)).one().returned_at = NOW
    session.flush()
    found = of(session, trial).effect
    assert (found.shown.tickets, found.held.tickets) == (11, 21)


def test_each_question_weighs_what_its_chance_says(session: Session, trial: World) -> None:
    """As if the share had been one in ten for some: their held-back questions stand for ten."""
    rows = session.scalars(select(Consultation).where(Consultation.arm == Arm.HELD).order_by(Consultation.id))
    for row in list(rows)[:5]:  # five that filed
        row.chance = 0.1
    session.flush()
    found = of(session, trial).effect
    assert found.held.asked == pytest.approx(5 * 10 + 20 * 2)
    assert found.filed_when_held is None or found.filed_when_held.value == pytest.approx((50 + 30) / 90)


def test_queries_do_not_grow_with_questions(session: Session, told: World, asks: Asking) -> None:
    def cost() -> int:
        with statements_sent(session) as seen:
            scope, period = Scope(told.people["manager"]), last_days(session, 90)
            deflection(session, scope, period)
            lines.by_system(session, scope, period)
            lines.by_unit(session, scope, period)
            lines.by_week(session, scope, period)
            lines.by_article(session, scope, period, limit=20)
        return len(seen)

    before = cost()
    for number in range(30):
        asks(Outcome.SOLVED, days=8 + number, shown=[opened("article", number + 1)])
    assert session.scalar(select(func.count()).select_from(Consultation)) == 45
    assert cost() == before


def test_everything_is_defined() -> None:
    assert set(FINDINGS) == set(Finding)
    assert {"asked", "offered", "opened", "stayed", "returned", "filed", "left_filed", "left"} <= set(
        MEANINGS
    )
    assert all(name and meaning for name, meaning in MEANINGS.values())
