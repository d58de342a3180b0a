"""Filters at phone width: folded away behind how many are set, script or none; at a desk they lie open."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing, Writing

LISTS = {
    "/queues?tab=served": "&system=mkt&category=defect",
    "/defects": "?state=open&system=mkt&key=1",
    "/knowledge/gaps": "?system=mkt&mine=1",
    "/knowledge": "?system=mkt&state=draft",
}


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_shows_rows_first(person: People, filed: Filing, known: Writing, scripts: bool) -> None:
    filed("电费核算点重算一直转圈")
    known("电费重算后页面一直转圈")
    page = person("editor", viewport=PHONE, java_script_enabled=scripts)
    for path, narrowed in LISTS.items():
        page.goto(path)
        form = page.locator("form.has-fold")
        fold, system = form.locator(".fold > summary"), form.locator("select[name=system]")
        expect(form.locator("input[name=q]")).to_be_visible()
        expect(fold).to_have_text("筛选")
        expect(system).to_be_hidden()
        fold.click()
        expect(system).to_be_visible()
        page.goto(path + narrowed)
        expect(fold).to_contain_text("已设 2 项")
        expect(fold.locator("b")).to_have_text("2")
        expect(system).to_be_hidden()


def test_at_a_desk_nothing_is_folded(person: People) -> None:
    page = person("editor")
    for path, narrowed in LISTS.items():
        page.goto(path + narrowed)
        form = page.locator("form.has-fold")
        expect(form.locator("select[name=system]")).to_be_visible()
        expect(form.locator(".fold")).to_be_hidden()
