"""Office files are archives of XML: both sides are judged before a library that trusts them sees them.

The invariant: no XML with a document type goes on, so there are no entities to unfold and none to fetch.
"""

from __future__ import annotations

import io
import zipfile
from typing import IO
from xml.parsers import expat

from indexer.words import N_
from kb.importing.archives import BROKEN, check
from kb.importing.outcome import BadFile

MOST_PARTS = 5_000


def check_package(name: str, content: bytes, *, what: str, largest_part: int) -> None:
    """Raise :class:`BadFile` unless this is a package that may be opened. ``what``: its kind, in words."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            check(name, package)
            _check_parts(name, package, largest_part)
    except BROKEN as fault:
        raise BadFile(N_("%(name)s 不是能读的%(what)s。") % {"name": name, "what": what}) from fault


def _check_parts(name: str, package: zipfile.ZipFile, largest: int) -> None:
    infos = package.infolist()
    texts = [info for info in infos if info.filename.lower().endswith((".xml", ".rels", ".vml"))]
    if len(infos) > MOST_PARTS or any(info.file_size > largest for info in texts):
        raise BadFile(N_("%(name)s 解开后大得不正常，没有导入。请拆小再来。") % {"name": name})
    for info in texts:
        with package.open(info) as part:
            declared = has_document_type(part)
        if declared:
            raise BadFile(N_("%(name)s 里有不该有的 XML 定义（DOCTYPE），没有导入。") % {"name": name})


class _Seen(Exception):
    """The beginning has been read; the argument says whether a document type stood there."""


def has_document_type(xml: IO[bytes]) -> bool:
    """Does a document type stand before the first element? It can stand nowhere else."""
    parser = expat.ParserCreate()

    def declared(*_: object) -> None:
        raise _Seen(True)

    def element(*_: object) -> None:
        raise _Seen(False)

    parser.StartDoctypeDeclHandler, parser.StartElementHandler = declared, element
    try:
        parser.ParseFile(xml)
    except _Seen as seen:
        return bool(seen.args[0])
    except expat.ExpatError:
        return False  # the library that reads it will say so
    return False
