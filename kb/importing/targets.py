"""Where the links of a Markdown text lead, and changing that; what stands in code is left alone.

The invariant: a text whose targets are not changed comes out as it went in; no pattern takes more than
linear time on the texts of an article.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
CODE = re.compile(r"(?<![`\\])(`{1,20})(?!`)(?:(?!\n[ \t]*\n)[\s\S])*?(?<!`)\1(?!`)")
LABEL = r"(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]{0,300}\]|\n(?!\n)){0,600}"
INLINE = re.compile(
    rf"(?<!\\)(?P<mark>!?)\[(?P<label>{LABEL})\]\([ \t]*"
    r"(?:<(?P<pointed>[^<>\n]{1,2000})>|(?P<bare>[^\s()<>]+(?:\([^\s()]{0,200}\)[^\s()<>]{0,500}){0,3}))"
    r"(?P<title>[ \t]+(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?[ \t]*\)"
)
DEFINED = re.compile(
    r"^(?P<head> {0,3}\[(?!\^)[^\]\n]{1,300}\]:[ \t]*)(?:<(?P<pointed>[^<>\n]+)>|(?P<bare>\S+))", re.MULTILINE
)
TAG = re.compile(
    r"(?P<head><(?P<tag>img|a)\b[^<>]{0,1000}?\s(?:src|href)\s*=\s*)"
    r"(?P<quote>[\"'])(?P<bare>[^\"'<>\n]{1,2000})(?P=quote)",
    re.IGNORECASE,
)
AWKWARD = re.compile(r"[\s()<>]")


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its target as written, the words that are shown, and whether it shows a picture."""

    target: str
    label: str = ""
    is_picture: bool = False


#: What a link becomes: another link, whole new words, or None when it stays.
Change = Callable[[Link], "Link | str | None"]


def links(text: str) -> list[Link]:
    """Every link of a text, in no particular order; the same one may come twice."""
    found: list[Link] = []
    rewritten(text, found.append)
    return found


def rewritten(text: str, change: Change) -> str:
    """The text with its links changed."""
    return "".join(piece if is_code else _changed(piece, change) for is_code, piece in _pieces(text))


def prose(text: str, change: Callable[[str], str]) -> str:
    """The text with everything changed that does not stand in code."""
    return "".join(piece if is_code else change(piece) for is_code, piece in _pieces(text))


def aimed(target: str) -> str:
    """A target as it is written into a link."""
    return f"<{target}>" if AWKWARD.search(target) else target


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """(is it code?, piece) from beginning to end."""
    for fenced, block in _blocks(text):
        if fenced:
            yield True, block
            continue
        start = 0
        for code in CODE.finditer(block):
            yield False, block[start : code.start()]
            yield True, code[0]
            start = code.end()
        yield False, block[start:]


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    start = 0
    while opening := FENCE.search(text, start):
        yield False, text[start : opening.start()]
        closing = re.compile(rf"^ {{0,3}}{opening[1]}[^\n]*$", re.MULTILINE).search(text, opening.end())
        end = closing.end() if closing else len(text)
        yield True, text[opening.start() : end]
        start = end
    yield False, text[start:]


def _changed(piece: str, change: Change) -> str:
    piece = INLINE.sub(lambda match: _inline(match, change), piece)
    piece = DEFINED.sub(lambda match: _defined(match, change), piece)
    return TAG.sub(lambda match: _tag(match, change), piece)


def _inline(match: re.Match[str], change: Change) -> str:
    label = match["label"]
    if "](" in label:  # a picture that is itself a link
        label = INLINE.sub(lambda inner: _inline(inner, change), label)
    was = Link(match["pointed"] or match["bare"], label, bool(match["mark"]))
    now = change(was) or was
    if isinstance(now, str):
        return now
    if now == was and label == match["label"]:
        return match[0]
    mark = "!" if now.is_picture else ""
    return f"{mark}[{now.label}]({aimed(now.target)}{match['title'] or ''})"


def _defined(match: re.Match[str], change: Change) -> str:
    was = Link(match["pointed"] or match["bare"])
    now = change(was)
    return f"{match['head']}{aimed(now.target)}" if isinstance(now, Link) else match[0]


def _tag(match: re.Match[str], change: Change) -> str:
    was = Link(match["bare"], is_picture=match["tag"].lower() == "img")
    now = change(was)
    if not isinstance(now, Link):
        return match[0]
    target = replace(now, target=now.target.replace('"', "%22").replace("'", "%27")).target
    return f"{match['head']}{match['quote']}{target}{match['quote']}"
