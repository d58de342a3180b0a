"""“None of these”: one answer to all that was offered, taken back as one, taught as a case of no record."""

from __future__ import annotations

import pytest

from kb.flow import Refused
from portal.causes.evidence import who_else
from portal.finder.judgements import cases, judgements
from portal.tickets import desk, linking
from portal.tickets.models import LinkVerdict
from portal.tickets.words import Action, Category
from tests.finder.conftest import Desk, desk_of, index, maker

__all__ = ["desk_of", "index", "maker"]


def test_it_is_one_judgement_that_teaches_and_is_taken_back_as_one(desk_of: Desk) -> None:
    session, expert = desk_of.session, desk_of.world.people["expert"]
    one, two = desk_of.defect("核算页面一直转圈"), desk_of.defect("核算页面白屏")
    ticket = desk_of.ticket("核算页面闪退")
    linking.link(session, ticket, one, by=None, probability=0.97)  # the system was wrong as well
    rows = linking.none_of_these(session, ticket, [one, two, one], by=expert, chances={one.id: 0.97})
    assert [(row.defect_id, row.verdict, row.probability) for row in rows] == [
        (one.id, LinkVerdict.REJECTED, 0.97),
        (two.id, LinkVerdict.REJECTED, None),
    ]
    assert {row.together for row in rows} == {rows[0].id}
    assert ticket.defect is None
    assert linking.answered_none(ticket) == linking.last_judged(ticket) == rows
    assert ticket.trail[-1].action == Action.AUTO_UNDONE
    (case,) = cases(session)
    assert (case.ticket, case.right) == (ticket, None)
    (judged,) = judgements(session)
    assert judged.wrong == {("defect", str(one.id)), ("defect", str(two.id))}

    linking.undo_last(session, ticket, by=expert)
    assert {row.verdict for row in rows} == {LinkVerdict.UNDONE}
    assert {row.ended_by_id for row in rows} == {expert.id}
    assert cases(session) == []
    assert judgements(session) == []
    with pytest.raises(Refused):
        linking.undo_last(session, ticket, by=expert)


def test_a_later_link_speaks_against_it(desk_of: Desk) -> None:
    session, expert = desk_of.session, desk_of.world.people["expert"]
    one, two = desk_of.defect("核算页面一直转圈"), desk_of.defect("核算页面白屏")
    ticket = desk_of.ticket("核算页面闪退")
    linking.none_of_these(session, ticket, [one, two], by=expert)
    linking.link(session, ticket, two, by=expert)
    assert linking.answered_none(ticket) == []
    assert [case.right for case in cases(session)] == [two.id]


def test_who_may_not_judge_and_what_cannot_be_said(desk_of: Desk) -> None:
    session, people = desk_of.session, desk_of.world.people
    record, ticket = desk_of.defect("核算页面一直转圈"), desk_of.ticket("核算页面一直转圈")
    for login in ("wang", "engineer", "dispatcher"):
        with pytest.raises(Refused):
            linking.none_of_these(session, ticket, [record], by=people[login])
        with pytest.raises(Refused):
            linking.undo_last(session, ticket, by=people[login])
    with pytest.raises(Refused):
        linking.none_of_these(session, ticket, [], by=people["expert"])
    desk.move(session, ticket, Action.TAKE, by=people["agent"])
    desk.move(session, ticket, Action.ESCALATE, by=people["agent"], given=desk.Given(note="请看"))
    desk.move(session, ticket, Action.RULE, by=people["expert"], given=desk.Given(category=Category.DEFECT))
    linking.link(session, ticket, record, by=people["expert"])
    desk.move(session, ticket, Action.PARK, by=people["expert"], given=desk.Given(note="等修复"))
    with pytest.raises(Refused, match="挂起"):
        linking.none_of_these(session, ticket, [record], by=people["expert"])


def test_who_else_counts_everybody_and_names_only_what_the_reader_may_open(desk_of: Desk) -> None:
    session, people = desk_of.session, desk_of.world.people
    record, lonely = desk_of.defect("核算页面一直转圈"), desk_of.defect("核算页面白屏")
    ours = [desk_of.ticket(f"转圈第{n}次") for n in range(4)]
    theirs = desk_of.ticket("转圈", by="zhao", system="oa")
    asked = desk_of.ticket("又转圈")
    for ticket in (*ours, theirs, asked):
        linking.link(session, ticket, record, by=None)
    found = who_else(session, people["expert"], asked, [record.id, lonely.id])
    assert set(found) == {record.id}
    assert found[record.id].tickets == 5
    assert {place.name: n for place, n in found[record.id].units} == {"沧源供电局": 4, "海陵省公司": 1}
    assert [row.id for row in found[record.id].newest] == [row.id for row in ours[:0:-1]]
    assert theirs in who_else(session, people["analyst"], asked, [record.id])[record.id].newest
    assert who_else(session, people["expert"], asked, []) == {}
