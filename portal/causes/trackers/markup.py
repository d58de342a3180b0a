"""XML from outside, one item at a time: no entity is declared, none fetched, nothing nests without end.

A document type that merely names its definition elsewhere is let be, because Bugzilla writes one and nobody
follows it. The invariant: memory is bounded by the largest item, not by the file.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from indexer.words import N_
from kb.importing.outcome import BadFile

AT_ONCE = 64 * 1024
DEEPEST = 60
LARGEST_ITEM = 4_000_000
MOST_PARTS = 200_000

#: What is too large to be an item, in its place.
TOO_LARGE = Element("too-large")


class _Refused(Exception):
    """What this file brings is not taken; the argument is the sentence."""


class Items:
    """Collects the elements that lie on ``path`` (from the root down), and what the root says of itself."""

    def __init__(self, name: str, path: tuple[str, ...], *, without: frozenset[str] = frozenset()) -> None:
        self.name, self.path, self.without = name, path, without
        self.root: tuple[str, dict[str, str]] = ("", {})
        self._stack: list[str] = []
        self._builder: TreeBuilder | None = None
        self._size = self._parts = self._left_out = 0
        self._found: list[Element] = []

    def read(self, stream: IO[bytes]) -> Iterator[Element]:
        """Every item, as soon as it is whole; raises :class:`BadFile`."""
        parser = self._parser()
        try:
            while data := stream.read(AT_ONCE):
                parser.Parse(data, False)
                yield from self._taken()
            parser.Parse(b"", True)
        except _Refused as refusal:
            raise BadFile(refusal.args[0] % {"name": self.name}) from refusal
        except (expat.ExpatError, ValueError, LookupError, OSError, EOFError, zlib.error) as fault:
            raise BadFile(N_("%(name)s 不是完整的 XML 文件。") % {"name": self.name}) from fault
        yield from self._taken()

    def _taken(self) -> list[Element]:
        found, self._found = self._found, []
        return found

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = lambda *_: 0
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        return parser

    def _doctype(self, _name: str, _system: str | None, _public: str | None, inside: bool) -> None:
        if inside:
            raise _Refused(N_("%(name)s 里有不该有的 XML 定义（DOCTYPE），没有导入。"))

    def _entity(self, *_: object) -> None:
        raise _Refused(N_("%(name)s 里有不该有的 XML 定义（DOCTYPE），没有导入。"))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._stack:
            self.root = (tag, attributes)
        self._stack.append(tag)
        if len(self._stack) > DEEPEST:
            raise _Refused(N_("%(name)s 嵌套太深，读不了。"))
        if self._builder is None and tuple(self._stack) == self.path:
            self._builder, self._size, self._parts = TreeBuilder(), 0, 0
        if self._builder is None:
            return
        self._parts += 1
        self._left_out += tag in self.without
        if not self._left_out and self._fits():
            self._builder.start(tag, attributes)

    def _data(self, data: str) -> None:
        if self._builder is not None and not self._left_out:
            self._size += len(data)
            if self._fits():
                self._builder.data(data)

    def _end(self, tag: str) -> None:
        self._stack.pop()
        if self._builder is None:
            return
        whole = len(self._stack) == len(self.path) - 1
        if not self._left_out and self._fits():
            self._builder.end(tag)
            if whole:
                self._found.append(self._builder.close())
        elif whole:
            self._found.append(TOO_LARGE)
        self._left_out -= tag in self.without
        self._builder = None if whole else self._builder

    def _fits(self) -> bool:
        return self._size <= LARGEST_ITEM and self._parts <= MOST_PARTS


def root_of(stream: IO[bytes]) -> str:
    """The name of the first element; empty when none can be made out."""
    found = Items("", ())
    parser = found._parser()
    try:
        while not found.root[0] and (data := stream.read(AT_ONCE)):
            parser.Parse(data, False)
    except (_Refused, expat.ExpatError, ValueError, LookupError, OSError, EOFError, zlib.error):
        return found.root[0]
    return found.root[0]


def said(element: Element | None) -> str:
    """The text right in an element."""
    return ((element.text if element is not None else "") or "").strip()


def all_said(item: Element, tag: str) -> tuple[str, ...]:
    """The texts of every such child."""
    return tuple(text for text in (said(child) for child in item.findall(tag)) if text)
