"""Signing in: passwords with lockout, bearer tokens.

The answer to a wrong login never tells whether the account exists, is locked or has left.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import ApiToken, Person
from portal.people.passwords import hashed, matches

WRONG = N_("账号或密码不对，或账号暂时被锁定。连续输错会锁定一段时间，请稍后再试或联系服务台。")
TOKEN_PREFIX = "tdk_"  # noqa: S105 - a public marker that secret scanners look for
SCOPES = ("read", "write")


def sign_in(session: Session, login: str, password: str, *, attempts: int, minutes: int) -> Person | None:
    """The person, or None when login and password don't fit; failures are counted and lock the account."""
    person = session.scalar(select(Person).where(Person.login == login.strip().lower()))
    fits = matches(person.password_hash if person else "", password)
    if person is None or not person.active:
        return None
    moment = now(session)
    if person.locked_until and person.locked_until > moment:
        return None
    if not fits:
        _count_failure(person, moment, attempts=attempts, minutes=minutes)
        return None
    person.failed_logins, person.locked_until = 0, None
    return person


def _count_failure(person: Person, moment: datetime, *, attempts: int, minutes: int) -> None:
    person.failed_logins += 1
    if person.failed_logins >= attempts:
        person.failed_logins = 0
        person.locked_until = moment + timedelta(minutes=minutes)


def change_password(session: Session, person: Person, former: str, new: str) -> None:
    """Change one's own password; the former one must be right."""
    if not matches(person.password_hash, former):
        raise Refused(N_("原密码不对。"))
    person.password_hash = hashed(new)
    session.flush()


def digest_of(token: str) -> str:
    # The token itself is 256 random bits, so one round of SHA-256 is enough to store it.
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(
    session: Session, person: Person, name: str, *, scopes: Sequence[str], days: int | None = 365
) -> tuple[ApiToken, str]:
    """A new token; its text is returned once and never stored."""
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise Refused(N_("令牌的范围只能是 read 和 write。"))
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    moment = now(session)
    token = ApiToken(
        person_id=person.id,
        name=name.strip() or N_("未命名"),
        digest=digest_of(text),
        scopes=list(scopes),
        created_at=moment,
        expires_at=moment + timedelta(days=days) if days else None,
    )
    session.add(token)
    session.flush()
    return token, text


def bearer(session: Session, text: str) -> tuple[Person, ApiToken] | None:
    """Whose token this is, when it is alive."""
    token = session.scalar(select(ApiToken).where(ApiToken.digest == digest_of(text)))
    moment = now(session)
    if token is None or token.revoked_at or (token.expires_at and token.expires_at <= moment):
        return None
    person = session.get(Person, token.person_id)
    if person is None or not person.active:
        return None
    return person, token
