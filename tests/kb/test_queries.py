"""One rule, two shapes: for any articles and any viewer, both shapes give the same answer."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from kb.audience import Audience, Viewer
from kb.flow import ArticleState
from kb.models import Article, ArticleKind, ArticleUnit
from kb.queries import is_readable, readable_articles
from kb.search import document_of, is_searchable

UNITS = ("hq", "ld", "ld-cy", "hl")
MOMENT = datetime(2026, 3, 2, tzinfo=UTC)

articles = st.tuples(
    st.sampled_from(ArticleState), st.sampled_from(Audience), st.sets(st.sampled_from(UNITS), max_size=3)
)
viewers = st.builds(
    Viewer,
    levels=st.frozensets(st.sampled_from(Audience)),
    units=st.frozensets(st.sampled_from(UNITS), max_size=3),
)


def shelve(session: Session, rows: list[tuple[ArticleState, Audience, set[str]]]) -> list[Article]:
    made = [
        Article(
            number=f"KB{number:06d}",
            kind=ArticleKind.FAQ,
            title="标题",
            body="正文",
            state=state,
            audience=audience,
            author_id=1,
            created_at=MOMENT,
            updated_at=MOMENT,
            unit_rows=[ArticleUnit(unit=unit) for unit in sorted(units)],
        )
        for number, (state, audience, units) in enumerate(rows, 1)
    ]
    session.add_all(made)
    session.flush()
    return made


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(articles, min_size=1, max_size=12), viewers)
def test_both_shapes_agree(
    session: Session, rows: list[tuple[ArticleState, Audience, set[str]]], viewer: Viewer
) -> None:
    try:
        made = shelve(session, rows)
        found = set(session.scalars(readable_articles(viewer)))
        assert found == {article for article in made if is_readable(article, viewer)}
        # The index filters by the same tokens, so that hidden things take no result slots.
        indexed = {row for row in made if is_searchable(row) and document_of(row).audience & viewer.tokens}
        assert indexed == found
    finally:
        session.rollback()


def test_a_viewer_who_holds_nothing_sees_nothing(session: Session) -> None:
    made = shelve(session, [(ArticleState.PUBLISHED, audience, set()) for audience in Audience])
    nobody = Viewer(levels=frozenset())
    assert not session.scalars(readable_articles(nobody)).all()
    assert not any(is_readable(article, nobody) for article in made)


def test_everyone_reads_what_is_for_everyone(session: Session) -> None:
    made = shelve(session, [(ArticleState.PUBLISHED, Audience.EVERYONE, set())])
    assert session.scalars(readable_articles(Viewer())).all() == made
