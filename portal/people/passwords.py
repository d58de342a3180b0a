"""Passwords: argon2id by argon2-cffi, and what a new one must be like."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from indexer.words import N_
from kb.flow import Refused

HASHER = PasswordHasher()
SHORTEST = 10
LONGEST = 200
# A hash of nothing anybody knows: an unknown login costs the same time as a wrong password.
DECOY = HASHER.hash(secrets.token_hex(16))


def hashed(password: str) -> str:
    """The hash to store, or :class:`Refused` when the password is too weak."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(
            N_("密码长度须在 %(shortest)s 到 %(longest)s 个字符之间。"), shortest=SHORTEST, longest=LONGEST
        )
    if password.isdecimal() or len(set(password)) < 5:
        raise Refused(N_("密码太容易猜，请混用文字、数字和符号。"))
    return HASHER.hash(password)


def matches(stored: str, password: str) -> bool:
    """Does the password fit? Takes the same time whether or not there is a stored hash."""
    try:
        return HASHER.verify(stored or DECOY, password[: LONGEST + 1]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False
