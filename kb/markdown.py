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
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any

import nh3
from markupsafe import Markup, escape

from kb.dialect import Dialect, Engine
from kb.links.references import Reference, Target

# fmt: off
TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details",
    "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "input", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "samp", "small",
    "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul",
})
# fmt: on
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
    r"|language-[A-Za-z0-9_+#-]{1,20}|toc|xref)$"
)
#: Headings and footnotes may be linked to; no other id, or an article could pose as a part of the page.
IDS = re.compile(r"^(s-\S{1,200}|fn(ref)?\d*:[\w-]{1,60})$")
#: Pictures come from the desk itself: a closed network, and no tracking pixels.
PICTURE = re.compile(r"^/files/\d{1,18}$")
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
EXTENSIONS = ("extra", "sane_lists", "toc", "nl2br")
TASK = re.compile(r"<li>(\s*(?:<p>)?)\[( |x|X)\]\s+")
#: A cross-link as the cleaning leaves it; an author who writes the same by hand has written a cross-link.
CROSS_LINK = re.compile(r'<span class="xref" title="((?:KB|QX)\d{6,9})(#[^"]*)?">([^<]*)</span>')

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


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is known of a text for whoever reads it; ``html`` names no cross-linked article."""

    html: str
    headings: tuple[Heading, ...] = ()
    references: tuple[Reference, ...] = ()


#: What is handed in where nobody in particular reads: cross-links then show the number or the given words.
NO_TARGETS: Mapping[str, Target] = MappingProxyType({})


def render(text: str, targets: Mapping[str, Target] = NO_TARGETS) -> Markup:
    """Markdown to safe HTML; ``targets``: number → what it leads to, for exactly this reader."""
    html = _rendered(text).html
    # Sanitized in clean_html; what is filled in afterwards is escaped.
    return Markup(CROSS_LINK.sub(lambda found: _filled(found, targets), html))  # noqa: S704


def plain(text: str, targets: Mapping[str, Target] = NO_TARGETS) -> str:
    """Markdown to plain text, for the index, snippets and mail; to be escaped wherever it is shown."""
    words = unescape(nh3.clean(render(text, targets), tags=set(), attributes={}))
    return re.sub(r"\n{3,}", "\n\n", words).strip()


def contents(text: str) -> tuple[Heading, ...]:
    """The headings of a text, in order, with the anchors that ``render`` gives them."""
    return _rendered(text).headings


def references(text: str) -> tuple[Reference, ...]:
    """The cross-links of a text; what stands in code is none."""
    return _rendered(text).references


def addresses(text: str) -> tuple[str, ...]:
    """Where the links and pictures of a text lead, as written; cross-links are not among them."""
    reading = _Addresses()
    reading.feed(_rendered(text).html)
    reading.close()
    return tuple(reading.found)


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def _filled(found: re.Match[str], targets: Mapping[str, Target]) -> str:
    """One cross-link for one reader; a number that leads nowhere for them stays words."""
    number, anchor, given = found[1], unescape(found[2] or ""), unescape(found[3])
    target = targets.get(number)
    if target is None:
        return escape(given)
    words = given if given != number or not target.title else target.title
    mark = Markup(' <span class="xref-mark">{}</span>').format(target.mark) if target.mark else ""
    if not target.address:
        return Markup('<span class="xref is-lost">{}</span>{}').format(words, mark)
    tip = f"{number} {target.title}"
    link = Markup('<a class="xref" href="{}" title="{}">{}</a>').format(target.address + anchor, tip, words)
    return link + mark


class _Engine(threading.local):
    """One renderer a thread: to make one costs more than to render an article with it."""

    kept: Engine | None = None

    def convert(self, text: str) -> tuple[str, list[Any], tuple[Reference, ...]]:
        """HTML, tokens of the headings, cross-links; one that has failed in the middle is not used again."""
        engine, self.kept = self.kept or _engine(), None
        html = engine.reset().convert(text)
        self.kept = engine
        return html, list(getattr(engine, "toc_tokens", ())), tuple(engine.pointed)


def _engine() -> Engine:
    return Engine(
        extensions=[*EXTENSIONS, Dialect()],
        extension_configs={"toc": {"slugify": _anchor}},
        output_format="html",
    )


_ENGINE = _Engine()


@lru_cache(maxsize=512)
def _rendered(text: str) -> Rendered:
    if not is_tame(text):
        return Rendered(_as_typed(text))
    try:
        html, tokens, pointing = _ENGINE.convert(text.replace("\x00", ""))
    except RecursionError:
        return Rendered(_as_typed(text))
    return Rendered(clean_html(TASK.sub(_checkbox, html)), tuple(_headings(tokens)), pointing)


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
    checked = " checked" if match[2] in "xX" else ""
    return f'<li class="task-list-item">{match[1]}<input type="checkbox" disabled{checked}> '
