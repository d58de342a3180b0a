"""A rendered text as plain lines that read well in a chat, a mail or a note: steps numbered, rows as lines.

It reads what the one renderer made, so that nothing is understood in two ways. The invariant: the words
and their order are those of the page; marks go, pictures are named by what stands for them.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from kb.markdown import render

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = HEADINGS | {"p", "div", "blockquote", "pre", "table", "ul", "ol", "dl", "details", "summary", "hr"}
CELLS = frozenset({"td", "th"})
#: An item's number or bullet that still waits for its words.
MARK = re.compile(r"(?:^|\n) *(?:\d+\.|·) $")


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
        self.said = ""
        self.lists: list[int] = []
        self.kept = 0

    def text(self) -> str:
        lines = [line.rstrip() for line in self.said.splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("ol", "ul"):
            self._line()
            self.lists.append(int(given.get("start") or 1) if tag == "ol" else 0)
        elif tag == "li":
            self._item()
        elif tag == "br":
            self.said += "\n" + "  " * len(self.lists)
        elif tag == "img":
            self.said += f"［{given.get('alt') or '图'}］"
        elif tag == "input":
            self.said += "☑ " if "checked" in given else "☐ "
        elif tag == "tr" or tag in BLOCKS:
            self._line(blank=tag != "tr" and not self.lists)
        self.kept += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self.kept -= tag == "pre"
        if tag in ("ol", "ul") and self.lists:
            self.lists.pop()
        elif tag in CELLS:
            self.said += "　"
        if tag in BLOCKS and tag != "p":
            self._line(blank=not self.lists)

    def handle_data(self, data: str) -> None:
        if self.kept:
            self.said += data
            return
        words = re.sub(r"\s+", " ", data)
        self.said += words.lstrip() if self.said[-1:].isspace() or not self.said else words

    def _item(self) -> None:
        self._line()
        number = self.lists[-1] if self.lists else 0
        self.said += "  " * (len(self.lists) - 1) + (f"{number}. " if number else "· ")
        if number:
            self.lists[-1] = number + 1

    def _line(self, *, blank: bool = False) -> None:
        """Begin a new line, after an empty one if so wanted; an item's mark stays with its words."""
        if not self.said or MARK.search(self.said):
            return
        if not self.said.endswith("\n"):
            self.said = self.said.rstrip(" ") + "\n"
        if blank and not self.said.endswith("\n\n"):
            self.said += "\n"
