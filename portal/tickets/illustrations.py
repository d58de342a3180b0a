"""Pictures of an article that were brought before the article was there: they become its own on saving.

The invariant: only files that the author brought and that hang on nothing else are taken.
"""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Article
from portal.people.models import Person
from portal.tickets.models import Attachment

NAMED = re.compile(r"/files/(\d{1,15})(?!\d)")


def adopt(session: Session, article: Article, *, by: Person) -> None:
    """Give the article the loose files of ``by`` that its text shows."""
    ids = {int(number) for number in NAMED.findall(article.body)}
    if not ids:
        return
    loose = select(Attachment).where(
        Attachment.id.in_(ids),
        Attachment.by_id == by.id,
        Attachment.article_id.is_(None),
        Attachment.ticket_id.is_(None),
    )
    for attachment in session.scalars(loose):
        attachment.article_id = article.id
    session.flush()
