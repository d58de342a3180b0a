"""What an article or a defect here says, in the words of packs: names for numbers, hashes for files.

Read a few hundred at a time, with a fixed number of queries. No person is named, no ticket, no figure of
this desk. The invariant: two desks that hold the same item say the same content, so that it hashes alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect, DefectArticle
from kb.articles import text_of
from kb.models import Article
from portal.packs import texts, ties
from portal.packs.words import Kind
from portal.tickets.file_types import OPEN_TO_READERS
from portal.tickets.models import Attachment

_TEXT = ("title", "kind", "language", "system", "module", "category", "audience")
_LISTS = ("keywords", "also", "units")
DEFECT_PLAIN = (
    "title",
    "system",
    "module",
    "severity",
    "fixed_in",
    "reproduce",
    "cause",
    "workaround",
    "fix",
    "data_fix",
    "shown_to_users",
)
DEFECT_LISTS = ("symptoms", "codes", "affected")


@dataclass(frozen=True, slots=True)
class Portable:
    """One thing of this desk, ready to be compared or carried; ``files``: hash → where it lies."""

    id: int
    ident: str
    content: dict[str, Any]
    files: Mapping[str, Attachment] = field(default_factory=dict)


def of_articles(session: Session, articles: Sequence[Article], *, desk: str) -> dict[int, Portable]:
    """id → what it says; for a few hundred at the most."""
    ids = {row.id for row in articles}
    idents = ties.idents_of(
        session,
        Kind.ARTICLE,
        ids | {row.translation_of_id for row in articles if row.translation_of_id},
        desk=desk,
    )
    numbers = set().union(*(texts.numbers_in(row.body) for row in articles)) if articles else set()
    led_to = ties.idents_by_number(session, numbers, desk=desk)
    attachments = _attachments(session, articles)
    return {row.id: _of_article(row, idents, led_to, attachments) for row in articles}


def _attachments(session: Session, articles: Sequence[Article]) -> dict[int, Attachment]:
    """Files that the texts show and that may be had: of the article itself or of its original."""
    wanted = set().union(*(texts.files_in(row.body) for row in articles)) if articles else set()
    rows = select(Attachment).where(
        Attachment.id.in_(wanted),
        Attachment.article_id.is_not(None),
        Attachment.withdrawn_at.is_(None),
        Attachment.scan.in_(OPEN_TO_READERS),
    )
    return {row.id: row for row in session.scalars(rows)} if wanted else {}


def _of_article(
    article: Article,
    idents: Mapping[int, str],
    led_to: Mapping[str, str],
    attachments: Mapping[int, Attachment],
) -> Portable:
    family = {article.id, article.translation_of_id}
    shown = [attachments[id_] for id_ in sorted(texts.files_in(article.body)) if id_ in attachments]
    own = {row.id: row for row in shown if row.article_id in family}
    text = text_of(article)
    files: dict[str, Attachment] = {}
    for row in own.values():
        files.setdefault(row.sha256, row)
    content: dict[str, Any] = {name: _plain(getattr(text, name)) for name in _TEXT}
    content |= {name: list(getattr(text, name)) for name in _LISTS}
    content["body"] = texts.outward(
        article.body, idents=led_to, files={id_: row.sha256 for id_, row in own.items()}
    )
    content["translation_of"] = idents.get(article.translation_of_id or 0)
    content["files"] = [{"sha256": sha, "name": files[sha].name} for sha in sorted(files)]
    return Portable(article.id, idents[article.id], content, files)


def of_defects(session: Session, defects: Sequence[Defect], *, desk: str) -> dict[int, Portable]:
    """The same for defect records."""
    ids = [row.id for row in defects]
    idents = ties.idents_of(session, Kind.DEFECT, ids, desk=desk)
    tied: dict[int, list[int]] = {}
    rows = select(DefectArticle.defect_id, DefectArticle.article_id).where(DefectArticle.defect_id.in_(ids))
    for defect_id, article_id in session.execute(rows):
        tied.setdefault(defect_id, []).append(article_id)
    articles = ties.idents_of(
        session, Kind.ARTICLE, {id_ for several in tied.values() for id_ in several}, desk=desk
    )
    return {
        row.id: Portable(
            row.id, idents[row.id], _of_defect(row, [articles[id_] for id_ in tied.get(row.id, ())])
        )
        for row in defects
    }


def _of_defect(defect: Defect, articles: Sequence[str]) -> dict[str, Any]:
    content: dict[str, Any] = {name: getattr(defect, name) for name in DEFECT_PLAIN}
    content |= {name: list(getattr(defect, name)) for name in DEFECT_LISTS}
    return {**content, "type": str(defect.type), "articles": sorted(articles)}


def of(session: Session, kind: Kind, rows: Sequence[Any], *, desk: str) -> dict[int, Portable]:
    if kind == Kind.ARTICLE:
        return of_articles(session, rows, desk=desk)
    return of_defects(session, rows, desk=desk)


def _plain(value: Any) -> Any:
    return value.value if hasattr(value, "value") else value
