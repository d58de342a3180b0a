"""Known errors that a unit has outgrown: by the version that runs there, verified, all of its defects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.flow import DefectState
from defects.models import Defect
from defects.texts import DefectText
from kb import articles
from kb.articles import ArticleText
from kb.columns import CLOCK
from kb.flow import ArticleState
from kb.models import Article, ArticleKind
from kb.queries import readable_articles
from portal.catalogue.models import Deployment
from portal.catalogue.outgrown import Repair, asks_for, offered_articles, outgrown, outgrown_among
from portal.catalogue.queries import today
from portal.people.queries import viewer_of
from tests.statements import statements_sent
from tests.world import MOMENT, World


@pytest.fixture(autouse=True)
def clock(session: Session) -> None:
    session.info[CLOCK] = MOMENT


def record(
    session: Session, world: World, state: DefectState = DefectState.VERIFIED, **more: object
) -> Defect:
    given = {"title": "算费报错", "system": "mkt", "fixed_in": "6.2.0", "workaround": "清缓存", **more}
    defect = library.open_record(session, DefectText(**given), by=world.people["expert"].id)
    defect.state = state
    session.flush()
    return defect


def article(session: Session, world: World, *told: Defect, **more: object) -> Article:
    given = {"title": "算费报错怎么办", "body": "1. 清缓存", "kind": ArticleKind.KNOWN_ERROR, **more}
    row = articles.write(session, ArticleText(**given), by=world.people["editor"].id)
    row.state = ArticleState.PUBLISHED
    for defect in told:
        library.tie(session, defect, row)
    session.flush()
    return row


def test_a_unit_with_the_repair_has_outgrown_it_and_another_has_not(
    session: Session, desk_world: World
) -> None:
    units = desk_world.units
    row = article(session, desk_world, record(session, desk_world))
    assert outgrown(session, units["ld"]) == {row.id: (Repair("QX000001", "6.2.0", "6.2.1"),)}
    assert set(outgrown(session, units["ld-cy"])) == {row.id}
    assert outgrown(session, units["hl"]) == {}
    assert outgrown(session, units["hl"], [row.id]) == {}
    assert outgrown_among(session, units["ld"], [row]) == {row.id}
    assert outgrown(session, None) == {}
    hl = session.scalars(select(Deployment)).one()
    hl.next_version, hl.next_on = "6.2.0", today(session)
    session.flush()
    assert set(outgrown(session, units["hl"])) == {row.id}
    hl.next_on = today(session) + timedelta(days=1)
    session.flush()
    assert not outgrown(session, units["hl"])


@pytest.mark.parametrize("state", list(DefectState))
def test_only_a_repair_that_was_verified_counts(
    session: Session, desk_world: World, state: DefectState
) -> None:
    article(session, desk_world, record(session, desk_world, state))
    over = state in (DefectState.VERIFIED, DefectState.CLOSED)
    assert bool(outgrown(session, desk_world.units["ld"])) is over


def test_the_last_of_its_defects_decides(session: Session, desk_world: World) -> None:
    ld = desk_world.units["ld"]
    row = article(session, desk_world, record(session, desk_world), record(session, desk_world))
    assert outgrown(session, ld)
    later = record(session, desk_world, fixed_in="6.3.0")
    library.tie(session, later, row)
    assert not outgrown(session, ld)
    assert not outgrown(session, ld, [row.id])
    later.fixed_in = "6.2.1"
    open_one = record(session, desk_world, DefectState.CONFIRMED)
    library.tie(session, open_one, row)
    session.flush()
    assert not outgrown(session, ld)
    open_one.state = DefectState.NOT_A_DEFECT
    session.flush()
    assert set(outgrown(session, ld)) == {row.id}


def test_a_merged_record_is_judged_by_the_one_that_stands_for_it(session: Session, desk_world: World) -> None:
    gone, merged = record(session, desk_world), record(session, desk_world, DefectState.DUPLICATE)
    row = article(session, desk_world, merged)
    merged.duplicate_of_id = gone.id
    session.flush()
    assert outgrown(session, desk_world.units["ld"])[row.id][0].number == gone.number


def test_a_translation_tells_of_what_its_original_tells_of(session: Session, desk_world: World) -> None:
    row = article(session, desk_world, record(session, desk_world))
    english = article(session, desk_world, title="Billing fails", language="en")
    english.translation_of_id = row.id
    session.flush()
    assert set(outgrown(session, desk_world.units["ld"])) == {row.id, english.id}
    assert set(outgrown(session, desk_world.units["ld"], [english.id])) == {english.id}


def test_other_kinds_and_what_tells_of_nothing_stay(session: Session, desk_world: World) -> None:
    defect = record(session, desk_world)
    how = article(session, desk_world, defect, kind=ArticleKind.HOWTO)
    alone = article(session, desk_world)
    assert outgrown(session, desk_world.units["ld"]) == {}
    assert outgrown_among(session, desk_world.units["ld"], [how, alone, defect]) == frozenset()


def test_lists_offer_what_the_reader_may_read_and_has_not_outgrown(
    session: Session, desk_world: World
) -> None:
    people = desk_world.people
    row, other = article(session, desk_world, record(session, desk_world)), article(session, desk_world)
    hidden = article(session, desk_world, units=["hl"])

    def offered(login: str) -> set[int]:
        return {found.id for found in session.scalars(offered_articles(session, people[login]))}

    assert offered("wang") == {other.id}
    assert offered("zhao") == {row.id, other.id, hidden.id}
    assert offered("agent") == {row.id, other.id}
    assert asks_for(people["agent"]) is None
    readable = session.scalars(readable_articles(viewer_of(people["wang"]))).all()
    assert {found.id for found in readable} == {row.id, other.id}


def test_one_query_however_many_and_none_without_a_known_error(session: Session, desk_world: World) -> None:
    rows = [article(session, desk_world, record(session, desk_world)) for _ in range(5)]
    plain = article(session, desk_world, kind=ArticleKind.FAQ)
    unit = desk_world.units["ld-cy"]
    with statements_sent(session) as told:
        assert len(outgrown_among(session, unit, [*rows, plain])) == 5
        assert len(told) == 1
        assert not outgrown_among(session, unit, [plain])
        assert len(told) == 1
        assert len(outgrown(session, unit)) == 5
        assert len(told) == 2
