"""Service levels and working calendars over HTTP: laid down, previewed, undone, refused with nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.people.roles import Post
from portal.tickets.levels.models import CalendarVersion, LevelVersion
from portal.tickets.models import Ticket
from tests.web.conftest import Clients, Filing

PLACES = (
    "/admin/levels",
    "/admin/levels?system=mkt",
    "/admin/levels/defect/1",
    "/admin/levels/fault/2?system=mkt",
    "/admin/calendars",
    "/admin/calendars?unit=ld-cy&year=2025",
)
STAFF_WITHOUT = [post.value for post in Post if post not in (Post.ADMIN, Post.MANAGER)]
PLACE = "/admin/levels/consultation/4"
MARK = 'class="level-mark">单独规定'


def times(**more: str) -> dict[str, Any]:
    fields = ("respond", "front", "local", "middle", "dispatch", "back", "close")
    form = dict.fromkeys(fields, "30") | {f"{name}_unit": "minute" for name in fields}
    return form | {"close": "2", "close_unit": "hour", "warn": "75", "deed": "save", **more}


def week(**more: str) -> dict[str, Any]:
    days = {f"day{number}": "9:00-17:00" for number in range(5)} | {"day5": "休", "day6": ""}
    return {
        "own_week": "1",
        "zone": "europe/berlin",
        "holidays": "none",
        "days": "",
        **days,
        "deed": "save",
        **more,
    }


@pytest.mark.parametrize("login", ["wang", *STAFF_WITHOUT])
def test_nobody_else_gets_in(client: Clients, login: str) -> None:
    visitor = client(login)
    assert {visitor.get(place).status_code for place in PLACES} == {404}
    assert visitor.submit(PLACE, times()).status_code == 404
    assert visitor.submit("/admin/calendars/ld", week()).status_code == 404


@pytest.mark.parametrize("login", ["admin", "manager"])
def test_managers_and_administrators_get_in_everywhere(client: Clients, login: str) -> None:
    visitor = client(login)
    assert {visitor.get(place).status_code for place in PLACES} == {200}
    nowhere = (
        "/admin/levels/nothing/1",
        "/admin/levels/defect/5",
        "/admin/levels?system=x",
        "/admin/calendars?unit=x",
    )
    assert {visitor.get(place).status_code for place in nowhere} == {404}
    for page in ("levels", "calendars"):
        assert visitor.submit(f"/admin/{page}/versions/9999/undo").status_code == 404


def test_a_level_from_preview_to_effect_to_undo(
    client: Clients, maker: sessionmaker[Session], filed: Filing
) -> None:
    manager = client("manager")
    previewed = manager.submit(PLACE, times(deed="preview", note="按年度协议"))
    assert previewed.status_code == 200
    assert "预览：现在提交的工单什么时候到期" in previewed.text and 'value="按年度协议"' in previewed.text
    with maker() as session:
        assert session.scalars(select(LevelVersion)).first() is None
    assert manager.submit(PLACE, times(note="按年度协议")).status_code == 302
    assert "按年度协议" in manager.get(PLACE).text
    with maker() as session:
        version = session.scalars(select(LevelVersion)).one()
        assert (version.level["close"], version.level["warn"], version.system_id) == (120, 75, None)
    assert manager.submit(f"/admin/levels/versions/{version.id}/undo").status_code == 302
    again = manager.submit(f"/admin/levels/versions/{version.id}/undo")
    assert again.status_code == 422 and "最后一次" in again.text
    assert "服务时限" in client("admin").get("/admin/audit?subject=level").text


def test_what_is_refused_keeps_what_was_typed(client: Clients, maker: sessionmaker[Session]) -> None:
    manager = client("manager")
    for wrong, sentence in (
        ({"respond": "abc"}, "要填一个整数"),
        ({"respond": "3", "respond_unit": "hour"}, "比办结时限还长"),
        ({"since": "gestern"}, "看不懂生效日期"),
        ({"since": "2020-01-01"}, "不能早于今天"),
        ({"warn": "10"}, "50 到 99"),
        ({"deed": "general"}, "没有单独的规定"),
    ):
        answer = manager.submit(PLACE, times(note="没有丢", **wrong))
        assert answer.status_code == 422 and sentence in answer.text, wrong
        assert 'value="没有丢"' in answer.text
    assert manager.submit(PLACE, times(close_unit="decade")).status_code == 400
    with maker() as session:
        assert session.scalars(select(LevelVersion)).first() is None


def test_a_system_gets_its_own_level_and_returns_to_the_general_one(client: Clients) -> None:
    manager = client("manager")
    assert manager.submit(PLACE + "?system=mkt", times()).status_code == 302
    assert MARK in manager.get("/admin/levels?system=mkt").text
    assert MARK not in manager.get("/admin/levels?system=oa").text
    assert manager.submit(PLACE + "?system=mkt", times(deed="general")).status_code == 302
    assert MARK not in manager.get("/admin/levels?system=mkt").text


def test_a_calendar_from_preview_to_effect_to_undo(
    client: Clients, maker: sessionmaker[Session], filed: Filing
) -> None:
    admin = client("admin")
    previewed = admin.submit(
        "/admin/calendars/ld", week(deed="preview", days="2026-12-25 休 圣诞", year="2026")
    )
    assert previewed.status_code == 200
    assert "预览，还没有保存" in previewed.text and "2026-12-25 休 圣诞" in previewed.text
    assert admin.submit("/admin/calendars/ld", week()).status_code == 302
    below = admin.get("/admin/calendars?unit=ld-cy").text
    assert "Europe/Berlin" in below and "沿用 岭东省公司" in below
    number = filed()
    with maker() as session:
        version = session.scalars(select(CalendarVersion)).one()
        assert version.zone == "Europe/Berlin"
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        assert ticket.level["calendar"]
    assert client("agent").get("/queues").status_code == 200
    assert admin.submit(f"/admin/calendars/versions/{version.id}/undo").status_code == 302
    assert (
        "Europe/Berlin"
        not in admin.get("/admin/calendars?unit=ld-cy&year=2026")
        .text.split("历次规定")[0]
        .split("level-now")[1]
    )


def test_a_calendar_that_is_refused_keeps_what_was_typed(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    admin = client("admin")
    for wrong, sentence in (
        ({"zone": "Mars/Olympus"}, "没有名为"),
        ({"day0": "早上"}, "看不懂时间"),
        ({"days": "2026-02-30 休"}, "没有 2026-02-30 这一天"),
        ({f"day{number}": "休" for number in range(7)}, "至少 10 小时"),
    ):
        answer = admin.submit("/admin/calendars/ld", week(note="没有丢", **wrong))
        assert answer.status_code == 422 and sentence in answer.text, wrong
        assert 'value="没有丢"' in answer.text
    assert admin.submit("/admin/calendars/ld", week(holidays="mars")).status_code == 400
    assert admin.submit("/admin/calendars/nowhere", week()).status_code == 404
    with maker() as session:
        assert session.scalars(select(CalendarVersion)).first() is None


def test_a_year_whose_holidays_are_unknown_says_so(client: Clients) -> None:
    admin = client("admin")
    assert "2035 年的法定节假日还没有公布" in admin.get("/admin/calendars?year=2035").text
    assert "还没有公布" not in admin.get("/admin/calendars?year=2025").text


def test_what_people_type_is_never_html(client: Clients) -> None:
    admin = client("admin")
    evil = "<script>alert(1)</script>"
    assert admin.submit(PLACE, times(note=evil)).status_code == 302
    assert (
        admin.submit("/admin/calendars/ld", week(note=evil, days=f"2026-12-25 休 {evil}")).status_code == 302
    )
    for place in (PLACE, "/admin/calendars?unit=ld&year=2026"):
        assert evil not in admin.get(place).text
