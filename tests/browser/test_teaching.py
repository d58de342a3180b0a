"""An expert judges what would help most by keys alone; an analyst sees the charts drawn and their tables."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from portal.causes.teaching.gathering import keep_queue
from portal.tickets.models import DefectLink, LinkVerdict
from tests.browser.conftest import People
from tests.browser.keyboard import presses
from tests.web.conftest import Filing, Writing
from tests.web.test_teaching import THINGS, measured


def test_the_queue_by_keys_and_the_charts(
    person: People,
    maker: sessionmaker[Session],
    index: Index,
    filed: Filing,
    known: Writing,
    reindex: Callable[[], None],
) -> None:
    for said in THINGS:
        known(said, symptoms=[said])
        filed(f"升级以后{said}")
    reindex()
    keep_queue(maker, index)
    expert = person("expert")
    expert.goto("/learning/queue")
    rows = expert.locator(".tch-picks li")
    expect(rows).to_have_count(3)
    first = expert.locator("#q-ticket").inner_text()
    presses(expert, "l")
    expect(expert.locator(".tch-done")).to_contain_text("已关联到缺陷")
    expect(rows).to_have_count(2)
    presses(expert, "u")
    expect(rows).to_have_count(3)
    expect(expert.locator("#q-ticket")).to_have_text(first)
    presses(expert, "j")
    expect(expert.locator("#q-ticket")).not_to_have_text(first)
    presses(expert, "o")  # 0 by its former name
    expect(expert.locator(".tch-done")).to_contain_text("背后没有已知的缺陷")
    presses(expert, "s")
    expect(rows).to_have_count(1)
    presses(expert, "x")
    expect(expert.locator(".empty-title")).to_have_text("现在没有要您判断的")
    with maker() as session:
        verdicts = list(session.scalars(select(DefectLink.verdict).order_by(DefectLink.id)))
    assert verdicts[0] == LinkVerdict.UNDONE
    assert set(verdicts[1:]) == {LinkVerdict.REJECTED}

    measured(maker, index, cases=60)
    analyst = person("analyst")
    analyst.goto("/learning")
    expect(analyst.locator("[data-teaching] svg")).to_have_count(2)
    analyst.locator("summary", has_text="看数字").first.click()
    expect(analyst.locator(".fig-table table").first).to_be_visible()
