"""Dividing a document: its title, and its chapters where it holds several articles. Pure.

The invariant: every node of the document is in exactly one place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kb.importing.html_tree import Node

Nodes = list["Node | str"]


@dataclass(slots=True)
class Chapter:
    """What stands under one first heading. ``name`` tells chapters of one document apart."""

    title: str
    name: str
    nodes: Nodes = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(
            node.strip() if isinstance(node, str) else node.text.strip() or node.all("img")
            for node in self.nodes
        )


def heading_first(root: Node) -> tuple[str, Nodes]:
    """The title with which a document begins, and the rest; empty when it begins with something else."""
    nodes = _level(root)
    for place, node in enumerate(nodes):
        if isinstance(node, str) and not node.strip():
            continue
        if isinstance(node, Node) and node.tag == "h1":
            return _words(node), [*nodes[:place], *nodes[place + 1 :]]
        break
    return "", nodes


def chapters_of(root: Node) -> list[Chapter]:
    """One for each first heading; what stands before the first heading is a chapter when it says anything.

    A heading with nothing below it, the title of the whole for instance, is no chapter.
    """
    found = [Chapter("", "0")]
    seen: dict[str, int] = {}
    for node in _level(root):
        if isinstance(node, Node) and node.tag == "h1":
            title = _words(node)
            seen[title] = seen.get(title, 0) + 1
            found.append(Chapter(title, title if seen[title] == 1 else f"{title}-{seen[title]}"))
        else:
            found[-1].nodes.append(node)
    return [chapter for chapter in found if not chapter.is_empty]


def joined_steps(nodes: Sequence[Node | str]) -> Nodes:
    """Steps with pictures between them are one list: word processors divide it at each picture."""
    found: Nodes = []
    waiting: Nodes = []
    for node in nodes:
        steps = found[-1] if found and isinstance(found[-1], Node) and found[-1].tag == "ol" else None
        if isinstance(node, Node) and node.tag == "ol" and steps is not None and waiting:
            last = steps.elements("li")[-1]
            last.children += waiting
            last.blocky = True
            steps.children += node.children
            waiting = []
        elif steps is not None and _is_picture(node):
            waiting.append(node)
        else:
            found += [*waiting, node]
            waiting = []
    return found + waiting


def _is_picture(node: Node | str) -> bool:
    return isinstance(node, Node) and not node.text.strip() and bool(node.all("img") or node.tag == "img")


def _words(node: Node) -> str:
    return re.sub(r"\s+", " ", node.text).strip()


def _level(root: Node) -> Nodes:
    """The nodes on the level where the headings stand: boxes around the whole are opened."""
    nodes: Nodes = list(root.children)
    while True:
        elements = [node for node in nodes if isinstance(node, Node)]
        words = any(isinstance(node, str) and node.strip() for node in nodes)
        lone = elements[0] if len(elements) == 1 and not words else None
        if lone is None or lone.tag not in ("div", "section", "article", "main", "center", "body"):
            return nodes
        nodes = list(lone.children)
