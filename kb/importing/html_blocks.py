"""The blocks of a cleaned tree as Markdown of the desk's own dialect: headings, steps, tables, code.

Written for the one renderer: items are indented by four, code inside a list too. Tables are in
``html_tables``. The invariant: every word that stands in the tree stands in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from kb.importing.html_tables import items_of, rows_of, table_of
from kb.importing.html_tree import Node
from kb.importing.html_words import BREAK, settled, words_of

HEADING = re.compile(r"^h([1-6])$")
#: What would begin something else at the beginning of a line, and what stands there instead.
STARTS = (
    (re.compile(r"^(#|>|[-+](?=\s|$)|-{2,}|\|)"), r"\\\1"),
    (re.compile(r"^(\d{1,9})([.)])(?=\s|$)"), r"\1\\\2"),
    (re.compile(r"^=(?==*$)"), "&#61;"),
    (re.compile(r"^:(?=\s)"), "&#58;"),
    (re.compile(r"^!!!"), r"\\!!!"),
    (re.compile(r"^！！！"), "&#65281;！！"),
)
LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight|brush)[-:]([A-Za-z0-9_+#-]{1,20})")


@dataclass(frozen=True, slots=True)
class Block:
    text: str
    is_list: bool = False


def markdown_of(nodes: Sequence[Node | str], *, lower: int = 0) -> str:
    """Markdown of these nodes; headings go down by ``lower`` levels."""
    return "\n\n".join(block.text for block in _Writer(lower).blocks(nodes)).strip()


class _Writer:
    def __init__(self, lower: int) -> None:
        self.lower = lower

    def blocks(self, nodes: Sequence[Node | str], *, inside: bool = False) -> list[Block]:
        """``inside`` a list, where fences are not understood."""
        found: list[Block] = []
        for is_run, part in _runs(nodes):
            if is_run:
                text = _paragraph(part)
                found += [Block(text)] if text else []
            else:
                for node in part:
                    assert isinstance(node, Node)  # a run holds everything else
                    found += self._block(node, inside)
        return found

    def _block(self, node: Node, inside: bool) -> list[Block]:
        if heading := HEADING.match(node.tag):
            return self._heading(node, int(heading[1]))
        if node.tag in ("ul", "ol"):
            return self._list(node)
        if node.tag == "pre":
            return [Block(_code(node, inside))] if node.text.strip() else []
        if node.tag == "table":
            return self._table(node)
        if node.tag == "hr":
            return [Block("* * *")]
        if node.tag == "blockquote":
            return self._quoted(node, inside)
        if node.tag in ("dt", "summary"):
            text = settled(words_of(node.children, bold=True), " ")
            return [Block(f"**{text}**")] if text else []
        return self.blocks(node.children, inside=inside)

    def _heading(self, node: Node, level: int) -> list[Block]:
        text = settled(words_of(node.children, bold=True), " ")
        text = re.sub(r"#+$", lambda marks: "\\#" * len(marks[0]), text)
        return [Block(f"{'#' * min(6, level + self.lower)} {text}")] if text else []

    def _quoted(self, node: Node, inside: bool) -> list[Block]:
        text = "\n\n".join(block.text for block in self.blocks(node.children, inside=inside))
        return [Block("\n".join(f"> {line}".rstrip() for line in text.split("\n")))] if text else []

    # ── lists

    def _list(self, node: Node) -> list[Block]:
        start = node.attributes.get("start", "1")
        number = int(start) if start.isdecimal() and len(start) < 7 else 1
        items = []
        for item in items_of(node):
            parts = self.blocks(item.children, inside=True)
            if parts:
                mark = f"{number}." if node.tag == "ol" else "-"
                items.append((mark, parts))
                number += 1
        loose = any(sum(not part.is_list for part in parts) > 1 for _, parts in items)
        texts = [_item(mark, parts) for mark, parts in items]
        return [Block(("\n\n" if loose else "\n").join(texts), is_list=True)] if texts else []

    # ── tables

    def _table(self, node: Node) -> list[Block]:
        caption = [text for one in node.elements("caption") if (text := _paragraph(one.children))]
        rows = rows_of(node)
        if not rows:
            return [Block(text) for text in caption]
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around something, not a table
            return [*(Block(text) for text in caption), *self.blocks(rows[0][0].children)]
        return [*(Block(one) for one in caption), Block(table_of(rows))]


def _runs(nodes: Sequence[Node | str]) -> Iterator[tuple[bool, list[Node | str]]]:
    """(is it words?, neighbours): words and what stands among them together, blocks together."""
    for is_words, part in groupby(nodes, key=lambda node: isinstance(node, str) or not node.is_block):
        yield is_words, list(part)


def _paragraph(nodes: Sequence[Node | str]) -> str:
    text = settled(words_of(nodes), BREAK)
    return "\n".join(_started(line) for line in text.split(BREAK))


def _started(line: str) -> str:
    for pattern, instead in STARTS:
        line = pattern.sub(instead, line, count=1)
    return line


def _item(mark: str, parts: Sequence[Block]) -> str:
    text = parts[0].text
    for part in parts[1:]:
        text += ("\n" if part.is_list and len(parts) == 2 else "\n\n") + part.text
    first, *rest = text.split("\n")
    lines = [f"{mark} {first}" if not parts[0].is_list else f"{mark} \n    {first}"]
    return "\n".join([*lines, *(f"    {line}" if line else "" for line in rest)])


def _code(node: Node, inside: bool) -> str:
    text = node.text.strip("\n").replace("\r\n", "\n").replace("\t", "    ")
    if inside:
        return "\n".join(f"    {line}" if line.strip() else "" for line in text.split("\n"))
    classes = " ".join(
        [node.attributes.get("class", ""), *(code.attributes.get("class", "") for code in node.all("code"))]
    )
    language = LANGUAGE.search(classes)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language[1] if language else ''}\n{text}\n{fence}"
