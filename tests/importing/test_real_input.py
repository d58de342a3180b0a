"""7,717 real rows in two languages, through the example map. The set is not part of the product."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.importing.articles import FIELDS, load
from kb.importing.plan import plan_for
from kb.importing.rows import read_rows
from kb.models import Article

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "bilingual_it_faq.jsonl.gz"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not REAL.is_file(), reason="the bilingual set lies beside the checkout only in development"
    ),
]


def test_every_row_gives_two_articles_and_a_second_run_none(session: Session) -> None:
    plan = plan_for("article", FIELDS, map_file=ROOT / "docs" / "examples" / "bilingual-faq.toml")
    for expected in ((15434, 0), (0, 15434)):
        records = plan.records(read_rows(REAL), source="real")
        outcome = load(session, records, by=1, publish=True, originals=plan.originals)
        assert outcome.faults == []
        assert (outcome.new, outcome.unchanged) == expected
    translated = select(func.count()).where(Article.translation_of_id.is_not(None), Article.language == "en")
    assert session.scalar(translated) == 7717
