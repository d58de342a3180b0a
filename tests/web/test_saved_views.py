"""Saved views, columns and exports over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from portal.people.models import AuditEntry
from portal.people.roles import PERMISSIONS, Permission, Post
from portal.tickets.views.models import SavedView
from portal.tickets.words import Action
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving


def view_named(maker: sessionmaker[Session], name: str) -> int:
    with maker() as session:
        return session.scalars(select(SavedView.id).where(SavedView.name == name)).one()


def test_a_list_is_kept_under_a_name_and_has_an_address(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    near, office = filed(), filed("公文打不开", system="oa")
    agent = client("agent")
    answer = agent.submit(
        "/queues/views", {"name": "协同办公", "system": "oa", "tab": "served", "column": ["ticket", "unit"]}
    )
    number = view_named(maker, "协同办公")
    assert answer.location == f"/queues?view={number}"
    text = agent.get(answer.location).text
    assert office in text
    assert near not in text
    assert "协同办公 <b>1</b>" in text
    assert "沧源供电局" in text
    assert "走到哪里" not in text.split("<thead>")[1].split("</thead>")[0]
    # the address narrows beyond the view, and an empty argument takes a narrowing away
    assert "已在视图上改动" not in text
    wider = agent.get(f"/queues?view={number}&system=").text
    assert near in wider
    assert "已在视图上改动" in wider


def test_the_name_that_was_refused_stays_in_its_field(client: Clients, filed: Filing) -> None:
    filed()
    agent = client("agent")
    answer = agent.submit("/queues/views", {"name": "长" * 41, "back": "/queues?tab=served"})
    page = agent.get(answer.location).text
    assert "40 个字以内" in page
    assert "长" * 40 in page
    assert answer.location.startswith("/queues?tab=served&save_as=")


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/queues", "/queues\\evil", "/admin"])
def test_a_form_leads_back_to_the_queue_alone(client: Clients, back: str) -> None:
    answer = client("agent").submit("/queues/columns", {"column": "ticket", "back": back})
    assert answer.location == "/queues"


def test_what_is_on_the_screen_becomes_the_view(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    filed()
    agent = client("agent")
    agent.submit("/queues/views", {"name": "甲", "system": "oa"})
    number = view_named(maker, "甲")
    agent.submit(f"/queues/views/{number}/rewrite", {"system": "mkt", "nonsense": "1"})
    agent.submit(f"/queues/views/{number}/rename", {"name": "乙"})
    with maker() as session:
        row = session.get_one(SavedView, number)
        assert (row.name, row.arguments) == ("乙", {"system": "mkt"})
    assert "乙" in agent.get("/queues/views").text
    assert agent.submit(f"/queues/views/{number}/rename", {"name": " "}).status_code == 422


def test_removing_can_be_taken_back(client: Clients, maker: sessionmaker[Session]) -> None:
    agent = client("agent")
    agent.submit("/queues/views", {"name": "甲"})
    number = view_named(maker, "甲")
    agent.submit(f"/queues/views/{number}/remove")
    assert agent.get(f"/queues?view={number}").status_code == 404
    page = agent.get("/queues/views").text
    assert f"/queues/views/{number}/restore" in page
    agent.submit(f"/queues/views/{number}/restore")
    assert agent.get(f"/queues?view={number}").status_code == 200


def test_a_shared_view_shows_everybody_only_their_own(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    near, far = filed(), filed("海陵的事", by="zhao")
    manager = client("manager")
    manager.submit("/queues/views", {"name": "全部营销", "system": "mkt", "tab": "served"})
    number = view_named(maker, "全部营销")
    assert client("agent").get(f"/queues?view={number}").status_code == 404
    manager.submit(f"/queues/views/{number}/share", {"post": "agent", "opens": "1"})
    assert far in manager.get(f"/queues?view={number}").text
    agent = client("agent")
    text = agent.get("/queues").text  # it opens first for the post
    assert near in text
    assert far not in text
    assert "全部营销 <b>1</b>" in text
    assert f"/tickets/{near}" not in agent.get("/queues?tab=mine").text
    assert client("expert").get(f"/queues?view={number}").status_code == 404
    assert client("wang").get(f"/queues?view={number}").status_code == 404
    # the agent may not change it, and begins where they like
    assert agent.submit(f"/queues/views/{number}/rename", {"name": "x"}).status_code == 422
    assert agent.submit(f"/queues/views/{number}/share", {"post": "agent"}).status_code == 404
    manager.submit(f"/queues/views/{number}/private")
    assert agent.get(f"/queues?view={number}").status_code == 404


def test_ones_own_opening_view(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    number_of_ticket = filed()
    agent = client("agent")
    assert number_of_ticket not in agent.get("/queues").text
    agent.submit("/queues/views", {"name": "全部", "tab": "served"})
    number = view_named(maker, "全部")
    agent.submit(f"/queues/views/{number}/begin", {"on": "1"})
    assert number_of_ticket in agent.get("/queues").text
    agent.submit(f"/queues/views/{number}/begin")
    assert number_of_ticket not in agent.get("/queues").text


def test_columns_are_ones_own(client: Clients, filed: Filing) -> None:
    filed()
    agent, manager = client("agent"), client("manager")
    back = "/queues?tab=served"
    answer = agent.submit("/queues/columns", {"column": ["filed", "ticket", "nonsense"], "back": back})
    assert answer.location == back

    def heads(visitor: Any) -> list[str]:
        head = visitor.get(back).text.split("<thead>")[1].split("</thead>")[0]
        return [name for name in ("时限", "工单", "提交", "处理人") if f">{name}<" in head]

    assert heads(agent) == ["工单", "提交"]
    assert heads(manager) == ["时限", "工单", "提交", "处理人"]
    agent.submit("/queues/columns", {"usual": "1", "back": back})
    assert heads(agent) == ["时限", "工单", "提交", "处理人"]


def test_heads_sort_and_say_so(client: Clients, filed: Filing) -> None:
    first, second = filed("甲事"), filed("乙事")
    manager = client("manager")
    text = manager.get("/queues?tab=served&order=number").text
    assert 'aria-sort="descending"' in text
    assert "order=number&amp;turned=1" in text
    assert text.index(second) < text.index(first)
    text = manager.get("/queues?tab=served&order=number&turned=1").text
    assert 'aria-sort="ascending"' in text
    assert text.index(first) < text.index(second)


def test_more_views_ask_no_more_queries(client: Clients, filed: Filing, engine: Engine) -> None:
    filed()
    agent = client("agent")
    asked: list[int] = []
    agent.get("/queues")
    for more in (1, 6):
        for _ in range(more):
            agent.submit("/queues/views", {"name": f"视图{len(asked)}{_}", "system": "mkt"})
        agent.get("/queues?tab=served")
        for path in ("/queues?tab=served", "/queues/views"):
            with statements_sent(engine) as said:
                assert agent.get(path).status_code == 200
            asked.append(len(said))
    assert asked[:2] == asked[2:]


# ── exports ──────────────────────────────────────────────────────────────────────────────────────

Rows = list[list[str]]
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "＝1+1", " =HYPERLINK(1)"]


def rows_of_csv(content: bytes) -> Rows:
    assert content.startswith(b"\xef\xbb\xbf")  # or Excel takes Chinese for something else
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def rows_of_xlsx(content: bytes) -> Rows:
    sheet = load_workbook(io.BytesIO(content), read_only=True).active
    assert sheet is not None
    return [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize(("kind", "read"), [("csv", rows_of_csv), ("xlsx", rows_of_xlsx)])
def test_the_list_as_a_file(
    client: Clients,
    filed: Filing,
    moved: Moving,
    maker: sessionmaker[Session],
    kind: str,
    read: Callable[[bytes], Rows],
) -> None:
    near, far, office = filed(), filed("海陵的事", by="zhao"), filed("公文打不开", system="oa")
    moved(near, Action.TAKE, "agent")
    asked = {"tab": "served", "system": "mkt", "column": ["ticket", "where", "holder", "unit"]}
    answer = client("supervisor").submit(f"/queues/export/{kind}", asked)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=tickets-")
    rows = read(answer.data)
    assert rows[0] == ["工单号", "标题", "层级", "状态", "处理人", "单位"]
    assert [row[0] for row in rows[1:]] == [near]  # not the other unit's, not the other system's
    assert rows[1][2:] == ["前台", "处理中", "agent", "沧源供电局"]
    assert {row[0] for row in read(client("manager").submit(f"/queues/export/{kind}", asked).data)[1:]} == {
        near,
        far,
    }
    assert office not in str(rows)
    with maker() as session:
        written = session.scalars(select(AuditEntry).where(AuditEntry.action == "export")).all()
    assert [(row.subject_id, row.detail["tickets"]) for row in written] == [(kind, 1), (kind, 2)]
    assert "system=mkt" in str(written[0].detail["asked"])


@pytest.mark.parametrize(("kind", "read"), [("csv", rows_of_csv), ("xlsx", rows_of_xlsx)])
def test_no_cell_is_a_formula(
    client: Clients, filed: Filing, kind: str, read: Callable[[bytes], Rows]
) -> None:
    for text in FORMULAS:
        filed("正文", title=text)
    answer = client("manager").submit(f"/queues/export/{kind}", {"tab": "served", "column": "ticket"})
    titles = [row[1] for row in read(answer.data)[1:]]
    assert len(titles) == len(FORMULAS)
    assert all(title.startswith("'") for title in titles), titles


def test_who_may_export(client: Clients, filed: Filing) -> None:
    filed()
    for post in Post:
        browser = client(post.value)
        may = Permission.EXPORT in PERMISSIONS[post]
        answer = browser.submit("/queues/export/csv", {"tab": "served"})
        assert answer.status_code == (200 if may else 404), post
        page = browser.get("/queues?tab=served")
        if page.status_code == 200:
            assert ("/queues/export/csv" in page.text) <= may, post
    assert client("wang").submit("/queues/export/csv").status_code == 404
    assert client("manager").submit("/queues/export/exe").status_code == 404


def test_the_file_is_in_the_viewers_language(client: Clients, filed: Filing) -> None:
    filed()
    manager = client("manager")
    manager.submit("/language/en")
    rows = rows_of_csv(manager.submit("/queues/export/csv", {"tab": "served"}).data)
    assert "Title" in rows[0]
    assert all(name.isascii() for name in rows[0]), rows[0]
