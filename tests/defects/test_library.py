"""Defect records: one rule of sight in two shapes, the life as a table, merging, where units stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty, DefectState, open_to, step
from defects.models import Defect
from defects.queries import articles_about, is_visible, visible_defects
from defects.rollout import Standing, standing_of
from defects.search import document_of, is_searchable
from defects.texts import DefectText
from kb.articles import ArticleText, write
from kb.audience import Audience, Viewer
from kb.flow import Refused

NINA = 1
ALL = frozenset(DefectDuty)
TEXT = DefectText(
    title="跨月抄表重复累计", system="mkt", symptoms=("电费多算，报 ORA-01017",), workaround="先挂起"
)
MOMENT = datetime(2026, 3, 2, tzinfo=UTC)

records = st.tuples(st.sampled_from(DefectState), st.booleans(), st.sampled_from(["", "先这样"]))
viewers = st.builds(Viewer, levels=st.frozensets(st.sampled_from(Audience)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=1, max_size=10), viewers)
def test_both_shapes_of_sight_agree(
    session: Session, rows: list[tuple[DefectState, bool, str]], viewer: Viewer
) -> None:
    try:
        made = [
            Defect(number=f"QX{number:06d}", title="题", system="mkt", state=state, shown_to_users=shown,
                   workaround=way, created_by=1, created_at=MOMENT, updated_at=MOMENT, symptoms=[], codes=[])
            for number, (state, shown, way) in enumerate(rows, 1)
        ]  # fmt: skip
        session.add_all(made)
        session.flush()
        found = set(session.scalars(visible_defects(viewer)))
        assert found == {defect for defect in made if is_visible(defect, viewer)}
        searchable = {row for row in made if is_searchable(row)}
        indexed = {row for row in searchable if document_of(row).audience & viewer.tokens}
        assert indexed == found & searchable
    finally:
        session.rollback()


@pytest.mark.parametrize("state", DefectState)
@pytest.mark.parametrize("duties", [frozenset(), {DefectDuty.CURATE}, {DefectDuty.REPAIR}, ALL])
def test_drawing_and_deciding_read_one_table(state: DefectState, duties: frozenset[DefectDuty]) -> None:
    drawn = {row.action for row in open_to(state, duties)}
    everything = ("note", "cause", "fixed_in", "duplicate_of")
    for action in DefectAction:
        try:
            step(state, action, duties=duties, given=everything)
        except Refused:
            assert action not in drawn
        else:
            assert action in drawn


def walked(session: Session, *actions: DefectAction, text: DefectText = TEXT) -> Defect:
    defect = library.open_record(session, text, by=NINA)
    for action in actions:
        moves.move(session, defect, action, by=NINA, duties=ALL)
    return defect


def test_a_fix_needs_cause_and_version_and_takes_them_along(session: Session) -> None:
    defect = walked(session, DefectAction.CONFIRM, DefectAction.START)
    with pytest.raises(Refused, match="根因"):
        moves.move(session, defect, DefectAction.FIX, by=NINA, duties=ALL)
    with pytest.raises(Refused, match="修复版本"):
        moves.move(session, defect, DefectAction.FIX, by=NINA, duties=ALL, cause="缓存")
    moves.move(session, defect, DefectAction.FIX, by=NINA, duties=ALL, cause="缓存", fixed_in="6.2.2")
    assert (defect.state, defect.cause, defect.fixed_in) == (DefectState.FIXED, "缓存", "6.2.2")
    assert defect.fixed_at is not None


def test_the_middle_verifies_and_the_back_does_not(session: Session) -> None:
    text = replace(TEXT, cause="缓存", fixed_in="6.2.2")
    defect = walked(session, DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX, text=text)
    with pytest.raises(Refused, match="岗位"):
        moves.move(session, defect, DefectAction.VERIFY, by=2, duties={DefectDuty.REPAIR})
    moves.move(session, defect, DefectAction.VERIFY, by=NINA, duties={DefectDuty.CURATE})
    assert defect.state == DefectState.VERIFIED


def test_a_move_on_a_version_that_is_gone_is_refused(session: Session) -> None:
    defect = walked(session)
    seen = defect.version
    library.describe(session, defect, replace(TEXT, title="别的"))
    with pytest.raises(Refused, match="同事"):
        moves.move(session, defect, DefectAction.CONFIRM, by=NINA, duties=ALL, seen=seen)
    moves.move(session, defect, DefectAction.CONFIRM, by=NINA, duties=ALL, seen=defect.version)


def test_merging_goes_to_the_survivor_and_brings_the_words(session: Session) -> None:
    survivor, middle = walked(session), walked(session, text=replace(TEXT, title="乙", symptoms=("乙的话",)))
    last = walked(session, text=replace(TEXT, title="丙", symptoms=("丙的话",)))
    moves.merge(session, middle, survivor, by=NINA, duties=ALL)
    moves.merge(session, last, middle, by=NINA, duties=ALL)
    assert last.duplicate_of_id == survivor.id
    assert {"乙的话", "丙的话"} <= set(survivor.symptoms)
    with pytest.raises(Refused, match="它自己"):
        moves.merge(session, survivor, last, by=NINA, duties=ALL)


def test_reopening_a_duplicate_forgets_what_it_was_merged_into(session: Session) -> None:
    survivor, double = walked(session), walked(session)
    moves.merge(session, double, survivor, by=NINA, duties=ALL)
    moves.move(session, double, DefectAction.REOPEN, by=NINA, duties=ALL, note="不一样")
    assert double.duplicate_of_id is None
    with pytest.raises(Refused, match="并入哪一条"):
        moves.move(session, double, DefectAction.MERGE, by=NINA, duties=ALL)


def test_articles_are_tied_once_and_untied(session: Session) -> None:
    defect = walked(session)
    article = write(session, ArticleText(title="题", body="文"), by=NINA)
    library.tie(session, defect, article)
    library.tie(session, defect, article)
    assert articles_about(session, defect) == [article]
    library.untie(session, defect, article)
    library.untie(session, defect, article)
    assert articles_about(session, defect) == []


@pytest.mark.parametrize(
    ("running", "fixed_in", "affected", "expected"),
    [
        ("6.2.2", "6.2.2", ["6.2.1"], Standing.FIXED),
        ("V6.10.0", "6.9.3", ["6.9.2"], Standing.FIXED),
        ("6.2.1", "6.2.2", ["6.2.1"], Standing.AFFECTED),
        ("6.2.1", None, ["6.2.1"], Standing.AFFECTED),
        ("6.1.0", "6.2.2", ["6.2.0", "6.2.1"], Standing.CLEAR),
        ("6.2.0", "6.2.2", [], Standing.AFFECTED),
        ("6.3.0", None, ["6.2.1"], Standing.UNKNOWN),
        ("", "6.2.2", ["6.2.1"], Standing.UNKNOWN),
        ("新版", "6.2.2", ["6.2.1"], Standing.UNKNOWN),
        (None, None, [], Standing.UNKNOWN),
    ],
)
def test_where_a_unit_stands(
    running: str | None, fixed_in: str | None, affected: list[str], expected: Standing
) -> None:
    assert standing_of(running, fixed_in=fixed_in, affected=affected) == expected
