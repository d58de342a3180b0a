"""The files of articles that leave with them: only what anybody who reads the article may open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kb.exporting.bundles import Copy, Files
from kb.models import Article
from portal.tickets.attachments import path_of
from portal.tickets.file_types import OPEN_TO_READERS
from portal.tickets.models import Attachment


def files_of(session: Session, wanted: Select[Article], folder: Path) -> Files:
    """The files of the wanted articles by their number, found in one statement."""
    inner = wanted.order_by(None).with_only_columns(Article.id)
    rows = session.execute(
        select(Article.number, Attachment)
        .join(Attachment, Attachment.article_id == Article.id)
        .where(
            Article.id.in_(inner),
            Attachment.withdrawn_at.is_(None),
            Attachment.scan.in_(sorted(OPEN_TO_READERS)),
        )
        .order_by(Attachment.id)
    )
    found: dict[str, list[Copy]] = {}
    for number, row in rows:
        found.setdefault(number, []).append(Copy(row.id, row.name, path_of(row, folder)))

    def of(number: str) -> Sequence[Copy]:
        return found.get(number, ())

    return of
