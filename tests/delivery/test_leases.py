"""Nothing is sent twice while workers live; a worker that dies is followed by the same message, same name."""

from __future__ import annotations

import threading
from datetime import timedelta

from portal.delivery import claims, mail_round, post
from portal.delivery.batch import take
from portal.delivery.claims import LEASE, PAUSES, Trouble
from portal.delivery.models import Status
from tests.delivery.conftest import Office
from tests.delivery.servers import Mailbox, Robot


def test_two_workers_at_once_send_each_thing_once(anywhere: Office, mailbox: Mailbox, bot: Robot) -> None:
    anywhere.invite(bot.url)
    for _ticket in range(6):
        anywhere.asks(anywhere.file())
    problems: list[BaseException] = []
    together = threading.Barrier(3)

    def work() -> None:
        try:
            together.wait()
            for _round in range(12):
                post.route(anywhere.maker, anywhere.settings, now=anywhere.now)
                post.carry(anywhere.maker, anywhere.settings, clock=anywhere.clock)
        except BaseException as problem:  # noqa: BLE001 - told by the thread that tests
            problems.append(problem)

    workers = [threading.Thread(target=work) for _worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not problems
    anywhere.carry()
    names = [mail["Message-ID"] for mail in mailbox.mails]
    assert len(names) == len(set(names)) == 6
    keys = [headers["X-Tierdesk-Delivery"] for _path, headers, _body in bot.posts]
    assert len(keys) == len(set(keys)) == 6


def test_what_one_worker_holds_no_other_takes_until_the_lease_ends(anywhere: Office) -> None:
    anywhere.asks(anywhere.file())
    anywhere.route()
    first = take(anywhere.maker, anywhere.settings, mail=True, clock=anywhere.clock)
    assert len(first.ids) == 1
    assert not take(anywhere.maker, anywhere.settings, mail=True, clock=anywhere.clock).ids
    anywhere.now += LEASE
    second = take(anywhere.maker, anywhere.settings, mail=True, clock=anywhere.clock)
    assert second.ids == first.ids
    first.sent(first.ids)
    assert anywhere.standing().count(Status.SENT) == 0, "who was overtaken marks nothing"
    second.sent(second.ids)
    assert anywhere.standing().count(Status.SENT) == 1


def test_a_death_between_sending_and_marking_repeats_the_same_message(
    office: Office, mailbox: Mailbox
) -> None:
    """At least once is what the protocols allow; whoever receives it twice sees that it is the same."""
    office.asks(office.file())
    office.route()
    batch = take(office.maker, office.settings, mail=True, clock=office.clock)

    class Died(Exception):
        """The machine went off."""

    def die(*_args: object, **_more: object) -> None:
        raise Died

    dying = _Dying(batch, die)
    try:
        mail_round.carry(dying)  # type: ignore[arg-type]
    except Died:
        office.now += LEASE + timedelta(seconds=1)
    office.carry()
    names = [mail["Message-ID"] for mail in mailbox.mails]
    assert len(names) == 2
    assert len(set(names)) == 1


class _Dying:
    """A batch whose worker dies when it wants to mark."""

    def __init__(self, batch: object, die: object) -> None:
        self.batch, self.sent = batch, die

    def __getattr__(self, name: str) -> object:
        return getattr(self.batch, name)


def test_pauses_grow_and_end(office: Office) -> None:
    office.asks(office.file())
    office.route()
    waited = []
    for _attempt in range(len(PAUSES) + 1):
        batch = take(office.maker, office.settings, mail=True, clock=office.clock)
        batch.failed(batch.ids, Trouble("weg"))
        row = next(row for row in office.deliveries() if not row.digest)
        waited.append(row.next_at - office.now)
        office.now = row.next_at
    assert waited[:-1] == sorted(PAUSES)
    assert row.status == Status.GIVEN_UP
    assert row.done_at is not None


def test_a_notice_is_routed_once_and_a_happening_nobody_wants_is_gone(anywhere: Office) -> None:
    anywhere.asks(anywhere.file())
    anywhere.route()
    made = [row.key for row in anywhere.deliveries()]
    assert len(made) == len(set(made)) == 2, "taken waits for the digest, asked goes at once"
    assert not post.route(anywhere.maker, anywhere.settings, now=anywhere.now)
    with anywhere.maker() as session:
        from portal.tickets.telling.models import Happening

        assert session.query(Happening).count() == 0


def test_old_deliveries_are_forgotten(office: Office) -> None:
    office.asks(office.file())
    office.carry()
    office.later(days=40)
    post.forget(office.settings, office.maker, clock=office.clock)
    assert office.standing() == [Status.WAITING], "what was never sent is kept"


def test_a_letter_that_breaks_the_line_holds_up_no_other(office: Office, mailbox: Mailbox) -> None:
    mailbox.after_data = ["421 closing"]
    office.asks(office.file())
    office.asks(office.file("打印空白"))
    office.carry()
    assert len(mailbox.mails) == 1
    at_once = [row for row in office.deliveries() if not row.digest]
    assert sorted(row.attempts for row in at_once) == [1, 1]
    assert claims.AT_A_TIME > 2
