"""The year of which the truth is known: its plan by property, and what the desk makes of a part of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.cli.demo import settings_for
from portal.cli.place import opened, opened_index
from portal.sample.truth.plan import planned
from portal.sample.truth.play import Player
from portal.sample.truth.played import Figures, Played, figures_of


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


def test_figures_count_an_alarm_once_and_by_the_ticket_that_raised_it() -> None:
    report = planned(seed=1, days=120, scale=0.1).reports[0]

    def told(linked: int | None, *, alarm: int | None = None, regression: bool = False) -> Played:
        alarmed = 1 if alarm else None
        return Played(report, 1, 1, linked, 0.97, True, alarm, alarmed, regression)

    found = figures_of(
        [told(1, alarm=5, regression=True), told(2, alarm=5), told(None), told(None, alarm=6), told(1)]
    )
    assert found.links is not None and (found.links.value, found.links.n) == (2 / 3, 3)
    assert (found.linkable, found.coverage) == (5, 0.4)
    assert found.alarms is not None and (found.alarms.value, found.alarms.n) == (0.5, 2)
    assert (found.regressions, found.found, found.false_alarms) == (1, 1, 0.5)


def played(folder: Path, *, seed: int) -> Figures:
    place = settings_for(folder, {"TIERDESK_ENCODER": "none"})
    year = planned(seed=seed, days=240, scale=0.5)
    with opened(place) as desk, opened_index(place) as index:
        return figures_of(Player(desk.maker, index, year, random.Random(seed)).play())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_links_are_as_precise_as_promised_and_alarms_are_true(tmp_path: Path) -> None:
    figures = played(tmp_path / "desk", seed=7)
    assert figures.links is not None, "in eight months the desk must have earned automatic links"
    assert figures.links.n >= 20
    assert figures.links.high >= 0.95
    assert figures.alarms is not None and figures.alarms.n >= 3
    assert figures.alarms.high >= 0.95
    assert figures.found >= figures.regressions / 3
