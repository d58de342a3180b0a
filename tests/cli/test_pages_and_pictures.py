"""Articles with their pictures through the real command: folders, archives, Word, HTML, and back again."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.importing.identity import own_id
from kb.markdown import render
from kb.models import Article
from portal.cli.place import opened
from portal.tickets.attachments import path_of
from portal.tickets.models import Attachment
from tests.cli.conftest import PASSWORD, Desk
from tests.importing.material import docx, drawn, heading, laid, manual, packed, paragraph, png, step, table

MAP = """
source = "manual"
[[article]]
own_names = true
[article.hints]
system = "folder1"
[article.values.system]
"营销" = "mkt"
"*" = ""
"""


@contextmanager
def looking(desk: Desk) -> Iterator[Session]:
    with opened() as place, place.reading() as session:
        yield session


def uploads_of(_desk: Desk) -> Path:
    with opened() as place:
        return place.settings.upload_dir


def shelf(session: Session) -> dict[str, Article]:
    return {row.title: row for row in session.scalars(select(Article).order_by(Article.id))}


def files(session: Session, article: Article) -> list[Attachment]:
    wanted = select(Attachment).where(Attachment.article_id == article.id).order_by(Attachment.id)
    return list(session.scalars(wanted))


@pytest.fixture
def catalogued(staffed: Desk) -> Desk:
    rows = staffed.folder / "systems.csv"
    rows.write_text("record,code,name\nsystem,mkt,营销业务应用系统\n", "utf-8")
    assert staffed.json("import", "catalogue", rows)["new"] == 1
    return staffed


def test_a_folder_comes_in_with_its_pictures_and_links_once(catalogued: Desk) -> None:
    folder = laid(catalogued.folder / "manual", manual())
    chart = laid(catalogued.folder, {"map.toml": MAP}) / "map.toml"
    told = catalogued.json("import", "articles", folder, "--map", chart)
    assert (told["new"], told["faults"], told["remarks"]) == (30, [], [])
    with looking(catalogued) as session:
        held = shelf(session)
        first, second = held["第 0 篇：怎样登录"], held["第 1 篇：怎样登录"]
        picture, mark = files(session, first)
        assert (picture.name, picture.content_type, mark.name) == ("00.png", "image/png", "公用 标志.png")
        assert path_of(picture, uploads_of(catalogued)).read_bytes() == png("teal", 8)
        assert f"![登录页](/files/{picture.id})" in first.body
        assert f'<img src="/files/{mark.id}"' in first.body
        assert f"[[{second.number}|下一篇]]" in first.body
        assert "![不是图片](图/99.png)" in first.body
        assert f'<img alt="登录页" src="/files/{picture.id}">' in render(first.body)
        assert [row.name for row in files(session, second)] == ["01.png", "公用 标志.png", "申请表.docx"]
        assert {row.system for row in held.values()} == {"mkt", None}
        assert (first.keywords, first.kind, first.source) == (["登录", "第0批"], "howto", "manual")
        count = len(session.scalars(select(Attachment.id)).all())
    again = catalogued.json("import", "articles", folder, "--map", chart)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 30)
    with looking(catalogued) as session:
        assert len(session.scalars(select(Attachment.id)).all()) == count


def test_an_archive_of_the_folder_is_the_same_thing(catalogued: Desk) -> None:
    content = manual(4)
    folder = laid(catalogued.folder / "manual", content)
    whole = packed({f"manual/{name}": data for name, data in content.items()})
    archive = laid(catalogued.folder, {"manual.zip": whole}) / "manual.zip"
    assert catalogued.json("import", "articles", archive)["new"] == 4
    assert catalogued.json("import", "articles", folder)["unchanged"] == 4


def test_a_changed_picture_is_a_change_and_a_missing_one_is_told(staffed: Desk) -> None:
    folder = laid(staffed.folder / "a", {"一.md": "# 一\n![图](x.png)\n![没有](y.png)", "x.png": png()})
    told = staffed.json("import", "articles", folder)
    assert [remark["reason"] for remark in told["remarks"]] == ["找不到图片 y.png。"]
    laid(folder, {"x.png": png("red")})
    assert staffed.json("import", "articles", folder)["changed"] == 1
    with looking(staffed) as session:
        (article,) = shelf(session).values()
        assert len(files(session, article)) == 2
        assert f"/files/{files(session, article)[1].id}" in article.body


def test_what_the_desk_does_not_take_is_told_and_the_article_comes_without(staffed: Desk) -> None:
    content: dict[str, bytes | str] = {
        "a.md": "# 甲\n![坏](evil.png)\n![远](https://example.com/a.png)\n[程](run.exe)\n![外](../../secret.png)",
        "evil.png": b"MZ\x00\x01",
        "run.exe": b"MZ\x00\x01",
    }
    laid(staffed.folder, {"secret.png": png()})
    told = staffed.json("import", "articles", laid(staffed.folder / "in" / "a", content))
    reasons = " ".join(remark["reason"] for remark in told["remarks"])
    assert told["new"] == 1
    assert "“evil.png”的内容不是可以接收的类型" in reasons
    assert "“run.exe”的内容不是可以接收的类型" in reasons
    assert "1 张图片在别的网站上" in reasons
    assert "找不到图片 ../../secret.png" in reasons
    with looking(staffed) as session:
        (article,) = shelf(session).values()
        assert files(session, article) == []
        assert "[远](https://example.com/a.png)" in article.body


def test_a_dry_run_with_pictures_leaves_nothing_behind(staffed: Desk) -> None:
    folder = laid(staffed.folder / "m", manual(2))
    assert staffed.json("import", "articles", folder, "--dry-run")["new"] == 2
    assert [path for path in uploads_of(staffed).rglob("*") if path.is_file()] == []


# ── Word and HTML ────────────────────────────────────────────────────────────────────────────────

HANDBOOK = docx(
    heading("网络手册")
    + heading("怎样连 VPN")
    + paragraph("先装客户端。")
    + step("打开客户端")
    + drawn("one", "登录窗口")
    + step("输入账号")
    + table(("现象", "处理"), ("报错 0x80070005", "以管理员运行"))
    + heading("细节", 2)
    + drawn("away", "外面的图", linked=True)
    + heading("怎样换密码")
    + paragraph("每 90 天换一次。"),
    {"one": png()},
    outside="http://192.0.2.1/p.png",
)


def test_a_document_gives_one_article_for_each_first_heading(staffed: Desk) -> None:
    path = laid(staffed.folder, {"手册.docx": HANDBOOK}) / "手册.docx"
    told = staffed.json("import", "articles", path, "--split")
    assert (told["new"], told["faults"]) == (2, [])
    assert [remark["reason"] for remark in told["remarks"]] == ["有 1 张图片只是链接到别处，没有取回。"]
    with looking(staffed) as session:
        vpn = shelf(session)["怎样连 VPN"]
        (picture,) = files(session, vpn)
        assert vpn.body == (
            f"先装客户端。\n\n1. 打开客户端\n\n    ![登录窗口](/files/{picture.id})\n\n2. 输入账号\n\n"
            "| 现象 | 处理 |\n| --- | --- |\n| 报错 0x80070005 | 以管理员运行 |\n\n## 细节"
        )
    assert staffed.json("import", "articles", path, "--split")["unchanged"] == 2


def test_a_document_is_one_article_otherwise(staffed: Desk) -> None:
    path = laid(staffed.folder, {"手册.docx": HANDBOOK}) / "手册.docx"
    assert staffed.json("import", "articles", path)["new"] == 1
    with looking(staffed) as session:
        (article,) = shelf(session).values()
        assert article.title == "网络手册"
        assert "## 怎样连 VPN" in article.body
        assert "### 细节" in article.body


def test_a_web_page_comes_in_clean(staffed: Desk) -> None:
    page = (
        '<html lang="en"><head><title>VPN - Wiki</title><meta charset="gb2312">'
        '<script>alert(1)</script></head><body onload="x()"><nav>菜单</nav><h1>怎样连 VPN</h1>'
        '<p onclick="y()">见 <a href="javascript:z()">这里</a> <a href="b.html">乙</a></p>'
        '<svg onload="w()"><text>画</text></svg><img src="图.png"><img src="http://192.0.2.1/t.gif">'
        "<p>&lt;script&gt;</p></body></html>"
    ).encode("gb18030")
    other = "<title>乙页</title><p>正文</p>"
    folder = laid(staffed.folder / "w", {"a.html": page, "b.html": other, "图.png": png()})
    told = staffed.json("import", "articles", folder)
    assert told["new"] == 2
    with looking(staffed) as session:
        article = shelf(session)["怎样连 VPN"]
        (picture,) = files(session, article)
        number = shelf(session)["乙页"].number
        assert article.language == "en"
        assert article.body == (
            f"见 这里 [[{number}|乙]]\n\n![](/files/{picture.id})[http://192.0.2.1/t.gif](http://192.0.2.1/t.gif)"
            "\n\n&lt;script>"
        )


# ── bad files ────────────────────────────────────────────────────────────────────────────────────

LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def test_a_document_with_entities_is_refused_before_it_is_parsed(staffed: Desk) -> None:
    for name, content in (
        ("laughs.docx", docx(paragraph("&c;"), head=LAUGHS)),
        (
            "laughs.xlsx",
            packed({"xl/workbook.xml": f'<?xml version="1.0"?>{LAUGHS}<workbook>&c;</workbook>'}),
        ),
    ):
        path = laid(staffed.folder, {name: content}) / name
        assert "DOCTYPE" in staffed.refused("import", "articles", path)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"../a.md": "# x\ny"}, "指向压缩包外面"),
        ({"/etc/a.md": "# x\ny"}, "指向压缩包外面"),
        ({"C:/a.md": "# x\ny"}, "指向压缩包外面"),
        ({"a.txt": "x"}, "没有能导入的文件"),
        ({"a.md": "# x\n" + "0" * 30_000_000}, "大得不正常"),
    ],
)
def test_an_archive_that_should_not_be_is_one_sentence(
    staffed: Desk, names: dict[str, str], words: str
) -> None:
    path = laid(staffed.folder, {"a.zip": packed(names)}) / "a.zip"
    assert words in staffed.refused("import", "articles", path)


def test_an_archive_with_a_link_or_a_password_is_refused(staffed: Desk) -> None:
    link = zipfile.ZipInfo("a.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(staffed.folder / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "指向压缩包外面" in staffed.refused("import", "articles", staffed.folder / "link.zip")
    locked = bytearray(packed({"a.md": "# x\ny"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    path = laid(staffed.folder, {"locked.zip": bytes(locked)}) / "locked.zip"
    assert "密码" in staffed.refused("import", "articles", path)


def test_chinese_names_of_old_archives_are_read(staffed: Desk) -> None:
    whole = packed({"ab.md": "# 甲\n![](cd.png)\n![](图.png)", "cd.png": png()})
    old = whole.replace(b"cd.png", "图".encode("gbk") + b".png")
    path = laid(staffed.folder, {"old.zip": old}) / "old.zip"
    told = staffed.json("import", "articles", path)
    assert [remark["reason"] for remark in told["remarks"]] == ["找不到图片 cd.png。"]


def test_a_broken_page_does_not_hold_up_the_others(staffed: Desk) -> None:
    content: dict[str, bytes | str] = {"a.docx": b"PK no", "b.md": "# 好\n正文", "c.md": "---\n[\n---\n"}
    folder = laid(staffed.folder / "m", content)
    report = staffed.folder / "report.csv"
    told = staffed.json(
        "import", "articles", folder, "--skip-bad", staffed.folder / "r.csv", "--report", report
    )
    assert (told["new"], told["rejected"]) == (1, 2)
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["outcome"]) for row in rows] == [
        ("b.md", "new"),
        ("a.docx", "refused"),
        ("c.md", "refused"),
    ]
    assert rows[0]["number"] == "KB000001"


# ── what a file does not say ─────────────────────────────────────────────────────────────────────


def test_what_a_file_does_not_mention_stays_and_nothing_is_widened(catalogued: Desk) -> None:
    write = catalogued.folder / "a.csv"
    write.write_text("external_id,title,body,audience,system\n1,甲,正文,experts,mkt\n", "utf-8")
    assert catalogued.json("import", "articles", write)["new"] == 1
    for columns in ("external_id,title,body\n1,甲,新正文\n", "external_id,title,body,audience\n1,甲,更新,\n"):
        write.write_text(columns, "utf-8")
        assert catalogued.json("import", "articles", write)["changed"] == 1
    with looking(catalogued) as session:
        (article,) = shelf(session).values()
        assert (article.audience, article.system, article.body) == ("experts", "mkt", "更新")
    write.write_text("external_id,title,body,audience\n1,甲,更新,everyone\n", "utf-8")
    told = catalogued.json("import", "articles", write)
    assert "读者会变宽：从“专家与后台”到“所有人”" in told["remarks"][0]["reason"]


def test_a_named_person_brings_in_no_more_than_they_may(staffed: Desk) -> None:
    added = staffed.run("user", "add", "emil", "--post", "agent", stdin=f"{PASSWORD}\n")
    assert added.exit_code == 0
    table_ = staffed.folder / "a.csv"
    table_.write_text("external_id,title,body,audience\n1,甲,正文,experts\n", "utf-8")
    assert "您的岗位看不到" in staffed.refused("import", "articles", table_, "--as", "emil")
    assert staffed.json("import", "articles", table_, "--publish")["new"] == 1
    table_.write_text("external_id,title,body\n1,甲,改过\n", "utf-8")
    assert "读者正在看的知识由审核人修改" in staffed.refused("import", "articles", table_, "--as", "emil")
    assert staffed.json("import", "articles", table_, "--as", "edith")["changed"] == 1


# ── there and back ───────────────────────────────────────────────────────────────────────────────


def told_of(desk: Desk) -> list[tuple[Any, ...]]:
    """Everything that should travel: words with pictures named by content and links by title."""
    with looking(desk) as session:
        rows = list(session.scalars(select(Article).order_by(Article.id)))
        digests = {row.id: row.sha256 for row in session.scalars(select(Attachment))}
        found = []
        for row in rows:
            body = row.body
            for number, digest in digests.items():
                body = body.replace(f"/files/{number})", f"/{digest})").replace(
                    f'/files/{number}"', f'/{digest}"'
                )
            for other in rows:
                body = body.replace(f"[[{other.number}", f"[[{other.title}")
            found.append((row.title, body, row.kind, row.language, row.keywords, row.also, row.system))
    return sorted(found)


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_articles_go_to_another_desk_and_come_home(
    catalogued: Desk, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    catalogued.json("import", "articles", laid(catalogued.folder / "m", manual(6)))
    before, out = told_of(catalogued), catalogued.folder / name
    assert catalogued.json("export", "articles", out)["exported"] == 6
    assert catalogued.json("import", "articles", out)["unchanged"] == 6
    monkeypatch.setenv("TIERDESK_DATA_DIR", str(tmp_path / "elsewhere"))
    other = Desk(tmp_path)
    assert other.run("user", "add", "elsa", "--post", "editor", stdin=f"{PASSWORD}\n").exit_code == 0
    other.run("import", "articles", laid(tmp_path, {"one.csv": "title,body\n先来的,正文\n"}) / "one.csv")
    told = other.json("import", "articles", out)
    assert (told["new"], told["faults"], told["remarks"]) == (6, [], [])
    assert [row for row in told_of(other) if row[0] != "先来的"] == before
    assert other.json("import", "articles", out)["unchanged"] == 6


def test_web_pages_go_out_and_are_read_again(
    staffed: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    staffed.json("import", "articles", laid(staffed.folder / "m", manual(4)))
    out = staffed.folder / "out.html.zip"
    assert staffed.json("export", "articles", out)["exported"] == 4
    with zipfile.ZipFile(out) as archive:
        page = archive.read("KB000001.zh.html").decode()
        assert "files/KB000001/00.png" in archive.namelist()
    assert re.search(r'href="KB00000\d.zh.html" title="KB00000\d 第 1 篇：怎样登录">下一篇</a>', page)
    assert "/files/1" not in page.replace("files/KB", "")
    monkeypatch.setenv("TIERDESK_DATA_DIR", str(tmp_path / "elsewhere"))
    other = Desk(tmp_path)
    assert other.run("user", "add", "elsa", "--post", "editor", stdin=f"{PASSWORD}\n").exit_code == 0
    told = other.json("import", "articles", out)
    assert (told["new"], told["faults"], told["remarks"]) == (4, [], [])
    with looking(other) as session:
        first = shelf(session)["第 0 篇：怎样登录"]
        assert f"[[{shelf(session)['第 1 篇：怎样登录'].number}|下一篇]]" in first.body
        assert first.keywords == ["登录", "第0批"]
        assert len(files(session, first)) == 2
        assert first.external_id
        assert own_id("KB000001", first.created_at) != first.external_id
