"""Who is held back: the same people whenever it is drawn, a share of them, never agents."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kb.columns import CLOCK
from portal import config
from portal.config import BadSetting, Settings
from portal.finder import suggest
from portal.finder.found import Found
from portal.finder.holdout import BEGINNING, ROUND, Holdout, Terms, lot, round_of, terms_of
from portal.finder.models import Arm, Outcome
from tests.finder.conftest import Desk

#: The same examples on every machine, however busy it is.
CALM = hypothesis_settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
HALF = Holdout(0.5, "trial")
MOMENT = BEGINNING + 50 * ROUND


def settings_of(tmp_path: Path, share: str, name: str = "trial") -> Settings:
    variables = {"TIERDESK_HOLDOUT_SHARE": share, "TIERDESK_HOLDOUT_NAME": name}
    return config.load({"TIERDESK_DATA_DIR": str(tmp_path), **variables}, file=tmp_path / "none.toml")


def held_rounds(holdout: Holdout, person: int, rounds: int = 400) -> list[bool]:
    return [lot(holdout.name, person, number) < holdout.share for number in range(rounds)]


@CALM
@given(st.integers(1, 10**9), st.integers(0, 10**5), st.text(max_size=20))
def test_a_lot_is_stable_and_a_larger_share_keeps_whoever_was_held(
    person: int, number: int, name: str
) -> None:
    drawn = lot(name, person, number)
    assert 0 <= drawn < 1 and drawn == lot(name, person, number)
    held = [drawn < share for share in (0.01, 0.05, 0.2, 0.5)]
    assert held == sorted(held)


@CALM
@given(st.integers(0, 13 * 24 * 60 - 1), st.integers(0, 400))
def test_one_draw_holds_for_a_fortnight(minutes: int, number: int) -> None:
    start = BEGINNING + number * ROUND
    assert round_of(start + timedelta(minutes=minutes)) == number == round_of(start)
    assert round_of(start + ROUND) == number + 1


def test_about_the_share_is_held_back_and_people_and_fortnights_are_drawn_apart() -> None:
    people = [held_rounds(Holdout(0.05, "trial"), person, rounds=50) for person in range(2000)]
    assert abs(sum(map(sum, people)) / 100_000 - 0.05) < 0.005
    assert sum(1 for row in people if any(row)) > 1700  # nobody is held back for good, everybody now and then


def test_another_name_draws_anew() -> None:
    first, second = (held_rounds(Holdout(0.5, name), 7) for name in ("one", "two"))
    assert first != second


def test_nobody_is_in_it_while_it_is_off(desk_of: Desk, tmp_path: Path) -> None:
    wang = desk_of.world.people["wang"]
    assert Holdout(0.0, "trial").terms_for(wang, MOMENT) == Terms()
    assert terms_of(desk_of.session, settings_of(tmp_path, "0"), wang) == Terms()


@pytest.mark.parametrize("post", ["agent", "local_support", "supervisor"])
def test_who_answers_calls_is_never_in_it(desk_of: Desk, post: str) -> None:
    agent = desk_of.world.people[post]
    assert all(HALF.terms_for(agent, MOMENT + number * ROUND) == Terms() for number in range(60))


def test_everybody_else_is_on_either_side_with_its_chance(desk_of: Desk) -> None:
    wang = desk_of.world.people["wang"]
    holdout = Holdout(0.2, "trial")
    drawn = [holdout.terms_for(wang, MOMENT + number * ROUND) for number in range(200)]
    assert {(row.arm, row.chance) for row in drawn} == {(Arm.HELD, 0.2), (Arm.SHOWN, 0.8)}


def found_of(desk: Desk) -> Found:
    desk.article("移动办公VPN连不上怎么办", "先检查网络。", system="oa")
    desk.announcement("VPN抢修", systems=["oa"])
    desk.consume()
    return desk.finder.suggest(desk.session, desk.world.people["wang"], "VPN连不上", system="oa")


def test_held_back_is_what_answers_never_what_is_announced(desk_of: Desk) -> None:
    found = found_of(desk_of)
    assert found.results and found.announcements
    terms, shown = Terms(Arm.HELD, 0.5, 7).over(found)
    assert (shown.results, shown.trusted, shown.announcements) == ((), False, found.announcements)
    assert (terms.offered, terms.about, terms.trusted) == (1, "oa", found.trusted)
    other, everything = Terms(Arm.SHOWN, 0.5, 7).over(found)
    assert everything is found
    # What is known beforehand is the same on both sides.
    assert (other.offered, other.about, other.trusted) == (terms.offered, terms.about, terms.trusted)


def test_a_session_keeps_its_arm_and_what_was_held_back_solved_nothing(desk_of: Desk, tmp_path: Path) -> None:
    session, wang = desk_of.session, desk_of.world.people["wang"]
    found, settings = found_of(desk_of), settings_of(tmp_path, "0.5")
    held, other = _rounds_of_both_arms(wang.id)
    session.info[CLOCK] = BEGINNING + held * ROUND
    terms = terms_of(session, settings, wang)
    assert terms.holds_back
    terms, shown = terms.over(found)
    begun = suggest.refresh(session, shown, by=wang, text="VPN", terms=terms)
    assert (begun.arm, begun.chance, begun.round, begun.offered) == (Arm.HELD, 0.5, held, 1)
    assert [row.kind for row in begun.shown] == ["announcement"]
    number = found.results[0].id
    assert suggest.solved_by(session, begun.token, by=wang, kind="article", id=number) is None
    session.info[CLOCK] = BEGINNING + other * ROUND  # typing on into fortnights of the other arm
    assert terms_of(session, settings, wang, token=begun.token).arm == Arm.HELD
    assert terms_of(session, settings, wang).arm == Arm.SHOWN
    # Somebody else's token decides nothing for them.
    zhao = desk_of.world.people["zhao"]
    theirs = terms_of(session, settings, zhao, token=begun.token)
    assert theirs == Holdout(0.5, "trial").terms_for(zhao, session.info[CLOCK])
    begun.outcome = Outcome.FILED
    session.flush()
    assert terms_of(session, settings, wang, token=begun.token).arm == Arm.SHOWN


def _rounds_of_both_arms(person: int) -> tuple[int, int]:
    """A fortnight in which this person is held back, and a later one in which not."""
    rounds = held_rounds(HALF, person)
    held = rounds.index(True)
    return held, rounds.index(False, held)


def test_what_began_before_it_was_switched_on_stays_outside(desk_of: Desk, tmp_path: Path) -> None:
    session, wang = desk_of.session, desk_of.world.people["wang"]
    begun = suggest.refresh(session, found_of(desk_of), by=wang, text="VPN")
    assert terms_of(session, settings_of(tmp_path, "0.5"), wang, token=begun.token) == Terms()


@pytest.mark.parametrize("share", ["1", "0.51", "-0.1", "5%", "x", "", "0,05", "1e-2", "nan"])
def test_a_share_that_cannot_be_is_refused(tmp_path: Path, share: str) -> None:
    with pytest.raises(BadSetting, match="TIERDESK_HOLDOUT_SHARE"):
        settings_of(tmp_path, share)


@pytest.mark.parametrize("share", ["0", "0.0", "0.05", "0.5"])
def test_shares_that_can_be(tmp_path: Path, share: str) -> None:
    assert settings_of(tmp_path, share).holdout_share == float(share)


def test_the_first_question_of_a_draw_is_marked_and_so_is_what_was_shown_and_opened(desk_of: Desk) -> None:
    session, wang, zhao = desk_of.session, desk_of.world.people["wang"], desk_of.world.people["zhao"]
    found = found_of(desk_of)
    drawn = [Terms(Arm.SHOWN, 0.5, number) for number in (7, 7, 8)]
    mine = [suggest.refresh(session, found, by=wang, text="VPN", terms=terms) for terms in drawn]
    theirs = suggest.refresh(session, found, by=zhao, text="VPN", terms=drawn[0])
    outside = suggest.refresh(session, Found(), by=wang, text="VPN")
    assert [row.first for row in (*mine, theirs, outside)] == [True, False, True, True, False]
    again = suggest.refresh(session, found, by=wang, text="VPN!", token=mine[0].token, terms=drawn[0])
    assert again is mine[0] and again.first
    assert (mine[0].announced, outside.announced, mine[0].opened_at) == (True, False, None)
    told, answer = found.announcements[0].id, found.results[0].id
    suggest.opened(session, mine[0].token, by=wang, kind="announcement", id=told)
    assert mine[0].opened_at is None
    suggest.opened(session, mine[0].token, by=wang, kind="article", id=answer)
    first_opened = mine[0].opened_at
    assert first_opened is not None
    suggest.solved_by(session, mine[0].token, by=wang, kind="article", id=answer)
    assert mine[0].opened_at == first_opened
