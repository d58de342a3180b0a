"""Packs on the pages: a stranger's pack, trust, preview, choices, taking, taking back; making; synonyms."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.flow import ArticleState
from kb.models import Article
from portal.packs import signing
from portal.packs.manifest import opened
from portal.people.models import AuditEntry
from tests.packs.desks import Desk, desk_at
from tests.web.conftest import Clients, Visitor, Writing

TITLE = "电费发票怎么下载"


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Desk]:
    desk = desk_at(tmp_path / "far", "海陵服务台")
    yield desk
    desk.close()


def bring(browser: Visitor, content: bytes, *, follow: bool = True) -> str:
    """Upload a pack; the number of its page."""
    fields = {"csrf_token": browser.token(), "file": (io.BytesIO(content), "far.tdpack")}
    answer = browser.post("/packs", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    found = re.search(r"/packs/(\d+)", answer.location)
    assert found
    return found[1]


def compared(browser: Visitor, number: str) -> str:
    """Go on until nothing moves; the page then."""
    for _ in range(20):
        page = browser.get(f"/packs/{number}").text
        if 'hx-trigger="load' not in page:
            return page
        browser.submit(f"/packs/{number}/on")
    raise AssertionError("it never came to rest")


def trust(admin: Visitor, number: str, far: Desk) -> None:
    typed = signing.fingerprint(far.key.public).lower()
    answer = admin.submit(f"/packs/{number}/trust", {"name": "海陵", "fingerprint": typed})
    assert answer.status_code == 302, answer.text


def test_a_strangers_pack_waits_for_an_administrator(far: Desk, client: Clients) -> None:
    far.publish(TITLE)
    editor, admin = client("editor"), client("admin")
    number = bring(editor, far.make().read_bytes())
    page = editor.get(f"/packs/{number}").text
    assert "还没有受信任" in page
    assert TITLE not in page
    assert editor.submit(f"/packs/{number}/trust").status_code == 404
    assert editor.submit(f"/packs/{number}/apply").status_code == 422
    wrong = admin.submit(f"/packs/{number}/trust", {"name": "海陵", "fingerprint": "AAAA-BBBB"})
    assert wrong.status_code == 422
    assert "AAAA-BBBB" in wrong.text
    assert "不一致" in wrong.text
    trust(admin, number, far)
    assert TITLE not in compared(admin, number), "an administrator sees who signed, not what is in it"
    assert TITLE in compared(editor, number)


def test_choices_taking_and_taking_back(
    far: Desk, client: Clients, maker: sessionmaker[Session], published: Writing
) -> None:
    far.publish(TITLE, system="mkt")
    far.publish("公文打不开")
    editor = client("editor")
    number = bring(editor, far.make().read_bytes())
    trust(client("admin"), number, far)
    page = compared(editor, number)
    [first, second] = dict.fromkeys(re.findall(r"/items/(\d+)/choose", page))
    assert "接收 2 条" in page
    part = editor.submit_fragment(f"/packs/{number}/items/{second}/choose", {"choice": "keep"})
    assert "接收 1 条" in part.text
    look = editor.get(f"/packs/{number}/items/{first}").text
    assert "<ins>1. 按步骤操作。</ins>" in look
    told = re.sub(r"<[^>]+>", "", look)
    for name in ("所有人", "营销业务应用系统", "常见问题", "中文"):
        assert name in told, "labels, where the pack has codes"
    for code in ("everyone", "mkt", "faq"):
        assert not re.search(rf"\b{code}\b", told), code
    editor.submit(f"/packs/{number}/apply")
    page = compared(editor, number)
    assert "已接收" in page
    found = {row.title: row.state for row in articles_of(maker)}
    assert found == {TITLE: ArticleState.IN_REVIEW}
    editor.submit(f"/packs/{number}/undo")
    assert "已撤销" in compared(editor, number)
    assert {row.title: row.state for row in articles_of(maker)} == {TITLE: ArticleState.DRAFT}
    with maker() as session:
        deeds = [
            row.action for row in session.scalars(select(AuditEntry).where(AuditEntry.subject == "pack"))
        ]
    assert deeds == ["receive", "apply", "done", "undo", "undone"]


def articles_of(maker: sessionmaker[Session]) -> list[Article]:
    with maker() as session:
        return list(session.scalars(select(Article).order_by(Article.id)))


def test_what_is_no_pack_is_answered_with_a_sentence(far: Desk, client: Clients) -> None:
    editor = client("editor")
    far.publish(TITLE)
    whole = far.make().read_bytes()
    for content in (b"", b"PK\x03\x04", whole[:-40], b"\x00" * 5000):
        fields = {"csrf_token": editor.token(), "file": (io.BytesIO(content), "far.tdpack")}
        answer = editor.post("/packs", data=fields, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert "资料包" in answer.text
    assert "还没有收到资料包" in editor.get("/packs").text


def test_a_pack_is_made_and_handed_over(client: Clients, published: Writing, tmp_path: Path) -> None:
    published(TITLE)
    published("只给专家看的", audience="experts")
    editor = client("editor")
    assert editor.get("/packs/make").status_code == 200
    answer = editor.submit("/packs/make", {"kinds": ["article"], "audience": "staff"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(".tdpack")
    path = tmp_path / "made.tdpack"
    path.write_bytes(answer.data)
    with opened(path) as found:
        assert found.manifest.counts["article"] == 1
        assert b"editor" not in b"".join(found.archive.lines("articles.jsonl"))
    nothing = editor.submit("/packs/make", {"kinds": ["synonym"], "audience": "staff"})
    assert nothing.status_code == 422
    assert "没有符合条件" in nothing.text
    assert editor.submit("/packs/make", {"audience": "staff"}).status_code == 422
    assert "#1" in editor.get("/packs").text


def test_each_route_is_for_those_who_need_it(far: Desk, client: Clients) -> None:
    far.publish(TITLE)
    number = bring(client("editor"), far.make().read_bytes())
    for login, seen in {
        "editor": {"/packs", f"/packs/{number}", "/packs/make", "/packs/senders", "/knowledge/synonyms"},
        "expert": {"/packs", f"/packs/{number}", "/packs/senders", "/knowledge/synonyms"},
        "manager": {"/packs", "/packs/make", "/packs/senders"},
        "admin": {"/packs", f"/packs/{number}", "/packs/senders"},
        "agent": set(),
        "wang": set(),
    }.items():
        browser = client(login)
        for path in ("/packs", f"/packs/{number}", "/packs/make", "/packs/senders", "/knowledge/synonyms"):
            wanted = 200 if path in seen else 404
            assert browser.get(path).status_code == wanted, (login, path)


def test_an_item_of_another_pack_is_not_there(far: Desk, client: Clients) -> None:
    far.publish(TITLE)
    editor, admin = client("editor"), client("admin")
    first = bring(editor, far.make().read_bytes())
    trust(admin, first, far)
    page = compared(editor, first)
    item = re.search(r"/items/(\d+)/choose", page)
    assert item
    far.publish("又一篇")
    second = bring(editor, far.make().read_bytes())
    compared(editor, second)
    assert editor.get(f"/packs/{second}/items/{item[1]}").status_code == 404
    assert editor.submit(f"/packs/{second}/items/{item[1]}/choose", {"choice": "keep"}).status_code == 404
    assert editor.submit(f"/packs/{first}/items/{item[1]}/choose", {"choice": "beside"}).status_code == 422
    assert editor.submit(f"/packs/{first}/items/{item[1]}/choose", {"choice": "never"}).status_code == 404


def test_nothing_of_an_address_but_its_filters_is_repeated(far: Desk, client: Clients) -> None:
    far.publish(TITLE)
    editor = client("editor")
    number = bring(editor, far.make().read_bytes())
    trust(client("admin"), number, far)
    for query in ("number=7&item=8", "_external=1&_scheme=javascript", "standing=nonsense&page=x"):
        compared(editor, number)
        assert editor.get(f"/packs/{number}?{query}").status_code == 200
        back = editor.submit(f"/packs/{number}/again?{query}")
        assert back.location.startswith(f"/packs/{number}")


def test_hostile_words_in_a_pack_are_words(far: Desk, client: Clients) -> None:
    evil = "<img src=x onerror=alert(1)>"
    far.publish(evil, f"{evil} [x](javascript:alert(1))")
    editor = client("editor")
    number = bring(editor, far.make().read_bytes())
    trust(client("admin"), number, far)
    page = compared(editor, number)
    item = re.search(r"/items/(\d+)", page)
    assert item
    for text in (page, editor.get(f"/packs/{number}/items/{item[1]}").text):
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text


def test_senders_are_trusted_by_their_key_and_let_go(far: Desk, client: Clients) -> None:
    admin = client("admin")
    public, typed = signing.spelled(far.key.public), signing.fingerprint(far.key.public)
    given = {"name": "海陵", "public_key": public, "fingerprint": "ABCD"}
    wrong = admin.submit("/packs/senders", given)
    assert wrong.status_code == 422
    assert public in wrong.text
    assert admin.submit("/packs/senders", {**given, "fingerprint": typed}).status_code == 302
    assert admin.submit("/packs/senders", {**given, "public_key": "no key"}).status_code == 422
    assert client("editor").submit("/packs/senders/1/distrust").status_code == 404
    assert admin.submit("/packs/senders/1/distrust").status_code == 302
    assert "已不再信任" in admin.get("/packs/senders").text
    far.publish(TITLE)
    number = bring(client("editor"), far.make().read_bytes())
    assert "还没有受信任" in client("editor").get(f"/packs/{number}").text


def test_synonyms_are_added_found_by_and_taken_out(
    client: Clients, published: Writing, reindex: Callable[[], None]
) -> None:
    published("网厅密码忘记了怎么重置")
    reindex()
    editor, wang = client("editor"), client("wang")
    wrong = editor.submit("/knowledge/synonyms", {"words": "只有一个"})
    assert wrong.status_code == 422
    assert "只有一个" in wrong.text
    before = wang.get("/search?q=蓝精灵").text
    assert "怎么重置" not in before
    assert editor.submit("/knowledge/synonyms", {"words": "蓝精灵，网厅"}).status_code == 302
    assert "怎么重置" in wang.get("/search?q=蓝精灵").text.replace("<mark>", "").replace("</mark>", "")
    assert editor.submit("/knowledge/synonyms", {"words": "网厅 , 蓝精灵"}).status_code == 422
    assert "蓝精灵" in editor.get("/knowledge/synonyms?q=精灵").text
    assert "蓝精灵" not in editor.get("/knowledge/synonyms?q=没有这个").text
    assert client("expert").submit("/knowledge/synonyms", {"words": "甲乙，丙丁"}).status_code == 404
    assert editor.submit("/knowledge/synonyms/1/remove").status_code == 302
    assert "怎么重置" not in wang.get("/search?q=蓝精灵").text
