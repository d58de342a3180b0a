"""The one Markdown renderer and sanitizer: page, preview, mail, export and diff all come through here.

The invariant: whatever text goes in, what comes out holds only the tags and attributes of the tables
below, and no link that could run a script. Python-Markdown renders, nh3 (ammonia) cleans.
"""

from __future__ import annotations

import re
from functools import lru_cache

import markdown
import nh3
from markupsafe import Markup

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
    "a": {"href", "title", "id", "class"},
    "img": {"src", "alt", "title", "width", "height"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    **{tag: {"id"} for tag in ("h1", "h2", "h3", "h4", "h5", "h6")},
    "div": {"class"},
    "code": {"class"},
    "span": {"class"},
    "li": {"class"},
    "ul": {"class"},
    "p": {"class"},
}
CLASSES = re.compile(
    r"^(admonition(-title)?|note|warning|tip|danger|task-list(-item)?|language-[\w-]{1,20}|toc)$"
)
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
EXTENSIONS = ("extra", "admonition", "sane_lists", "toc", "nl2br")
TASK = re.compile(r"<li>\s*(?:<p>)?\[( |x|X)\]\s+")


def render(text: str) -> Markup:
    """Markdown to safe HTML."""
    return Markup(_rendered(text))  # noqa: S704 - sanitized one line above, in the only place that may


def plain(text: str) -> str:
    """Markdown to plain text, for the index, snippets and mail."""
    return re.sub(r"\n{3,}", "\n\n", nh3.clean(_rendered(text), tags=set(), attributes={})).strip()


@lru_cache(maxsize=512)
def _rendered(text: str) -> str:
    engine = markdown.Markdown(
        extensions=list(EXTENSIONS), extension_configs={"toc": {"slugify": _anchor}}, output_format="html"
    )
    return clean_html(TASK.sub(_checkbox, engine.convert(text)))


def clean_html(html: str) -> str:
    """Reduce any HTML to the tags and attributes an article may hold."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer",
    )


def _keep(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        kept = [name for name in value.split() if CLASSES.match(name)]
        return " ".join(kept) or None
    if tag == "img" and attribute == "src" and not value.startswith("/files/"):
        return None  # pictures come from the desk itself: a closed network, and no tracking pixels
    if tag == "input" and attribute == "type" and value != "checkbox":
        return None
    return value


def _anchor(value: str, separator: str) -> str:
    # Chinese headings keep their characters; an id may hold anything but white space.
    return "s-" + re.sub(r"[\s#?&%\"'<>]+", separator, value.strip()).strip(separator).lower()


def _checkbox(match: re.Match[str]) -> str:
    checked = " checked" if match[1] in "xX" else ""
    return f'<li class="task-list-item"><input type="checkbox" disabled{checked}> '
