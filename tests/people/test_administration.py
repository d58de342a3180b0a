"""What administrators may do with people and units, and what nobody may: every refusal beside its control."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal.people import login, people, units
from portal.people.models import AuditEntry, LoginSession, Person, Unit
from portal.people.passwords import matches
from portal.people.roles import Post
from tests.world import MOMENT, World

SYSTEMS = {"mkt", "oa"}


def give(session: Session, person: Person, *posts: people.GivenPost, by: Person) -> None:
    people.set_posts(session, person, posts, systems=SYSTEMS, by=by, seen=person.version)


def second_administrator(session: Session, world: World) -> Person:
    made, _ = people.create(session, "admin2", people.Details("乙", "hq"), by=world.people["admin"])
    give(session, made, people.GivenPost(Post.ADMIN), by=world.people["admin"])
    return made


def test_a_new_account_has_a_password_that_is_never_stored(session: Session, desk_world: World) -> None:
    person, password = people.create(
        session, " New.Person ", people.Details("新人", "ld-cy", phone="139"), by=desk_world.people["admin"]
    )
    assert person.login == "new.person" and matches(person.password_hash, password)
    assert not person.posts and person.active
    written = session.scalars(select(AuditEntry)).all()
    assert [(line.action, line.subject_id) for line in written] == [("create", "new.person")]
    assert all(password not in str(line.detail) for line in written)


@pytest.mark.parametrize("name", ["wang", "WANG", "", "a", "含汉字", "a b", "x" * 60, "-x"])
def test_logins_that_cannot_be(session: Session, desk_world: World, name: str) -> None:
    with pytest.raises(Refused):
        people.create(session, name, people.Details("甲", "hq"), by=desk_world.people["admin"])


Deed = Callable[[Session, Person, Person], object]
DEEDS: dict[str, Deed] = {
    "change": lambda s, p, by: people.change(s, p, people.Details("改名", "hq"), by=by, seen=p.version),
    "posts": lambda s, p, by: give(s, p, people.GivenPost(Post.MANAGER), by=by),
    "deactivate": lambda s, p, by: people.deactivate(s, p, by=by),
    "reset": lambda s, p, by: people.reset_password(s, p, by=by),
    "unlock": lambda s, p, by: people.unlock(s, p, by=by),
    "sessions": lambda s, p, by: people.end_sessions(s, p, by=by),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_only_another_administrator_does_it(session: Session, desk_world: World, deed: Deed) -> None:
    admin, wang = desk_world.people["admin"], desk_world.people["wang"]
    for outsider in ("manager", "supervisor", "wang"):
        with pytest.raises(Refused, match="只有系统管理员"):
            deed(session, wang, desk_world.people[outsider])
    with pytest.raises(Refused, match="另一位管理员"):
        deed(session, admin, admin)
    deed(session, wang, admin)


def test_an_administrator_who_has_left_does_nothing(session: Session, desk_world: World) -> None:
    admin = desk_world.people["admin"]
    admin.active = False
    with pytest.raises(Refused):
        people.unlock(session, desk_world.people["wang"], by=admin)


def test_there_is_always_an_administrator(session: Session, desk_world: World) -> None:
    """Only another active administrator shuts one out, so that the last can't be."""
    first = desk_world.people["admin"]
    second = second_administrator(session, desk_world)
    people.deactivate(session, second, by=first)
    with pytest.raises(Refused, match="只有系统管理员"):
        people.deactivate(session, first, by=second)
    with pytest.raises(Refused, match="另一位管理员"):
        give(session, first, by=first)
    people.reactivate(session, second, by=first)
    give(session, first, people.GivenPost(Post.MANAGER), by=second)
    assert [row.post for row in first.posts] == [Post.MANAGER]


def test_posts_are_bound(session: Session, desk_world: World) -> None:
    admin, wang = desk_world.people["admin"], desk_world.people["wang"]
    for wrong in (
        people.GivenPost(Post.AGENT),
        people.GivenPost(Post.AGENT, unit="nowhere"),
        people.GivenPost(Post.EXPERT),
        people.GivenPost(Post.EXPERT, systems=("mkt", "unknown")),
    ):
        with pytest.raises(Refused):
            give(session, wang, wrong, by=admin)
    with pytest.raises(Refused, match="只能给一次"):
        give(session, wang, people.GivenPost(Post.MANAGER), people.GivenPost(Post.MANAGER), by=admin)
    give(
        session,
        wang,
        people.GivenPost(Post.AGENT, unit="ld", systems=("mkt",)),
        people.GivenPost(Post.EXPERT, unit="ld", systems=("oa", "mkt", "oa")),
        by=admin,
    )
    bounds = {row.post: (row.unit.code if row.unit else None, row.systems) for row in wang.posts}
    assert bounds == {Post.AGENT: ("ld", []), Post.EXPERT: (None, ["mkt", "oa"])}
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "posts")).one()
    assert line.detail["after"] == ["agent(ld)", "expert(mkt,oa)"]


def test_two_administrators_do_not_overwrite_each_other(session: Session, desk_world: World) -> None:
    admin, wang = desk_world.people["admin"], desk_world.people["wang"]
    seen = wang.version
    give(session, wang, people.GivenPost(Post.MANAGER), by=admin)
    assert wang.version > seen
    with pytest.raises(Refused, match="刚刚改过"):
        people.change(session, wang, people.Details("改名", "hq"), by=admin, seen=seen)
    with pytest.raises(Refused, match="刚刚改过"):
        people.set_posts(session, wang, [], systems=SYSTEMS, by=admin, seen=seen)


def test_closing_an_account_ends_browsers_and_tokens(session: Session, desk_world: World) -> None:
    wang, admin = desk_world.people["wang"], desk_world.people["admin"]
    token, text = login.issue_token(session, wang, "报表", scopes=["read"])
    session.add(LoginSession(id="a", data=b"{}", person_id=wang.id, expires_at=MOMENT.replace(year=2999)))
    session.add(LoginSession(id="b", data=b"{}", person_id=admin.id, expires_at=MOMENT.replace(year=2999)))
    session.flush()
    assert login.bearer(session, text) is not None and people.open_sessions(session, wang) == 1
    people.deactivate(session, wang, by=admin)
    session.refresh(token)
    assert login.bearer(session, text) is None and people.open_sessions(session, wang) == 0
    assert people.open_sessions(session, admin) == 1
    people.reactivate(session, wang, by=admin)
    assert login.bearer(session, text) is None  # a revoked token stays revoked


def test_a_reset_password_works_and_the_old_one_does_not(session: Session, desk_world: World) -> None:
    wang = desk_world.people["wang"]
    former = wang.password_hash
    password = people.reset_password(session, wang, by=desk_world.people["admin"])
    assert wang.password_hash != former and matches(wang.password_hash, password)


def test_units_move_with_all_below_them(session: Session, desk_world: World) -> None:
    admin, unit = desk_world.people["admin"], desk_world.units
    room = units.add(session, "ld-cy-1", "一班", kind="department", above=unit["ld-cy"], by=admin)
    units.move(session, unit["ld-cy"], unit["hl"], by=admin)
    assert unit["ld-cy"].path == "/hq/hl/ld-cy/" and room.path == "/hq/hl/ld-cy/ld-cy-1/"
    with pytest.raises(Refused, match="自己或下级"):
        units.move(session, unit["hl"], room, by=admin)
    with pytest.raises(Refused):
        units.move(session, unit["ld"], unit["hl"], by=desk_world.people["manager"])


def test_units_close_only_when_empty(session: Session, desk_world: World) -> None:
    admin, unit = desk_world.people["admin"], desk_world.units
    with pytest.raises(Refused, match="在用人员"):
        units.close(session, unit["ld"], by=admin)
    empty = units.add(session, "new", "新局", kind="bureau", above=unit["ld"], by=admin)
    units.close(session, empty, by=admin)
    assert not empty.active
    with pytest.raises(Refused):
        people.change(
            session,
            desk_world.people["wang"],
            people.Details("王小雨", "new"),
            by=admin,
            seen=desk_world.people["wang"].version,
        )
    units.reopen(session, empty, by=admin)
    assert empty.active


@pytest.mark.parametrize("code", ["ld", "", "a/b", "A B", "中", "-"])
def test_codes_that_cannot_be(session: Session, desk_world: World, code: str) -> None:
    with pytest.raises(Refused):
        units.add(
            session, code, "某局", kind="bureau", above=desk_world.units["hq"], by=desk_world.people["admin"]
        )
    assert len(session.scalars(select(Unit)).all()) == 4
