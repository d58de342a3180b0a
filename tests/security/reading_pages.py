"""A page read as a browser reads it: what on it could run, load from elsewhere, or pose as the desk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

from kb.markdown import ATTRIBUTES, FORCED

#: Elements that no page of the desk has, whoever wrote what.
# fmt: off
FOREIGN = frozenset((
    "iframe", "object", "embed", "base", "math", "svg", "style", "template", "applet", "frame", "frameset",
    "marquee", "portal", "xmp", "plaintext", "video", "audio", "foreignobject", "noembed",
))
# fmt: on
#: Drawings that templates hold themselves, by the class that no text of a user can give.
DRAWN = ("gap-", "tch-", "dfl-", "fig-", "wall-")
ADDRESSED = (
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "background",
    "data",
    "cite",
    "xlink:href",
    "srcset",
)
SCHEMES = ("http", "https", "mailto", "tel")
#: What an article's own text may bring along.
WRITTEN = {(tag, name) for tag, names in ATTRIBUTES.items() for name in names} | {
    (tag, name) for tag, names in FORCED.items() for name in names
}
WRITTEN_ANYWHERE = ATTRIBUTES["*"] | {"rel"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    words: str = ""


@dataclass
class Reading(HTMLParser):
    """Every element of a page; a script's own words are kept with it."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1].tag == "script":
            self.elements[-1].words += data


def read(html: str) -> list[Element]:
    reading = Reading()
    reading.feed(html)
    reading.close()
    return reading.elements


def names_on(html: str) -> set[tuple[str, str]]:
    """(element, attribute) of everything on a page."""
    return {(element.tag, name) for element in read(html) for name in element.attributes}


def faults_of(html: str, *, known: set[tuple[str, str]] | None = None) -> list[str]:
    """What on this page should not be there; ``known``: the attributes of the same page with tame words."""
    return [fault for element in read(html) for fault in _faults(element, known)]


def _faults(element: Element, known: set[tuple[str, str]] | None) -> list[str]:
    tag, attributes = element.tag, element.attributes
    found = [f"<{tag}>"] if tag in FOREIGN and not _is_drawn(element) else []
    if tag == "script" and not _is_ours(element):
        found.append(f"<script {attributes}>{element.words[:60]}")
    if tag == "meta" and "http-equiv" in attributes:
        found.append(f"<meta {attributes}>")
    for name, value in attributes.items():
        if name.startswith("on") or (name in ADDRESSED and not _is_safe(value)):
            found.append(f"<{tag} {name}={value[:80]!r}>")
        if known is not None and not _is_known(tag, name, known):
            found.append(f"<{tag} {name}> is not of this page")
    if tag == "img" and not _is_local(attributes.get("src", "/")):
        found.append(f"<img {attributes}>")
    if tag == "form" and not _is_local(attributes.get("action", "/")):
        found.append(f"<form {attributes}>")
    return found


def _is_drawn(element: Element) -> bool:
    return element.tag == "svg" and element.attributes.get("class", "").startswith(DRAWN)


def _is_ours(script: Element) -> bool:
    if script.attributes.get("type") == "application/json":
        json.loads(script.words)
        return True
    return script.attributes.get("src", "").startswith("/static/") and not script.words.strip()


def _is_safe(value: str) -> bool:
    head = value.strip().split("/")[0].split("?")[0].split("#")[0]
    return ":" not in head or head.split(":")[0].lower() in SCHEMES


def _is_local(value: str) -> bool:
    return not value or value[0] in "?#" or (value.startswith("/") and not value.startswith("//"))


def _is_known(tag: str, name: str, known: set[tuple[str, str]]) -> bool:
    return (tag, name) in known or (tag, name) in WRITTEN or name in WRITTEN_ANYWHERE
