"""Keeping translations with their originals: saying which revision one is right for, finding those behind.

A translation that nobody has compared (an imported one) is taken for as new as its own last words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article, Revision
from kb.translations.models import TranslationBasis


@dataclass(frozen=True, slots=True)
class Basis:
    """The words of the original that a translation says. ``by_id`` is None where nobody compared them."""

    revision: Revision
    by_id: int | None = None
    at: datetime | None = None


def follow(session: Session, article: Article, revision: int | None = None, *, by: int) -> TranslationBasis:
    """Say that a translation is right for this revision of its original; without a number, the last one."""
    original = article.translation_of
    if original is None:
        raise Refused(N_("这篇不是译文，没有原文可以对照。"))
    numbers = {row.number for row in original.revisions}
    number = max(numbers) if revision is None else revision
    if number not in numbers:
        raise Refused(N_("原文没有第 %(number)s 版。"), number=number)
    row = session.get(TranslationBasis, article.id) or TranslationBasis(article_id=article.id)
    row.revision, row.by_id, row.at = number, by, now(session)
    session.add(row)
    session.flush()
    return row


def basis_of(session: Session, article: Article) -> Basis | None:
    """What the translation was made from; None for an original."""
    original = article.translation_of
    if original is None or not original.revisions:
        return None
    said = {row.number: row for row in original.revisions}
    kept = session.get(TranslationBasis, article.id)
    if kept is not None and kept.revision in said:
        return Basis(said[kept.revision], kept.by_id, kept.at)
    mine = max((row.at for row in article.revisions), default=article.created_at)
    before = [row for row in original.revisions if row.at <= mine]
    return Basis(before[-1] if before else original.revisions[0])


def behind_among(session: Session, articles: Collection[Article]) -> frozenset[int]:
    """The ids of the translations whose original says something else since; two queries for any number."""
    translations = {row.id: row.translation_of_id for row in articles if row.translation_of_id is not None}
    if not translations:
        return frozenset()
    compared = _compared(session, translations)
    alone = {id_: original for id_, original in translations.items() if id_ not in compared}
    return frozenset({id_ for id_, behind in compared.items() if behind} | _by_time(session, alone))


def is_behind(session: Session, article: Article) -> bool:
    """Is this a translation whose original says something else since?"""
    return bool(behind_among(session, [article]))


def _compared(session: Session, ids: Collection[int]) -> dict[int, bool]:
    """id → whether the original's words are others now, for those that somebody compared."""
    own, original = aliased(Article), aliased(Article)
    changed = or_(Revision.title != original.title, Revision.body != original.body)
    rows = session.execute(
        select(TranslationBasis.article_id, changed)
        .join(own, own.id == TranslationBasis.article_id)
        .join(original, original.id == own.translation_of_id)
        .join(
            Revision,
            and_(Revision.article_id == original.id, Revision.number == TranslationBasis.revision),
        )
        .where(TranslationBasis.article_id.in_(ids))
    )
    return {id_: bool(other) for id_, other in rows}


def _by_time(session: Session, translations: Mapping[int, int]) -> set[int]:
    if not translations:
        return set()
    said = said_at(session, {*translations, *translations.values()})
    return {
        id_
        for id_, original in translations.items()
        if id_ in said and original in said and said[id_] < said[original]
    }


def said_at(session: Session, ids: Collection[int]) -> dict[int, datetime]:
    """When each article's words last changed; moves of its life don't count."""
    rows = session.execute(
        select(Revision.article_id, func.max(Revision.at))
        .where(Revision.article_id.in_(ids))
        .group_by(Revision.article_id)
    )
    return dict(rows.all())
