"""Markdown files with YAML front matter as rows: one file, one article.

The front matter's keys are columns, the text below it is ``body``. Without an ``id`` the path inside
the folder is the external id; without a ``title`` the first heading is, else the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from indexer.words import N_
from kb.importing.entries import Entry
from kb.importing.inlined import Inlined
from kb.importing.outcome import Row
from kb.importing.targets import Link, links, rewritten

SUFFIXES = (".md", ".markdown")
FENCE = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\r?\n|\Z)")
LARGEST_PAGE = 4 * 1024 * 1024
#: What other systems call our columns in their front matter.
FAMILIAR = {"id": "external_id", "tags": "keywords", "lang": "language"}


def read_page(entry: Entry) -> Iterator[Row]:
    """The one row of a Markdown file."""
    content = entry.read(LARGEST_PAGE)
    yield Row(entry.path, 1, {}, N_("文件超过 4 MB。")) if content is None else _row(content, entry.path)


def targets_of(entry: Entry) -> list[str]:
    """Where the links of a page lead; nothing for one that can't be read."""
    content = entry.read(LARGEST_PAGE) or b""
    return [link.target for link in links(content.decode("utf-8-sig", "replace"))]


def _row(content: bytes, name: str) -> Row:
    try:
        matter, body = _split(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Row(name, 1, {}, N_("不是 UTF-8 编码，请用 UTF-8 另存。"))
    except yaml.YAMLError:
        return Row(name, 1, {}, N_("开头的 YAML 信息（--- 之间）写得不对。"))
    except RecursionError:
        return Row(name, 1, {}, N_("开头的 YAML 信息（--- 之间）嵌套太深。"))
    if not isinstance(matter, dict):
        return Row(name, 1, {}, N_("开头的 YAML 信息（--- 之间）应是“名称: 值”的列表。"))
    pictures = Inlined()
    body = rewritten(body, lambda link: _taken(link, pictures)) if "data:image/" in body else body
    return Row(name, 1, _values(matter, body, name), find=pictures.find)


def _taken(link: Link, pictures: Inlined) -> Link | None:
    name = pictures.take_address(link.target)
    return Link(name, link.label, link.is_picture) if name else None


def _split(text: str) -> tuple[Any, str]:
    found = FENCE.match(text)
    if found is None:
        return {}, text
    return yaml.load(found[1], Loader=_Plain) or {}, text[found.end() :]  # noqa: S506 - a SafeLoader


class _Plain(yaml.SafeLoader):
    """Safe YAML without aliases: a few lines of those can unfold into gigabytes."""

    def compose_node(self, parent: Any, index: int) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _values(matter: dict[Any, Any], body: str, name: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in matter.items():
        values.setdefault(FAMILIAR.get(str(key), str(key)), value)
    stem = name.removesuffix(".md").removesuffix(".markdown")
    heading = HEADING.match(body)
    if not values.get("title") and heading:
        values["title"], body = heading[1], body[heading.end() :]
    values["title"] = values.get("title") or stem.rpartition("/")[2]
    values["body"] = body.strip()
    values["external_id"] = values.get("external_id") or stem
    return values
