"""Small words on staff pages: days as people write them, names in the reader's language, no bare codes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, render_template_string
from sqlalchemy.orm import Session, sessionmaker

from defects.models import Defect
from indexer.document import Reason, ReasonKind
from portal.db import transaction
from portal.insight.definitions import Kind
from portal.tickets.words import Action
from portal.web.figure_words import _signed
from portal.web.times import on_day
from tests.web.conftest import Clients, Filing, Moving, Writing
from tests.world import World

ISO = re.compile(r">[^<]*20\d\d-\d\d-\d\d \d\d:\d\d")


def english_name(maker: sessionmaker[Session], login: str, name: str) -> None:
    with transaction(maker) as session:
        World.of(session).people[login].name_en = name


def test_stretches_of_time_are_written_as_people_write_them(client: Clients, desk_world: World) -> None:
    manager = client("manager")
    for address in ("/figures/deflection", "/figures/deflection/articles", "/quality/results"):
        page = manager.get(address).text
        assert "<time " in page, address
        assert not ISO.search(page), address


def test_a_change_that_rounds_to_nothing_has_no_sign(app: Flask) -> None:
    with app.test_request_context():
        assert _signed(Kind.MINUTES, -0.3) == _signed(Kind.MINUTES, 0)
        assert _signed(Kind.RATE, -0.0001) == "0.0 个百分点"
        assert _signed(Kind.COUNT, -4) == "−4"
        assert _signed(Kind.SCORE, 0.15) == "+0.15"


def test_a_record_of_the_small_hours_is_of_that_day(app: Flask) -> None:
    with app.test_request_context():
        assert on_day(datetime(2026, 11, 23, 16, 5, tzinfo=UTC)) == date(2026, 11, 24)
        assert on_day(datetime(2026, 11, 23, 15, 55, tzinfo=UTC)) == date(2026, 11, 23)


def test_the_age_of_a_record_counts_days_here(
    client: Clients, known: Writing, maker: sessionmaker[Session]
) -> None:
    number = known("电费重算后页面一直转圈")
    with transaction(maker) as session:
        session.get_one(Defect, number).created_at = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    expert, zone = client("expert"), ZoneInfo("Asia/Shanghai")
    before = datetime.now(zone).date()
    record, library = expert.get("/defects/QX000001").text, expert.get("/defects").text
    days = {(today - date(2026, 3, 2)).days for today in (before, datetime.now(zone).date())}
    assert any(f"已 {age} 天" in record for age in days)
    assert any(f'data-label="已有天数">{age}</td>' in library for age in days)


def test_evidence_shows_no_bare_code_of_a_system(app: Flask) -> None:
    why = [Reason(ReasonKind.SAME_SYSTEM, "mkt"), Reason(ReasonKind.CODE, "0x1")]
    drawn = '{% import "parts/desk.html" as d with context %}{{ d.evidence(why, called=called) }}'
    with app.test_request_context():
        plain, called = (render_template_string(drawn, why=why, called=called) for called in (False, True))
    assert "同系统" in plain
    assert "mkt" not in plain
    assert "0x1" in plain
    assert "mkt" in called  # whoever has put the name there


def test_authors_and_colleagues_are_named_in_the_readers_language(
    client: Clients, maker: sessionmaker[Session], published: Writing, filed: Filing, moved: Moving
) -> None:
    english_name(maker, "editor", "Wen Jing")
    english_name(maker, "agent", "Zhao Qing")
    published("怎样补打发票")
    number = filed()
    editor, supervisor = client("editor"), client("supervisor")
    for somebody in (editor, supervisor):
        somebody.submit("/language/en")
    assert "Wen Jing" in editor.get("/knowledge?list=all").text.partition("<tbody>")[2]
    moved(number, Action.TAKE, "agent")
    late = supervisor.submit(f"/tickets/{number}/moves/take", {"seen": "1"})
    assert late.status_code == 409
    assert "Zhao Qing has just done" in late.text
