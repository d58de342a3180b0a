"""The front's first judgement against the middle's ruling."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from portal.insight import judgements
from portal.insight.periods import Period, Scope
from portal.tickets import desk
from portal.tickets.words import Action, Category
from tests.tickets.people import Desk
from tests.world import MOMENT, World

PERIOD = Period(MOMENT - timedelta(days=1), MOMENT + timedelta(days=1))


def ruled(at_desk: Desk, first: Category, then: Category, *, by: str = "wang") -> None:
    ticket = at_desk.file(first, by=by)
    at_desk.does(ticket, Action.TAKE, "agent" if by == "wang" else "supervisor")
    at_desk.does(ticket, Action.ESCALATE, "agent" if by == "wang" else "supervisor")
    at_desk.does(ticket, Action.RULE, "expert", category=then)


def test_what_the_middle_rules_otherwise_is_counted(session: Session, desk_world: World) -> None:
    at_desk, people = Desk(session, desk_world), desk_world.people
    for then in (Category.DEFECT, Category.DATA, Category.DATA, Category.FAULT):
        ruled(at_desk, Category.DEFECT, then)
    at_desk.file()  # never ruled
    everything = Scope(people["manager"])
    judged = judgements.first_judgements(session, everything, PERIOD)
    assert (judged.ruled, judged.changed, judged.rate) == (4, 3, 0.75)
    assert judgements.differences(session, everything, PERIOD) == [
        judgements.Difference(Category.DEFECT, Category.DATA, 2),
        judgements.Difference(Category.DEFECT, Category.FAULT, 1),
    ]
    ((unit, of_unit),) = judgements.by_unit(session, everything, PERIOD)
    assert (unit.code, of_unit.changed) == ("ld-cy", 3)
    assert judgements.by_filer(session, everything, PERIOD) == []  # users filed them all
    request = desk.Request("来电说打不开", Category.FAULT, desk_world.systems["mkt"], people["wang"])
    ticket = desk.file(session, request, by=people["agent"])
    for action, login in ((Action.TAKE, "agent"), (Action.ESCALATE, "agent")):
        at_desk.does(ticket, action, login)
    at_desk.does(ticket, Action.RULE, "expert", category=Category.DEFECT)
    assert judgements.by_filer(session, everything, PERIOD) == [(people["agent"], judgements.Judged(1, 1))]


def test_it_stays_within_what_the_viewer_serves(session: Session, desk_world: World) -> None:
    at_desk, people = Desk(session, desk_world), desk_world.people
    ruled(at_desk, Category.DEFECT, Category.DATA)
    nothing = judgements.Judged(0, 0)
    assert nothing.rate is None
    assert judgements.first_judgements(session, Scope(people["wang"]), PERIOD) == nothing
    assert judgements.first_judgements(session, Scope(people["expert"], system="oa"), PERIOD) == nothing
    assert judgements.first_judgements(session, Scope(people["expert"]), PERIOD).changed == 1
    assert judgements.first_judgements(session, Scope(people["expert"]), PERIOD.before) == nothing
