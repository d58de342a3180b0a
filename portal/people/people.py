"""What administrators do with people: create, change, give posts, lock out, let in again. Never delete.

The invariants: nobody administers their own account here, so that a post is always given by somebody else;
there is always an active administrator; every deed is in the audit. Verbs never commit.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import ApiToken, LoginSession, Person, PersonPost
from portal.people.passwords import hashed
from portal.people.queries import unit_by_code
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, Permission, Post

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,40}")
#: Without letters and digits that are taken for one another when read out on the telephone.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Details:
    """Who somebody is."""

    name: str
    unit: str
    name_en: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class GivenPost:
    """A post with what binds it."""

    post: Post
    unit: str = ""
    systems: tuple[str, ...] = field(default=())


def create(session: Session, login: str, details: Details, *, by: Person) -> tuple[Person, str]:
    """A new account without posts; its first password is returned once and stored as a hash only."""
    _check(by)
    name = login.strip().lower()
    if not LOGIN.fullmatch(name):
        raise Refused(N_("账号只能用小写字母、数字、点、横线，2 到 41 个字符。"))
    if session.scalar(select(Person.id).where(Person.login == name)) is not None:
        raise Refused(N_("账号 %(login)s 已经有人用了。"), login=name)
    password = generated_password()
    person = Person(login=name, created_at=now(session), password_hash=hashed(password))
    with session.no_autoflush:
        _apply(session, person, details)
    session.add(person)
    session.flush()
    record(session, "create", PERSON, subject_id=name, by=by, **asdict(details))
    return person, password


def change(session: Session, person: Person, details: Details, *, by: Person, seen: int) -> None:
    """Correct somebody's details; ``seen`` is the version on the administrator's screen."""
    _check_on(person, by, seen=seen)
    before = {
        "name": person.name,
        "unit": person.unit.code,
        "name_en": person.name_en,
        "email": person.email,
        "phone": person.phone,
    }
    _apply(session, person, details)
    after = asdict(details)
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    session.flush()
    record(session, "change", PERSON, subject_id=person.login, by=by, **changed)


def _apply(session: Session, person: Person, details: Details) -> None:
    if not details.name.strip():
        raise Refused(N_("请填写姓名。"))
    unit = unit_by_code(session, details.unit)
    if unit is None or not unit.active:
        raise Refused(N_("请选择在用的单位。"))
    person.name, person.name_en = details.name.strip(), details.name_en.strip()
    person.email, person.phone = details.email.strip(), details.phone.strip()
    person.unit = unit


# ── posts ────────────────────────────────────────────────────────────────────────────────────────


def set_posts(
    session: Session,
    person: Person,
    posts: Sequence[GivenPost],
    *,
    systems: Collection[str],
    by: Person,
    seen: int,
) -> None:
    """Give somebody exactly these posts; ``systems`` are the codes the catalogue knows.

    The catalogue stands above people and is therefore handed in.
    """
    _check_on(person, by, seen=seen)
    rows = [_post(session, given, systems) for given in posts]
    if len({row.post for row in rows}) < len(rows):
        raise Refused(N_("同一个岗位只能给一次，请合并它的范围。"))
    if Post.ADMIN not in {row.post for row in rows}:
        _keep_an_administrator(session, person)
    before = [spelled(row) for row in person.posts]
    person.posts = rows
    flag_modified(person, "name")  # the person's version covers their posts
    session.flush()
    record(
        session,
        "posts",
        PERSON,
        subject_id=person.login,
        by=by,
        before=before,
        after=[spelled(r) for r in rows],
    )


def spelled(row: PersonPost) -> str:
    """A post and what binds it, for the audit."""
    bounds = row.unit.code if row.unit else ",".join(row.systems)
    return f"{row.post}({bounds})" if bounds else str(row.post)


def _post(session: Session, given: GivenPost, systems: Collection[str]) -> PersonPost:
    if given.post in BOUND_TO_UNITS:
        unit = unit_by_code(session, given.unit)
        if unit is None or not unit.active:
            raise Refused(N_("前台和质检岗位要选择服务的单位。"))
        return PersonPost(post=given.post, unit=unit, systems=[])
    if given.post in BOUND_TO_SYSTEMS:
        if not given.systems or not set(given.systems) <= set(systems):
            raise Refused(N_("专家和运维岗位要选择负责的系统。"))
        return PersonPost(post=given.post, systems=sorted(set(given.systems)))
    return PersonPost(post=given.post, systems=[])


def _keep_an_administrator(session: Session, person: Person) -> None:
    others = session.scalar(
        select(func.count(func.distinct(Person.id)))
        .join(PersonPost)
        .where(PersonPost.post == Post.ADMIN, Person.active, Person.id != person.id)
    )
    if not others:
        raise Refused(N_("至少要有一位在用的系统管理员。"))


# ── letting in and shutting out ──────────────────────────────────────────────────────────────────


def deactivate(session: Session, person: Person, *, by: Person) -> None:
    """Close an account: its browsers and tokens end at once. What it held is handed back above."""
    _check_on(person, by)
    if not person.active:
        raise Refused(N_("这个账号已经停用。"))
    _keep_an_administrator(session, person)
    person.active = False
    ended = _end_sessions(session, person)
    revoked = _revoke_tokens(session, person)
    session.flush()
    record(session, "deactivate", PERSON, subject_id=person.login, by=by, sessions=ended, tokens=revoked)


def reactivate(session: Session, person: Person, *, by: Person) -> None:
    """Open a closed account again; its tokens stay revoked."""
    _check_on(person, by)
    if person.active:
        raise Refused(N_("这个账号正在使用。"))
    person.active, person.failed_logins, person.locked_until = True, 0, None
    session.flush()
    record(session, "reactivate", PERSON, subject_id=person.login, by=by)


def reset_password(session: Session, person: Person, *, by: Person) -> str:
    """A new password, returned once; whoever is signed in with the old one is signed out."""
    _check_on(person, by)
    password = generated_password()
    person.password_hash = hashed(password)
    person.failed_logins, person.locked_until = 0, None
    ended = _end_sessions(session, person)
    session.flush()
    record(session, "reset_password", PERSON, subject_id=person.login, by=by, sessions=ended)
    return password


def unlock(session: Session, person: Person, *, by: Person) -> None:
    """Let somebody try again who was locked out by wrong passwords."""
    _check_on(person, by)
    person.failed_logins, person.locked_until = 0, None
    session.flush()
    record(session, "unlock", PERSON, subject_id=person.login, by=by)


def end_sessions(session: Session, person: Person, *, by: Person) -> int:
    """Sign somebody out everywhere."""
    _check_on(person, by)
    ended = _end_sessions(session, person)
    record(session, "end_sessions", PERSON, subject_id=person.login, by=by, sessions=ended)
    return ended


def revoke_token(session: Session, token: ApiToken, *, by: Person) -> None:
    """End one token; the owner may do so too, but not here."""
    _check(by)
    if token.revoked_at is not None:
        raise Refused(N_("这个令牌已经撤销。"))
    token.revoked_at = now(session)
    session.flush()
    record(session, "revoke_token", "token", subject_id=token.id, by=by, name=token.name, of=token.person_id)


def tokens_of(session: Session, person: Person) -> list[ApiToken]:
    """Somebody's tokens, the living ones first."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.person_id == person.id)
            .order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
            .limit(100)
        )
    )


def open_sessions(session: Session, person: Person) -> int:
    """In how many browsers somebody is signed in now."""
    living = (LoginSession.person_id == person.id, LoginSession.expires_at > now(session))
    return session.scalar(select(func.count()).select_from(LoginSession).where(*living)) or 0


def generated_password() -> str:
    """Four groups of four: about 79 bits, easy to read out."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _end_sessions(session: Session, person: Person) -> int:
    mine = (LoginSession.person_id == person.id,)
    ended = session.scalar(select(func.count()).select_from(LoginSession).where(*mine)) or 0
    session.execute(delete(LoginSession).where(*mine))
    return ended


def _revoke_tokens(session: Session, person: Person) -> int:
    living = (ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
    revoked = session.scalar(select(func.count()).select_from(ApiToken).where(*living)) or 0
    session.execute(update(ApiToken).where(*living).values(revoked_at=now(session)))
    return revoked


def _check(by: Person) -> None:
    if not by.may(Permission.MANAGE_PEOPLE):
        raise Refused(N_("只有系统管理员可以管理人员。"))


def _check_on(person: Person, by: Person, *, seen: int | None = None) -> None:
    _check(by)
    if person.id == by.id:
        raise Refused(N_("不能在这里改自己的账号，请另一位管理员操作。"))
    if seen is not None and seen != person.version:
        raise Refused(N_("另一位管理员刚刚改过这个人，您的修改没有保存，请看最新情况再改。"))
