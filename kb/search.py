"""What the index is told about an article. The index suggests; ``kb.queries`` decides who may read."""

from __future__ import annotations

from indexer.document import Document
from kb.audience import tokens_of
from kb.flow import READABLE
from kb.markdown import plain
from kb.models import Article

KIND = "article"


def is_searchable(article: Article) -> bool:
    """Does this article belong in the index at all?"""
    return article.state in READABLE


def document_of(article: Article) -> Document:
    """The article as the index sees it."""
    facets = {
        "system": article.system,
        "module": article.module,
        "category": article.category,
        "language": article.language,
        "state": article.state,
        "month": f"{article.updated_at:%Y-%m}",  # of UTC, as stored
    }
    return Document(
        kind=KIND,
        id=str(article.id),
        title=article.title,
        body=plain(article.body),
        also=tuple(article.also),
        codes=(article.number, *article.keywords),
        facets={name: str(value) for name, value in facets.items() if value},
        audience=tokens_of(article.audience, article.units),
        version=f"{article.id}:{article.version}",
        popularity=float(article.solved - article.not_solved),
    )
