"""What somebody read lately, for their own way back to it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, delete
from sqlalchemy.orm import Session

from kb.audience import Viewer
from kb.columns import now
from kb.models import Article
from kb.queries import readable_articles
from kb.readers.models import ReadMark

KEPT = timedelta(days=90)


def note_read(session: Session, article_id: int, *, by: int) -> None:
    """This person reads this article now; what they read long ago is forgotten."""
    moment = now(session)
    mark = session.get(ReadMark, (by, article_id))
    if mark is None:
        session.add(ReadMark(person_id=by, article_id=article_id, at=moment))
    else:
        mark.at = moment
    session.execute(
        delete(ReadMark)
        .where(ReadMark.person_id == by, ReadMark.at < moment - KEPT)
        .execution_options(synchronize_session=False)
    )


def recently_read(viewer: Viewer) -> Select[Article]:
    """What this viewer read lately and may still read, the last first."""
    mine = (ReadMark.article_id == Article.id) & (ReadMark.person_id == viewer.person_id)
    return readable_articles(viewer).join(ReadMark, mine).order_by(ReadMark.at.desc(), Article.id)
