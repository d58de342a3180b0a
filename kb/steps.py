"""An article as it is read aloud: cards, one at a time, and the same words as plain lines for a chat.

Nothing is looked up here. The invariant: cards are slices of
the body in its order, and every line that says something stands on exactly one card or above it as its
heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from kb.as_text import as_text

HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
#: “1. ”, “2) ”, “3、”, “第四步：” and “Step 5: ” begin a step; “1.5 倍” does not.
ITEM = re.compile(
    r"^ {0,3}(?:(?P<digits>\d{1,3})(?:[.)][ \t]+|[、．）][ \t]*)"
    r"|(?:第(?P<han>[一二三四五六七八九十]{1,3})步|步骤[ \t]*(?P<spoken>\d{1,2}|[一二三四五六七八九十]{1,3})"
    r"|Step[ \t]+(?P<latin>\d{1,2}))[：:、，,.][ \t]*)(?=\S)"
)
HAN = {word: place for place, word in enumerate("一二三四五六七八九十", 1)}

#: Bullets right below the words of a step: at the margin they need an empty line before them to be a list.
BULLETS = re.compile(r"\A([^\n]+)\n([-*+] )")

CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: What a chat takes in one message without complaint.
CHAT_LIMIT = 1_800


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to say. ``number`` and ``of`` are those of a numbered step, 0 for anything else."""

    source: str
    """The lines of the body, as they stand there."""
    heading: str = ""
    number: int = 0
    of: int = 0

    @property
    def text(self) -> str:
        """The words without the step's own number, set back to the margin."""
        if not self.number:
            return self.source
        first, *rest = self.source.split("\n")
        marker = ITEM.match(first)
        width = marker.end() if marker else 0
        return BULLETS.sub(
            r"\1\n\n\2", "\n".join([first[width:], *(_outdented(line, max(width, 4)) for line in rest)])
        )


def _outdented(line: str, most: int) -> str:
    return line[min(most, len(line) - len(line.lstrip(" "))) :]


@dataclass(slots=True)
class _Reading:
    """Where the walk through the lines is."""

    cards: list[Card] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    number: int = 0
    fence: str = ""
    gap: bool = False

    def close(self) -> None:
        source = "\n".join(self.lines).strip("\n")
        if source.strip():
            heading = " · ".join(text for _level, text in self.headings)
            self.cards.append(Card(source, heading, self.number))
        self.lines, self.number, self.gap = [], 0, False

    def head(self, level: int, text: str) -> None:
        self.close()
        self.headings = [*(row for row in self.headings if row[0] < level), (level, as_text(text))]

    def take(self, line: str) -> None:
        if self.fence:
            self.lines.append(line)
            self.fence = "" if line.strip().startswith(self.fence) else self.fence
            return
        if heading := HEADING.match(line):
            self.head(len(heading[1]), heading[2])
            return
        if item := ITEM.match(line):
            self.close()
            self.number = _number(item)
        elif self._is_outside(line):
            self.close()
        if fence := FENCE.match(line):
            self.fence = fence[1]
        self.gap = not line.strip()
        self.lines.append(line)

    def _is_outside(self, line: str) -> bool:
        """After an empty line, what stands at the margin is no longer part of the step."""
        return bool(self.number and self.gap and line.strip() and not line.startswith((" ", "\t")))


def _number(item: re.Match[str]) -> int:
    digits = item["digits"] or item["latin"] or (item["spoken"] or "")
    if digits.isdecimal():
        return int(digits) or 1
    return _of_han(item["han"] or digits)


def _of_han(word: str) -> int:
    """十二 is 12, 二十 is 20."""
    tens, ten, ones = word.partition("十")
    if not ten:
        return HAN.get(word, 1)
    return 10 * HAN.get(tens, 1) + HAN.get(ones, 0)


def cards_of(body: str) -> tuple[Card, ...]:
    """What an article says, one thing after the other; numbered steps know how many there are."""
    reading = _Reading()
    for line in body.replace("\r\n", "\n").split("\n"):
        reading.take(line)
    reading.close()
    return tuple(_counted(reading.cards))


def _counted(cards: list[Card]) -> Iterator[Card]:
    """A run of steps counts up; a smaller number, or another heading, begins the next one."""
    start = 0
    for place in range(1, len(cards) + 1):
        if place == len(cards) or not _continues(cards[place - 1], cards[place]):
            run = cards[start:place]
            yield from (replace(card, of=run[-1].number if card.number else 0) for card in run)
            start = place


def _continues(former: Card, card: Card) -> bool:
    return bool(former.number) and card.number > former.number and card.heading == former.heading


# ── the same words in a chat ─────────────────────────────────────────────────────────────────────


def for_chat(title: str, cards: Iterable[Card], *, link: str = "", limit: int = CHAT_LIMIT) -> str:
    """Title, steps and where the rest stands; what is too long ends at a whole line."""
    kept: list[str] = []
    room = limit - len(link) - 1
    chinese = bool(CHINESE.search(title))
    head = f"【{title.strip()}】" if chinese else title.strip()
    for line in (head, *_lines_of(cards, "：" if chinese else ":")):
        room -= len(line) + 1
        if room < 2 and kept:
            kept.append("……")
            break
        kept.append(line[:limit])
    return "\n".join([*kept, link] if link else kept)


def _lines_of(cards: Iterable[Card], colon: str) -> Iterator[str]:
    heading = ""
    for card in cards:
        if card.heading and card.heading != heading:
            yield f"{card.heading}{colon}"
        heading = card.heading
        first, *rest = [line for line in as_text(card.text).splitlines() if line.strip()] or [""]
        yield f"{card.number}. {first}" if card.number else first
        yield from rest
