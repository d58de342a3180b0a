"""What one search on the call console costs the server: processor time and statements, letter by letter.

Processor time, not waiting time, so that a busy machine tells the same. It writes what an agent who types
writes (consultations of the searches); give it a copy of a data folder you want to keep as it is.

    python benchmarks/on_a_call.py --data var/demo --login zhaoqing --caller linwan
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import event, select

from portal import config, db
from portal.app import create_app
from portal.finder.find import Finder
from portal.people.models import Person

CALLS = (
    "登录4A收不到验证码，手机没有欠费",
    "打印机打不出来，一直在排队",
    "邮箱收不到新邮件，对方说被退回",
    "报销单停在领导那里没人批怎么办",
    "工作票签发按钮是灰的点不了",
    "VPN 显示已接入但是内网系统打不开",
    "电费重算以后账单还是旧金额",
    "巡检照片上传停在99%",
)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
GOAL_MS = 200


def typed(text: str) -> Iterator[str]:
    """What is asked while this is typed: every third character, and the whole."""
    yield from (text[:length] for length in range(2, len(text), 3))
    yield text


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--login", default="zhaoqing")
    asked.add_argument("--caller", default="linwan")
    given = asked.parse_args()
    settings = config.load({"TIERDESK_DATA_DIR": str(given.data)})
    maker = db.sessions_of(db.engine_for(settings.database_url))
    app = create_app(settings, maker=maker)
    app.config["WTF_CSRF_ENABLED"] = False
    with maker() as session:
        caller = session.scalars(select(Person.id).where(Person.login == given.caller)).one()
    browser = app.test_client()
    _sign_in(browser, given.login, (given.data / "demo_password").read_text().strip())
    finder: Finder = app.extensions["tierdesk"].finder
    told = _measured(browser, maker.kw["bind"], caller)
    told["documents"] = finder.index.status().documents
    told["mode"] = str(finder.index.status().mode)
    json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
    print()


def _sign_in(browser: FlaskClient, login: str, password: str) -> None:
    page = browser.get("/sign-in").text
    token = TOKEN.search(page)
    fields = {"login": login, "password": password, "csrf_token": token[1] if token else ""}
    if browser.post("/sign-in", data=fields).status_code != 302:
        raise SystemExit("sign-in failed")


def _measured(browser: FlaskClient, engine: object, caller: int) -> dict[str, object]:
    spent, walls, counts, asked = [], [], [], 0
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    for round_ in range(2):  # the first one warms caches, the second one counts
        for text in CALLS:
            token = ""
            for words in typed(text):
                seen.clear()
                fields = {"notes": words, "caller": caller, "token": token, "impact": 3, "urgency": 2}
                processor, wall = time.process_time(), time.perf_counter()
                page = browser.post("/console/answers", data=fields, headers={"HX-Request": "true"})
                if round_:
                    spent.append((time.process_time() - processor) * 1000)
                    walls.append((time.perf_counter() - wall) * 1000)
                    counts.append(len(seen))
                    asked += "clarify-question" in page.text
                found = re.search(r'name="token" value="([^"]*)"', page.text)
                token = found[1] if found else ""
    return {
        "searches": len(spent),
        "processor_ms": _spread(spent),
        "wall_ms": _spread(walls),
        "statements": {"least": min(counts), "most": max(counts)},
        "questions_asked": asked,
        "within_goal": sum(value <= GOAL_MS for value in spent) / len(spent),
    }


def _spread(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20)
    return {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1), "most": round(max(values), 1)}


if __name__ == "__main__":
    main()
