"""The fictional company: units, systems, who runs which version, people and their posts."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from kb.columns import now
from portal.catalogue.models import DataService, Deployment, Module, System
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import BOUND_TO_UNITS, Post
from portal.sample.material import read

COMPANY = "hq"


def found(session: Session, password_hash: str) -> None:
    """Write the whole company; every account gets the same password hash."""
    units: dict[str, Unit] = {}
    for row in read("organisation.yaml")["units"]:
        _add_unit(session, units, row, None)
    for row in read("catalogue.yaml")["systems"]:
        _add_system(session, units, row)
    for row in read("services.yaml"):
        session.add(DataService(**row))
    for row in read("people.yaml"):
        _add_person(session, units, row, password_hash)
    session.flush()


def _add_unit(session: Session, units: dict[str, Unit], row: dict[str, Any], parent: Unit | None) -> None:
    unit = Unit(
        code=row["code"],
        name=row["name"],
        name_en=row.get("name_en", ""),
        kind=row["kind"],
        parent=parent,
        path=f"{parent.path if parent else '/'}{row['code']}/",
    )
    session.add(unit)
    units[unit.code] = unit
    for child in row.get("children", ()):
        _add_unit(session, units, child, unit)


def _add_system(session: Session, units: dict[str, Unit], row: dict[str, Any]) -> None:
    system = System(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        group=row["group"],
        version=row["version"],
        modules=[Module(code=code, name=name) for code, name in row["modules"].items()],
    )
    session.add(system)
    elsewhere = {**row.get("ahead", {}), **row.get("behind", {})}
    for unit, version in {COMPANY: row["version"], **elsewhere}.items():
        session.add(Deployment(system=system, unit=units[unit], version=str(version)))


def _add_person(session: Session, units: dict[str, Unit], row: dict[str, Any], password_hash: str) -> None:
    person = Person(
        login=row["login"],
        name=row["name"],
        name_en=row.get("name_en", ""),
        email=row["email"],
        phone=row["phone"],
        unit=units[row["unit"]],
        password_hash=password_hash,
        created_at=now(session),
        posts=[_post(units, row, Post(name)) for name in posts_of(row)],
    )
    session.add(person)


def _post(units: dict[str, Unit], row: dict[str, Any], post: Post) -> PersonPost:
    bound = units[_served(row["unit"])] if post in BOUND_TO_UNITS else None
    return PersonPost(post=post, unit=bound, systems=list(row.get("systems") or ()))


def _served(unit: str) -> str:
    # The company's own desk serves everybody, a province's information centre serves its province.
    return COMPANY if unit.startswith(COMPANY) else unit.split("-")[0]


def posts_of(row: dict[str, Any]) -> list[str]:
    """The posts of one written person; the last agent of the company's desk also leads the front."""
    posts = list(row.get("posts") or ())
    return [*posts, "supervisor"] if row["login"] == leading_agent() else posts


def leading_agent() -> str:
    agents = [row for row in read("people.yaml") if "agent" in (row.get("posts") or ())]
    desk = [row for row in agents if row["unit"].startswith(COMPANY) and not row.get("demo")]
    return str(desk[-1]["login"])


def demo_accounts() -> list[tuple[str, str, str]]:
    """(post or "", login, name) of one account for each post, as the demonstration prints them."""
    accounts: dict[str, tuple[str, str, str]] = {}
    for row in read("people.yaml"):
        for post in posts_of(row) or [""]:
            if row.get("demo") or post == "supervisor":
                accounts.setdefault(post, (post, str(row["login"]), str(row["name"])))
    order = ["", *(str(post) for post in Post)]
    return [accounts[post] for post in order if post in accounts]
