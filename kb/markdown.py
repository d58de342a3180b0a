"""The one Markdown renderer and sanitizer: page, preview, mail, export and diff all come through here.

The invariant: whatever text goes in, what comes out holds only the tags and attributes of the tables
below, and no link that could run a script. Python-Markdown renders, nh3 (ammonia) cleans.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

import markdown
import nh3
from markupsafe import Markup, escape

TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
ATTRIBUTES = {
    "*": {"lang", "title"},
    "a": {"href", "title", "class"},
    "img": {"src", "alt", "title", "width", "height"},
    "input": {"checked"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    **{tag: {"id"} for tag in ("h1", "h2", "h3", "h4", "h5", "h6")},
    "div": {"class"},
    "code": {"class"},
    "span": {"class"},
    "li": {"class", "id"},
    "sup": {"id"},
    "ul": {"class"},
    "p": {"class"},
}
#: Whatever an author writes, a checkbox on an article's page is a picture of one.
FORCED = {"input": {"type": "checkbox", "disabled": ""}}
CLASSES = re.compile(
    r"^(admonition(-title)?|note|warning|tip|danger|task-list(-item)?|footnote(-ref|-backref)?"
    r"|language-[A-Za-z0-9_+#-]{1,20}|toc)$"
)
#: Headings and footnotes may be linked to; no other id, or an article could pose as a part of the page.
IDS = re.compile(r"^(s-\S{1,200}|fn(ref)?\d*:[\w-]{1,60})$")
#: Pictures come from the desk itself: a closed network, and no tracking pixels.
PICTURE = re.compile(r"^/files/\d{1,18}$")
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
EXTENSIONS = ("extra", "admonition", "sane_lists", "toc", "nl2br")
TASK = re.compile(r"<li>\s*(?:<p>)?\[( |x|X)\]\s+")

#: Above this a text is shown as it was typed. Articles are refused long before (``articles.BODY_LIMIT``).
LONGEST = 200_000
#: The renderer's time grows with (marks × length) of a paragraph and with the square of the headings.
MOST_WORK = 10_000_000
MOST_HEADINGS = 1_000
MARKS = "[]<`"


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of an article's contents; ``level`` 2 is the first below the title."""

    level: int
    anchor: str
    text: str


def render(text: str) -> Markup:
    """Markdown to safe HTML."""
    return Markup(_rendered(text)[0])  # noqa: S704 - sanitized in clean_html, in the only place that may


def plain(text: str) -> str:
    """Markdown to plain text, for the index, snippets and mail."""
    return re.sub(r"\n{3,}", "\n\n", nh3.clean(_rendered(text)[0], tags=set(), attributes={})).strip()


def contents(text: str) -> tuple[Heading, ...]:
    """The headings of a text, in order, with the anchors that ``render`` gives them."""
    return _rendered(text)[1]


class _Engine(threading.local):
    """One renderer a thread: to make one costs more than to render an article with it."""

    kept: markdown.Markdown | None = None

    def convert(self, text: str) -> tuple[str, list[Any]]:
        """HTML and the tokens of the headings; one that has failed in the middle is not used again."""
        engine, self.kept = self.kept or _engine(), None
        html = engine.reset().convert(text)
        self.kept = engine
        return html, list(getattr(engine, "toc_tokens", ()))


def _engine() -> markdown.Markdown:
    return markdown.Markdown(
        extensions=list(EXTENSIONS), extension_configs={"toc": {"slugify": _anchor}}, output_format="html"
    )


_ENGINE = _Engine()


@lru_cache(maxsize=512)
def _rendered(text: str) -> tuple[str, tuple[Heading, ...]]:
    if not is_tame(text):
        return _as_typed(text), ()
    try:
        html, tokens = _ENGINE.convert(text)
    except RecursionError:
        return _as_typed(text), ()
    return clean_html(TASK.sub(_checkbox, html)), tuple(_headings(tokens))


def is_tame(text: str) -> bool:
    """Will this text be rendered in a moment? What isn't, is shown as it was typed."""
    if len(text) > LONGEST or len(re.findall(r"^ {0,3}#|^(?:-+|=+) *$", text, re.MULTILINE)) > MOST_HEADINGS:
        return False
    paragraphs = re.split(r"\n\s*\n", text)
    return sum(_work(paragraph) for paragraph in paragraphs) <= MOST_WORK


def _work(paragraph: str) -> int:
    return len(paragraph) * sum(paragraph.count(mark) for mark in MARKS)


def _as_typed(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _headings(tokens: Sequence[Mapping[str, Any]]) -> Iterator[Heading]:
    for token in tokens:
        if IDS.match(token["id"]):
            yield Heading(int(token["level"]), token["id"], unescape(nh3.clean(token["name"], tags=set())))
        yield from _headings(token["children"])


def clean_html(html: str) -> str:
    """Reduce any HTML to the tags and attributes an article may hold."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_keep,
        set_tag_attribute_values=FORCED,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer",
    )


def _keep(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return " ".join(name for name in value.split() if CLASSES.match(name)) or None
    if attribute == "id":
        return value if IDS.match(value) else None
    if attribute == "href":
        return value if _is_address(value) else None
    if attribute == "src":
        return value if PICTURE.match(value) else None
    return value


def _is_address(value: str) -> bool:
    """Of a known scheme, or without one: what only nearly is a scheme is no address at all."""
    head = re.split(r"[/?#]", value.strip(), maxsplit=1)[0]
    return ":" not in head or head.split(":")[0].lower() in SCHEMES


def _anchor(value: str, separator: str) -> str:
    # Chinese headings keep their characters; an id may hold anything but white space.
    return "s-" + (re.sub(r"[\s#?&%\"'<>]+", separator, value.strip()).strip(separator).lower() or "0")


def _checkbox(match: re.Match[str]) -> str:
    checked = " checked" if match[1] in "xX" else ""
    return f'<li class="task-list-item"><input type="checkbox" disabled{checked}> '
