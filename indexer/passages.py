"""Cuts a document into the texts that stand for it: title, body passages, ways of asking.

Every passage is a slice of what the author wrote, so that it can be shown as it is.
Invariant: a document always has at least one passage, and never more than `MOST`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from indexer.document import Document

MOST = 48
_IDEAL = 220
_LONGEST = 480
_SENTENCE_END = re.compile(r"(?<=[。！？!?；;])\s*|(?<=\.)\s+|\n+")


class Part(StrEnum):
    TITLE = "title"
    BODY = "body"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class Passage:
    part: Part
    text: str


def sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        stripped = sentence.strip()
        for start in range(0, len(stripped), _LONGEST):
            yield stripped[start : start + _LONGEST]


def body_passages(text: str) -> Iterator[str]:
    """Whole sentences gathered up to an ideal length."""
    gathered: list[str] = []
    for sentence in sentences(text):
        if gathered and sum(map(len, gathered)) + len(sentence) > _IDEAL:
            yield " ".join(gathered)
            gathered = []
        gathered.append(sentence)
    if gathered:
        yield " ".join(gathered)


def passages(document: Document) -> list[Passage]:
    found = [Passage(Part.TITLE, document.title.strip() or document.body.strip()[:_IDEAL])]
    found += [
        Passage(Part.ALSO, asked.strip()[:_LONGEST]) for asked in document.also[: MOST // 2] if asked.strip()
    ]
    for text in body_passages(document.body):
        if len(found) >= MOST:
            break
        found.append(Passage(Part.BODY, text))
    return found
