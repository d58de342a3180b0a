# ruff: noqa: E501 - an aligned table
"""What a scoring sheet asks, and what marks come to: sections, items, weights, vetoes, grades. Pure.

An item is marked 0 to 5 or "does not apply"; the total is the weighted share of what applied, out of 100,
counted in whole tenths so that no machine rounds it otherwise. A veto item (一票否决) that was violated makes
the total zero, whatever else was earned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from indexer.words import N_
from kb.flow import Refused

BEST = 5
FULL = 100
MOST_ITEMS = 40
LONGEST = 300
LONGEST_COMMENT = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is looked at; a veto item has no weight, it is kept or violated."""

    text: str
    weight: int = 0
    veto: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Grade:
    """What a total from ``at_least`` on is called."""

    name: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """``comment_below``: a mark under it wants a comment; ``appeal_days``: working days."""

    sections: tuple[Section, ...]
    grades: tuple[Grade, ...]
    comment_below: int = 3
    appeal_days: int = 3

    def keyed(self) -> Iterator[tuple[str, Item]]:
        """Every item by its place: ``0.2`` is the third of the first section."""
        for number, section in enumerate(self.sections):
            for place, item in enumerate(section.items):
                yield f"{number}.{place}", item

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Mark:
    """What an inspector gave one item; ``score`` None: it does not apply."""

    score: int | None = None
    violated: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """``tenths`` of a point, 0 to 1000."""

    tenths: int
    level: str
    vetoed: bool


def sheet_from(stored: Mapping[str, Any]) -> Sheet:
    """The sheet that ``as_json`` wrote."""
    return Sheet(
        sections=tuple(
            Section(row["title"], tuple(Item(**item) for item in row["items"])) for row in stored["sections"]
        ),
        grades=tuple(Grade(**grade) for grade in stored["grades"]),
        comment_below=int(stored["comment_below"]),
        appeal_days=int(stored["appeal_days"]),
    )


def checked_sheet(sheet: Sheet) -> Sheet:
    """The sheet with its grades from the best down, or a refusal that says what is wrong with it."""
    items = [item for _key, item in sheet.keyed()]
    weights = [item.weight for item in items if not item.veto]
    grades = tuple(sorted(sheet.grades, key=lambda grade: -grade.at_least))
    for wrong, sentence in (
        (not weights, N_("评分表至少要有一个计分项。")),
        (len(items) > MOST_ITEMS, N_("评分项太多了，最多 40 项。")),
        (any(not section.title.strip() for section in sheet.sections), N_("每个部分都要有名称。")),
        (any(not 0 < len(item.text.strip()) <= LONGEST for item in items), N_("每个评分项都要写明内容，不超过 300 字。")),
        (any(not 0 < weight <= FULL for weight in weights), N_("计分项的权重要在 1 到 100 之间。")),
        (not grades or grades[-1].at_least != 0, N_("等级要覆盖到 0 分：最低一级从 0 分起。")),
        (any(not grade.name.strip() or not 0 <= grade.at_least <= FULL for grade in grades), N_("每个等级都要有名称，起点在 0 到 100 之间。")),
        (len({grade.at_least for grade in grades}) < len(grades), N_("两个等级不能从同一分数起。")),
        (not 0 <= sheet.comment_below <= BEST, N_("“低于几分要写评语”要在 0 到 5 之间。")),
        (not 1 <= sheet.appeal_days <= 30, N_("申诉期要在 1 到 30 个工作日之间。")),
    ):  # fmt: skip
        if wrong:
            raise Refused(sentence)
    if sum(weights) != FULL:
        raise Refused(N_("计分项的权重合计要等于 100，现在是 %(sum)s。"), sum=sum(weights))
    return Sheet(sheet.sections, grades, sheet.comment_below, sheet.appeal_days)


def checked_marks(sheet: Sheet, given: Mapping[str, Mark]) -> dict[str, Mark]:
    """Every item's mark, made clean; refuses what is missing and low marks without a comment."""
    known = dict(sheet.keyed())
    marks = {key: _checked(key, item, given.get(key, Mark()), sheet) for key, item in known.items()}
    applied = [key for key, item in known.items() if not item.veto and marks[key].score is not None]
    if not applied:
        raise Refused(N_("所有计分项都标成了“不适用”，请至少给一项打分。"))
    return marks


def _checked(key: str, item: Item, mark: Mark, sheet: Sheet) -> Mark:
    comment = mark.comment.replace("\x00", "").strip()
    if len(comment) > LONGEST_COMMENT:
        raise Refused(N_("“%(item)s”的评语太长，请控制在 1000 字以内。"), item=item.text)
    if item.veto:
        if mark.violated and not comment:
            raise Refused(N_("“%(item)s”判了一票否决，请写明依据。"), item=item.text)
        return Mark(violated=mark.violated, comment=comment)
    if mark.score is not None and not 0 <= mark.score <= BEST:
        raise Refused(N_("“%(item)s”只能打 0 到 5 分。"), item=item.text)
    if mark.score is not None and mark.score < sheet.comment_below and not comment:
        raise Refused(N_("“%(item)s”低于 %(n)s 分，请写评语。"), item=item.text, n=sheet.comment_below)
    return Mark(score=mark.score, comment=comment)


def total(sheet: Sheet, marks: Mapping[str, Mark]) -> Result:
    """What the marks come to; wants what ``checked_marks`` returned."""
    applied = [
        (item.weight, score)
        for key, item in sheet.keyed()
        if not item.veto and (score := marks[key].score) is not None
    ]
    earned = sum(weight * score for weight, score in applied) * 1000
    possible = sum(weight for weight, _score in applied) * BEST
    vetoed = any(item.veto and marks[key].violated for key, item in sheet.keyed())
    tenths = 0 if vetoed or not possible else (2 * earned + possible) // (2 * possible)
    return Result(tenths, level_of(sheet, tenths), vetoed)


def level_of(sheet: Sheet, tenths: int) -> str:
    """The best grade that this total reaches; grades go from the best down."""
    return next(grade.name for grade in sheet.grades if tenths >= grade.at_least * 10)
