"""The page 咨询分流 over HTTP: who reads it, what it says where data don’t suffice, and its files."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.columns import now
from portal.db import transaction
from portal.finder.holdout import round_of
from portal.finder.models import Arm, Consultation, Outcome, Shown
from portal.people.models import Person
from tests.statements import statements_sent
from tests.web.conftest import Clients, Writing
from tests.world import World, person

PAGE = "/figures/deflection"


def ask(session: Session, who: Person, number: int, *, days: float = 20, **more: Any) -> None:
    at = now(session) - timedelta(days=days)
    values: dict[str, Any] = {"text": "怎么办", "system": "mkt", "offered": 1, "settled_at": at} | more
    session.add(Consultation(token=f"t{number}", person_id=who.id, at=at, **values))


def opened(article: int) -> list[Shown]:
    return [Shown(kind="article", subject_id=article, rank=1)]


@pytest.fixture
def asked(maker: sessionmaker[Session], desk_world: World, published: Writing) -> int:
    """岭东's 王小雨 was helped twice and filed once, 海陵's 赵海陵 was helped once; an article's id."""
    article = published("=HYPERLINK(电费打印空白)", system="mkt")
    with transaction(maker) as session:
        people = World.of(session).people
        solved = {"outcome": Outcome.SOLVED, "solved_kind": "article", "solved_id": article}
        for number in range(2):
            ask(session, people["wang"], number, **solved, shown=opened(article))
        ask(session, people["wang"], 2, outcome=Outcome.FILED)
        ask(session, people["zhao"], 3, **solved, shown=opened(article))
    return article


def trial(maker: sessionmaker[Session], *, shown: int, held: int) -> None:
    """So many people on both sides, each with one question; those held back file twice as often."""
    with transaction(maker) as session:
        unit = World.of(session).units["ld-cy"]
        number = 1000
        for arm, count, every in ((Arm.SHOWN, shown, 3), (Arm.HELD, held, 1)):
            for place in range(count):
                number += 1
                one = person(f"x{number}", unit)
                session.add(one)
                session.flush()
                outcome = Outcome.LEFT if place % every else Outcome.FILED
                at = now(session) - timedelta(days=20)
                drawn = {"arm": arm, "chance": 0.5, "round": round_of(at), "first": True}
                ask(session, one, number, outcome=outcome, **drawn)


@pytest.mark.parametrize("login", ["wang", "agent", "local_support", "expert", "engineer", "admin"])
def test_it_is_not_for_everybody(client: Clients, asked: int, login: str) -> None:
    visitor = client(login)
    assert visitor.get(PAGE).status_code == 404
    assert visitor.get(f"{PAGE}/export.csv").status_code == 404
    assert visitor.get(f"{PAGE}/articles").status_code == 404


@pytest.mark.parametrize(
    ("login", "questions"),
    [("manager", 4), ("analyst", 4), ("editor", 4), ("dispatcher", 4), ("supervisor", 3), ("inspector", 3)],
)
def test_each_post_counts_what_it_serves(client: Clients, asked: int, login: str, questions: int) -> None:
    page = client(login).get(PAGE)
    assert page.status_code == 200
    found = re.search(r"(\d+) 人的 (\d+) 次求助", page.text)
    assert found and int(found[2]) == questions


def test_an_empty_desk_says_so_and_claims_nothing(client: Clients) -> None:
    page = client("manager").get(PAGE).text
    assert "这段时间没有自助求助" in page and "这段时间没有对照组" in page
    assert "对照实验现在没有开启" in page


def test_definitions_stand_beside_the_numbers(client: Clients, asked: int) -> None:
    page = client("manager").get(PAGE).text
    for words in ("真正分流 ÷ 自助求助", "从提问起七天内", "两周内输入问题时不显示推荐", "较短一方的实义词"):
        assert words in page
    assert "75.0%" in page  # three of four


def test_not_enough_data_is_a_sentence_and_no_number(client: Clients, maker: sessionmaker[Session]) -> None:
    trial(maker, shown=60, held=19)
    page = client("manager").get(PAGE).text
    assert "数据不足：对照的两组中较小的一组折合 19 人，满 20 人才给出数字。" in page
    assert "每 100 次求助少" not in page and "dfl-effect" not in page


def test_enough_data_is_a_number_with_its_interval(client: Clients, maker: sessionmaker[Session]) -> None:
    trial(maker, shown=60, held=30)
    page = client("manager").get(PAGE).text
    assert re.search(r"推荐确实减少了工单：每 100 次求助少 66\.7 张（95% 区间 \d+\.\d 到 \d+\.\d 张）", page)
    assert 'class="dfl-effect"' in page


def test_an_article_that_the_viewer_may_not_read_has_no_line(
    client: Clients, maker: sessionmaker[Session], published: Writing
) -> None:
    hidden = published("海陵才看的", units=("hl",))
    with transaction(maker) as session:
        ask(session, World.of(session).people["wang"], 9, outcome=Outcome.FILED, shown=opened(hidden))
    for visit in (client("supervisor").get, client("supervisor").fragment):
        page = visit(f"{PAGE}/articles").text
        assert "海陵才看的" not in page and "这段时间没有显示过知识" in page
    table = client("supervisor").get(f"{PAGE}/export.csv?by=article").get_data(as_text=True)
    assert "海陵才看的" not in table


@pytest.mark.parametrize(
    "query", ["days=0", "days=x", "system=%00&page=0", "unit='--", "page=99999999", "days=182&page=-3"]
)
def test_nonsense_in_the_address(client: Clients, asked: int, query: str) -> None:
    assert client("manager").get(f"{PAGE}?{query}").status_code == 200


def test_the_chart_has_its_table_and_safe_data(client: Clients, asked: int) -> None:
    page = client("manager").get(PAGE).text
    data = re.search(r'<script type="application/json" id="chart-endings">(.*?)</script>', page, re.S)
    assert data
    chart = json.loads(data[1])
    assert all(len(row["data"]) == len(chart["names"]) == 13 for row in chart["series"])
    assert sum(sum(row["data"]) for row in chart["series"]) == 4


def test_articles_come_after_the_page_and_are_a_page_of_their_own(client: Clients, asked: int) -> None:
    manager = client("manager")
    assert f'hx-get="{PAGE}/articles?days=90&amp;system=mkt"' in manager.get(f"{PAGE}?system=mkt").text
    whole, part = manager.get(f"{PAGE}/articles").text, manager.fragment(f"{PAGE}/articles").text
    assert "<html" in whole and "<html" not in part
    for page in (whole, part):
        assert "=HYPERLINK(电费打印空白)" in page and "打开后提单" in page
    assert "HYPERLINK" not in manager.get(f"{PAGE}/articles?unit=nowhere").text


def test_the_first_page_leads_here_with_its_filter(client: Clients, asked: int) -> None:
    manager = client("manager")
    page = manager.get("/figures?system=mkt&unit=ld").text
    assert 'href="/figures/deflection?system=mkt&amp;unit=ld"' in page
    assert "3 次求助" in manager.get(f"{PAGE}?unit=ld&system=mkt").text


# ── the same as a file ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by", ["system", "unit", "week", "article"])
def test_each_table_is_had_as_a_file_and_no_cell_is_a_formula(client: Clients, asked: int, by: str) -> None:
    answer = client("manager").get(f"{PAGE}/export.csv?by={by}")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows
    if by == "article":
        assert rows[0]["显示"] == "3" and rows[0]["标题"].startswith("'=")
    else:
        assert sum(int(row["自助求助"]) for row in rows) == 4
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]
    sheet = client("manager").get(f"{PAGE}/export.xlsx?by={by}")
    assert sheet.status_code == 200 and sheet.get_data()[:2] == b"PK"


def test_files_are_for_those_who_may_export(client: Clients, asked: int) -> None:
    for login, status in (("manager", 200), ("analyst", 200), ("editor", 404), ("dispatcher", 404)):
        visitor = client(login)
        assert visitor.get(f"{PAGE}/export.csv").status_code == status
        assert ("export.csv" in visitor.get(PAGE).text) == (status == 200)


@pytest.mark.parametrize("path", ["export.pdf", "export.csv?by=person", "export.csv?by="])
def test_what_is_no_file_is_404(client: Clients, asked: int, path: str) -> None:
    assert client("manager").get(f"{PAGE}/{path}").status_code == 404


def test_an_empty_table_is_a_file_too(client: Clients) -> None:
    assert client("manager").get(f"{PAGE}/export.csv?by=article").status_code == 200


def test_statements_do_not_grow(client: Clients, asked: int, maker: sessionmaker[Session]) -> None:
    manager = client("manager")

    def cost() -> int:
        manager.get(PAGE)
        with statements_sent(maker) as seen:
            assert manager.get(PAGE).status_code == 200
        return len(seen)

    before = cost()
    trial(maker, shown=40, held=30)
    with transaction(maker) as session:
        people = list(session.scalars(select(Person)))
        for number in range(40):
            ask(session, people[number % len(people)], 5000 + number, outcome=Outcome.LEFT)
    assert cost() <= before
