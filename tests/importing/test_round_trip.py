"""What is exported is imported elsewhere as it was, and at home changes nothing; no cell is a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb import articles
from kb.articles import ArticleText, text_of
from kb.exporting.articles import COLUMNS, article_rows
from kb.exporting.files import CELL_LIMIT, write_file
from kb.importing.articles import FIELDS, load
from kb.importing.outcome import BadFile, Outcome
from kb.importing.plan import plan_for
from kb.importing.rows import read_rows
from kb.models import Article, ArticleKind
from portal import db

TEXTS = (
    ArticleText(title="怎样重置密码", body="# 步骤\n\n- 打开登录页\n- 点“忘记密码”", keywords=("甲,乙",)),
    ArticleText(
        title='=HYPERLINK("http://x","点我")', body="@SUM(A1)\n第二行,带逗号;分号", also=("+1", "-2")
    ),
    ArticleText(
        title="'=1", body="'''quoted", kind=ArticleKind.HOWTO, units=("ld", "hl"), keywords=("a", "b")
    ),
    ArticleText(
        title="---", body="---\nnot: front matter\n---", system="mkt", module="bill", category="data"
    ),
)
NAMES = ("a.csv", "a.csv.gz", "a.xlsx", "a.jsonl", "a.jsonl.gz", "pages")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Session]:
    """Another desk."""
    engine = db.engine_for(f"sqlite:///{tmp_path / 'other.db'}")
    db.create_all(engine)
    with db.sessions_of(engine)() as session:
        yield session
    engine.dispose()


def bring(session: Session, path: Path) -> Outcome:
    records = plan_for("article", FIELDS).records(read_rows(path), source="x")
    return load(session, records, by=1)


def fill(session: Session) -> None:
    for text in TEXTS:
        articles.write(session, text, by=1)
    english = articles.write(session, ArticleText(title="How", body="So.", language="en"), by=1)
    english.translation_of = session.scalars(select(Article).order_by(Article.id)).first()
    session.commit()


def seen(session: Session) -> list[tuple[ArticleText, str | None]]:
    rows = session.scalars(select(Article).order_by(Article.id))
    return [(text_of(row), row.translation_of.title if row.translation_of else None) for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_articles_go_out_and_come_in(session: Session, elsewhere: Session, tmp_path: Path, name: str) -> None:
    fill(session)
    path = tmp_path / name
    assert write_file(path, COLUMNS, article_rows(session, select(Article))) == 5
    assert bring(elsewhere, path).new == 5
    assert seen(elsewhere) == seen(session)
    for place in (session, elsewhere):
        again = bring(place, path)
        assert (again.new, again.changed, again.unchanged) == (0, 0, 5)


def test_no_cell_of_a_table_is_a_formula(session: Session, tmp_path: Path) -> None:
    fill(session)
    for name in ("a.csv", "a.xlsx"):
        write_file(tmp_path / name, COLUMNS, article_rows(session, select(Article)))
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        cells: list[Any] = [cell for row in csv.reader(file) for cell in row]
    sheet = load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    cells += [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_cell_that_excel_would_cut_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="JSONL"):
        write_file(tmp_path / "a.xlsx", ["body"], [{"body": "长" * (CELL_LIMIT + 1)}])
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="Markdown"):
        write_file(tmp_path / "a.pdf", ["body"], [])
