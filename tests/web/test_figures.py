"""The manager's page over HTTP: who reads it, what narrows it, and that its numbers open their tickets."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.words import Action, Category
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving

TILE = re.compile(r'<a class="fig-tile[^"]*" href="([^"]+)".*?fig-name">([^<]+)<.*?fig-value">([^<]+)<', re.S)
TOTAL = re.compile(r"<b>(\d+)</b></span>")


@pytest.mark.parametrize("login", ["wang", "agent", "expert", "engineer", "local_support", "admin"])
def test_it_is_not_for_everybody(client: Clients, login: str) -> None:
    assert client(login).get("/figures").status_code == 404


@pytest.mark.parametrize("login", ["manager", "supervisor", "inspector", "analyst", "editor", "dispatcher"])
def test_who_reads_figures(client: Clients, filed: Filing, login: str) -> None:
    filed()
    answer = client(login).get("/figures")
    quality = 2 if login in ("manager", "supervisor", "inspector") else 0
    assert answer.status_code == 200 and len(TILE.findall(answer.text)) == 13 + quality


def tiles(page: str) -> dict[str, tuple[str, str]]:
    return {name: (value, href.replace("&amp;", "&")) for href, name, value in TILE.findall(page)}


def test_every_count_opens_as_many_tickets(client: Clients, filed: Filing, moved: Moving) -> None:
    first = filed(category=Category.CONSULTATION)
    moved(first, Action.TAKE, "agent")
    moved(first, Action.ANSWER, "agent", note="请清缓存")
    moved(first, Action.CONFIRM, "wang", rating=5)
    filed(by="zhao", system="oa")
    filed()
    manager = client("manager")
    found = tiles(manager.get("/figures?days=7").text)
    assert {name: found[name][0] for name in ("在办工单", "新提交", "已办结", "首次解决率", "满意度")} == {
        "在办工单": "2",
        "新提交": "3",
        "已办结": "1",
        "首次解决率": "100.0%",
        "满意度": "5.00",
    }
    for name in ("在办工单", "新提交", "已办结", "首次解决率"):
        listed = TOTAL.search(manager.get(found[name][1]).text)
        expected = {"首次解决率": "1"}.get(name, found[name][0])
        assert listed and listed[1] == expected, name


def test_a_supervisor_sees_the_own_units(client: Clients, filed: Filing) -> None:
    filed()
    filed(by="zhao")  # of 海陵
    assert tiles(client("manager").get("/figures").text)["在办工单"][0] == "2"
    own = client("supervisor").get("/figures").text
    assert tiles(own)["在办工单"][0] == "1" and "岭东省公司" in own
    assert "海陵省公司" not in own


@pytest.mark.parametrize(
    "query", ["days=0", "days=-7", "days=x", "days=7&system=%00", "unit='--", "system=nowhere&unit=nowhere"]
)
def test_nonsense_in_the_address(client: Clients, filed: Filing, query: str) -> None:
    filed()
    assert client("manager").get(f"/figures?{query}").status_code == 200


def test_filters_narrow(client: Clients, filed: Filing) -> None:
    filed()
    filed(by="zhao", system="oa")
    manager = client("manager")
    assert tiles(manager.get("/figures?system=oa").text)["新提交"][0] == "1"
    assert tiles(manager.get("/figures?unit=ld").text)["新提交"][0] == "1"
    assert tiles(manager.get("/figures?unit=ld&system=oa").text)["新提交"][0] == "0"


def test_each_chart_has_its_table_and_safe_data(client: Clients, filed: Filing) -> None:
    filed("</script><script>alert(1)</script>")
    page = client("manager").get("/figures").text
    data = re.findall(r'<script type="application/json" id="(chart-[a-z]+)">(.*?)</script>', page, re.S)
    assert {name for name, _ in data} == {"chart-tiers", "chart-units", "chart-weeks", "chart-systems"}
    for _, text in data:
        chart = json.loads(text)
        assert all(len(row["data"]) == len(chart["names"]) for row in chart["series"])
    assert page.count('class="fig-table"') == 4 and "<script>alert" not in page


def test_queries_do_not_grow_with_tickets(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    manager = client("manager")
    filed()

    def cost() -> int:
        with statements_sent(maker) as seen:
            assert manager.get("/figures").status_code == 200
        return len(seen)

    before = cost()
    for _ in range(8):
        filed(by="zhao")
    assert cost() <= before + 1
