"""What the desk adds to Markdown: cross-links, notes with Chinese names, struck-out words, bare addresses.

Nothing here decides what is safe: everything that comes out goes through ``kb.markdown``, the one door.
The invariant: no pattern here takes more than linear time.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.extensions.admonition import AdmonitionProcessor
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.util import AtomicString

from kb.links.references import PATTERN, Reference, reference_of

Found = tuple[Element | str | None, int | None, int | None]

#: What an author may call a note → its look. The Chinese names are titles, too, where none is given.
NOTES = {
    "note": "note", "info": "note", "说明": "note", "备注": "note",
    "tip": "tip", "hint": "tip", "提示": "tip", "技巧": "tip",
    "warning": "warning", "caution": "warning", "注意": "warning", "警告": "warning",
    "danger": "danger", "important": "danger", "危险": "danger", "重要": "danger",
}  # fmt: skip


class Notes(AdmonitionProcessor):
    """``!!! 注意 "标题"``; full-width marks and quotation marks are as good, the title needs none."""

    RE: ClassVar[re.Pattern[str]] = re.compile(
        r"(?:^|\n)(?:!!!|！！！) ?([\w\-]{1,40})"
        r"(?: {1,9}(?:[\"“]([^\"”\n]{0,200})[\"”]|([^\s\"“][^\"“\n]{0,200})))? {0,9}(?:\n|$)"
    )

    def get_class_and_title(self, match: re.Match[str]) -> tuple[str, str | None]:
        name = match[1].lower()
        given = match[2] if match[2] is not None else match[3]
        title = name.capitalize() if given is None else given.strip()
        return NOTES.get(name, "note"), title or None


class CrossLinks(InlineProcessor):
    """``[[KB000123]]`` becomes a span that ``kb.markdown`` fills with what a reader may see."""

    def handleMatch(self, m: re.Match[str], data: str) -> Found:  # type: ignore[override]  # noqa: N802
        reference = reference_of(m)
        if isinstance(self.md, Engine):
            self.md.pointed.append(reference)
        span = Element("span", {"class": "xref", "title": reference.number + reference.anchor})
        span.text = AtomicString(reference.text or reference.number)
        return span, m.start(0), m.end(0)


class Addresses(InlineProcessor):
    """An address in the text is a link; a full stop after it is no part of it."""

    ANCESTOR_EXCLUDES = ("a",)
    PATTERN = r"(?<![A-Za-z0-9_/.@\"'=-])https?://[^\s<>\"'`\\|\[\]{}\x02\x03\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+"
    TAIL = ".,;:!?)*_~"

    def handleMatch(self, m: re.Match[str], data: str) -> Found:  # type: ignore[override]  # noqa: N802
        address = m[0].rstrip(self.TAIL)
        if address.count("(") > address.count(")") and m[0][len(address) :].startswith(")"):
            address += ")"
        link = Element("a", {"href": address})
        link.text = AtomicString(address)
        return link, m.start(0), m.start(0) + len(address)


class Dialect(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that the library calls
        md.parser.blockprocessors.register(Notes(md.parser), "notes", 106)
        # Before escapes: in a table the bar between number and text comes escaped.
        md.inlinePatterns.register(CrossLinks(PATTERN, md), "crosslink", 185)
        md.inlinePatterns.register(Addresses(Addresses.PATTERN, md), "address", 75)
        md.inlinePatterns.register(SimpleTagInlineProcessor(r"(~~)(?=\S)(.+?)~~", "del"), "struck", 65)


class Engine(Markdown):
    """Python-Markdown with the desk's dialect; ``pointed`` are the cross-links of the last text."""

    def __init__(self, **settings: Any) -> None:
        self.pointed: list[Reference] = []
        super().__init__(**settings)

    def reset(self) -> Engine:
        self.pointed = []
        super().reset()
        return self
