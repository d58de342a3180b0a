"""Cross-links as authors write them: ``[[KB000123]]``, ``[[KB000123|text]]``, ``[[KB000123#s-part]]``.

A cross-link holds a number and never a title, so it follows every renaming. Pure; what a number leads
to for one reader is handed to the renderer as a mapping of :class:`Target`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

#: Parts are bounded, so that a search through any text is linear. In a table the bar is ``\|`` or ``｜``.
PATTERN = (
    r"(?<!\\)\[\[[ \t]{0,3}((?i:KB|QX))-?(\d{1,9})"
    r"[ \t]{0,3}(#[^\s\[\]|｜\\\"<>]{1,200})?"
    r"(?:[ \t]{0,3}(?:\\?\||｜|[ \t])[ \t]{0,3}([^\[\]\n]{1,200}?))?[ \t]{0,3}\]\]"
)
WRITTEN = re.compile(PATTERN)
#: A text with more numbers than this gets titles for the first ones only.
MOST = 300


@dataclass(frozen=True, slots=True)
class Reference:
    """One cross-link. ``anchor`` begins with # or is empty; without ``text`` the title is shown."""

    number: str
    anchor: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a number leads to for one reader. ``mark`` says in their language what is wrong with it.

    Without an address it is shown as words with the mark: a number that leads nowhere.
    """

    title: str
    address: str = ""
    mark: str = ""


def reference_of(match: re.Match[str]) -> Reference:
    return Reference(
        f"{match[1].upper()}{int(match[2]):06d}",
        match[3] or "",
        (match[4] or "").strip(),
    )


def numbers_in(*texts: str) -> Collection[str]:
    """The numbers that texts may point at, first ones first; those inside code are among them."""
    found = (reference_of(match).number for text in texts if "[[" in text for match in WRITTEN.finditer(text))
    return list(dict.fromkeys(found))[:MOST]
