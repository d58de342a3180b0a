"""Articles come in whole rows, once; a second run leaves them alone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, ArticleState, Refused
from kb.importing.articles import FIELDS, load
from kb.importing.identity import own_id
from kb.importing.outcome import Outcome
from kb.importing.plan import Plan, Table, plan_for
from kb.models import Article, Revision
from portal.tickets.references import References
from tests.importing.conftest import reasons, rows_of
from tests.statements import statements_sent
from tests.world import World

WORDS = {"external_id": "1", "title": "怎样重置密码", "body": "先打开登录页。"}


def bring(session: Session, *values: dict[str, Any], plan: Plan | None = None, **options: Any) -> Outcome:
    plan = plan or plan_for("article", FIELDS)
    records = plan.records(rows_of(*values), source="faq")
    return load(session, records, by=1, originals=plan.originals, **options)


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.unchanged


def all_articles(session: Session) -> list[Article]:
    return list(session.scalars(select(Article).order_by(Article.id)))


def test_a_second_run_changes_nothing(session: Session) -> None:
    rows = [{**WORDS, "external_id": str(n), "title": f"问题 {n}", "keywords": "甲、乙"} for n in range(5)]
    assert counts(bring(session, *rows)) == (5, 0, 0)
    before = [(row.version, row.updated_at) for row in all_articles(session)]
    assert counts(bring(session, *rows)) == (0, 0, 5)
    assert [(row.version, row.updated_at) for row in all_articles(session)] == before


def test_a_changed_row_leaves_a_revision(session: Session) -> None:
    bring(session, WORDS)
    assert counts(bring(session, {**WORDS, "body": "新的办法。", "note": "第二版"})) == (0, 1, 0)
    (article,) = all_articles(session)
    assert [(row.body, row.note) for row in article.revisions] == [
        ("先打开登录页。", ""),
        ("新的办法。", "第二版"),
    ]


def test_a_row_without_an_id_is_known_by_its_title(session: Session) -> None:
    rows = [
        {"title": "同名", "body": "一"},
        {"title": "同名", "body": "二"},
        {"title": "另一个", "body": "三"},
    ]
    assert counts(bring(session, *rows)) == (3, 0, 0)
    assert counts(bring(session, *rows)) == (0, 0, 3)
    assert counts(bring(session, {"title": "另一个", "body": "改了"})) == (0, 1, 0)


def test_numbers_go_on_from_the_highest(session: Session) -> None:
    articles.write(session, ArticleText(title="一", body="b"), by=1)
    bring(session, WORDS, {**WORDS, "external_id": "2"})
    assert [row.number for row in all_articles(session)] == ["KB000001", "KB000002", "KB000003"]


def test_a_bad_row_keeps_everything_out(session: Session) -> None:
    outcome = bring(session, WORDS, {**WORDS, "external_id": "2", "kind": "novel"})
    assert reasons(outcome) == ["3: 类型（kind）只能是 faq、howto、known_error、policy，不能是“novel”。"]
    assert counts(outcome) == (0, 0, 0)
    assert not all_articles(session)


def test_bad_rows_may_be_skipped(session: Session) -> None:
    outcome = bring(session, {**WORDS, "title": "长" * 301}, WORDS, skip_bad=True)
    assert outcome.new == 1
    assert "有 301 个字符，超过上限 300" in reasons(outcome)[0]


def test_the_same_id_twice_in_a_file_is_refused(session: Session) -> None:
    assert "与 rows.csv 第 2 行 重复" in reasons(bring(session, WORDS, WORDS))[0]


# ── languages ────────────────────────────────────────────────────────────────────────────────────

BOTH = Plan(
    (
        Table({"external_id": "{id}.zh", "title": "zh", "body": "zh"}, by_name=False),
        Table(
            {"external_id": "{id}.en", "title": "en", "body": "en"}, {"language": "en"}, {}, 1, by_name=False
        ),
    )
)


def test_one_row_may_give_an_article_and_its_translation(session: Session) -> None:
    rows = [{"id": n, "zh": f"问题 {n}", "en": f"question {n}"} for n in range(3)]
    assert counts(bring(session, *rows, plan=BOTH)) == (6, 0, 0)
    assert counts(bring(session, *rows, plan=BOTH)) == (0, 0, 6)
    english = [row for row in all_articles(session) if row.language == "en"]
    assert all(row.translation_of and row.translation_of.title == f"问题 {row.title[-1]}" for row in english)


def test_a_row_is_refused_whole(session: Session) -> None:
    outcome = bring(session, {"id": 1, "zh": "好", "en": ""}, plan=BOTH, skip_bad=True)
    assert outcome.new == 0
    assert outcome.as_dict()["rejected"] == 1


def test_a_translation_finds_its_original_wherever_it_stands(session: Session) -> None:
    english = {"external_id": "1.en", "title": "How", "body": "b", "language": "en", "translation_of": "1"}
    assert counts(bring(session, english, WORDS)) == (2, 0, 0)
    later = {**english, "external_id": "1.fr", "language": "fr"}
    assert bring(session, later).new == 1
    original = session.scalars(select(Article).where(Article.external_id == "1")).one()
    others = session.scalars(select(Article.translation_of_id).where(Article.external_id != "1"))
    assert set(others) == {original.id}


@pytest.mark.parametrize("named", ["404", "1.en"])
def test_a_translation_of_nothing_or_of_itself_is_refused(session: Session, named: str) -> None:
    english = {"external_id": "1.en", "title": "How", "body": "b", "translation_of": named}
    assert "译自的" in reasons(bring(session, english))[0]


# ── publishing ───────────────────────────────────────────────────────────────────────────────────


def test_publishing_walks_the_table(session: Session) -> None:
    bring(session, WORDS, {**WORDS, "external_id": "2", "state": "draft"}, publish=True)
    first, second = all_articles(session)
    assert first.state == ArticleState.PUBLISHED
    assert first.published_at
    assert [move.action for move in first.moves] == [ArticleAction.SUBMIT, ArticleAction.PUBLISH]
    assert second.state == ArticleState.DRAFT


def test_publishing_later_is_a_change(session: Session) -> None:
    bring(session, WORDS)
    assert counts(bring(session, WORDS, publish=True)) == (0, 1, 0)
    assert counts(bring(session, WORDS, publish=True)) == (0, 0, 1)


# ── references ───────────────────────────────────────────────────────────────────────────────────


def test_names_become_codes_and_unknown_ones_are_refused(session: Session, desk_world: World) -> None:
    settle = References(session).of_article
    known = {
        **WORDS,
        "system": "营销业务应用系统",
        "module": "电费核算",
        "category": "咨询",
        "units": "岭东省公司",
    }
    assert bring(session, known, settle=settle).new == 1
    (article,) = all_articles(session)
    assert (article.system, article.module, article.category, article.units) == (
        "mkt",
        "bill",
        "consultation",
        ("ld",),
    )
    wrong = [
        {"system": "nosuch"},
        {"system": "mkt", "module": "mail"},
        {"module": "bill"},
        {"units": "xx"},
        {"category": "?"},
    ]
    for values in wrong:
        assert bring(session, {**WORDS, "external_id": "2", **values}, settle=settle).faults


# ── a desk's own articles ────────────────────────────────────────────────────────────────────────


def test_a_desks_own_article_is_found_again_and_another_desks_is_not_mistaken_for_it(
    session: Session,
) -> None:
    mine = articles.write(session, ArticleText(title="一", body="b"), by=1)
    home = {
        "source": "tierdesk",
        "external_id": own_id(mine.number, mine.created_at),
        "title": "一",
        "body": "b",
    }
    assert counts(bring(session, home)) == (0, 0, 1)
    assert counts(bring(session, {**home, "body": "改了"})) == (0, 1, 0)
    foreign = {**home, "external_id": f"{mine.number}@20200101T000000.000000"}
    assert counts(bring(session, foreign)) == (1, 0, 0)


# ── cost ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_number_of_statements_does_not_grow_with_the_rows(session: Session) -> None:
    def statements(count: int, start: int) -> int:
        rows = ({**WORDS, "external_id": str(n)} for n in range(start, start + count))
        with statements_sent(session) as seen:
            bring(session, *rows, publish=True)
        return sum(text.lstrip().upper().startswith("SELECT") for text in seen)

    assert statements(300, 1000) == statements(10, 2000)


def test_every_article_has_its_first_revision(session: Session) -> None:
    bring(session, *({**WORDS, "external_id": str(n), "note": "来自旧系统"} for n in range(3)))
    assert (
        session.scalar(select(func.count()).select_from(Revision).where(Revision.note == "来自旧系统")) == 3
    )


def test_check_refuses_what_the_pages_refuse() -> None:
    with pytest.raises(Refused):
        articles.check(ArticleText(title="", body="b"))
