"""How long do list pages, ticket pages and dashboards take on a desk with 200,000 tickets?

The whole application in one process, asked as a browser or a client of the API asks, by one account of each
post; only search is left out, which has benchmarks of its own. Prints the wait, the share of it that this
process worked, and how many statements each answer takes.

    python benchmarks/large_desk.py sqlite:////tmp/large.db
    python benchmarks/desk_lists.py sqlite:////tmp/large.db
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from large_desk import PASSWORD, TODAY
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from kb.columns import CLOCK
from portal import config, db
from portal.app import create_app
from portal.cli.settling import settle
from portal.people.roles import Post
from portal.sample.company import demo_accounts
from portal.tickets.models import Ticket

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
TARGET_MS = 150.0
EMPLOYEE = "employee"
#: Everybody's pages, and those of whoever works on tickets.
OWN = ("/", "/my/tickets", "/my/tickets?page=2", "/notices", "/announcements", "/services", "/kb")
STAFF = ("/queues", "/queues/views", "/defects", "/faults")
TABS = ("mine", "unheld", "served", "overdue", "soon", "waiting", "parked")
ORDERS = ("due", "priority", "filed", "updated")
FIGURES = ("/figures", "/figures?days=7", "/figures?days=90", "/figures?system=mkt", "/figures?unit=ld")
PAST = (
    "/queues?open=0",
    "/queues?open=0&page=40",
    "/queues?state=closed&system=mkt",
    "/queues?state=closed&unit=ld-cy",
    "/queues?from=2026-10-01&to=2026-10-31",
    "/queues?closed_from=2026-10-20&closed_to=2026-11-19&state=closed",
    "/queues?reopened=1&open=0",
    "/queues?returned=1&open=0&system=mkt",
    "/queues?q=GD2026",
)
API = (
    "/api/v1/tickets",
    "/api/v1/tickets?limit=100",
    "/api/v1/defects",
    "/api/v1/articles",
    "/api/v1/faults",
    "/api/v1/announcements",
)
BENCH = ("/workbench", "/workbench/board")
CONSOLE = ("/console", "/console/waiting", "/console/callers?who=赵文", "/console/callers?who=13800001")
OVERVIEW = (
    "/handover",
    "/sharing",
    "/quality",
    "/quality/follow-ups",
    "/quality/inspections",
    "/quality/results",
)


@dataclass
class Answers:
    """What one page took, over all rounds."""

    page: str
    who: str
    status: int = 0
    wall: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    slowest: tuple[float, str] = (0.0, "")

    def row(self) -> dict[str, Any]:
        return {
            "page": self.page,
            "who": self.who,
            "status": self.status,
            "p50": round(statistics.median(self.wall), 1),
            "p95": round(percentile(self.wall, 0.95), 1),
            "work_p50": round(statistics.median(self.work), 1),
            "statements": max(self.statements),
            "slowest_ms": round(self.slowest[0], 1),
            "slowest": self.slowest[1],
        }


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Statements:
    """Counts the statements of the engine and remembers the slowest."""

    def __init__(self, engine: Engine) -> None:
        self.count, self.slowest, self.began = 0, (0.0, ""), 0.0
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def clear(self) -> None:
        self.count, self.slowest = 0, (0.0, "")

    def _before(self, *_: Any) -> None:
        self.began = time.perf_counter()

    def _after(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.count += 1
        took = (time.perf_counter() - self.began) * 1000
        self.slowest = max(self.slowest, (took, " ".join(statement.split())))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("url")
    asked.add_argument("--rounds", type=int, default=20)
    asked.add_argument("--only", default="", help="pages whose address contains this")
    asked.add_argument("--json", action="store_true")
    wish = asked.parse_args()
    engine = db.engine_for(wish.url)
    rows = measure(engine, rounds=wish.rounds, only=wish.only)
    if wish.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        tell(rows)


def measure(engine: Engine, *, rounds: int, only: str) -> list[dict[str, Any]]:
    maker = sessionmaker(engine, expire_on_commit=False, info={CLOCK: TODAY})
    with tempfile.TemporaryDirectory() as folder:
        settings = config.load({"TIERDESK_DATA_DIR": folder, "TIERDESK_ENCODER": "none"})
        index = Index.open(Path(folder) / "index", embedder=None)
        app = create_app(settings, maker=maker, index=index)
        settle(index)  # as every server process does
        statements = Statements(engine)
        rows = []
        for who, browser, pages in visitors(app, maker):
            for page in (page for page in pages if only in page):
                answers = Answers(page, who)
                ask(browser, answers, statements, rounds)
                rows.append(answers.row())
                print(".", end="", flush=True, file=sys.stderr)
        index.close()
    return rows


def ask(browser: FlaskClient, answers: Answers, statements: Statements, rounds: int) -> None:
    browser.get(answers.page)  # templates and statements are compiled once in a process's life
    for _ in range(rounds):
        statements.clear()
        wall, work = time.perf_counter(), time.process_time()
        answers.status = browser.get(answers.page).status_code
        answers.wall.append((time.perf_counter() - wall) * 1000)
        answers.work.append((time.process_time() - work) * 1000)
        answers.statements.add(statements.count)
        answers.slowest = max(answers.slowest, statements.slowest)


def visitors(app: Flask, maker: sessionmaker[Session]) -> Iterator[tuple[str, FlaskClient, list[str]]]:
    """One account of each post, signed in, with the pages to look at."""
    with maker() as session:
        tickets = _tickets(session)
        callers = [number for (number,) in session.execute(select(Ticket.requester_id).limit(1))]
    for post, login, pages in _accounts():
        browser = app.test_client()
        token = TOKEN.search(browser.get("/sign-in").text)
        assert token
        form = {"login": login, "password": PASSWORD, "csrf_token": token[1]}
        answer = browser.post("/sign-in", data=form)
        assert answer.status_code == 302, f"{login} cannot sign in"
        more = [f"/console/callers/{number}" for number in callers] if post == Post.AGENT else []
        yield post, browser, [*pages, *more, *tickets(login)]


def _accounts() -> Iterator[tuple[str, str, list[str]]]:
    for post, login, _ in demo_accounts():
        pages = [*OWN, *API]
        if post:
            pages += [*STAFF, *(f"/queues?tab={tab}" for tab in TABS), *OVERVIEW]
            pages += [f"/queues?tab=served&order={order}" for order in ORDERS]
            pages += [*PAST, *FIGURES, *BENCH, *CONSOLE]
        yield str(post or EMPLOYEE), login, pages


def _tickets(session: Session) -> Callable[[str], list[str]]:
    """login → addresses of tickets of its own."""
    numbers = list(
        session.scalars(select(Ticket.number).where(Ticket.closed_at.is_(None)).order_by(Ticket.id).limit(1))
    )
    return lambda _login: [f"/tickets/{number}" for number in numbers]


def tell(rows: list[dict[str, Any]]) -> None:
    shown = [row for row in rows if row["status"] == 200]
    print("\n| page | as | p50 | p95 | of it worked here | statements |\n|---|---|---|---|---|---|")
    for row in sorted(shown, key=lambda row: -row["p95"]):
        late = " **late**" if row["p95"] > TARGET_MS else ""
        print(
            f"| `{row['page']}` | {row['who']} | {row['p50']} | {row['p95']}{late} "
            f"| {row['work_p50']} | {row['statements']} |"
        )
    late = [row for row in shown if row["p95"] > TARGET_MS]
    print(f"\n{len(shown)} pages, {len(late)} over {TARGET_MS:.0f} ms")
    for row in late:
        print(f"\n{row['page']} as {row['who']}: {row['slowest_ms']} ms in\n  {row['slowest'][:1500]}")


if __name__ == "__main__":
    main()
