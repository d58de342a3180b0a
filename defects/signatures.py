"""Error codes in what people write. Pure functions over text.

Codes come out in one canonical spelling, so that 「ora 01017」 and ``ORA-01017`` meet. How versions are
compared is in ``versions``; the two that most callers want are named here as well.
"""

from __future__ import annotations

import re
import unicodedata

from defects.versions import runs_fix, version_key

__all__ = ["canonical", "codes_in", "runs_fix", "version_key"]

# Letters, an optional joint, at least three digits: ORA-01017, PMS-E1043, SSO_7714. No \b and no \w:
# both count Chinese characters as word characters, and people write 报错ORA-01017怎么办.
LETTERED = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2,8})[-_ ]?([A-Za-z]?\d{3,8})(?![A-Za-z0-9])")
HEXADECIMAL = re.compile(r"(?<![A-Za-z0-9])0[xX]([0-9a-fA-F]{4,16})(?![A-Za-z0-9])")
HTTP = re.compile(r"(?<![A-Za-z0-9])(?:http|HTTP|Http)[-_ ]?([1-5]\d{2})(?![A-Za-z0-9])")


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
