"""The year of which the truth is known: its plan by property, and what the desk makes of a part of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.cli.demo import settings_for
from portal.cli.place import opened, opened_index
from portal.sample.truth.alarmed import Raised, Word, raised_in
from portal.sample.truth.measures import Figures, figures_of
from portal.sample.truth.plan import planned
from portal.sample.truth.play import Player
from portal.sample.truth.played import Played


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
    assert found.proposed is None
    assert found.by_people is not None and (found.by_people.value, found.by_people.n) == (2 / 3, 3)
    assert (found.regressions, found.found, found.known, found.false_alarms) == (1, 1, 2, 0.5)


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
    assert figures.alarms is not None and figures.alarms.n >= 3
    assert figures.alarms.high >= 0.95
    assert figures.found >= figures.regressions / 3
