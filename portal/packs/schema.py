"""What an item of a pack says, field by field: one table for each kind. Pure.

``content`` is what is compared and hashed; beside it stand the item's name, its version and the line of
versions it came by. The invariant: what ``item_of`` returns fits the desk's own tables and verbs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from defects.flow import DefectState
from defects.models import DefectType
from defects.texts import TEXT_LIMIT
from indexer.words import N_
from kb.articles import BODY_LIMIT, TITLE_LIMIT
from kb.audience import Audience
from kb.flow import ArticleState
from kb.models import ArticleKind
from portal.packs import canonical, checks
from portal.packs.idents import IDENT, THING
from portal.packs.lineage import MOST, State
from portal.packs.words import BadPack, Kind

_HASH = checks.matching(re.compile(r"[0-9a-f]{64}", re.ASCII))
_CODE = checks.text(64, least=1)
#: Links are longer by the names that every desk knows.
_BODY = checks.text(2 * BODY_LIMIT, least=1)
_LONG = checks.text(TEXT_LIMIT)
_FILE = {"sha256": _HASH, "name": checks.text(120, least=1)}

# fmt: off
CONTENT: dict[Kind, dict[str, checks.Check]] = {
    Kind.ARTICLE: {
        "title":          checks.text(TITLE_LIMIT, least=1),
        "body":           _BODY,
        "kind":           checks.member(ArticleKind),
        "language":       checks.text(8, least=2),
        "system":         checks.or_none(_CODE),
        "module":         checks.or_none(_CODE),
        "category":       checks.or_none(_CODE),
        "keywords":       checks.many(checks.text(100, least=1), 200),
        "also":           checks.many(checks.text(500, least=1), 500),
        "audience":       checks.member(Audience),
        "units":          checks.many(_CODE, 2_000),
        "translation_of": checks.or_none(checks.matching(THING)),
        "files":          checks.many(checks.table(_FILE, N_("文件")), 200),
    },
    Kind.DEFECT: {
        "title":          checks.text(TITLE_LIMIT, least=1),
        "system":         _CODE,
        "module":         checks.or_none(_CODE),
        "type":           checks.member(DefectType),
        "severity":       checks.number(1, 4),
        "symptoms":       checks.many(checks.text(2_000, least=1), 500),
        "codes":          checks.many(checks.text(100, least=1), 200),
        "affected":       checks.many(checks.text(40, least=1), 200),
        "fixed_in":       checks.or_none(checks.text(40, least=1)),
        "reproduce":      _LONG,
        "cause":          _LONG,
        "workaround":     _LONG,
        "fix":            _LONG,
        "data_fix":       _LONG,
        "shown_to_users": checks.switch,
        "articles":       checks.many(checks.matching(THING), 200),
    },
    Kind.SYNONYM: {
        "words":          checks.many(checks.text(60, least=1), 40),
    },
}
STATES = {
    Kind.ARTICLE: checks.member(ArticleState),
    Kind.DEFECT:  checks.member(DefectState),
    Kind.SYNONYM: checks.matching(re.compile("kept")),
}
# fmt: on
NAMED = {Kind.ARTICLE: N_("知识"), Kind.DEFECT: N_("缺陷"), Kind.SYNONYM: N_("同义词")}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a pack. ``content`` is None when it was taken off line there."""

    kind: Kind
    ident: str
    title: str
    state: str
    version: str
    line: tuple[str, ...]
    content: dict[str, Any] | None

    @property
    def stands(self) -> State:
        return State(canonical.digest(self.content), self.version, self.line)

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "id": self.ident,
            "title": self.title,
            "state": self.state,
            "version": self.version,
            "line": list(self.line),
            "content": self.content,
        }


def item_of(kind: Kind, value: Any) -> Item:
    """An item from its JSON; raises :class:`BadPack`."""
    outer = {
        "kind": checks.matching(re.compile(kind.value)),
        "id": checks.matching(IDENT),
        "title": checks.text(TITLE_LIMIT, least=1),
        "state": STATES[kind],
        "version": _HASH,
        "line": checks.many(_HASH, MOST),
        "content": checks.or_none(checks.table(CONTENT[kind], NAMED[kind])),
    }
    found = checks.fields(value, outer, NAMED[kind])
    _check_name(kind, found["id"])
    return Item(
        kind,
        found["id"],
        found["title"],
        found["state"],
        found["version"],
        tuple(found["line"]),
        found["content"],
    )


#: How names of a kind go on after the desk.
_NAMES = {Kind.ARTICLE: "KB", Kind.DEFECT: "QX", Kind.SYNONYM: "~"}


def _check_name(kind: Kind, ident: str) -> None:
    if not ident[17:].startswith(_NAMES[kind]):
        raise BadPack(
            N_("资料包里的%(where)s的 %(name)s 不符合规定，没有读取。"), where=NAMED[kind], name="id"
        )
