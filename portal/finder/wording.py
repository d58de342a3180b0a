"""What people typed, made safe to look for and to store. Pure.

The invariant: what comes out is short enough, and every character of it can be stored in any database.
"""

from __future__ import annotations

LONGEST_TEXT = 4_000


def cleaned(text: str, *, limit: int = LONGEST_TEXT) -> str:
    """Without NUL and broken surrogates, which databases refuse, trimmed and cut to ``limit``."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ").strip()[:limit]
