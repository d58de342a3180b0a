"""HTML from outside, cleaned, as a small tree. nh3 parses and cleans as a browser would; nothing is fetched.

The invariant: the tree holds no script, no style, no handler and no link that could run one, and it is
never deeper than ``DEEPEST``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from kb import markdown

DEEPEST = 60
#: Their content is no text for readers.
DROPPED = frozenset(
    ("script", "style", "title", "nav", "aside", "template", "noscript", "iframe", "object", "svg", "math",
     "select", "button", "textarea", "canvas", "audio", "video", "head")
)  # fmt: skip
#: Beyond what an article may hold: they say where one block ends and the next begins.
BOXES = frozenset(
    ("section", "article", "main", "header", "footer", "figure", "figcaption", "address", "center", "hgroup")
)
#: Old names for emphasis and for typed words.
OLD = frozenset(("big", "strike", "tt", "cite", "q", "var"))
BLOCKS = BOXES | frozenset(
    ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "pre", "blockquote", "table", "thead",
     "tbody", "tfoot", "tr", "td", "th", "caption", "hr", "dl", "dt", "dd", "details", "summary")
)  # fmt: skip
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "input": {"checked", "type"},
    "code": {"class"},
    "pre": {"class"},
}
PICTURE = re.compile(
    r"^(?:data:image/[a-z.+-]{1,20};base64,|(?![A-Za-z][A-Za-z0-9+.-]*:)|https?://)", re.IGNORECASE
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(slots=True)
class Node:
    """An element. ``blocky``: a block stands somewhere in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)
    blocky: bool = False

    @property
    def is_block(self) -> bool:
        return self.tag in BLOCKS or self.blocky

    def elements(self, *tags: str) -> list[Node]:
        """Its own children of these kinds."""
        return [child for child in self.children if isinstance(child, Node) and child.tag in tags]

    def all(self, *tags: str) -> list[Node]:
        """Everything of these kinds below it, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if child.tag in tags else []
                found += child.all(*tags)
        return found

    @property
    def text(self) -> str:
        """Its words alone."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


def tree_of(html: str) -> Node:
    """The cleaned tree of a page or of a piece of one."""
    cleaned = nh3.clean(
        CONTROLS.sub("", html),
        tags=set((markdown.TAGS | BOXES | OLD) - DROPPED),
        clean_content_tags=set(DROPPED),
        attributes=ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes=set(markdown.SCHEMES | {"data"}),
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(cleaned)
    builder.close()
    return builder.root


def _keep(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if value.split(":")[0].lower().strip() != "data" else None
    if attribute == "src":
        return value if PICTURE.match(value.strip()) else None
    return value


class _Builder(HTMLParser):
    """Reads what nh3 wrote: every element is closed. Below ``DEEPEST`` the rest joins its parent."""

    VOID = frozenset(("br", "hr", "img", "input", "col", "wbr"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("body")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        if len(self.open) > DEEPEST:
            node = self.open[-1]
        else:
            self.open[-1].children.append(node)
        if tag in BLOCKS:
            for above in self.open:
                above.blocky = True
        if tag not in self.VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
