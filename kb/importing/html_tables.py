"""Tables of a cleaned tree: as Markdown, or as HTML when cells are merged, which Markdown can't say.

Also here: the items of a list, because a cell may hold one. The invariant: a cell is one line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from kb.importing.html_tree import Node
from kb.importing.html_words import settled, words_of
from kb.importing.targets import prose

MOST_COLUMNS = 60


def items_of(node: Node) -> list[Node]:
    """The items; a list that stands between items belongs to the one before it."""
    items: list[Node] = []
    for child in node.children:
        if isinstance(child, Node) and child.tag == "li":
            items.append(Node("li", {}, list(child.children), child.blocky))
        elif isinstance(child, Node) or child.strip():
            if not items:
                items.append(Node("li"))
            items[-1].children.append(child)
            items[-1].blocky |= isinstance(child, Node) and child.is_block
    return items


def rows_of(table: Node) -> list[list[Node]]:
    """The cells of every row that has any."""
    rows: list[Node] = []
    for child in table.elements("thead", "tbody", "tfoot", "tr"):
        rows += [child] if child.tag == "tr" else child.elements("tr")
    return [cells for row in rows if (cells := row.elements("td", "th"))]


def table_of(rows: Sequence[Sequence[Node]]) -> str:
    """The first row is the head."""
    simple = all(not _is_merged(cell) for row in rows for cell in row)
    return _plain_table(rows) if simple else _merged_table(rows)


def _is_merged(cell: Node) -> bool:
    return any(cell.attributes.get(name, "1").strip() not in ("1", "") for name in ("colspan", "rowspan"))


def _plain_table(rows: Sequence[Sequence[Node]]) -> str:
    width = min(MOST_COLUMNS, max(len(row) for row in rows))
    lines = [[_cell(cell) for cell in row] for row in rows]
    for line in lines:  # surplus cells keep their words
        line[width - 1 :] = [" ".join(line[width - 1 :])] if len(line) >= width else line[width - 1 :]
        line += [""] * (width - len(line))
    lines.insert(1, ["---"] * width)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: Node) -> str:
    text = settled(words_of(_flat(cell)), "<br>")
    return prose(text, lambda piece: re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", piece))


def _flat(node: Node) -> list[Node | str]:
    """A cell's content as one line: blocks end with a break, items get their sign."""
    found: list[Node | str] = []
    for child in node.children:
        if isinstance(child, str) or not child.is_block:
            found.append(child)
            continue
        before: list[Node | str] = [Node("br")] if found else []
        found += [*before, *_signed(child), Node("br")]
    return found


def _signed(child: Node) -> list[Node | str]:
    if child.tag in ("ul", "ol"):
        return [
            part
            for number, item in enumerate(items_of(child), start=1)
            for part in (Node("br"), f"{number}. " if child.tag == "ol" else "• ", *_flat(item))
        ]
    if child.tag == "pre":
        return [Node("code", {}, [child.text])]
    return _flat(child)


def _merged_table(rows: Sequence[Sequence[Node]]) -> str:
    """HTML without an empty line, which would end it."""
    lines = ["<table>"]
    for number, row in enumerate(rows):
        tag = "th" if number == 0 else "td"
        cells = "".join(f"<{tag}{_spans(cell)}>{_raw(_flat(cell)).strip()}</{tag}>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return "\n".join([*lines, "</table>"])


def _spans(cell: Node) -> str:
    spans = [(name, cell.attributes.get(name, "")) for name in ("colspan", "rowspan")]
    return "".join(
        f' {name}="{int(value)}"' for name, value in spans if value.isdecimal() and 1 < int(value[:4]) <= 1000
    )


def _raw(nodes: Sequence[Node | str]) -> str:
    return "".join(
        escape(re.sub(r"\s+", " ", node)) if isinstance(node, str) else _tag(node) for node in nodes
    )


def _tag(node: Node) -> str:
    if node.tag == "br":
        return "<br>"
    if node.tag == "img":
        source, label = node.attributes.get("src", ""), node.attributes.get("alt", "")
        return f'<img src="{escape(source)}" alt="{escape(label)}">' if source else ""
    inner = _raw(node.children)
    if node.tag == "a" and (target := node.attributes.get("href", "")) and not target.startswith("#"):
        return f'<a href="{escape(target)}">{inner}</a>'
    if node.tag in ("strong", "b", "em", "i", "code", "sub", "sup", "kbd", "del", "s", "u"):
        return f"<{node.tag}>{inner}</{node.tag}>"
    return inner
