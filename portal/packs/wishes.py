"""What a pack is to hold: kinds, systems, since when, for which readers; and the queries that say so.

The invariant: nothing is chosen that the maker may not read, and by default nothing that is for experts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, select

from defects.flow import DEAD
from defects.models import Defect
from defects.queries import visible_defects
from kb.audience import Audience, Viewer
from kb.flow import READABLE, ArticleState
from kb.models import Article, ArticleUnit
from kb.queries import readable_articles
from portal.finder.synonyms.models import SynonymGroup
from portal.packs.models import PackTie
from portal.packs.words import Kind

ORDINARY = (Audience.EVERYONE, Audience.STAFF)
ZONE = ZoneInfo("Asia/Shanghai")
#: The operator of the machine, who needs no leave to read.
OPERATOR = Viewer(levels=frozenset(Audience))


@dataclass(frozen=True, slots=True)
class Wish:
    """``viewer``: what the maker may read; None is the operator of the machine."""

    kinds: frozenset[Kind] = frozenset(Kind)
    systems: frozenset[str] = frozenset()
    since: date | None = None
    audience: tuple[Audience, ...] = ORDINARY
    viewer: Viewer | None = None

    @property
    def scope(self) -> dict[str, Any]:
        """As the manifest tells it."""
        return {
            "audience": [level.value for level in self.audience],
            "systems": sorted(self.systems),
            "since": self.since.isoformat() if self.since else None,
        }

    @property
    def moment(self) -> datetime | None:
        return datetime.combine(self.since, time(), ZONE) if self.since else None


def articles(wish: Wish) -> Select[Article]:
    """Published articles, originals before their translations."""
    wanted = _readable(wish.viewer).where(Article.audience.in_(wish.audience))
    if wish.audience == (Audience.EVERYONE,):
        wanted = wanted.where(~exists().where(ArticleUnit.article_id == Article.id))
    wanted = _narrowed(wanted, Article, wish)
    return wanted.order_by(Article.translation_of_id.is_not(None), Article.id)


def _readable(viewer: Viewer | None) -> Select[Article]:
    return readable_articles(viewer) if viewer else select(Article).where(Article.state.in_(READABLE))


def retired(wish: Wish) -> Select[Article]:
    """What was exchanged before and is off line now: the others are told."""
    wanted = select(Article).where(
        Article.state == ArticleState.RETIRED,
        Article.audience.in_(wish.audience),
        _exchanged(Kind.ARTICLE, Article),
    )
    return _narrowed(wanted, Article, wish).order_by(Article.id)


def defects(wish: Wish) -> Select[Defect]:
    wanted = visible_defects(wish.viewer or OPERATOR).where(Defect.state.not_in(DEAD))
    if wish.audience == (Audience.EVERYONE,):
        wanted = visible_defects(Viewer(levels=frozenset({Audience.EVERYONE})))
    return _narrowed(wanted, Defect, wish).order_by(Defect.id)


def dropped(wish: Wish) -> Select[Defect]:
    """Records that were exchanged before and were found to be none."""
    wanted = select(Defect).where(Defect.state.in_(DEAD), _exchanged(Kind.DEFECT, Defect))
    return _narrowed(wanted, Defect, wish).order_by(Defect.id)


def synonyms(wish: Wish, *, removed: bool = False) -> Select[SynonymGroup]:
    gone = SynonymGroup.removed_at.is_not(None) if removed else SynonymGroup.removed_at.is_(None)
    wanted = select(SynonymGroup).where(gone)
    if wish.moment is not None:
        wanted = wanted.where((SynonymGroup.removed_at if removed else SynonymGroup.at) >= wish.moment)
    return wanted.order_by(SynonymGroup.id)


def _narrowed(wanted: Select[Any], model: Any, wish: Wish) -> Select[Any]:
    wanted = wanted.where(model.system.in_(wish.systems)) if wish.systems else wanted
    return wanted.where(model.updated_at >= wish.moment) if wish.moment is not None else wanted


def _exchanged(kind: Kind, model: Any) -> Any:
    return exists().where(and_(PackTie.kind == kind, PackTie.subject_id == model.id))


def audience_upto(widest: str) -> tuple[Audience, ...]:
    """everyone, staff or experts: that and everything wider."""
    order = list(Audience)
    return tuple(order[: order.index(Audience(widest)) + 1])


def kinds_of(names: Collection[str]) -> frozenset[Kind]:
    return frozenset(Kind(name) for name in names) or frozenset(Kind)
