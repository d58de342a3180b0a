"""A rendered text as plain lines that read well in a chat, a mail or a note: steps numbered, rows as lines.

It reads what the one renderer made, so that nothing is understood in two ways. The invariant: the words
and their order are those of the page; marks go, pictures are named by what stands for them.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from kb.markdown import render

BLOCKS = frozenset({"p", "div", "blockquote", "pre", "table", "ul", "ol", "dl", "details", "summary", "hr"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CELLS = frozenset({"td", "th"})


def as_text(body: str) -> str:
    """Markdown to lines without marks."""
    return text_of(render(body))


def text_of(html: str) -> str:
    """The same of what ``kb.markdown.render`` made, for whoever has it already."""
    reader = _Reader()
    reader.feed(str(html))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Walks over clean HTML once; ``lists`` holds the next number of each open list, 0 for bullets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.lists: list[int] = []
        self.kept = 0

    def text(self) -> str:
        lines = [line.rstrip() for line in "".join(self.parts).splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in HEADINGS:
            self._line(blank=True)
        elif tag in ("ol", "ul"):
            self._line()
            self.lists.append(int(given.get("start") or 1) if tag == "ol" else 0)
        elif tag == "li":
            self._item()
        elif tag == "br":
            self.parts.append("\n" + self._indent())
        elif tag == "img":
            self.parts.append(f"［{given.get('alt') or '图'}］")
        elif tag == "input":
            self.parts.append("☑ " if "checked" in given else "☐ ")
        elif tag == "pre":
            self.kept += 1
            self._line()
        elif tag == "tr" or tag in BLOCKS:
            self._line(blank=not self.lists and tag != "tr")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul"):
            self.lists.pop()
        elif tag == "pre":
            self.kept -= 1
        elif tag in CELLS:
            self.parts.append("　")
        if tag in HEADINGS or tag in ("ol", "ul", "table", "pre"):
            self._line(blank=not self.lists)

    def handle_data(self, data: str) -> None:
        if self.kept:
            self.parts.append(data)
        elif words := re.sub(r"\s+", " ", data):
            spaced = not self.parts or self.parts[-1][-1:].isspace()
            self.parts.append(words.lstrip() if spaced else words)

    def _item(self) -> None:
        self._line()
        number = self.lists[-1] if self.lists else 0
        self.parts.append("  " * (len(self.lists) - 1) + (f"{number}. " if number else "· "))
        if number:
            self.lists[-1] = number + 1

    def _indent(self) -> str:
        return "  " * len(self.lists)

    def _line(self, *, blank: bool = False) -> None:
        """Begin a new line, after an empty one if so wanted; an item's mark stays with its words."""
        said = "".join(self.parts[-2:])
        if not said or said.endswith((". ", "· ")):
            return
        if not said.endswith("\n"):
            self.parts.append("\n")
        if blank and not said.endswith("\n\n"):
            self.parts.append("\n")
