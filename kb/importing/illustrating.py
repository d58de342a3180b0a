"""The files that a text shows or links to become files of the desk, and its links lead there.

Where they are kept and what they may be is for the floor above: it hands in a :class:`Keeper`. The
invariants: nothing is fetched from anywhere; the same file under the same article is kept once, however
often the import is run; a picture that can't come along is told, and the article comes without it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from indexer.words import N_
from kb.flow import Refused
from kb.importing.entries import Entry
from kb.importing.folders import SCHEME
from kb.importing.outcome import Row
from kb.importing.targets import Link, rewritten

MOST_FILES = 100
OUTSIDE = re.compile(r"^(?:https?:)?//", re.IGNORECASE)
OURS = re.compile(r"^/(?:files|kb|knowledge|defects)/")
ARTICLES = (".md", ".markdown")
#: (article, sha256 of the content) → the address of a file that hangs on the article already.
Held = Mapping[tuple[int, str], str]


class Keeper(Protocol):
    """Where the files of articles are kept. ``largest`` is in bytes."""

    @property
    def largest(self) -> int: ...

    def held(self, articles: Collection[int]) -> Held:
        """What these articles have already."""

    def keep(self, name: str, content: bytes, digest: str, *, article: int | None) -> str:
        """Keep a file and give its address; raises :class:`Refused` for what the desk doesn't take."""

    def give(self, addresses: Collection[str], article: int) -> None:
        """What was kept for an article that was not there yet is its own now."""


@dataclass(slots=True)
class Illustrated:
    """A text with its files in place. ``fresh``: addresses that were not there before."""

    body: str
    remarks: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)


def illustrate(
    row: Row,
    body: str,
    keeper: Keeper,
    *,
    article: int | None,
    held: Held,
    passing: Collection[str] = (),
) -> Illustrated:
    """Bring the files of one text to the keeper; ``article`` is its id when it is there already.

    ``passing``: paths of what is going to be articles and not files.
    """
    work = _Work(row, keeper, article, held, passing, Illustrated(body))
    work.done.body = rewritten(body, work.change)
    if work.outside:
        sentence = N_("有 %(count)s 张图片在别的网站上，没有取回，改成了链接。")
        work.done.remarks.append(sentence % {"count": work.outside})
    return work.done


@dataclass(slots=True)
class _Work:
    row: Row
    keeper: Keeper
    article: int | None
    held: Held
    passing: Collection[str]
    done: Illustrated
    outside: int = 0
    addresses: dict[str, str | None] = field(default_factory=dict)

    def change(self, link: Link) -> Link | None:
        if link.is_picture and OUTSIDE.match(link.target):
            self.outside += 1
            return Link(link.target, link.label or link.target)
        if SCHEME.match(link.target) or OURS.match(link.target):
            return None
        address = self._beside(link)
        return Link(address, link.label, link.is_picture) if address else None

    def _beside(self, link: Link) -> str | None:
        entry = self.row.find(link.target) if self.row.find else None
        if entry is None:
            if link.is_picture or not link.target.startswith("/"):
                self._remark(
                    N_("找不到图片 %(name)s。") if link.is_picture else N_("找不到链接指向的 %(name)s。"),
                    link,
                )
            return None
        if entry.path in self.passing or (entry.name.lower().endswith(ARTICLES) and not link.is_picture):
            return None  # not of this import, or ``crossing`` would have led there
        return self._known(entry, link)

    def _known(self, entry: Entry, link: Link) -> str | None:
        if entry.path not in self.addresses:
            self.addresses[entry.path] = self._kept(entry, link)
        return self.addresses[entry.path]

    def _kept(self, entry: Entry, link: Link) -> str | None:
        content = entry.read(self.keeper.largest)
        if content is None:
            self._remark(N_("%(name)s 太大，没有带进来。"), link)
            return None
        digest = hashlib.sha256(content).hexdigest()
        if self.article is not None and (there := self.held.get((self.article, digest))):
            return there
        if len(self.addresses) >= MOST_FILES:
            self._remark(N_("文件太多，%(name)s 没有带进来。"), link)
            return None
        try:
            address = self.keeper.keep(entry.name, content, digest, article=self.article)
        except Refused as refusal:
            self.done.remarks.append(str(refusal))
            return None
        self.done.fresh.append(address)
        return address

    def _remark(self, sentence: str, link: Link) -> None:
        words = sentence % {"name": link.target[:80]}
        if words not in self.done.remarks:
            self.done.remarks.append(words)
