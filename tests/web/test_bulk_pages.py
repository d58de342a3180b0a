"""Bulk deeds over HTTP: choose, preview, apply, undo; nothing for whom it isn't, nothing of others."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from portal.cli.bulk_work import carry_bulk_on, forget_bulk
from portal.config import Settings
from portal.db import transaction
from portal.people.models import AuditEntry
from portal.people.roles import PERMISSIONS, Post
from portal.tickets.bulk import parts
from portal.tickets.bulk.deeds import GIVERS
from portal.tickets.bulk.models import Bulk, BulkItem, Fate, Phase
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, State
from tests.web.conftest import Clients, Filing, Moving, Visitor
from tests.world import MOMENT

TICK = re.compile(r'name="ticket" value="(\d+:\d+)"')


def ticks(visitor: Visitor, address: str = "/queues?tab=served") -> list[str]:
    return TICK.findall(visitor.get(address).text)


def begun(visitor: Visitor, deed: str = "reassign", **more: object) -> str:
    """Choose everything on the first page; the address of the deed."""
    data = {"deed": deed, "ticket": ticks(visitor), "back": "/queues?tab=served", **more}
    answer = visitor.submit("/queues/bulk", data)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def holders(maker: sessionmaker[Session]) -> list[str | None]:
    with maker() as session:
        rows = session.scalars(select(Ticket).order_by(Ticket.id))
        return [row.holder.login if row.holder else None for row in rows]


def test_the_whole_road(client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]) -> None:
    first, second = filed("甲"), filed("乙")
    lead = client("supervisor")
    where = begun(lead)
    page = lead.get(where).text
    assert "批量改派 · 2 张工单" in page
    assert 'href="/queues?tab=served"' in page

    # what is missing is said, and what was typed stays
    refused = lead.submit(f"{where}/preview", {"person": "nobody", "note": "请分工"})
    assert refused.status_code == 422
    assert "没有这位同事" in refused.text
    assert "请分工" in refused.text

    assert lead.submit(f"{where}/preview", {"person": "agent", "note": "请分工"}).location == where
    page = lead.get(where).text
    assert "对 2 张执行“改派”" in page
    assert holders(maker) == [None, None]

    moved(second, Action.TAKE, "supervisor")  # a colleague is faster
    lead.submit(f"{where}/apply")
    page = lead.get(where).text
    assert "已完成 <b>1</b>" in page
    assert "同事改动过这张工单" in page
    assert holders(maker) == ["agent", "supervisor"]

    lead.submit(f"{where}/undo")
    assert "已撤销 <b>1</b>" in lead.get(where).text
    assert holders(maker) == [None, "supervisor"]
    assert lead.submit(f"{where}/undo").status_code == 422
    assert "已撤销" in lead.get("/queues/bulk").text

    with maker() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.subject == "bulk")).all()
        moves = session.scalars(select(TrailEntry).where(TrailEntry.action == Action.REASSIGN)).all()
        number = session.scalars(select(Bulk.id)).one()
    assert [row.action for row in told] == ["apply", "done", "undo", "undone"]
    assert {row.subject_id for row in told} == {str(number)}
    assert [row.data["bulk"] for row in moves] == [number]
    assert first


def test_a_deed_that_needs_nothing_goes_straight_to_the_preview(client: Clients, filed: Filing) -> None:
    filed()
    lead = client("supervisor")
    where = begun(lead, "watch")
    assert "对 1 张执行“关注”" in lead.get(where).text


def test_all_of_a_list(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    for count in range(33):
        filed(f"第 {count} 个")
    filed("公文", system="oa")
    lead = client("supervisor")
    answer = lead.submit("/queues/bulk", {"deed": "watch", "all": "1", "tab": "served", "system": "mkt"})
    with maker() as session:
        assert len(session.scalars(select(BulkItem)).all()) == 33
    assert "批量关注 · 33 张工单" in lead.get(answer.location).text


def test_nothing_chosen_is_said(client: Clients) -> None:
    answer = client("supervisor").submit(
        "/queues/bulk", {"deed": "watch", "ticket": ["x", "1:y", "9" * 40 + ":1"]}
    )
    assert answer.status_code == 422
    assert "请先选中" in answer.text
    assert client("supervisor").submit("/queues/bulk", {"deed": "close"}).status_code == 404


def test_what_one_does_not_serve_cannot_be_chosen_by_its_number(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    filed(by="zhao")
    with maker() as session:
        far = session.scalars(select(Ticket)).one()
    answer = client("supervisor").submit(
        "/queues/bulk", {"deed": "watch", "ticket": f"{far.id}:{far.version}"}
    )
    assert answer.status_code == 422
    with maker() as session:
        assert session.scalars(select(Bulk)).all() == []


def test_each_post_gets_what_its_permissions_say(client: Clients, filed: Filing) -> None:
    filed()
    for post in Post:
        browser, may = client(post.value), bool(PERMISSIONS[post] & GIVERS)
        assert browser.get("/queues/bulk").status_code == (200 if may else 404), post
        page = browser.get("/queues?tab=served")
        if page.status_code == 200:
            assert ("data-tick-page" in page.text) == (may and "<thead>" in page.text), post
    # within the gate, each deed has its own permission
    expert = client("expert")
    assert "请先选中" not in expert.submit("/queues/bulk", {"deed": "reassign", "ticket": ticks(expert)}).text
    assert expert.submit("/queues/bulk", {"deed": "reassign", "ticket": ticks(expert)}).status_code == 422
    assert expert.submit("/queues/bulk", {"deed": "link", "ticket": ticks(expert)}).status_code == 302


def test_somebody_elses_deed_is_not_there(client: Clients, filed: Filing) -> None:
    filed()
    where = begun(client("supervisor"), "watch")
    manager = client("manager")
    assert manager.get(where).status_code == 404
    for deed in ("preview", "apply", "on", "undo"):
        assert manager.submit(f"{where}/{deed}").status_code == 404
    assert "关注" not in manager.get("/queues/bulk").text


def test_a_deed_is_not_applied_without_a_preview(client: Clients, filed: Filing) -> None:
    filed()
    lead = client("supervisor")
    where = begun(lead)
    answer = lead.submit(f"{where}/apply")
    assert answer.status_code == 422
    assert "请先预览" in answer.text


def test_a_defect_that_one_may_not_see_or_that_is_none(client: Clients, filed: Filing) -> None:
    filed()
    lead = client("supervisor")
    where = begun(lead, "link")
    answer = lead.submit(f"{where}/preview", {"defect": "QX999999"})
    assert answer.status_code == 422
    assert "没有这个编号的缺陷" in answer.text
    assert "QX999999" in answer.text


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for phase, (fate, _many, work) in list(parts.WORK.items()):
        monkeypatch.setitem(parts.WORK, phase, (fate, 2, work))


@pytest.mark.usefixtures("small_parts")
def test_progress_is_made_by_the_page(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    for _ in range(5):
        filed()
    lead = client("supervisor")
    where = begun(lead)
    lead.submit(f"{where}/preview", {"person": "agent"})
    page = lead.get(where).text
    assert '<progress class="bk-progress" max="5" value="2"' in page
    assert f'hx-post="{where}/on"' in page
    for _ in range(2):
        page = lead.submit_fragment(f"{where}/on").text
    assert "对 5 张执行" in page
    assert "<html" not in page
    lead.submit(f"{where}/apply")
    assert holders(maker).count("agent") == 2
    for _ in range(2):
        page = lead.submit_fragment(f"{where}/on").text
    assert "已完成 <b>5</b>" in page
    assert "hx-post" not in page
    assert holders(maker).count("agent") == 5


@pytest.mark.usefixtures("small_parts")
def test_the_worker_goes_on_when_the_page_is_closed(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings
) -> None:
    for _ in range(5):
        filed()
    lead = client("supervisor")
    where = begun(lead)
    lead.submit(f"{where}/preview", {"person": "agent"})
    for _ in range(2):
        lead.submit_fragment(f"{where}/on")
    lead.submit(f"{where}/apply")
    with transaction(maker) as session:
        session.execute(update(Bulk).values(moved_at=MOMENT))  # long ago
    assert carry_bulk_on(settings, maker) > 0
    with maker() as session:
        assert session.scalars(select(Bulk.phase)).one() == Phase.DONE
        assert set(session.scalars(select(BulkItem.fate))) == {Fate.DONE}
        assert {row.state for row in session.scalars(select(Ticket))} == {State.OPEN}
    forget_bulk(settings, maker)
    with maker() as session:
        assert session.scalars(select(Bulk)).one()
