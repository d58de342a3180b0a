"""Which judgements are struck out now, for everybody who reads judgements. Nothing is changed here."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.finder.lessons.models import Source, StruckJudgement


def marks(source: Source) -> Select[StruckJudgement]:
    """The standing marks."""
    return select(StruckJudgement).where(
        StruckJudgement.source == source, StruckJudgement.restored_at.is_(None)
    )


def mark_on(session: Session, source: Source, source_id: int) -> StruckJudgement | None:
    return session.scalars(marks(source).where(StruckJudgement.source_id == source_id)).first()


def struck(source: Source) -> Select[int]:
    """The numbers of the struck rows, for a ``not_in``."""
    return marks(source).with_only_columns(StruckJudgement.source_id)
