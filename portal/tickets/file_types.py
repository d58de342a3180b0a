"""What a file is, by its content: the name it came with and the type a browser claims prove nothing.

Pure: bytes in, a type out, or None for what the desk doesn't take (programs, scripts in disguise,
anything unknown). Markup such as HTML and SVG is text here, so no browser ever runs it.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from enum import StrEnum

from PIL import Image, UnidentifiedImageError

from indexer.words import N_


class Scan(StrEnum):
    """What is known of a file's harmlessness."""

    UNCHECKED = "unchecked"  # came while no scanner was set up
    PENDING = "pending"
    CLEAN = "clean"
    BLOCKED = "blocked"


SCAN_LABELS = {
    Scan.UNCHECKED: N_("未检查"),
    Scan.PENDING: N_("检查中"),
    Scan.CLEAN: N_("已检查"),
    Scan.BLOCKED: N_("被拦截"),
}
#: Files that may be had.
OPEN_TO_READERS = frozenset({Scan.UNCHECKED, Scan.CLEAN})

#: Pictures that a page may show; everything else is only ever saved.
PICTURES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
OTHER_PICTURES = {"BMP": "image/bmp", "TIFF": "image/tiff"}
MOST_PIXELS = 60_000_000
TEXT = "text/plain"
ZIP = "application/zip"

#: (offset, first bytes) → type.
MARKS = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # doc, xls, ppt, wps, msg
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (4, b"ftyp", "video/mp4"),  # recordings of the screen
)
OFFICE = "application/vnd.openxmlformats-officedocument."
#: A name inside a ZIP file → what the file is.
INSIDE = (
    ("word/document.xml", OFFICE + "wordprocessingml.document"),
    ("xl/workbook.xml", OFFICE + "spreadsheetml.sheet"),
    ("ppt/presentation.xml", OFFICE + "presentationml.presentation"),
    ("OFD.xml", "application/ofd"),
)
#: Characters that no text holds; a program's bytes are full of them.
FORBIDDEN = frozenset(range(32)) - {0x09, 0x0A, 0x0C, 0x0D, 0x1B}


def type_of(content: bytes) -> str | None:
    """The type of this content, None when the desk doesn't take it."""
    return _picture(content) or _marked(content) or _zipped(content) or _text(content)


def is_shown_inline(content_type: str) -> bool:
    """May a browser draw it on a page of ours?"""
    return content_type in PICTURES.values()


def _picture(content: bytes) -> str | None:
    known = {**PICTURES, **OTHER_PICTURES}
    named = known | {"MPO": "image/jpeg"}  # phones store several JPEG pictures in one file
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is judged below
            with Image.open(io.BytesIO(content), formats=list(known)) as picture:
                kind, pixels = picture.format, picture.width * picture.height
                picture.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return None
    return named.get(kind or "") if pixels <= MOST_PIXELS else None


def _marked(content: bytes) -> str | None:
    return next((kind for offset, mark, kind in MARKS if content[offset:].startswith(mark)), None)


def _zipped(content: bytes) -> str | None:
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    return next((kind for name, kind in INSIDE if name in names), ZIP)


def _text(content: bytes) -> str | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return TEXT if _decodes(content, "utf-16") else None
    if FORBIDDEN & set(content):
        return None
    return TEXT if _decodes(content, "utf-8") or _decodes(content, "gb18030") else None


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
