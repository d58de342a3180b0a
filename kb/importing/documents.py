"""Word documents (.docx) as rows; mammoth's one door.

The package is judged before mammoth sees it; pictures inside come along, linked ones are never fetched.
The invariant: mammoth opens nothing but the bytes it is given.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

import mammoth

from indexer.words import N_
from kb.importing.chapters import joined_steps
from kb.importing.entries import Entry
from kb.importing.html_tree import tree_of
from kb.importing.inlined import Inlined
from kb.importing.outcome import BadFile, Row
from kb.importing.packages import check_package
from kb.importing.web_pages import rows_of_tree

LARGEST_DOCUMENT = 64 * 1024 * 1024
#: A text of so much XML is a book of a thousand pages; its tree takes fifty times the memory.
LARGEST_PART = 12 * 1024 * 1024
STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='标题'] => h1:fresh"
NOT_FETCHED = N_("有 %(count)s 张图片只是链接到别处，没有取回。")


def read_document(entry: Entry, *, split: bool) -> Iterator[Row]:
    """The row of a document, or one for each of its first headings."""
    content = entry.read(LARGEST_DOCUMENT)
    if content is None:
        yield Row(entry.path, 1, {}, N_("文件超过 64 MB，请拆成几个。"))
        return
    check_package(entry.name, content, what=N_("Word 文档（.docx）"), largest_part=LARGEST_PART)
    pictures = _Pictures()
    try:
        html = mammoth.convert_to_html(
            io.BytesIO(content),
            convert_image=mammoth.images.img_element(pictures.drawn),
            style_map=STYLES,
            include_embedded_style_map=False,
            external_file_access=False,
        ).value
        root = tree_of(html)
        root.children = joined_steps(root.children)
        remarks = [NOT_FETCHED % {"count": pictures.away}] if pictures.away else []
        rows = list(rows_of_tree(entry, root, _facts(content), split=split, remarks=remarks))
    except RecursionError:
        yield Row(entry.path, 1, {}, N_("文档嵌套太深，读不了。"))
        return
    except Exception as fault:
        raise BadFile(N_("%(name)s 不是能读的 Word 文档（.docx）。") % {"name": entry.name}) from fault
    for row in rows:
        yield Row(row.file, row.number, row.values, find=pictures.find, remarks=row.remarks, part=row.part)


class _Pictures(Inlined):
    """The pictures of one document; those that lie elsewhere are counted and left there."""

    away = 0

    def drawn(self, image: mammoth.documents.Image) -> dict[str, str]:
        """What mammoth writes into the picture's element."""
        try:
            with image.open() as stream:
                content = stream.read()
        except (ValueError, KeyError, OSError):  # linked, or missing in the package
            self.away += 1
            return {"src": ""}
        return {"src": self.take(content, (image.content_type or "").rpartition("/")[2] or "bin")}


def _facts(content: bytes) -> dict[str, object]:
    """Key words from the document's properties; its title there is seldom its title."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        try:
            properties = ElementTree.fromstring(package.read("docProps/core.xml"))  # noqa: S314 - judged above
        except (KeyError, ElementTree.ParseError):
            return {}
    words = properties.findtext(
        "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords"
    )
    return {"keywords": words} if words else {}
