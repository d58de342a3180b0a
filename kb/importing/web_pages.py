"""HTML pages as rows. What the head says about the page becomes columns, the body becomes Markdown.

Pictures beside the page or inside it (``data:``) come along; pictures elsewhere are not fetched, they
become links. The invariant: no address is ever opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import Any

from indexer.words import N_
from kb.importing.chapters import chapters_of, heading_first
from kb.importing.entries import Entry
from kb.importing.html_blocks import markdown_of
from kb.importing.html_tree import Node, tree_of
from kb.importing.inlined import Inlined
from kb.importing.outcome import Row

LARGEST_PAGE = 24 * 1024 * 1024
LARGEST_HEAD = 256 * 1024
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE)
LED = re.compile(r"<a\b[^<>]{0,1000}?\bhref\s*=\s*[\"']([^\"'<>]{1,1000})[\"']", re.IGNORECASE)
OUR_META = "tierdesk."
#: A page that lists the others; our own exports have one.
CONTENTS = f"{OUR_META}contents"
#: The title of the window: the article's when no heading says better.
NAMED = "named"


def read_page(entry: Entry, *, split: bool) -> Iterator[Row]:
    """The row of a page, or one for each of its first headings."""
    content = entry.read(LARGEST_PAGE)
    if content is None:
        yield Row(entry.path, 1, {}, N_("文件超过 24 MB。"))
        return
    html = _decoded(content)
    if html is None:
        yield Row(entry.path, 1, {}, N_("看不出这个网页的编码，请用 UTF-8 另存。"))
        return
    try:
        facts = _facts(html[:LARGEST_HEAD])
        if CONTENTS not in facts:
            pictures = Inlined()
            root = _main(tree_of(html), ours="title" in facts)
            for node in root.all("img"):
                name = pictures.take_address(node.attributes.get("src", ""))
                node.attributes["src"] = name or node.attributes.get("src", "")
            for row in rows_of_tree(entry, root, facts, split=split):
                yield replace(row, find=pictures.find)
    except RecursionError:
        yield Row(entry.path, 1, {}, N_("网页嵌套太深，读不了。"))


def targets_of(entry: Entry) -> list[str]:
    """Where the links of a page lead; nothing for what is no page or too large."""
    content = entry.read(LARGEST_PAGE) if entry.name.lower().endswith((".html", ".htm")) else None
    html = _decoded(content) if content else None
    return [unescape(match[1]) for match in LED.finditer(html)] if html else []


def rows_of_tree(
    entry: Entry,
    root: Node,
    facts: dict[str, Any],
    *,
    split: bool,
    remarks: Sequence[str] = (),
) -> Iterator[Row]:
    """One article, or one for each chapter; ids are the path and the chapter's heading."""
    stem = entry.path.rpartition(".")[0]
    named = facts.pop(NAMED, "")
    if "title" in facts:  # our own export: the words are all there is to the body
        yield Row(entry.path, 1, {"external_id": stem, **facts, "body": markdown_of(root.children)})
        return
    if not split:
        heading, rest = heading_first(root)
        title = heading or named or stem.rpartition("/")[2]
        deeper = 1 if any(node.tag == "h1" for node in Node("x", {}, list(rest)).all("h1")) else 0
        body = markdown_of(rest, lower=deeper)
        values = {"external_id": stem, **facts, "title": title, "body": body}
        yield Row(entry.path, 1, values, remarks=tuple(remarks))
        return
    for number, chapter in enumerate(chapters_of(root), start=1):
        values = {
            **facts,
            "external_id": f"{stem}#{chapter.name}"[:200],
            "title": chapter.title or named or stem.rpartition("/")[2],
            "body": markdown_of(chapter.nodes),
        }
        part = N_("第 %(number)s 节") % {"number": number}
        yield Row(entry.path, number, values, remarks=tuple(remarks) if number == 1 else (), part=part)


def _decoded(content: bytes) -> str | None:
    """By its mark, by what it says of itself, or by what it can be."""
    named = CHARSET.search(content[:4096])
    said = named[1].decode().lower() if named else "utf-8"
    said = {"gb2312": "gb18030", "gbk": "gb18030"}.get(said, said)
    marked = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    first = next((name for mark, name in marked.items() if content.startswith(mark)), said)
    for encoding in dict.fromkeys((first, "utf-8", "gb18030")):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def _main(root: Node, *, ours: bool) -> Node:
    """Where a page says which part of it is its text, that part; ``ours`` always does."""
    for tag in ("main", "article"):
        found = root.all(tag)
        if len(found) == 1 and (ours or len(found[0].text) * 2 > len(root.text)):
            return found[0]
    return root


class _Head(HTMLParser):
    """Title, language and the named facts of a page's head."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.facts: dict[str, str] = {}
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_title = tag == "title" and "title" not in self.facts
        if tag == "html" and given.get("lang"):
            self.facts["lang"] = given["lang"]
        if tag == "meta" and given.get("name"):
            self.facts[given["name"].lower()] = given.get("content", "")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.facts["title"] = self.facts.get("title", "") + data


def _facts(html: str) -> dict[str, Any]:
    """What the head says, under our names; our own exports say everything."""
    head = _Head()
    head.feed(html)
    said = head.facts
    if CONTENTS in said:
        return {CONTENTS: "yes"}
    ours = {name.removeprefix(OUR_META): value for name, value in said.items() if name.startswith(OUR_META)}
    if ours:
        return ours
    facts: dict[str, Any] = {NAMED: " ".join(said.get("title", "").split())}
    if said.get("keywords"):
        facts["keywords"] = said["keywords"]
    language = said.get("lang", "")[:2].lower()
    if language in ("zh", "en"):
        facts["language"] = language
    return facts
