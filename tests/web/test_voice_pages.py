"""The pages of the reports: who finds which, what was sent opens unchanged, the next one, files, wishes."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import library
from defects.models import Defect
from defects.texts import DefectText
from portal.causes.voice import issuing
from portal.causes.voice.gathering import gathered
from portal.causes.voice.models import VoiceReport
from portal.causes.voice.stretches import Rhythm, stretch_of
from portal.db import transaction
from portal.tickets.models import Notice
from portal.tickets.notices import Event
from tests.web.conftest import Clients, somebody
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = "导出之后=1+1"
AT = datetime(2026, 3, 23, 8, 31, tzinfo=ZONE)


@pytest.fixture
def issued(maker: sessionmaker[Session], desk_world: World) -> dict[str, int]:
    """A report of each system about a week of today's records; system → its id."""
    with transaction(maker) as session:
        expert = somebody(session, "expert").id
        for system, title in (("mkt", FIRST), ("mkt", "=cmd()"), ("oa", "公文打不开")):
            library.open_record(session, DefectText(title=title, system=system), by=expert)
        week = stretch_of(Rhythm.WEEKLY, date.today())
        made = issuing.issue(session, week, gathered(session, week, zone=ZONE), at=AT, locale="zh_CN")
        return {row.system: row.id for row in made}


def test_everybody_finds_the_reports_of_their_systems(client: Clients, issued: dict[str, int]) -> None:
    for login, systems in (
        ("expert", ["mkt"]),
        ("engineer", ["mkt"]),
        ("manager", ["mkt", "oa"]),
        ("agent", []),
    ):
        visitor = client(login)
        listed = visitor.get("/reports").text
        for system, number in issued.items():
            seen = system in systems
            assert (f'href="/reports/{number}"' in listed) == seen, (login, system)
            assert visitor.get(f"/reports/{number}").status_code == (200 if seen else 404)
            export = visitor.submit(f"/reports/{number}/export/csv")
            assert export.status_code == (200 if seen else 404)
            preview = visitor.get(f"/reports/next?system={system}")
            assert preview.status_code == (200 if seen else 404), (login, system)
    assert client("wang").get("/reports").status_code == 404
    assert client("admin").get("/reports").status_code == 404
    assert client("expert").get("/reports/99999999999999999999").status_code == 404
    assert client("agent").get("/reports/next").status_code == 302


def test_scripts_get_what_the_pages_show(client: Clients, issued: dict[str, int]) -> None:
    for login, systems in (("expert", {"mkt"}), ("manager", {"mkt", "oa"}), ("agent", set())):
        visitor = client(login)
        listed = visitor.get("/api/v1/insight/reports?rhythm=weekly").json
        assert {row["system"] for row in (listed or {})["items"]} == systems
        for system, number in issued.items():
            answer = visitor.get(f"/api/v1/insight/reports/{number}")
            assert answer.status_code == (200 if system in systems else 404)
    told = client("expert").get(f"/api/v1/insight/reports/{issued['mkt']}").json or {}
    assert {line["title"] for line in told["lines"]} == {FIRST, "=cmd()"}
    assert told["sums"]["opened"] == 2
    assert client("expert").get("/api/v1/insight/reports?rhythm=hourly").status_code == 422
    assert client("wang").get("/api/v1/insight/reports").status_code == 404


def test_an_old_report_opens_as_it_was_sent(
    client: Clients, issued: dict[str, int], maker: sessionmaker[Session]
) -> None:
    page = client("expert").get(f"/reports/{issued['mkt']}").text
    assert FIRST in page
    assert "2026-03-23" in page
    with transaction(maker) as session:
        row = session.get_one(VoiceReport, issued["mkt"])
        number = issuing.report_of(row).lines[0].number
        session.scalars(select(Defect).where(Defect.number == number)).one().title = "后来改的名"
    assert client("expert").get(f"/reports/{issued['mkt']}").text.count("后来改的名") == 0
    assert "后来改的名" in client("expert").get("/reports/next?system=mkt").text


def test_the_next_one_says_that_it_is_not_over(client: Clients, issued: dict[str, int]) -> None:
    visitor = client("manager")
    for rhythm in Rhythm:
        page = visitor.get(f"/reports/next?system=oa&rhythm={rhythm}").text
        assert "这是预览" in page
        assert "公文打不开" in page
    assert visitor.get("/reports/next?rhythm=hourly").status_code == 200
    assert visitor.get("/reports?rhythm=x&first=2026-99-99&page=7").status_code == 200


def test_a_file_of_a_report_holds_no_formula(client: Clients, issued: dict[str, int]) -> None:
    visitor = client("expert")
    answer = visitor.submit(f"/reports/{issued['mkt']}/export/csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert sorted(row["标题"] for row in rows) == sorted([FIRST, "'=cmd()"])
    assert visitor.submit(f"/reports/{issued['mkt']}/export/xlsx").data[:2] == b"PK"
    assert visitor.submit(f"/reports/{issued['mkt']}/export/exe").status_code == 404


def test_a_notice_leads_to_its_report_or_to_the_list(
    client: Clients, issued: dict[str, int], maker: sessionmaker[Session]
) -> None:
    with maker() as session:
        rows = session.query(Notice).filter(Notice.event == Event.CAUSES_REPORT).all()
        numbers = {row.person_id: row.id for row in rows}
        expert, manager = (numbers[somebody(session, login).id] for login in ("expert", "manager"))
    visitor = client("expert")
    assert "营销业务应用系统的问题周报" in visitor.get("/notices").text
    assert visitor.get(f"/notices/{expert}").location == f"/reports/{issued['mkt']}"
    listed = client("manager").get(f"/notices/{manager}", follow_redirects=True).text
    assert all(f'href="/reports/{number}"' in listed for number in issued.values())
    assert "2 个系统的问题周报" in client("manager").get("/notices").text


def test_each_chooses_how_often_where_they_choose_their_notices(client: Clients, desk_world: World) -> None:
    visitor = client("engineer")
    assert "问题报告多久给我一次" in visitor.get("/account/notices").text
    answer = visitor.submit("/reports/wish", {"choice": "off", "next": "/account/notices"})
    assert answer.location == "/account/notices"
    assert '<option value="off" selected>' in visitor.get("/account/notices").text
    assert visitor.submit("/reports/wish", {"choice": "hourly"}).status_code == 422
    assert visitor.submit("/reports/wish", {"choice": "weekly", "next": "//evil.example"}).location == "/"
    assert "问题报告多久给我一次" not in client("agent").get("/account/notices").text
    assert "问题报告多久给我一次" not in client("wang").get("/account/notices").text


def test_english_readers_find_the_systems_by_their_english_names(
    client: Clients, issued: dict[str, int], maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        somebody(session, "manager").locale = "en"
        World.of(session).systems["mkt"].name_en = "Marketing"
    visitor = client("manager")
    for path in ("/reports", f"/reports/{issued['mkt']}", "/reports/next"):
        assert "Marketing" in visitor.get(path).text
