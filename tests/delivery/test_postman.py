"""The post beside the worker's rounds: it goes by itself, one thread at a time, and holds nothing up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.cli.postman import Postman
from portal.cli.upkeep import JOBS, Upkeep, forget_sessions
from portal.delivery.models import Status
from portal.people.models import LoginSession
from tests.delivery.conftest import Office
from tests.delivery.servers import Mailbox, Robot


@pytest.fixture
def today(office: Office) -> Office:
    """The worker goes by the clock on the wall, so the deeds do too."""
    office.now = datetime.now(UTC)
    return office


def _done(postman: Postman) -> None:
    """Wait until its thread has sent what was due."""
    assert postman.behind is not None
    postman.behind.join()
    postman.stop()


def test_what_was_committed_goes_out_by_itself(today: Office, mailbox: Mailbox, bot: Robot) -> None:
    today.invite(bot.url)
    today.asks(today.file())
    postman = Postman(today.settings, today.maker)
    postman.round()
    _done(postman)
    assert len(mailbox.mails) == len(bot.posts) == 1


def test_a_slow_robot_holds_up_no_round_and_no_second_thread_starts(today: Office, bot: Robot) -> None:
    bot.hold.clear()
    today.invite(bot.url)
    today.asks(today.file())
    postman = Postman(today.settings, today.maker)
    postman.round()
    first = postman.behind
    assert first is not None
    postman.round()
    assert postman.behind is first
    bot.hold.set()
    _done(postman)
    assert not first.is_alive()
    assert Status.SENT in today.standing()


def test_nothing_due_starts_nothing(today: Office) -> None:
    postman = Postman(today.settings, today.maker)
    postman.round()
    assert postman.behind is None
    postman.stop()


def test_a_fault_of_the_post_is_told_and_ends_nothing(
    today: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.delivery import post

    def broken(*_args: object, **_more: object) -> int:
        raise ValueError("unheard of")

    today.asks(today.file())
    monkeypatch.setattr(post, "carry", broken)
    postman = Postman(today.settings, today.maker)
    postman.round()
    _done(postman)
    assert "a round of the post failed" in caplog.text
    monkeypatch.undo()
    again = Postman(today.settings, today.maker)
    again.round()
    _done(again)
    assert Status.SENT in today.standing()


def test_ended_sessions_are_forgotten_and_living_ones_kept(today: Office) -> None:
    with today.deed() as session:
        for name, hours in (("ended", -1), ("living", 1)):
            until = today.now + timedelta(hours=hours)
            session.add(LoginSession(id=name, data=b"{}", person_id=None, expires_at=until))
    forget_sessions(today.settings, today.maker)
    with today.maker() as session:
        assert [row.id for row in session.query(LoginSession)] == ["living"]


def test_jobs_have_names_of_their_own() -> None:
    names = [job.name for job in JOBS]
    assert len(names) == len(set(names))
    assert Upkeep.__dataclass_fields__["jobs"].default is JOBS
