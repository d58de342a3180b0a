"""What speaks against an article as it stands, as a table of rules. Pure.

A rule looks at what is known of one article since somebody last vouched for its words, and either finds
nothing or says what it found, in a sentence with numbers that a person can check. Shares are judged by their
interval: an article fails more often than others only when chance can be ruled out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from indexer.words import N_
from kb.estimates import rate

#: Fewer cases against an article than this say nothing about its share. Counted are those against it, not
#: all of them: one more reader whom it helped must never be what makes the others speak.
LEAST = 3
#: A flag older than this many days has been lying about.
LONG_OPEN = 3
#: From so many days before its review date an article is on the list.
SOON = 14
#: With so many points together an article is marked as to be checked, and its readers are told.
ENOUGH = 100


class Sign(StrEnum):
    DEFECT_FIXED = "defect_fixed"
    REVIEW_DUE = "review_due"
    FAILED = "failed"
    OUTDATED = "outdated"
    FILED_AFTER = "filed_after"
    REOPENED = "reopened"
    VERSION_PASSED = "version_passed"
    FLAGGED = "flagged"
    LOST_LINKS = "lost_links"
    BEHIND = "behind"


SIGN_LABELS = {
    Sign.DEFECT_FIXED: N_("缺陷已修复"),
    Sign.REVIEW_DUE: N_("到了复核日期"),
    Sign.FAILED: N_("照做不成"),
    Sign.OUTDATED: N_("读者说过时"),
    Sign.FILED_AFTER: N_("看完还提工单"),
    Sign.REOPENED: N_("答复后被重开"),
    Sign.VERSION_PASSED: N_("系统已升级"),
    Sign.FLAGGED: N_("更正请求未处理"),
    Sign.LOST_LINKS: N_("链接打不开"),
    Sign.BEHIND: N_("译文落后"),
}

SENTENCES = {
    Sign.DEFECT_FIXED: N_(
        "所说的缺陷 %(number)s 已经修复（%(version)s），读者的 %(units)s 个单位中 %(reached)s 个已用上"
    ),
    Sign.REVIEW_DUE: N_("复核日期是 %(day)s"),
    Sign.FAILED: N_("%(n)s 次评价里 %(k)s 次没解决，明显多于平常（%(usual)s%%）"),
    Sign.OUTDATED: N_("%(k)s 位读者说内容已过时"),
    Sign.FILED_AFTER: N_("%(n)s 人打开过，其中 %(k)s 人还是提了工单，明显多于平常（%(usual)s%%）"),
    Sign.REOPENED: N_("用它答复的 %(n)s 张工单有 %(k)s 张被重新打开，明显多于平常（%(usual)s%%）"),
    Sign.VERSION_PASSED: N_("系统从 %(then)s 升到了 %(now)s，之后没有人核对过"),
    Sign.FLAGGED: N_("%(k)s 条更正请求没有处理，最早的已有 %(days)s 天"),
    Sign.LOST_LINKS: N_("%(k)s 个链接读者打不开"),
    Sign.BEHIND: N_("原文在翻译之后有过修改"),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """A defect that an article tells of and that is repaired by now."""

    number: str
    version: str
    units: int
    """Units whose people read the article."""
    reached: int
    """Those of them that run the repaired version."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one article since somebody vouched for its words."""

    solved: int = 0
    failed: int = 0
    outdated: int = 0
    opened: int = 0
    filed: int = 0
    answered: int = 0
    reopened: int = 0
    fixes: Sequence[Fix] = ()
    version_then: str = ""
    version_now: str = ""
    flags: int = 0
    flagged_days: int = 0
    lost_links: int = 0
    behind: bool = False
    review_in: int | None = None
    """Days until the review date; negative when it has passed."""
    review_on: str = ""


@dataclass(frozen=True, slots=True)
class Usual:
    """The shares over all articles together: what is no more than usual speaks against none of them."""

    failed: float = 0.0
    filed: float = 0.0
    reopened: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word against an article: how much it weighs, and the numbers of its sentence."""

    sign: Sign
    points: int
    facts: Mapping[str, Any] = field(default_factory=dict)


Facts = Mapping[str, Any] | None


def _failed(known: Known, usual: Usual) -> Facts:
    return _above(known.failed, known.failed + known.solved, usual.failed)


def _filed(known: Known, usual: Usual) -> Facts:
    return _above(known.filed, known.opened, usual.filed)


def _reopened(known: Known, usual: Usual) -> Facts:
    return _above(known.reopened, known.answered, usual.reopened)


def _outdated(known: Known, _usual: Usual) -> Facts:
    return {"k": known.outdated} if known.outdated >= 2 else None


def _fixed_everywhere(known: Known, _usual: Usual) -> Facts:
    return _fix(next((fix for fix in known.fixes if fix.units and fix.reached == fix.units), None))


def _fixed_somewhere(known: Known, _usual: Usual) -> Facts:
    partly = [fix for fix in known.fixes if 0 < fix.reached < fix.units or not fix.units]
    return _fix(partly[0] if partly and _fixed_everywhere(known, _usual) is None else None)


def _passed(known: Known, _usual: Usual) -> Facts:
    moved = known.version_now and known.version_then and known.version_now != known.version_then
    return {"then": known.version_then, "now": known.version_now} if moved else None


def _flagged(known: Known, _usual: Usual) -> Facts:
    waits = known.flags and known.flagged_days >= LONG_OPEN
    return {"k": known.flags, "days": known.flagged_days} if waits else None


def _lost(known: Known, _usual: Usual) -> Facts:
    return {"k": known.lost_links} if known.lost_links else None


def _behind(known: Known, _usual: Usual) -> Facts:
    return {} if known.behind else None


def _overdue(known: Known, _usual: Usual) -> Facts:
    return {"day": known.review_on} if known.review_in is not None and known.review_in < 0 else None


def _soon(known: Known, _usual: Usual) -> Facts:
    near = known.review_in is not None and 0 <= known.review_in <= SOON
    return {"day": known.review_on} if near else None


# fmt: off
#: Each of these alone says so much; a sign is found by one of its rules at most.
RULES: tuple[tuple[Sign, int, Callable[[Known, Usual], Facts]], ...] = (
    (Sign.DEFECT_FIXED,   100, _fixed_everywhere),
    (Sign.DEFECT_FIXED,    40, _fixed_somewhere),
    (Sign.REVIEW_DUE,     100, _overdue),
    (Sign.REVIEW_DUE,      20, _soon),
    (Sign.FAILED,          60, _failed),
    (Sign.OUTDATED,        50, _outdated),
    (Sign.FILED_AFTER,     40, _filed),
    (Sign.REOPENED,        40, _reopened),
    (Sign.VERSION_PASSED,  40, _passed),
    (Sign.FLAGGED,         30, _flagged),
    (Sign.LOST_LINKS,      20, _lost),
    (Sign.BEHIND,          20, _behind),
)
# fmt: on


def weighed(known: Known, usual: Usual) -> tuple[Finding, ...]:
    """Everything that speaks against the article, the weightiest first."""
    found: dict[Sign, Finding] = {}
    for sign, points, look in RULES:
        facts = look(known, usual)
        if facts is not None:
            found.setdefault(sign, Finding(sign, points, facts))
    return tuple(sorted(found.values(), key=lambda finding: (-finding.points, finding.sign)))


def points_of(findings: Sequence[Finding]) -> int:
    return sum(finding.points for finding in findings)


def sentence(sign: Sign, facts: Mapping[str, Any]) -> str:
    """The finding in the desk's own language, as it is kept in an article's history."""
    return SENTENCES[sign] % dict(facts)


def _above(hits: int, n: int, usual: float) -> Facts:
    """Is this share above the usual one, chance aside?"""
    found = rate(hits, n)
    if found is None or hits < LEAST or found.low <= usual:
        return None
    return {"k": hits, "n": n, "usual": round(usual * 100)}


def _fix(fix: Fix | None) -> Facts:
    if fix is None:
        return None
    return {"number": fix.number, "version": fix.version, "units": fix.units, "reached": fix.reached}
