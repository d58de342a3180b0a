"""Quiet hours and digests: when a mail may go out, and that a digest is one mail with what is unread."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kb.flow import Refused
from portal.delivery.hours import after_quiet, next_digest
from portal.delivery.models import Status
from portal.tickets import bell
from portal.tickets.models import Notice
from portal.tickets.telling.groups import GROUPS, Group, Way
from portal.tickets.telling.wishes import Hours, Wishes, choose, wishes_of
from portal.tickets.words import Action
from tests.delivery.conftest import Office
from tests.delivery.servers import Mailbox

ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("quiet", "now", "then"),
    [
        ((22, 7), "2026-03-02 21:59", "2026-03-02 21:59"),
        ((22, 7), "2026-03-02 22:00", "2026-03-03 07:00"),
        ((22, 7), "2026-03-02 03:00", "2026-03-02 07:00"),
        ((22, 7), "2026-03-02 07:00", "2026-03-02 07:00"),
        ((12, 14), "2026-03-02 12:30", "2026-03-02 14:00"),
        ((12, 14), "2026-03-02 14:00", "2026-03-02 14:00"),
        ((0, 6), "2026-12-31 23:59", "2026-12-31 23:59"),
        ((18, 0), "2026-12-31 18:00", "2027-01-01 00:00"),
        (None, "2026-03-02 03:00", "2026-03-02 03:00"),
    ],
)
def test_quiet_hours(quiet: tuple[int, int] | None, now: str, then: str) -> None:
    assert after_quiet(at(now), Hours(quiet=quiet), ZONE) == at(then)


@pytest.mark.parametrize(
    ("hour", "now", "then"),
    [
        (9, "2026-03-02 08:59", "2026-03-02 09:00"),
        (9, "2026-03-02 09:00", "2026-03-03 09:00"),
        (9, "2026-03-06 10:00", "2026-03-09 09:00"),  # Friday → Monday
        (9, "2026-02-13 10:00", "2026-02-14 09:00"),  # a make-up Saturday before the Spring Festival
        (9, "2026-02-14 10:00", "2026-02-24 09:00"),  # the Spring Festival
        (17, "2026-09-30 18:00", "2026-10-08 17:00"),  # the National Day week
    ],
)
def test_the_next_digest_is_on_a_working_day(hour: int, now: str, then: str) -> None:
    assert next_digest(at(now), Hours(digest=hour), ZONE) == at(then)


NONE: frozenset[Group] = frozenset()


def wish(
    office: Office, login: str, *, hours: Hours | None = None, muted: frozenset[Group] = NONE, **mail: Way
) -> None:
    with office.deed() as session:
        person = office.person(session, login)
        former = wishes_of(session, [person])[person.id]
        chosen = {**former.mail, **{Group(name): way for name, way in mail.items()}}
        choose(session, person, Wishes(chosen, muted, hours or former.hours))


def test_a_digest_is_one_mail_with_what_is_unread(office: Office, mailbox: Mailbox) -> None:
    numbers = [office.file("电费核算打不开"), office.file("打印空白"), office.file("登录慢")]
    for number in numbers:
        office.does(number, Action.TAKE, "agent")
    office.carry()
    assert not mailbox.mails
    with office.deed() as session:
        wang = office.person(session, "wang")
        third = session.query(Notice).filter_by(person_id=wang.id).order_by(Notice.id.desc()).first()
        assert third is not None
        bell.mark_read(session, wang, [third.id])
    office.later(days=1)
    office.carry()
    (mail,) = mailbox.mails
    assert mail["Subject"] == "服务台：2 条未读通知"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert numbers[0] in text
    assert numbers[1] in text
    assert numbers[2] not in text
    assert office.standing().count(Status.SENT) == 2


def test_quiet_hours_hold_a_mail_and_reading_makes_it_superfluous(office: Office, mailbox: Mailbox) -> None:
    wish(office, "wang", hours=Hours(quiet=(9, 12)))  # it is 10 o'clock at the desk
    office.asks(office.file())
    office.carry()
    assert not mailbox.mails
    office.later(hours=2)
    office.carry()
    assert len(mailbox.mails) == 1


def test_who_wants_no_mail_gets_none_and_who_wants_all_gets_all(office: Office, mailbox: Mailbox) -> None:
    wish(office, "wang", answer=Way.NEVER, progress=Way.AT_ONCE)
    number = office.file()
    office.asks(number)
    office.carry()
    assert [mail["Subject"].split(" ")[1] for mail in mailbox.mails] == ["已受理您的工单"]


def test_what_is_muted_stays_in_the_list_and_is_not_counted(office: Office) -> None:
    wish(office, "wang", muted=frozenset({Group.PROGRESS}))
    office.asks(office.file())
    with office.maker() as session:
        wang = office.person(session, "wang")
        assert bell.unread(session, wang).count == 1
        assert len(session.scalars(bell.notices_of(wang)).all()) == 2


def test_what_waits_for_a_person_can_not_be_muted(office: Office) -> None:
    must = [group for group, about in GROUPS.items() if about.must]
    assert Group.ANSWER in must
    for group in must:
        with pytest.raises(Refused, match="不能静音"):
            wish(office, "wang", muted=frozenset({group}))


@pytest.mark.parametrize("hours", [Hours(digest=24), Hours(quiet=(-1, 7)), Hours(quiet=(7, 7))])
def test_hours_that_are_none_are_refused(office: Office, hours: Hours) -> None:
    with pytest.raises(Refused):
        wish(office, "wang", hours=hours)


def test_what_equals_the_default_is_not_kept(office: Office) -> None:
    from portal.tickets.telling.models import TellingHours, Wish

    wish(office, "wang", hours=Hours())
    with office.maker() as session:
        assert session.query(Wish).count() == session.query(TellingHours).count() == 0
