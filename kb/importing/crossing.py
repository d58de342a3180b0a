"""Links between the articles of one import: to each other's files, or by the numbers of another desk.

They become cross-links by the numbers that the articles have here. The invariant: a number of another
desk never leads to whatever article happens to bear it here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from indexer.words import N_
from kb.importing.outcome import Row
from kb.importing.targets import Link, prose, rewritten
from kb.links.references import WRITTEN, reference_of

#: Words that may stand in a cross-link; with anything else in them an ordinary link is written.
SIMPLE = re.compile(r"[^\[\]\n|｜*_`<>\\]{1,200}")


@dataclass(frozen=True, slots=True)
class Here:
    """An article as this desk knows it, or will when the import is done."""

    number: str
    title: str


@dataclass(slots=True)
class Crossing:
    """``files``: path in the folder → the article made of it. ``numbers``: number in the file → here.

    ``later``: paths and numbers of articles that this import has yet to bring; ``awaits`` says whether
    the text just crossed points at one of them.
    """

    files: dict[str, Here] = field(default_factory=dict)
    numbers: dict[str, Here] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    awaits: bool = False

    def crossed(self, row: Row, body: str, *, foreign: bool) -> tuple[str, list[str]]:
        """The text with its cross-links, and what there is to say. ``foreign``: written by another desk."""
        remarks: list[str] = []
        self.awaits = False
        if row.values.get("number"):  # an export's; by hand, one means the articles of this desk
            body = prose(
                body,
                lambda piece: WRITTEN.sub(lambda found: self._renumbered(found, foreign, remarks), piece),
            )
        if row.find is not None and (self.files or self.later):
            body = rewritten(body, lambda link: self._followed(row, link))
        return body, remarks

    def _followed(self, row: Row, link: Link) -> str | Link | None:
        entry = row.find(link.target) if row.find and not link.is_picture else None
        here = self.files.get(entry.path) if entry else None
        if here is None:
            self.awaits |= entry is not None and entry.path in self.later
            return None
        if link.label in ("", here.title):
            return f"[[{here.number}]]" if link.label else Link(f"/kb/{here.number}")
        if SIMPLE.fullmatch(link.label):
            return f"[[{here.number}|{link.label}]]"
        return Link(f"/kb/{here.number}", link.label)

    def _renumbered(self, found: re.Match[str], foreign: bool, remarks: list[str]) -> str:
        reference = reference_of(found)
        here = self.numbers.get(reference.number)
        if here is not None:
            text = f"|{reference.text}" if reference.text else ""
            return (
                f"[[{here.number}{reference.anchor}{text}]]" if here.number != reference.number else found[0]
            )
        if reference.number in self.later:
            self.awaits = True
            return found[0]
        if not foreign or not reference.number.startswith("KB"):
            return found[0]
        remarks.append(N_("文中引用的 %(number)s 不在这次导入里，没有链接。") % {"number": reference.number})
        return "\\" + found[0]
