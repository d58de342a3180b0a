"""Owner and review date that a file brings on the page: shown before, laid down, given back."""

from __future__ import annotations

from datetime import date, timedelta

from tests.web.conftest import Clients
from tests.web.test_article_imports import Maker, shelf, upload, work_off

FIELD = "external_id,title,body,owner,review_on\n"


def test_an_import_on_a_page_gives_it_back_when_it_is_taken_back(client: Clients, maker: Maker) -> None:
    editor, day = client("editor"), date.today() + timedelta(days=200)
    first = upload(editor, ("a.csv", f"{FIELD}1,怎样登录,打开首页,editor,\n"), source="faq")
    editor.submit(f"{first}/confirm")
    work_off(editor, first)
    before = shelf(maker)["怎样登录"]
    second = upload(editor, ("a.csv", f"{FIELD}1,怎样登录,打开首页,expert,{day}\n"), source="faq")
    assert "更新 <b>1</b>" in editor.get(second).text
    assert str(day) in editor.get(f"{second}/items/0").text
    editor.submit(f"{second}/confirm")
    work_off(editor, second)
    after = shelf(maker)["怎样登录"]
    assert after.review_on == day
    assert after.owner_id != before.owner_id
    editor.submit(f"{second}/undo")
    work_off(editor, second)
    found = shelf(maker)["怎样登录"]
    assert (found.owner_id, found.review_on) == (before.owner_id, before.review_on)
