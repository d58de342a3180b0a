"""Notices: what the desk has told me, the number on the bell, and reading them."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Notice
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving


def unread(maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return len(session.scalars(select(Notice).where(Notice.read_at.is_(None))).all())


def test_the_bell_counts_what_i_have_not_read(client: Clients, filed: Filing, moved: Moving) -> None:
    browser = client("wang")
    assert browser.fragment("/notices/count").text.strip() == ""
    moved(filed(), Action.TAKE, "agent")
    assert "1 条未读" in browser.fragment("/notices/count").text
    assert client("zhao").fragment("/notices/count").text.strip() == ""


def test_a_notice_leads_to_its_ticket_and_is_read_then(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number, browser = filed("打印空白"), client("wang")
    moved(number, Action.TAKE, "agent")
    page = browser.get("/notices").text
    assert f"agent 已受理您的工单 {number}：打印空白" in page
    found = re.search(r'name="id" value="(\d+)"', page)
    assert found
    answer = browser.submit("/notices/read", {"id": found[1], "next": f"/my/tickets/{number}"})
    assert (answer.status_code, answer.location) == (302, f"/my/tickets/{number}")
    assert unread(maker) == 0


def test_an_employee_is_told_of_tiers_in_plain_words(client: Clients, filed: Filing, moved: Moving) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="要专家看")
    assert f"工单 {number} 已转到专家处理" in client("wang").get("/notices").text


def test_all_can_be_marked_at_once(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    for _time in range(3):
        moved(filed(), Action.TAKE, "agent")
    assert client("wang").submit("/notices/read").status_code == 302
    assert unread(maker) == 0


def test_nobody_marks_anothers_notices(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    moved(filed(), Action.TAKE, "agent")
    with maker() as session:
        number = session.scalars(select(Notice.id)).one()
    client("zhao").submit("/notices/read", {"id": str(number)})
    client("zhao").submit("/notices/read")
    assert unread(maker) == 1


def test_next_stays_on_this_site(client: Clients) -> None:
    answer = client("wang").submit("/notices/read", {"next": "https://elsewhere.example/"})
    assert answer.location == "/"


def test_a_holder_is_led_to_the_staffs_page(client: Clients, filed: Filing, moved: Moving) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    browser = client("wang")
    browser.submit(f"/my/tickets/{number}/urges", {"words": "急"})
    page = client("agent").get("/notices").text
    assert "用户催单" in page
    assert f'value="/tickets/{number}"' in page
