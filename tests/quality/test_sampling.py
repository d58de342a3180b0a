"""Which tickets are drawn: evenly, the same ones always, never twice, never more than the day's limit."""

from __future__ import annotations

from datetime import timedelta
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.flow import Refused
from portal.quality import rules, sampling
from portal.quality.models import FollowUp
from portal.quality.rules import RuleText
from portal.quality.sampling import lot_of
from portal.quality.words import Kind, Per
from portal.tickets.words import Action, Category, Channel
from tests.quality.ways import Office

MANY = 4000


@settings(deadline=None)
@given(salt=st.text(max_size=32), number=st.text(min_size=1, max_size=24))
def test_a_lot_is_stable_and_within_its_bounds(salt: str, number: str) -> None:
    assert lot_of(number, salt) == lot_of(number, salt)
    assert 0 <= lot_of(number, salt) < 100


@settings(deadline=None)
@given(salt=st.text(max_size=32), percentage=st.integers(1, 99))
def test_the_share_that_is_drawn_is_near_the_percentage(salt: str, percentage: int) -> None:
    share = percentage / 100
    drawn = sum(lot_of(f"GD{number:08d}", salt) < percentage for number in range(MANY))
    # Seven standard deviations: chance alone does not come here in a lifetime of test runs.
    assert abs(drawn / MANY - share) < 7 * sqrt(share * (1 - share) / MANY)


@settings(deadline=None)
@given(salt=st.text(max_size=32), number=st.text(min_size=1, max_size=24), less=st.integers(1, 100))
def test_a_higher_percentage_draws_all_that_a_lower_one_draws(salt: str, number: str, less: int) -> None:
    lot = lot_of(number, salt)
    assert not lot < less or all(lot < more for more in range(less, 101))


def test_two_rules_draw_independently() -> None:
    both = sum(lot_of(f"GD{n}", "one") < 50 and lot_of(f"GD{n}", "two") < 50 for n in range(MANY))
    assert abs(both / MANY - 0.25) < 0.05


def test_a_closed_ticket_is_drawn_once_for_each_purpose(office: Office) -> None:
    office.rule(Kind.FOLLOW_UP)
    office.rule(Kind.INSPECTION)
    ticket = office.closed()
    (row,) = office.draw(Kind.FOLLOW_UP)
    assert (row.ticket, row.agent_id) == (ticket, office.world.people["agent"].id)
    assert office.draw(Kind.FOLLOW_UP) == []
    assert len(office.draw(Kind.INSPECTION)) == 1
    assert office.draw(Kind.INSPECTION) == []


def test_an_open_ticket_and_one_that_was_withdrawn_are_not_drawn(office: Office) -> None:
    office.rule(Kind.FOLLOW_UP)
    office.file(Category.CONSULTATION)
    office.does(office.file(Category.CONSULTATION), Action.CANCEL, "wang")
    assert office.draw(Kind.FOLLOW_UP) == []


def test_what_was_closed_before_a_rule_came_into_force_is_left_alone(office: Office) -> None:
    office.closed()
    office.later(days=1)
    office.rule(Kind.FOLLOW_UP)
    assert office.draw(Kind.FOLLOW_UP) == []


def test_a_rule_that_is_put_into_force_again_looks_forward_only(office: Office) -> None:
    manager = office.world.people["manager"]
    rule = office.rule(Kind.FOLLOW_UP)
    rules.set_active(office.session, rule, False, by=manager)
    office.closed()
    assert office.draw(Kind.FOLLOW_UP) == []
    office.later(hours=2)
    rules.set_active(office.session, rule, True, by=manager)
    assert office.draw(Kind.FOLLOW_UP) == []
    office.closed()
    assert len(office.draw(Kind.FOLLOW_UP)) == 1


def test_each_condition_narrows(office: Office) -> None:
    ticket = office.closed(rating=2, channel=Channel.HOTLINE)
    office.at(office.later(minutes=1))
    for met, missed in (
        ({"categories": ("consultation",)}, {"categories": ("defect",)}),
        ({"systems": ("mkt",)}, {"systems": ("oa",)}),
        ({"units": ("ld",)}, {"units": ("hl",)}),
        ({"channels": ("hotline",)}, {"channels": ("web",)}),
        ({"rating_at_most": 2}, {"rating_at_most": 1}),
        ({}, {"reopened": True}),
        ({}, {"overdue": True}),
    ):
        yes, no = (office.rule(Kind.FOLLOW_UP, name=str(more), **more) for more in (met, missed))
        yes.since = no.since = ticket.filed_at
        assert sampling.finding(yes, ticket).draws
        assert sampling.finding(no, ticket).missed == tuple(missed)


def test_a_late_ticket_and_a_reopened_one(office: Office) -> None:
    ticket = office.file(Category.CONSULTATION)
    office.does(ticket, Action.TAKE, "agent")
    office.does(ticket, Action.ANSWER, "agent")
    office.does(ticket, Action.REOPEN, "wang")
    office.later(days=30)
    office.does(ticket, Action.ANSWER, "agent")
    office.does(ticket, Action.CONFIRM, "wang")
    rule = office.rule(Kind.FOLLOW_UP, reopened=True, overdue=True)
    rule.since = ticket.filed_at
    assert sampling.finding(rule, ticket).draws


@pytest.mark.parametrize("per", Per)
def test_no_more_than_the_days_limit(office: Office, per: Per) -> None:
    office.rule(Kind.FOLLOW_UP, at_most=2, per=per)
    for _ in range(5):
        office.closed()
    assert len(office.draw(Kind.FOLLOW_UP)) == 2
    office.closed()
    assert office.draw(Kind.FOLLOW_UP) == []  # the same day, in a later draw
    office.later(days=1)
    office.closed()
    assert len(office.draw(Kind.FOLLOW_UP)) == 1


def test_the_limit_counts_each_agent_for_themselves(office: Office) -> None:
    office.rule(Kind.FOLLOW_UP, at_most=1)
    office.closed(agent="agent")
    office.closed(agent="supervisor")
    assert len(office.draw(Kind.FOLLOW_UP)) == 2


def test_a_full_rule_leaves_the_ticket_to_the_next(office: Office) -> None:
    always = office.rule(Kind.FOLLOW_UP, at_most=1, name="先问")
    other = office.rule(Kind.FOLLOW_UP, percentage=100, name="后问")
    for _ in range(2):
        office.closed()
    assert [row.rule_id for row in office.draw(Kind.FOLLOW_UP)] == [always.id, other.id]


def test_why_a_ticket_was_drawn_stays_when_the_rule_changes(office: Office) -> None:
    rule = office.rule(Kind.FOLLOW_UP, name="低分必回访", rating_at_most=5)
    ticket = office.closed()
    (row,) = office.draw(Kind.FOLLOW_UP)
    text = RuleText(kind=Kind.FOLLOW_UP, name="换了名字", percentage=1)
    rules.save(office.session, rule, text, by=office.world.people["manager"])
    office.session.expire_all()
    assert row.why["rule"] == "低分必回访"
    assert row.why["conditions"] == {"rating_at_most": 5}
    assert row.why["lot"] == round(lot_of(ticket.number, "salt"), 2)


def test_explaining_says_which_condition_is_missed(office: Office) -> None:
    office.rule(Kind.FOLLOW_UP, categories=("defect",), name="只看缺陷")
    told = sampling.explain(office.session, Kind.FOLLOW_UP, office.closed())
    assert told.drawn is None
    assert told.teller is office.world.people["agent"]
    assert [found.missed for found in told.findings] == [("categories",)]


def test_what_becomes_visible_late_is_drawn_in_the_next_round(office: Office) -> None:
    """A close that was committed after a later one: the overlap walks over it again."""
    office.rule(Kind.FOLLOW_UP)
    ticket = office.closed()
    moment = ticket.closed_at
    office.draw(Kind.FOLLOW_UP)
    late = office.closed()
    assert moment is not None
    late.closed_at = moment - timedelta(minutes=0)
    office.session.flush()
    assert [row.ticket for row in office.draw(Kind.FOLLOW_UP)] == [late]


def test_a_long_list_is_drawn_in_several_rounds(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "AT_ONCE", 3)
    monkeypatch.setattr(sampling, "OVERLAP", timedelta(0))
    office.rule(Kind.FOLLOW_UP)
    for _ in range(7):
        office.closed()
        office.later(minutes=1)
    rounds = [len(office.draw(Kind.FOLLOW_UP)) for _ in range(4)]
    assert rounds == [3, 3, 1, 0]
    assert office.session.query(FollowUp).count() == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"percentage": 0},
        {"percentage": 101},
        {"rating_at_most": 6},
        {"at_most": 0},
        {"tries": 0},
        {"categories": ("nonsense",)},
        {"channels": ("fax",)},
        {"systems": ("nowhere",)},
        {"units": ("nowhere",)},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(office: Office, wrong: dict[str, object]) -> None:
    values = {"kind": Kind.FOLLOW_UP, "name": "规则", "percentage": 10, **wrong}
    with pytest.raises(Refused):
        rules.save(office.session, None, RuleText(**values), by=office.world.people["manager"])  # type: ignore[arg-type]


@pytest.mark.parametrize("login", ["agent", "inspector", "supervisor", "wang"])
def test_rules_are_the_managers_and_the_administrators(office: Office, login: str) -> None:
    text = RuleText(kind=Kind.FOLLOW_UP, name="规则", percentage=10)
    with pytest.raises(Refused):
        rules.save(office.session, None, text, by=office.world.people[login])
    rules.save(office.session, None, text, by=office.world.people["admin"])
