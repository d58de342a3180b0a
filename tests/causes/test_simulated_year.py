"""The year of which the truth is known: its plan by property, and what the desk makes of a part of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from defects.models import Defect
from portal.cli.demo import settings_for
from portal.cli.place import opened, opened_index
from portal.sample.truth.alarmed import Raised, Word, raised_in
from portal.sample.truth.measures import Figures, figures_of
from portal.sample.truth.plan import planned
from portal.sample.truth.play import Player
from portal.sample.truth.played import Played
from portal.tickets import linking
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import Basis
from portal.tickets.recurrence.raising import raised, seen_where_fixed
from tests.causes.alarm_desk import AlarmDesk
from tests.world import World


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_repair_that_holds_is_never_met_where_it_runs(seed: int) -> None:
    year = planned(seed=seed, days=120, scale=0.2)
    assert year.reports == planned(seed=seed, days=120, scale=0.2).reports
    assert [one.at for one in year.reports] == sorted(one.at for one in year.reports)
    assert {one.cause for one in year.reports} <= {None, *year.records}
    for one in year.reports:
        repair = year.repairs.get(one.cause or "")
        assert repair is None or not repair.holds or not repair.runs_in(one.province, one.day)
        assert year.is_regression(one) <= (repair is not None and not repair.holds)


def test_the_system_answers_for_its_own_alarms_and_people_for_theirs() -> None:
    report = planned(seed=1, days=120, scale=0.1).reports[0]

    def told(linked: int | None, *, regression: bool = False) -> Played:
        return Played(report, 1, 1, linked, 0.97, True, None, regression)

    found = figures_of(
        [told(1, regression=True), told(2), told(None), told(None), told(1)],
        [
            Raised(1, Word.SYSTEM, true=True),
            Raised(2, Word.SYSTEM, true=False),
            Raised(2, Word.PERSON, true=False),
            Raised(3, Word.PERSON, true=True),
            Raised(3, Word.PERSON, true=True),
        ],
    )
    assert found.links is not None and (found.links.value, found.links.n) == (2 / 3, 3)
    assert (found.linkable, found.coverage) == (5, 0.4)
    assert found.alarms is not None and (found.alarms.value, found.alarms.n) == (0.5, 2)
    assert found.opened is not None and (found.opened.value, found.opened.n) == (3 / 5, 5)
    assert found.proposed is None
    assert found.by_people is not None and (found.by_people.value, found.by_people.n) == (2 / 3, 3)
    assert (found.regressions, found.found, found.known, found.false_alarms) == (1, 1, 2, 0.4)


def test_an_alarm_is_told_by_whose_word_opened_it(session: Session, desk_world: World) -> None:
    desk = AlarmDesk(session, desk_world)
    by_system, by_person, asked = (desk.record(title=title) for title in ("甲", "乙", "丙"))
    alike, sure, theirs, far = (
        desk.ticket(),
        desk.ticket(),
        desk.ticket(),
        desk.ticket(system="oa", text="慢"),
    )
    _begun_by_likeness(session, alike, by_system)
    linking.link(session, sure, by_system, by=None, probability=0.97)
    linking.link(session, theirs, by_person, by=desk.expert)
    linking.link(session, far, asked, by=None, probability=0.97)
    report = planned(seed=1, days=120, scale=0.1).reports[0]
    shows = {sure.id: by_system.id, theirs.id: by_person.id}
    told = [
        Played(report, one.id, shows.get(one.id), None, 0.9, True, None, one.id in shows)
        for one in (alike, sure, theirs, far)
    ]
    assert raised_in(session, told) == [
        Raised(by_system.id, Word.SYSTEM, true=True),
        Raised(by_person.id, Word.PERSON, true=True),
        Raised(asked.id, Word.PROPOSED, true=False),
    ]


def _begun_by_likeness(session: Session, ticket: Ticket, defect: Defect) -> None:
    seen = seen_where_fixed(session, ticket, defect, basis=Basis.LIKENESS, probability=0.4)
    assert seen is not None
    assert raised(session, seen) is not None


def year_of(folder: Path, *, seed: int) -> Figures:
    place = settings_for(folder, {"TIERDESK_ENCODER": "none"})
    year = planned(seed=seed, days=240, scale=0.5)
    with opened(place) as desk, opened_index(place) as index:
        played = Player(desk.maker, index, year, random.Random(seed)).play()
        with desk.maker() as session:
            return figures_of(played, raised_in(session, played))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_links_are_as_precise_as_promised_and_alarms_are_true(tmp_path: Path) -> None:
    figures = year_of(tmp_path / "desk", seed=7)
    assert figures.links is not None, "in eight months the desk must have earned automatic links"
    assert figures.links.n >= 20
    assert figures.links.high >= 0.95
    assert figures.opened is not None and figures.opened.n >= 4
    assert figures.opened.high >= 0.95
    assert figures.false_alarms == 0.0
    assert figures.alarms is not None, "the system itself must have said so of one"
    assert figures.known >= 0.8 * figures.regressions
    assert figures.found >= figures.regressions / 3
