"""Bringing articles in on the page: upload, preview with pictures, confirm, taking back; and out again."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from kb.flow import ArticleState
from kb.models import Article
from portal.cli import importing_work
from portal.config import Settings
from portal.db import transaction
from portal.people.models import Person
from portal.tickets.models import Attachment
from portal.uploads import staging
from portal.uploads.models import Import, ImportItem, Phase, Stage
from tests.importing.material import docx, drawn, heading, manual, packed, paragraph, png
from tests.web.conftest import Clients, Visitor

Maker = sessionmaker[Session]
PAGE = "/knowledge/imports"


def files(*brought: tuple[str, bytes | str]) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(data.encode() if isinstance(data, str) else data), name) for name, data in brought]


def upload(browser: Visitor, *brought: tuple[str, bytes | str], **more: Any) -> str:
    """Bring files; the address of their import."""
    data = {"files": files(*brought), **more}
    answer = browser.submit(PAGE, data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def work_off(browser: Visitor, address: str) -> str:
    """Ask for part after part, as the page does."""
    for _turn in range(50):
        text = browser.submit_fragment(f"{address}/on").text
        if "hx-post" not in text:
            return text
    raise AssertionError("it never ended")


def shelf(maker: Maker) -> dict[str, Article]:
    with maker() as session:
        return {row.title: row for row in session.scalars(select(Article).order_by(Article.id))}


def stages(maker: Maker) -> dict[Stage, int]:
    with maker() as session:
        return dict(session.execute(select(ImportItem.stage, func.count()).group_by(ImportItem.stage)).all())


def test_a_folder_is_previewed_confirmed_and_taken_back(
    client: Clients, maker: Maker, settings: Settings
) -> None:
    editor = client("editor")
    address = upload(editor, ("manual.zip", packed(manual(30))))
    preview = editor.get(address).text
    assert "等您确认" in preview
    assert "新增 <b>30</b>" in preview
    assert shelf(maker) == {}

    item = editor.get(f"{address}/items/0").text
    assert "怎样登录" in item
    shown = f"{address}/items/0/files/0"
    assert f'src="{shown}"' in item
    picture = editor.get(shown)
    assert (picture.mimetype, picture.data[:4]) == ("image/png", b"\x89PNG")
    assert "sandbox" in picture.headers["Content-Security-Policy"]

    assert editor.submit(f"{address}/confirm").status_code == 302
    assert "导入完毕" in work_off(editor, address)
    held = shelf(maker)
    assert len(held) == 30
    assert {row.state for row in held.values()} == {ArticleState.DRAFT}
    bodies = "".join(row.body for row in held.values())
    assert ".md)" not in bodies
    assert bodies.count("|下一篇]]") == 30
    assert bodies.count("](/files/") == 31

    with maker() as session:
        row = session.scalars(select(Import)).one()
        assert row.stored_as is None
        assert list(staging.folder_of(settings).iterdir()) == []
    again = upload(editor, ("manual.zip", packed(manual(30))))
    assert "不变 <b>30</b>" in editor.get(again).text

    touched = held["第 3 篇：怎样登录"]
    with transaction(maker) as session:
        session.get_one(Article, touched.id).title = "改过的"
    assert editor.submit(f"{address}/undo").status_code == 302
    assert "已撤销" in work_off(editor, address)
    assert list(shelf(maker)) == ["改过的"]
    assert stages(maker)[Stage.KEPT] == 1
    with maker() as session:
        loose = session.scalars(select(Attachment).where(Attachment.article_id.is_(None))).all()
        assert loose
        assert all(row.withdrawn_at for row in loose)


def test_an_update_is_shown_word_by_word_and_restored(client: Clients, maker: Maker) -> None:
    editor = client("editor")
    first = upload(editor, ("a.csv", "external_id,title,body,system\n1,甲,旧的正文,mkt\n"), source="旧系统")
    editor.submit(f"{first}/confirm")
    work_off(editor, first)
    second = upload(editor, ("b.csv", "external_id,title,body\n1,甲,新的正文\n2,乙,\n"), source="旧系统")
    page = editor.get(second).text
    assert "更新 <b>1</b>" in page
    assert "不能导入 <b>1</b>" in page
    assert "缺少正文" in page
    item = editor.get(f"{second}/items/0").text
    assert "<ins>" in item
    assert "<del>" in item
    editor.submit(f"{second}/confirm")
    work_off(editor, second)
    assert shelf(maker)["甲"].body == "新的正文"
    assert shelf(maker)["甲"].system == "mkt"
    editor.submit(f"{second}/undo")
    work_off(editor, second)
    assert shelf(maker)["甲"].body == "旧的正文"


def test_what_a_colleague_changed_after_the_preview_is_not_overwritten(client: Clients, maker: Maker) -> None:
    editor = client("editor")
    first = upload(editor, ("a.csv", "external_id,title,body\n1,甲,一\n"))
    editor.submit(f"{first}/confirm")
    work_off(editor, first)
    second = upload(editor, ("a.csv", "external_id,title,body\n1,甲,二\n"))
    with transaction(maker) as session:
        session.scalars(select(Article)).one().body = "同事写的"
    editor.submit(f"{second}/confirm")
    assert "预览之后有人改过" in work_off(editor, second)
    assert shelf(maker)["甲"].body == "同事写的"


def test_drafts_may_go_to_review_at_once_and_never_further(client: Clients, maker: Maker) -> None:
    editor = client("editor")
    address = upload(editor, ("a.md", "---\nstate: published\n---\n# 甲\n正文"), submits="1")
    editor.submit(f"{address}/confirm")
    work_off(editor, address)
    assert shelf(maker)["甲"].state == ArticleState.IN_REVIEW


def test_somebodys_import_is_theirs_alone(client: Clients) -> None:
    address = upload(client("editor"), ("a.md", "# 甲\n![图](data:image/png;base64,AAAA)"))
    expert = client("expert")
    for path in (address, f"{address}/items/0", f"{address}/items/0/files/0", f"{address}/report.csv"):
        assert expert.get(path).status_code == 404
    for deed in ("on", "confirm", "undo", "drop"):
        assert expert.submit(f"{address}/{deed}").status_code == 404
    assert client("editor").get(address).status_code == 200
    assert client("agent").get(PAGE).status_code == 404


def test_readers_beyond_the_importers_own_are_refused(client: Clients, maker: Maker) -> None:
    """An expert writes articles, but what readers see is changed by those who publish."""
    editor, expert = client("editor"), client("expert")
    mine = upload(editor, ("a.csv", "external_id,title,body\n1,甲,一\n"), source="s")
    editor.submit(f"{mine}/confirm")
    work_off(editor, mine)
    with transaction(maker) as session:
        session.scalars(select(Article)).one().state = ArticleState.PUBLISHED
    theirs = upload(expert, ("a.csv", "external_id,title,body\n1,甲,二\n"), source="s")
    assert "读者正在看的知识由审核人修改" in expert.get(theirs).text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF-1.7", "不认识 a.pdf 的格式"),
        ("a.md", b"", "空文件"),
        ("a.zip", packed({"x.txt": "x"}), "没有能导入的文件"),
        ("a.zip", packed({"../x.md": "# x\ny"}), "指向压缩包外面"),
        ("a.docx", b"PK no", "不是能读的Word 文档"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    client: Clients, name: str, content: bytes, words: str
) -> None:
    editor = client("editor")
    data = {"files": files((name, content)), "source": "留着"}
    answer = editor.submit(PAGE, data, content_type="multipart/form-data", follow_redirects=True)
    assert words in answer.text
    if answer.status_code == 422:
        assert 'value="留着"' in answer.text


def test_payloads_of_pages_and_documents_come_out_clean(client: Clients, maker: Maker) -> None:
    evil = (
        '<h1>甲</h1><p onclick="x()">一<script>alert(1)</script><a href="java&#115;cript:x()">二</a>'
        '<img src="x" onerror="x()"><svg onload="x()"></svg><iframe srcdoc="x"></iframe></p>'
        "<p>&lt;img src=x onerror=x()&gt; [x](javascript:x()) </p>"
    )
    word = docx(heading("乙") + paragraph("&lt;script&gt;x()&lt;/script&gt;") + drawn("p"), {"p": png()})
    editor = client("editor")
    address = upload(editor, ("a.html", evil), ("b.docx", word))
    for turn in (0, 1):
        page = editor.get(f"{address}/items/{turn}").text.partition('class="prose"')[2]
        assert "alert(1)" not in page
        assert "<script" not in page.partition("</article>")[0]
        assert "onerror=" not in page.partition("</article>")[0].replace("&lt;img src=x onerror=", "")
        assert "javascript:" not in page.partition("</article>")[0].replace("(javascript:x())", "")
    editor.submit(f"{address}/confirm")
    work_off(editor, address)
    number = shelf(maker)["甲"].number
    body = editor.get(f"/knowledge/{number}/edit").text
    assert "alert(1)" not in body


def test_the_worker_reads_what_is_large_and_ends_what_was_left_alone(
    client: Clients, maker: Maker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = client("editor")
    monkeypatch.setattr("portal.uploads.job.AT_ONCE", 10)
    address = upload(editor, ("manual.zip", packed(manual(3))))
    assert "正在读取文件" in editor.submit_fragment(f"{address}/on").text
    assert importing_work.read_uploads(settings, maker)
    assert not importing_work.read_uploads(settings, maker)
    editor.submit(f"{address}/confirm")
    with transaction(maker) as session:
        row = session.scalars(select(Import)).one()
        row.phase, row.moved_at = Phase.LINKING, datetime.now(UTC) - timedelta(minutes=1)
    assert importing_work.carry_imports_on(settings, maker) >= 0
    with maker() as session:
        assert session.scalars(select(Import)).one().phase == Phase.DONE


def test_what_is_never_confirmed_is_forgotten(client: Clients, maker: Maker, settings: Settings) -> None:
    address = upload(client("editor"), ("a.md", "# 甲\n正文"))
    importing_work.forget_imports(settings, maker)
    assert client("editor").get(address).status_code == 200
    with transaction(maker) as session:
        session.scalars(select(Import)).one().moved_at = datetime.now(UTC) - timedelta(days=3)
    importing_work.forget_imports(settings, maker)
    assert client("editor").get(address).status_code == 404
    assert list(staging.folder_of(settings).iterdir()) == []


def test_the_encoding_of_a_table_is_found(client: Clients) -> None:
    editor = client("editor")
    address = upload(editor, ("a.csv", "title,body\n怎样换密码,正文内容\n".encode("gb18030")))
    assert "怎样换密码" in editor.get(address).text


def test_what_was_written_down_in_chinese_is_told_in_english(client: Clients, maker: Maker) -> None:
    with transaction(maker) as session:
        session.scalars(select(Person).where(Person.login == "editor")).one().locale = "en"
    editor = client("editor")
    address = upload(editor, ("a.md", "# 甲\n![图](没有.png)\n![远](https://example.com/a.png)"))
    page = editor.get(address).text
    assert "The picture 没有.png was not found." in page
    assert "Pictures on other web sites (1)" in page


def test_a_report_is_safe_to_open(client: Clients) -> None:
    editor = client("editor")
    address = upload(editor, ("a.csv", "external_id,title,body\n1,=1+1,正文\n"))
    text = editor.get(f"{address}/report.csv").data.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["标题"] == "'=1+1"
    assert row["结果"] == "新增"


def test_a_list_goes_out_by_its_filters(client: Clients, maker: Maker) -> None:
    editor = client("editor")
    address = upload(editor, ("manual.zip", packed(manual(4))))
    editor.submit(f"{address}/confirm")
    work_off(editor, address)
    answer = editor.submit("/knowledge/export/markdown", {"list": "all", "q": "第 2 篇"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        names = archive.namelist()
    assert [name for name in names if name.endswith(".md")] == [
        f"{shelf(maker)['第 2 篇：怎样登录'].number}.zh.md"
    ]
    assert any(name.endswith("/02.png") for name in names)
    rows = editor.submit("/knowledge/export/csv", {"list": "all"}).data.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(rows)))) == 4
    assert editor.submit("/knowledge/export/nothing").status_code == 404
    assert client("agent").submit("/knowledge/export/csv").status_code == 404
