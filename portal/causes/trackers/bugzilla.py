"""A bug of Bugzilla's XML export as an issue: ``<bugzilla><bug>…``.

Remarks that the tracker keeps private are left there. What a file attaches is never unpacked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element

from indexer.words import N_
from portal.causes.trackers.issue import Issue
from portal.causes.trackers.markup import TOO_LARGE, Items, all_said, said

PATH = ("bugzilla", "bug")
NO_VERSION = "---"
ERRORS = {
    "NotFound": N_("来源系统里没有这一条。"),
    "NotPermitted": N_("导出的人在来源系统里无权看这一条。"),
}


def issues_in(name: str, stream: IO[bytes]) -> Iterator[Issue]:
    """Every bug of the file, those too that the tracker did not let out."""
    items = Items(name, PATH, without=frozenset({"attachment"}))
    for place, bug in enumerate(items.read(stream), start=1):
        yield issue_of(bug, place)


def issue_of(bug: Element, place: int) -> Issue:
    if bug is TOO_LARGE:
        return Issue(place, fault=N_("这一条太大，没有导入。"))
    number = said(bug.find("bug_id"))
    if (error := bug.get("error")) is not None:
        return Issue(place, number, fault=ERRORS.get(error, N_("来源系统没有给出这一条。")))
    return Issue(
        place,
        id=number,
        kind=said(bug.find("bug_severity")) if said(bug.find("bug_severity")) == "enhancement" else "bug",
        product=said(bug.find("product")),
        component=said(bug.find("component")),
        labels=tuple(word.strip() for word in said(bug.find("keywords")).split(",") if word.strip()),
        summary=said(bug.find("short_desc")),
        description=_description(bug),
        status=said(bug.find("bug_status")),
        resolution=said(bug.find("resolution")),
        severity=said(bug.find("bug_severity")),
        priority=said(bug.find("priority")),
        versions=all_said(bug, "version"),
        fixed=all_said(bug, "target_milestone"),
        duplicate_of=said(bug.find("dup_id")),
        due=said(bug.find("deadline")),
        reporter=_who(bug.find("reporter")),
        assignee=_who(bug.find("assigned_to")),
    )


def _description(bug: Element) -> str:
    """The first remark, which is the report itself; nothing when that one is private."""
    first = bug.find("long_desc")
    if first is None or first.get("isprivate") == "1":
        return ""
    return said(first.find("thetext"))


def _who(element: Element | None) -> str:
    """The account; Bugzilla hides the part after @ from those who are not signed in."""
    return said(element) or (element.get("name", "") if element is not None else "")
