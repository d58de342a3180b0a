"""The words of a cleaned tree as Markdown of the desk's own dialect: emphasis, links, pictures, code.

The invariant: what is plain text in HTML is plain text when the Markdown is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from html.entities import html5

from kb.importing.html_tree import Node
from kb.importing.targets import aimed

#: What Python-Markdown takes a backslash before.
ESCAPABLE = re.escape("\\`*_{}[]()>#+-.!|")
SPACES = re.compile(r"[ \t\r\n\f]+")
MARKS = re.compile(
    rf"\\(?=[{ESCAPABLE}]|\s*\Z)"  # a backslash that would swallow what follows
    r"|[`*{]"
    r"|(?<![^\W_])_|_(?![^\W_])"
    r"|\[(?=[\[^!]|[^\]\n]*\][\[(:])"
    r"|\](?=\()"
    r"|!(?=\[)"
)
#: Some names of characters are understood without their semicolon.
NAMES = "|".join(sorted((name for name in html5 if not name.endswith(";")), key=len, reverse=True))
ENTITY = re.compile(rf"&(?=#|\w{{1,40}};|{NAMES})")
RAW = frozenset(("sub", "sup", "kbd", "ins", "u", "mark", "small", "abbr", "samp"))
STRONG, SLANTED, STRUCK = (
    frozenset(("b", "strong")),
    frozenset(("i", "em", "cite", "var")),
    frozenset(("del", "s", "strike")),
)
BREAK = "\x01"  # a line break until it is known what it is in this place


def words_of(nodes: Sequence[Node | str], *, bold: bool = False) -> str:
    """Inline Markdown of these nodes; line breaks are ``BREAK``."""
    return "".join(_said(node) if isinstance(node, str) else _element(node, bold) for node in nodes)


def settled(words: str, line_break: str) -> str:
    """One space where there were several, none at the ends, and the line breaks of this place."""
    lines = [re.sub(r" {2,}", " ", line).strip() for line in words.split(BREAK)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return line_break.join(lines)


def _said(text: str) -> str:
    text = MARKS.sub(lambda mark: "\\" + mark[0], SPACES.sub(" ", text.replace(BREAK, " ")))
    return ENTITY.sub("&amp;", text).replace("<", "&lt;").replace("~~", "&#126;&#126;")


def _element(node: Node, bold: bool) -> str:
    if node.tag == "br":
        return BREAK
    if node.tag == "img":
        return _picture(node)
    if node.tag == "input":
        return "[x] " if "checked" in node.attributes else "[ ] "
    if node.tag in ("code", "tt"):
        return _code(node.text)
    inner = words_of(node.children, bold=bold or node.tag in STRONG)
    if node.tag == "a":
        return _link(node, inner)
    if node.tag in STRONG:
        return inner if bold else _around(inner, "**", "**")
    if node.tag in SLANTED:
        return _around(inner, "*", "*")
    if node.tag in STRUCK:
        return _around(inner, "~~", "~~")
    if node.tag in RAW:
        return _around(inner, f"<{node.tag}>", f"</{node.tag}>")
    return f"“{inner}”" if node.tag == "q" else inner


def _around(inner: str, before: str, after: str) -> str:
    """Marks stand next to words, never next to spaces or line breaks."""
    core = inner.strip(" " + BREAK)
    if not core:
        return inner
    start = inner.index(core)
    marked = BREAK.join(
        f"{before}{line.strip()}{after}" if line.strip() else "" for line in core.split(BREAK)
    )
    return f"{inner[:start]}{marked}{inner[start + len(core) :]}"


def _code(text: str) -> str:
    text = SPACES.sub(" ", text)
    if not text.strip():
        return text
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{text.strip()}{pad}{fence}"


def _link(node: Node, inner: str) -> str:
    target = node.attributes.get("href", "").strip()
    if not target or target.startswith("#") or not inner.strip(" " + BREAK):
        return inner
    label = settled(inner, " ")
    start, end = (" " if inner.startswith(" ") else ""), (" " if inner.endswith(" ") else "")
    if label == target and re.match(r"https?://", target):
        return f"{start}{target}{end}"
    return f"{start}[{label}]({aimed(target)}){end}"


def _picture(node: Node) -> str:
    target = node.attributes.get("src", "").strip()
    label = re.sub(r"[\[\]\\\s]+", " ", node.attributes.get("alt", "")).strip()
    return f"![{escape(label, quote=False)}]({aimed(target)})" if target else ""
