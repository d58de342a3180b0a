"""An item beside what is here, field by field and word by word. What comes out is text, to be escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def sides(session: Session, row: PackItem) -> list[Side]:
    """Every field that says something on either side; those that differ first."""
    here = {} if row.kind == Kind.SYNONYM else beside(session, row.kind, [row.ident])
    ours = here[row.ident].said.content if row.ident in here else {}
    theirs = item_from(row).content or {}
    found = list(_sides(ours, theirs))
    return [side for side in found if side.differs] + [side for side in found if not side.differs]


def _sides(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Side]:
    for name, called in NAMES.items():
        before, after = _text(ours.get(name)), _text(theirs.get(name))
        if before or after:
            yield Side(called, before, after, tuple(compare.compare(before, after)))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    return "" if value is None else str(value)
