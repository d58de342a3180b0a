"""Articles as rows that an import reads. Which articles, the caller's query says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kb.articles import text_of
from kb.importing.articles import FIELDS
from kb.importing.identity import Key, chunks, key_of
from kb.models import Article

#: The number is for people; an import reads the others.
COLUMNS = ("number", *(field.name for field in FIELDS if field.name != "note"))


def article_rows(
    session: Session, wanted: Select[Article], *, logins: Mapping[int, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Originals before their translations, a few hundred in memory at a time; ``logins``: who owners are."""
    first = select(Article.id).where(Article.id.in_(wanted.with_only_columns(Article.id)))
    order = (Article.translation_of_id.is_not(None), Article.id)
    ids = list(session.scalars(first.order_by(*order)))
    names = _names(session, ids)
    for part in chunks(ids):
        held = {row.id: row for row in session.scalars(select(Article).where(Article.id.in_(part)))}
        for number in part:
            yield _row(held[number], names, logins or {})


def _names(session: Session, ids: list[int]) -> dict[int, Key]:
    """id → what an import knows the article by."""
    found: dict[int, Key] = {}
    columns = (Article.id, Article.number, Article.created_at, Article.source, Article.external_id)
    for part in chunks(ids):
        for id_, number, created, source, external_id in session.execute(
            select(*columns).where(Article.id.in_(part))
        ):
            found[id_] = key_of(number, created, source=source, external_id=external_id)
    return found


def _row(article: Article, names: dict[int, Key], logins: Mapping[int, str]) -> dict[str, Any]:
    source, external_id = names[article.id]
    text = text_of(article)
    return {
        "number": article.number,
        "source": source,
        "external_id": external_id,
        "translation_of": _original(article, names, source),
        "state": article.state.value,
        "owner": logins.get(article.owner_id or 0),
        "review_on": article.review_on,
        "expires_on": article.expires_on,
        "at_expiry": article.at_expiry if article.expires_on else None,
        **{name: getattr(text, name) for name in text.__dataclass_fields__},
    }


def _original(article: Article, names: dict[int, Key], source: str) -> str | None:
    """Left out when the original is not among the exported: a translation alone is an article too."""
    name = names.get(article.translation_of_id or 0)
    if name is None:
        return None
    return name[1] if name[0] == source else "|".join(name)
