"""Mail through a real server: what it says, what it is called, when it is not sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.delivery import post
from portal.delivery.models import Status
from portal.tickets import bell
from portal.tickets.models import Notice
from portal.tickets.words import Action, Category
from tests.delivery.conftest import Office
from tests.delivery.servers import CERTIFICATE, Mailbox, mail_server


def text_of(box: Mailbox, index: int = -1) -> str:
    part = box.mails[index].get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(box: Mailbox, index: int = -1) -> str:
    part = box.mails[index].get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_who_is_asked_gets_a_mail_at_once(office: Office, mailbox: Mailbox) -> None:
    number = office.file()
    office.asks(number)
    office.carry()
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["wang@example.com"]
    assert mail["Subject"] == f"工单 {number} 需要您补充：请写下报错代码"
    assert mail["Auto-Submitted"] == "auto-generated"
    with office.maker() as session:
        asked = session.scalars(select(Notice).where(Notice.event == "asked")).one()
    link = f"https://desk.example.com/notices/{asked.id}"
    assert link in text_of(mailbox)
    assert f'href="{link}"' in html_of(mailbox)
    assert "营销业务应用系统" in text_of(mailbox)
    assert "https://desk.example.com/account/notices" in text_of(mailbox)


def test_mails_about_one_ticket_hang_together_and_have_names_of_their_own(
    office: Office, mailbox: Mailbox
) -> None:
    number = office.file()
    office.asks(number)
    office.says(number, "请尽快", "agent")
    office.carry()
    first, second = mailbox.mails
    assert first["References"] == second["References"] == f"<ticket-{number}@desk.example.com>"
    assert first["In-Reply-To"] == first["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_it_speaks_the_readers_language(office: Office, mailbox: Mailbox) -> None:
    with office.deed() as session:
        office.person(session, "wang").locale = "en"
    office.asks(office.file())
    office.carry()
    assert "needs more from you" in mailbox.mails[0]["Subject"]
    assert '<html lang="en">' in html_of(mailbox)


PAYLOADS = (
    "标题\r\nBcc: everybody@example.com",
    "a\nSubject: other",
    "x\x00y\x0bz\u2028w",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[看这里](javascript:alert(1)) <a href='data:text/html,x'>x</a>",
    "=?utf-8?q?=0d=0aBcc:everybody@example.com?=",
    "\u202egpj.exe",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_is_typed_stays_words(office: Office, mailbox: Mailbox, payload: str) -> None:
    office.asks(office.file(f"打不开 {payload}"), note=payload)
    office.carry()
    (mail,) = mailbox.mails
    assert mailbox.recipients == ["wang@example.com"]
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject")) == 1
    assert not any(ord(letter) < 32 for letter in mail["Subject"])
    html = html_of(mailbox)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert "\u202e" not in html
    assert html.count("<a ") == 1


@pytest.mark.parametrize(
    "address",
    [
        "wang@example.com\r\nBcc: x@example.com",
        "a@example.com, b@example.com",
        "王@example.com",
        "nobody",
        "@",
    ],
)
def test_an_address_that_is_none_is_given_up_and_nobody_else_gets_the_mail(
    office: Office, mailbox: Mailbox, address: str
) -> None:
    with office.deed() as session:
        office.person(session, "wang").email = address
    office.asks(office.file())
    office.asks(office.file(by="supervisor"))
    office.carry()
    assert mailbox.recipients == ["supervisor@example.com"]
    assert Status.GIVEN_UP in office.standing()


def test_what_was_rolled_back_is_never_sent(office: Office, mailbox: Mailbox) -> None:
    number = office.file()
    office.does(number, Action.TAKE, "agent")
    with office.maker() as session:
        from portal.tickets import desk
        from portal.tickets.models import Ticket

        ticket = session.scalars(select(Ticket)).one()
        agent = office.person(session, "agent")
        desk.move(session, ticket, Action.ASK, by=agent, given=desk.Given(note="算了"))
        session.flush()
        office_sees = post.is_due(office.maker, office.settings, now=office.now)
        session.rollback()
    assert not office_sees
    office.carry()
    assert not [mail for mail in mailbox.mails if "算了" in mail["Subject"]]


def test_what_was_read_meanwhile_is_not_mailed(office: Office, mailbox: Mailbox) -> None:
    office.asks(office.file())
    office.route()
    with office.deed() as session:
        bell.mark_read(session, office.person(session, "wang"))
    office.carry()
    assert not mailbox.mails
    assert Status.SKIPPED in office.standing()


def test_who_may_no_longer_see_the_ticket_gets_no_mail(office: Office, mailbox: Mailbox) -> None:
    number = office.file()
    office.does(number, Action.TAKE, "agent")
    office.says(number, "急", "wang")
    with office.deed() as session:
        from portal.tickets.telling.groups import Group, Way
        from portal.tickets.telling.wishes import Wishes, choose, wishes_of

        agent = office.person(session, "agent")
        former = wishes_of(session, [agent])[agent.id]
        choose(session, agent, Wishes({**former.mail, Group.TALK: Way.AT_ONCE}, former.muted, former.hours))
    office.route()
    with office.deed() as session:
        office.person(session, "agent").posts = []
    office.carry()
    assert "agent@example.com" not in mailbox.recipients
    assert any(row.trouble == "收件人已经不能看这张工单。" for row in office.deliveries())


def test_what_is_old_when_the_worker_comes_stays_in_the_portal(office: Office, mailbox: Mailbox) -> None:
    office.asks(office.file())
    office.later(days=3)
    office.carry()
    assert not office.deliveries()
    assert not mailbox.mails


def test_without_a_mail_server_nothing_is_made(without_mail: Office) -> None:
    without_mail.asks(without_mail.file())
    without_mail.carry()
    assert not without_mail.deliveries()


def test_a_recipient_who_is_refused_for_good_is_given_up_at_once(office: Office, mailbox: Mailbox) -> None:
    mailbox.refuse["wang@example.com"] = "550 no such person"
    office.asks(office.file())
    office.carry()
    asked = office.deliveries()[-1]
    assert (asked.status, asked.attempts) == (Status.GIVEN_UP, 1)
    assert asked.trouble_values == {"said": "550 no such person"}


def test_a_busy_server_is_asked_again_with_growing_pauses(office: Office, mailbox: Mailbox) -> None:
    mailbox.after_data = ["451 later", "451 later"]
    office.asks(office.file())
    office.carry()
    assert [row.status for row in office.deliveries() if not row.digest] == [Status.FAILED]
    office.carry()
    assert len(mailbox.after_data) == 1, "the pause is kept"
    office.later(minutes=1)
    office.carry()
    office.later(minutes=4)
    office.carry()
    assert not mailbox.mails, "the second pause is longer"
    office.later(minutes=1)
    office.carry()
    assert len(mailbox.mails) == 1


def test_a_server_that_stays_away_is_given_up_after_seven_attempts(office: Office) -> None:
    office.settings = replace(office.settings, smtp_port=1)
    office.asks(office.file())
    for _day in range(10):
        office.carry()
        office.later(days=1)
    row = next(row for row in office.deliveries() if not row.digest)
    assert (row.status, row.attempts) == (Status.GIVEN_UP, 7)
    assert row.trouble.startswith("连不上邮件服务器")


def test_no_password_stands_in_an_error(office: Office) -> None:
    with mail_server(secured=True) as box:
        office.settings = _secured(office, box, password="wrong-lantern")
        office.asks(office.file())
        office.carry()
        row = next(row for row in office.deliveries() if not row.digest)
    assert row.trouble == "邮件服务器不接受账号或密码。"
    assert "wrong-lantern" not in str(row.trouble_values)
    assert not box.mails


def test_starttls_and_signing_in(office: Office) -> None:
    with mail_server(secured=True) as box:
        office.settings = _secured(office, box, password="lantern")
        office.asks(office.file())
        office.carry()
    assert box.signed_in == ["desk"]
    assert box.recipients == ["wang@example.com"]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(office: Office) -> None:
    with mail_server(secured=True) as box:
        office.settings = replace(_secured(office, box, password="lantern"), smtp_ca="")
        office.asks(office.file())
        office.carry()
    assert not box.signed_in, "the password was not sent"
    row = next(row for row in office.deliveries() if not row.digest)
    assert row.trouble.startswith("邮件服务器的证书没有通过验证")


def _secured(office: Office, box: Mailbox, *, password: str) -> object:
    return replace(
        office.settings,
        smtp_host="localhost",
        smtp_port=box.port,
        smtp_security="starttls",
        smtp_user="desk",
        smtp_password=password,
        smtp_ca=str(CERTIFICATE),
    )


def test_complaints_and_internal_remarks_reach_only_their_listeners(office: Office, mailbox: Mailbox) -> None:
    number = office.file(category=Category.COMPLAINT)
    office.does(number, Action.TAKE, "supervisor")
    with office.deed() as session:
        from portal.tickets import desk
        from portal.tickets.models import Ticket

        ticket = session.scalars(select(Ticket)).one()
        people = office.person
        desk.comment(session, ticket, "内部商量", by=people(session, "manager"), internal=True)
    office.carry()
    assert "wang@example.com" not in mailbox.recipients
