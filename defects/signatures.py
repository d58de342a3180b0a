"""Error codes in what people write, and versions compared as versions.

Pure functions over text. Codes come out in one canonical spelling, so that 「ora 01017」 and
``ORA-01017`` meet.
"""

from __future__ import annotations

import re
import unicodedata

# Letters, an optional joint, at least three digits: ORA-01017, PMS-E1043, SSO_7714. No \b and no \w:
# both count Chinese characters as word characters, and people write 报错ORA-01017怎么办.
LETTERED = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2,8})[-_ ]?([A-Za-z]?\d{3,8})(?![A-Za-z0-9])")
HEXADECIMAL = re.compile(r"(?<![A-Za-z0-9])0[xX]([0-9a-fA-F]{4,16})(?![A-Za-z0-9])")
HTTP = re.compile(r"(?<![A-Za-z0-9])(?:http|HTTP|Http)[-_ ]?([1-5]\d{2})(?![A-Za-z0-9])")
NUMBERS = re.compile(r"\d+")


def codes_in(text: str) -> tuple[str, ...]:
    """Every error code in ``text``, canonical, in order of appearance."""
    plain = unicodedata.normalize("NFKC", text)
    found: dict[str, int] = {}
    for match in HTTP.finditer(plain):
        found.setdefault(f"HTTP-{match[1]}", match.start())
    for match in HEXADECIMAL.finditer(plain):
        found.setdefault(f"0x{match[1].lower()}", match.start())
    for match in LETTERED.finditer(plain):
        if match[1].upper() != "HTTP":
            found.setdefault(f"{match[1].upper()}-{match[2].upper()}", match.start())
    return tuple(sorted(found, key=found.__getitem__))


def canonical(code: str) -> str:
    """One spelling for a code a person typed; the text itself, trimmed, when it has no known form."""
    found = codes_in(code)
    return found[0] if found else unicodedata.normalize("NFKC", code).strip().upper()


def version_key(version: str) -> tuple[int, ...]:
    """``V6.10.2`` → (6, 10, 2), so that 6.10 comes after 6.9; text without a number sorts first."""
    return tuple(int(number) for number in NUMBERS.findall(version))


def runs_fix(running: str | None, fixed_in: str | None) -> bool:
    """Does a unit that runs ``running`` already have what ``fixed_in`` repaired?"""
    if not running or not fixed_in:
        return False
    have, need = version_key(running), version_key(fixed_in)
    width = max(len(have), len(need))
    return have + (0,) * (width - len(have)) >= need + (0,) * (width - len(need))
