"""Jira's exports as issues: XML (``<rss><channel><item>``), and JSON as its REST interface answers.

Descriptions are HTML in the one, wiki text or a document tree in the other; all become plain Markdown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any
from xml.etree.ElementTree import Element

from indexer.words import N_
from kb.importing.html_blocks import markdown_of
from kb.importing.html_tree import tree_of
from kb.importing.outcome import BadFile
from portal.causes.trackers.issue import Issue, words
from portal.causes.trackers.markup import TOO_LARGE, Items, all_said, said

PATH = ("rss", "channel", "item")
LARGEST_JSON = 64 * 1024 * 1024
DUPLICATES = "duplicates"
DEEPEST = 40


def issues_in(name: str, stream: IO[bytes]) -> Iterator[Issue]:
    """Every item of the XML export."""
    items = Items(name, PATH, without=frozenset({"attachments", "customfields"}))
    for place, item in enumerate(items.read(stream), start=1):
        yield issue_of(item, place)


def issue_of(item: Element, place: int) -> Issue:
    if item is TOO_LARGE:
        return Issue(place, fault=N_("这一条太大，没有导入。"))
    return Issue(
        place,
        id=said(item.find("key")),
        kind=said(item.find("type")),
        product=said(item.find("project")),
        component="、".join(all_said(item, "component")[:1]),
        labels=tuple(said(label) for label in item.iterfind("labels/label") if said(label)),
        summary=said(item.find("summary")),
        description=_from_html(said(item.find("description"))),
        status=said(item.find("status")),
        resolution=said(item.find("resolution")),
        priority=said(item.find("priority")),
        versions=all_said(item, "version"),
        fixed=all_said(item, "fixVersion"),
        duplicate_of=_original(item),
        due=said(item.find("due")),
        reporter=_who(item.find("reporter")),
        assignee=_who(item.find("assignee")),
    )


def _from_html(html: str) -> str:
    try:
        return markdown_of(tree_of(html).children).strip()
    except RecursionError:
        return html


def _who(element: Element | None) -> str:
    if element is None or element.get("username") in ("-1", ""):
        return ""
    return element.get("username") or said(element)


def _original(item: Element) -> str:
    """The issue that this one duplicates; not those that duplicate it."""
    for links in item.iterfind("issuelinks/issuelinktype/outwardlinks"):
        if links.get("description", "").strip().lower() == DUPLICATES:
            return said(links.find("issuelink/issuekey"))
    return ""


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def issues_in_json(name: str, content: bytes) -> Iterator[Issue]:
    """Every issue of an answer of the search, of a list of issues, or of lines that are one each."""
    for place, found in enumerate(_listed(name, content), start=1):
        if isinstance(found, dict) and isinstance(found.get("fields"), dict):
            yield _of_json(found, found["fields"], place)
        else:
            yield Issue(place, fault=N_("这一条没有 fields，不是 Jira 的工单。"))


def _listed(name: str, content: bytes) -> list[Any]:
    try:
        text = content.decode("utf-8-sig")
        read = (
            json.loads(text)
            if not _is_lines(text)
            else [json.loads(line) for line in text.splitlines() if line]
        )
    except (ValueError, RecursionError) as fault:
        raise BadFile(N_("%(name)s 不是合法的 JSON。") % {"name": name}) from fault
    issues = read.get("issues") if isinstance(read, dict) else read
    if not isinstance(issues, list):
        raise BadFile(N_("%(name)s 里没有 issues 列表，不是 Jira 的导出。") % {"name": name})
    return issues


def _is_lines(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    return first.startswith("{") and first.rstrip().endswith("}") and rest.lstrip().startswith("{")


def _of_json(issue: Mapping[str, Any], given: Mapping[str, Any], place: int) -> Issue:
    return Issue(
        place,
        id=words(issue.get("key")),
        kind=_name(given.get("issuetype")),
        product=_name(given.get("project")),
        component=next(iter(_names(given.get("components"))), ""),
        labels=tuple(words(label) for label in _list(given.get("labels"))),
        summary=words(given.get("summary")),
        description=_plain(given.get("description")),
        status=_name(given.get("status")),
        resolution=_name(given.get("resolution")),
        priority=_name(given.get("priority")),
        versions=_names(given.get("versions")),
        fixed=_names(given.get("fixVersions")),
        duplicate_of=_linked(given.get("issuelinks")),
        due=words(given.get("duedate")),
        reporter=_account(given.get("reporter")),
        assignee=_account(given.get("assignee")),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(value: Any) -> str:
    return words(value.get("name")) if isinstance(value, dict) else words(value)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in map(_name, _list(value)) if name)


def _account(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return words(value.get("name")) or words(value.get("emailAddress")) or words(value.get("displayName"))


def _linked(links: Any) -> str:
    for link in _list(links):
        if isinstance(link, dict) and isinstance(link.get("type"), dict):
            outward, other = words(link["type"].get("outward")), link.get("outwardIssue")
            if outward.lower() == DUPLICATES and isinstance(other, dict):
                return words(other.get("key"))
    return ""


def _plain(description: Any) -> str:
    """Wiki text as it stands; of a document tree its texts, a line for each block."""
    if isinstance(description, str):
        return description.strip()
    return "\n".join(line for line in _blocks(description, 0) if line).strip()


def _blocks(node: Any, depth: int) -> Iterator[str]:
    if not isinstance(node, dict) or depth > DEEPEST:
        return
    inner = _list(node.get("content"))
    if any(
        isinstance(child, dict) and child.get("type") in ("text", "hardBreak", "mention") for child in inner
    ):
        yield "".join(map(_inline, inner)).strip()
        return
    for child in inner:
        yield from _blocks(child, depth + 1)


def _inline(node: Any) -> str:
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "hardBreak":
        return "\n"
    attributes = node.get("attrs")
    spoken = attributes.get("text") if isinstance(attributes, dict) else None
    return next((text for text in (node.get("text"), spoken) if isinstance(text, str)), "")
