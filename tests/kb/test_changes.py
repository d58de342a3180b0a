"""What differs between two revisions beside their words."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience
from kb.changes import FieldChange, changed_fields
from kb.models import ArticleKind

TEXT = ArticleText(title="甲", body="乙", system="oa", keywords=("旧", "同"), also=("怎么办",), units=("ld",))


def test_every_field_that_changed_is_named(session: Session) -> None:
    article = articles.write(session, TEXT, by=1)
    other = replace(
        TEXT,
        kind=ArticleKind.HOWTO,
        system=None,
        module="mail",
        keywords=("同", "新"),
        also=("怎么办", "打不开"),
        audience=Audience.STAFF,
        units=(),
    )
    articles.revise(session, article, other, by=1)
    session.expire_all()
    assert list(changed_fields(*article.revisions)) == [
        FieldChange("also", (), ("打不开",)),
        FieldChange("keywords", ("旧",), ("新",)),
        FieldChange("units", ("ld",), ()),
        FieldChange("kind", ("faq",), ("howto",)),
        FieldChange("system", ("oa",), ()),
        FieldChange("module", (), ("mail",)),
        FieldChange("audience", ("everyone",), ("staff",)),
    ]


def test_a_revision_without_facts_is_not_compared_by_them(session: Session) -> None:
    article = articles.write(session, TEXT, by=1)
    articles.revise(session, article, replace(TEXT, system="mkt", keywords=()), by=1)
    article.revisions[0].facts = {}
    assert [row.name for row in changed_fields(*article.revisions)] == ["keywords"]
