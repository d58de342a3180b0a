"""A desk with hundreds of thousands of tickets: the sample half-year, told again and again further back.

Nothing is invented: each ticket is one of the sample's, with its trail, talk, notices and links, at another
time and for another employee, so that what the planner sees is shaped as on a real desk. The invariant: the
same numbers make the same desk, every trail verifies, and what is open stays as recent as in the sample.

    python benchmarks/large_desk.py sqlite:////tmp/large.db --tickets 200000
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, text
from sqlalchemy.orm import Session

from portal import db
from portal.finder.models import Consultation, OutboxRow
from portal.migrations import history
from portal.people.models import Person, Unit
from portal.people.passwords import hashed
from portal.sample.load import fill
from portal.tickets import trail
from portal.tickets.models import (
    ArticleLink,
    Comment,
    DefectLink,
    Notice,
    Ticket,
    TrailEntry,
    Urge,
)
from portal.tickets.words import State

SEED, CHUNK, YEARS = 11, 400, 3
PASSWORD = "bench-of-lanterns-7"
#: The moment the desk was filled for; the benchmark's clock stands there.
TODAY = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
CHILDREN = (TrailEntry, Comment, DefectLink, ArticleLink, Urge, Notice, Consultation)
FAMILIES, GIVEN = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏",
    "文明国华建军志强丽芳秀英晓燕海涛",
)

Row = dict[str, Any]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("url")
    asked.add_argument("--tickets", type=int, default=200_000)
    asked.add_argument("--open", type=int, default=8_000, help="how many of them are open")
    asked.add_argument("--people", type=int, default=20_000)
    wish = asked.parse_args()
    started = time.monotonic()
    engine = db.engine_for(wish.url)
    history.everything()
    db.create_all(engine)
    build(engine, tickets=wish.tickets, still_open=wish.open, people=wish.people, tell=_tell)
    print(f"\n{wish.tickets} tickets in {time.monotonic() - started:.0f} s")


def _tell(done: int) -> None:
    if done % 20_000 == 0:
        print(done, end=" ", flush=True, file=sys.stderr)


def build(engine: Engine, *, tickets: int, still_open: int, people: int, tell: Callable[[int], None]) -> None:
    """The sample desk, then its copies; statistics at the end, as the nightly upkeep keeps them."""
    with Session(engine) as session:
        fill(session, password_hash=hashed(PASSWORD), now=TODAY)
        session.commit()
        employees = _hire(session, people)
        _copy(session, tickets, still_open, employees, tell)
        session.execute(delete(OutboxRow))
        session.commit()
    _finish(engine)


def _finish(engine: Engine) -> None:
    with db.transaction(db.sessions_of(engine)) as session:
        db.count_for_planner(session)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT setval('ticket_id_seq', (SELECT max(id) FROM ticket))"))
            connection.execute(text("VACUUM ANALYZE"))


def _hire(session: Session, people: int) -> dict[int, list[int]]:
    """Employees in every unit: unit → their ids."""
    units = list(session.scalars(select(Unit.id).order_by(Unit.id)))
    first = (session.scalar(select(func.max(Person.id))) or 0) + 1
    secret = session.scalar(select(Person.password_hash).limit(1))
    rows = [
        {
            "id": number,
            "login": f"e{number}",
            "name": FAMILIES[number % 30] + GIVEN[number // 30 % 16] + GIVEN[number // 480 % 16],
            "unit_id": units[number % len(units)],
            "password_hash": secret,
            "phone": f"138{number:08d}",
            "created_at": TODAY - timedelta(days=1500),
        }
        for number in range(first, first + people)
    ]
    session.execute(insert(Person), rows)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT setval('person_id_seq', (SELECT max(id) FROM person))"))
    found: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        found[row["unit_id"]].append(row["id"])
    return found


def _rows(session: Session, model: type[Any]) -> list[Row]:
    table = model.__table__
    return [dict(row._mapping) for row in session.execute(select(table).order_by(table.c.id))]


def _plan(base: list[Row], wanted: int, still_open: int, dice: random.Random) -> list[tuple[Row, timedelta]]:
    """Which of the sample's tickets is told again how much earlier; in the order of filing."""
    opened = [row for row in base if row["closed_at"] is None]
    ended = [row for row in base if row["closed_at"] is not None]
    more_open = min(wanted - len(base), max(0, still_open - len(opened)))
    weeks = 52 * YEARS
    weights = [1 if row["state"] == State.PARKED else 5 for row in opened]
    chosen = [
        (row, timedelta(minutes=dice.randrange(2, 3 * 24 * 60)))
        for row in dice.choices(opened, weights, k=more_open)
    ]
    for _ in range(wanted - len(base) - more_open):
        back = timedelta(weeks=dice.randrange(weeks), minutes=dice.randrange(1, 180))
        chosen.append((dice.choice(ended), back))
    return sorted(chosen, key=lambda pair: pair[0]["filed_at"] - pair[1])


def _copy(
    session: Session,
    tickets: int,
    still_open: int,
    employees: dict[int, list[int]],
    tell: Callable[[int], None],
) -> None:
    dice = random.Random(SEED)
    base = _rows(session, Ticket)
    held = {model: _by_ticket(_rows(session, model)) for model in CHILDREN}
    plan = iter(_plan(base, tickets, still_open, dice))
    numbers, days = count(len(base) + 1), defaultdict(lambda: count(5001))
    done = 0
    while part := list(islice(plan, CHUNK)):
        copies = [_copied(row, back, next(numbers), days, employees, dice) for row, back in part]
        session.execute(insert(Ticket.__table__), copies)
        for model, rows in held.items():
            made = [
                new
                for (row, back), ticket in zip(part, copies, strict=True)
                for new in _children(model, rows[row["id"]], row, ticket, back)
            ]
            if made:
                session.execute(insert(model.__table__), made)
        session.commit()
        done += len(part)
        tell(done)
    _solved(session, held[Consultation][None], max(1, tickets // len(base)), dice)


def _solved(session: Session, rows: list[Row], times: int, dice: random.Random) -> None:
    """The questions that ended with an answer and not with a ticket, as often as the tickets."""
    made = []
    for row in rows:
        for turn in range(times):
            back = timedelta(weeks=dice.randrange(52 * YEARS), minutes=dice.randrange(1, 180))
            made.append(_earlier(row, back) | {"token": f"s{row['id']}-{turn}"})
            del made[-1]["id"]
    for start in range(0, len(made), 5_000):
        session.execute(insert(Consultation.__table__), made[start : start + 5_000])
    session.commit()


def _by_ticket(rows: list[Row]) -> dict[int | None, list[Row]]:
    found: dict[int | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["ticket_id"]].append(row)
    return found


def _copied(
    row: Row, back: timedelta, number: int, days: Any, employees: dict[int, list[int]], dice: random.Random
) -> Row:
    asker = dice.choice(employees[row["unit_id"]]) if dice.random() > 0.05 else row["requester_id"]
    made = _earlier(row, back) | {"id": number, "requester_id": asker, "source": None, "external_id": None}
    if row["filed_by_id"] == row["requester_id"]:
        made["filed_by_id"] = asker
    day = f"{made['filed_at']:%Y%m%d}"
    made["number"] = f"GD{day}{next(days[day])}"
    return made


def _earlier(row: Row, back: timedelta) -> Row:
    return {name: value - back if isinstance(value, datetime) else value for name, value in row.items()}


def _children(model: type[Any], rows: list[Row], base: Row, ticket: Row, back: timedelta) -> Iterator[Row]:
    swap = {base["requester_id"]: ticket["requester_id"]}
    previous = ""
    for row in rows:
        made = _earlier(row, back)
        del made["id"]
        made["ticket_id"] = ticket["id"]
        for name in ("by_id", "person_id"):
            if name in made:
                made[name] = swap.get(made[name], made[name])
        if "token" in made:
            made["token"] = f"{ticket['id']}-{row['id']}"
        if model is TrailEntry:
            made["previous"] = previous
            previous = made["digest"] = trail.digest_of(SimpleNamespace(**made))  # type: ignore[arg-type]
        yield made


if __name__ == "__main__":
    main()
