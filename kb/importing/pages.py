"""Markdown files with YAML front matter as rows: one file, one article.

The front matter's keys are columns, the text below it is ``body``. Without an ``id`` the path inside
the folder is the external id; without a ``title`` the first heading is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from indexer.words import N_
from kb.importing.outcome import BadFile, Row

FENCE = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\r?\n|\Z)")
LARGEST_PAGE = 4 * 1024 * 1024


def read_folder(folder: Path) -> Iterator[Row]:
    """Every ``.md`` file below a folder, by path; hidden folders are left out."""
    files = sorted(
        path
        for path in folder.rglob("*.md")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise BadFile(N_("文件夹 %(name)s 里没有 Markdown 文件（*.md）。") % {"name": folder})
    for path in files:
        yield _row(path, path.relative_to(folder).as_posix())


def read_file(path: Path) -> Iterator[Row]:
    """One Markdown file."""
    yield _row(path, path.name)


def _row(path: Path, name: str) -> Row:
    if path.stat().st_size > LARGEST_PAGE:
        return Row(name, 1, {}, N_("文件超过 4 MB。"))
    try:
        text = path.read_text(encoding="utf-8-sig")
        matter, body = _split(text)
    except UnicodeDecodeError:
        return Row(name, 1, {}, N_("不是 UTF-8 编码，请用 UTF-8 另存。"))
    except yaml.YAMLError:
        return Row(name, 1, {}, N_("开头的 YAML 信息（--- 之间）写得不对。"))
    except RecursionError:
        return Row(name, 1, {}, N_("开头的 YAML 信息（--- 之间）嵌套太深。"))
    if not isinstance(matter, dict):
        return Row(name, 1, {}, N_("开头的 YAML 信息（--- 之间）应是“名称: 值”的列表。"))
    return Row(name, 1, _values(matter, body, name))


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
    values: dict[str, Any] = {str(key): value for key, value in matter.items()}
    heading = HEADING.match(body)
    if not values.get("title") and heading:
        values["title"], body = heading[1], body[heading.end() :]
    values["body"] = body.strip()
    values.setdefault("external_id", values.pop("id", None) or name.removesuffix(".md"))
    return values
