"""Notices: what the desk has told me, the number on the bell, and reading them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.models import Notice
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def unread(maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return len(session.scalars(select(Notice).where(Notice.read_at.is_(None))).all())


def test_the_bell_counts_what_i_have_not_read(client: Clients, filed: Filing, moved: Moving) -> None:
    browser = client("wang")
    assert browser.get("/notices/live").json["unread"] == 0
    moved(filed(), Action.TAKE, "agent")
    assert browser.get("/notices/live").json["unread"] == 1
    assert client("zhao").get("/notices/live").json["unread"] == 0


def test_an_unchanged_bell_is_answered_without_a_body(client: Clients, filed: Filing, moved: Moving) -> None:
    browser = client("wang")
    first = browser.get("/notices/live")
    again = {"If-None-Match": first.headers["ETag"]}
    unchanged = browser.get("/notices/live", headers=again)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    moved(filed(), Action.TAKE, "agent")
    assert browser.get("/notices/live", headers=again).status_code == 200
    assert "no-store" in first.headers["Cache-Control"], "a shared machine keeps nothing of it"


def test_what_is_urgent_and_new_pops_up(client: Clients, filed: Filing, moved: Moving) -> None:
    number, browser = filed("<b>打印空白</b>"), client("wang")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="<script>alert(1)</script>")
    told = browser.get("/notices/live").json
    (urgent,) = told["urgent"]
    assert urgent["text"] == f"工单 {number} 需要您补充：<script>alert(1)</script>"
    assert browser.get("/notices/live").content_type == "application/json"
    assert browser.get(f"/notices/live?after={told['newest']}").json["urgent"] == []
    followed = browser.get(urgent["href"])
    assert followed.location == f"/my/tickets/{number}"
    assert browser.get("/notices/live").json["unread"] == 1, "only that one was read"


def test_a_stranger_is_not_led_by_anothers_notice(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    moved(filed(), Action.TAKE, "agent")
    with maker() as session:
        number = session.scalars(select(Notice.id)).one()
    assert client("zhao").get(f"/notices/{number}").status_code == 404
    assert client("wang").get("/notices/9999999999999999999999").status_code == 404
    assert client("wang").get(f"/notices/{number}").status_code == 302
    assert unread(maker) == 0


def test_marking_all_is_undone_but_not_what_was_read_before(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    browser = client("wang")
    for _time in range(3):
        moved(filed(), Action.TAKE, "agent")
    with maker() as session:
        first = session.scalars(select(Notice.id).order_by(Notice.id)).first()
    browser.submit("/notices/read", {"id": str(first)})
    page = browser.submit("/notices/read", follow_redirects=True).text
    found = re.search(r'name="moment" value="([^"]+)"', page)
    assert found
    assert unread(maker) == 0
    client("zhao").submit("/notices/unread", {"moment": found[1]})
    assert unread(maker) == 0, "nobody undoes for another"
    browser.submit("/notices/unread", {"moment": found[1]})
    assert unread(maker) == 2
    for nonsense in ("", "x", "2026-03-02", "2026-03-02T10:00:00"):
        assert browser.submit("/notices/unread", {"moment": nonsense}).status_code == 302


def test_the_list_can_be_narrowed_to_what_is_unread(client: Clients, filed: Filing, moved: Moving) -> None:
    browser = client("wang")
    numbers = [filed("第一件"), filed("第二件")]
    for number in numbers:
        moved(number, Action.TAKE, "agent")
    page = browser.get("/notices?show=unread").text
    assert all(number in page for number in numbers)
    browser.submit("/notices/read")
    page = browser.get("/notices?show=unread").text
    assert "都看过了" in page
    assert not any(number in page for number in numbers)
    assert all(number in browser.get("/notices").text for number in numbers)


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
    assert f"工单 {number} 已转到专家处理：" in client("wang").get("/notices").text


def test_the_newest_is_what_happened_last_whenever_it_was_written_down(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    for title in ("先写下的", "后写下的"):
        moved(filed(title), Action.TAKE, "agent")
    with transaction(maker) as session:
        session.execute(update(Notice).values(at=NOON))
        latest = session.scalar(select(func.max(Notice.id)))
        session.execute(update(Notice).where(Notice.id == latest).values(at=NOON - timedelta(days=1)))
    for page in (client("wang").get("/notices").text, client("wang").get("/notices?show=unread").text):
        assert page.index("先写下的") < page.index("后写下的")


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
    answer = client("wang").submit("/notices/read", {"id": "1", "next": "https://elsewhere.example/"})
    assert answer.location == "/"


def test_a_holder_is_led_to_the_staffs_page(client: Clients, filed: Filing, moved: Moving) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    browser = client("wang")
    browser.submit(f"/my/tickets/{number}/urges", {"words": "急"})
    page = client("agent").get("/notices").text
    assert "用户催单" in page
    assert f'value="/tickets/{number}"' in page
