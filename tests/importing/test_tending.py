"""Owner, review date and end of validity travel with an article's row; who may lay them down is asked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import CLOCK
from kb.exporting.articles import COLUMNS, article_rows
from kb.exporting.files import write_file
from kb.flow import ArticleAction, Duty
from kb.importing.articles import FIELDS, load
from kb.importing.outcome import Outcome
from kb.importing.plan import plan_for
from kb.importing.rows import read_rows
from kb.models import Article, AtExpiry
from portal.tickets.references import References
from tests.importing.conftest import reasons, rows_of
from tests.world import World

NOON = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
ROW = {
    "external_id": "1",
    "title": "怎样重置密码",
    "body": "先打开登录页。",
    "owner": "Expert",
    "review_on": "2026-09-01",
    "expires_on": "2026-12-31",
    "at_expiry": "下线",
}
CARE = ("owner", "review_on", "expires_on", "at_expiry")


@pytest.fixture
def desk(session: Session, desk_world: World) -> Session:
    session.info[CLOCK] = NOON
    return session


def bring(session: Session, *values: dict[str, Any], duties: Collection[Duty] | None = None) -> Outcome:
    records = plan_for("article", FIELDS).records(rows_of(*values), source="faq")
    settle = References(session).of_article
    return load(session, records, by=1, publish=duties is None, settle=settle, duties=duties)


def only(session: Session) -> Article:
    session.flush()
    return session.scalars(select(Article)).one()


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.unchanged


def remarks(outcome: Outcome) -> str:
    return " ".join(remark.reason for remark in outcome.remarks)


def test_a_row_says_who_looks_after_its_article(desk: Session, desk_world: World) -> None:
    assert counts(bring(desk, ROW)) == (1, 0, 0)
    article = only(desk)
    assert article.owner_id == desk_world.people["expert"].id
    assert (article.review_on, article.expires_on) == (date(2026, 9, 1), date(2026, 12, 31))
    assert article.at_expiry == AtExpiry.RETIRE
    assert counts(bring(desk, ROW)) == (0, 0, 1)
    version = article.version
    assert counts(bring(desk, {**ROW, "review_on": "2026-08-01"})) == (0, 1, 0)
    assert only(desk).review_on == date(2026, 8, 1)
    assert only(desk).version > version
    assert [move.action for move in only(desk).moves][-1] == ArticleAction.SET_REVIEW
    assert len(only(desk).revisions) == 1  # no word has changed


def test_what_a_row_does_not_say_stays(desk: Session) -> None:
    bring(desk, ROW)
    before = [getattr(only(desk), name) for name in ("owner_id", "review_on", "expires_on", "at_expiry")]
    for row in ({**ROW, **dict.fromkeys(CARE, "")}, {name: ROW[name] for name in ROW if name not in CARE}):
        assert counts(bring(desk, row)) == (0, 0, 1)
    assert [
        getattr(only(desk), name) for name in ("owner_id", "review_on", "expires_on", "at_expiry")
    ] == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"owner": "nobody"}, "账号“nobody”在这里没有"),
        ({"owner": "agent"}, "不能写知识"),
        ({"expires_on": "2026-01-31"}, "已经过去"),
    ],
)
def test_what_cannot_be_is_left_out_and_said(desk: Session, said: dict[str, str], words: str) -> None:
    outcome = bring(desk, {**ROW, **said})
    assert counts(outcome) == (1, 0, 0)
    assert words in remarks(outcome)
    assert counts(bring(desk, {**ROW, **said})) == (0, 0, 1)


@pytest.mark.parametrize("said", [{"review_on": "soon"}, {"at_expiry": "explode"}])
def test_what_is_no_day_is_a_bad_row(desk: Session, said: dict[str, str]) -> None:
    assert reasons(bring(desk, {**ROW, **said}))


def test_only_those_who_publish_lay_it_down(desk: Session) -> None:
    outcome = bring(desk, ROW, duties={Duty.WRITE})
    assert "由知识编辑安排" in remarks(outcome)
    assert only(desk).expires_on is None
    assert only(desk).owner_id == 1
    assert counts(bring(desk, ROW, duties={Duty.WRITE, Duty.PUBLISH})) == (0, 1, 0)
    assert only(desk).expires_on == date(2026, 12, 31)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "manual"])
def test_it_goes_out_and_comes_home(desk: Session, desk_world: World, tmp_path: Path, name: str) -> None:
    bring(desk, ROW)
    logins = {person.id: person.login for person in desk_world.people.values()}
    rows = list(article_rows(desk, select(Article), logins=logins))
    assert [rows[0][field] for field in CARE] == [
        "expert",
        date(2026, 9, 1),
        date(2026, 12, 31),
        AtExpiry.RETIRE,
    ]
    path = tmp_path / name
    write_file(path, COLUMNS, rows)
    records = list(plan_for("article", FIELDS).records(read_rows(path), source="faq"))
    outcome = load(desk, records, by=1, settle=References(desk).of_article)
    assert counts(outcome) == (0, 0, 1), outcome.as_dict()
