"""An item beside what is here, field by field and word by word. What comes out is text, to be escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from indexer.words import N_
from kb import compare
from kb.compare import Change, Piece
from portal.packs.checking import beside, item_from
from portal.packs.models import PackItem
from portal.packs.words import Kind

# fmt: off
#: The fields that people compare, in the order of reading.
NAMES: dict[str, str] = {
    "title":      N_("标题"),
    "body":       N_("正文"),
    "symptoms":   N_("现象"),
    "cause":      N_("根因"),
    "workaround": N_("规避方案"),
    "fix":        N_("永久修复"),
    "data_fix":   N_("数据修复"),
    "reproduce":  N_("重现步骤"),
    "also":       N_("用户也这样问"),
    "keywords":   N_("关键词"),
    "words":      N_("说法"),
    "codes":      N_("错误代码"),
    "affected":   N_("受影响版本"),
    "fixed_in":   N_("修复版本"),
    "system":     N_("系统"),
    "module":     N_("模块"),
    "category":   N_("请求类别"),
    "audience":   N_("读者"),
    "units":      N_("适用单位"),
    "kind":       N_("类型"),
    "type":       N_("类型"),
    "severity":   N_("严重程度"),
    "language":   N_("语言"),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Side:
    """One field: what is here turned into theirs."""

    name: str
    ours: str
    theirs: str
    pieces: tuple[Piece, ...]

    @property
    def differs(self) -> bool:
        return any(piece.change != Change.SAME for piece in self.pieces)


#: How a value of a field is told to people: the field, the value, and the whole that it is part of.
Spoken = Callable[[str, str, Mapping[str, Any]], str]


def as_it_is(_name: str, value: str, _whole: Mapping[str, Any]) -> str:
    return value


def sides(
    session: Session, row: PackItem, *, ours: Spoken = as_it_is, theirs: Spoken = as_it_is
) -> list[Side]:
    """Every field that says something on either side, in people's words; those that differ first."""
    here = {} if row.kind == Kind.SYNONYM else beside(session, row.kind, [row.ident])
    here_said = here[row.ident].said.content if row.ident in here else {}
    there_said = item_from(row).content or {}
    found = list(_sides(_Said(here_said, ours), _Said(there_said, theirs)))
    return [side for side in found if side.differs] + [side for side in found if not side.differs]


@dataclass(frozen=True, slots=True)
class _Said:
    """What one side says, and how its values are told."""

    content: Mapping[str, Any]
    spoken: Spoken

    def plain(self, name: str) -> list[str]:
        value = self.content.get(name)
        values = value if isinstance(value, list) else [] if value is None else [value]
        return [str(item) for item in values]

    def told(self, name: str) -> str:
        return "\n".join(self.spoken(name, value, self.content) for value in self.plain(name))


def _sides(ours: _Said, theirs: _Said) -> Iterator[Side]:
    for name, called in NAMES.items():
        before, after = ours.told(name), theirs.told(name)
        if before == after and (one := ours.plain(name)) != (other := theirs.plain(name)):
            # Two codes under one name are not the same thing.
            before, after = (
                f"{told}（{'、'.join(codes)}）" for told, codes in ((before, one), (after, other))
            )
        if before or after:
            yield Side(called, before, after, tuple(compare.compare(before, after)))
