"""An editor brings a team's manual in: chosen, looked at, confirmed, opened as articles, taken back."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.importing.material import laid, manual, packed


def test_a_manual_is_looked_at_brought_in_and_taken_back(person: People, tmp_path: Path) -> None:
    content = {**manual(28), "缺图.md": "# 缺图的一篇\n\n![没有](x.png)\n\n正文\n"}
    archive = laid(tmp_path, {"手册.zip": packed(content)}) / "手册.zip"
    page = person("editor")
    page.goto("/knowledge")
    page.get_by_role("link", name="导入和导出").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("导入知识")
    page.locator("input[name=files]").set_input_files(archive)
    page.get_by_role("button", name="上传并预览").click()

    expect(page.locator(".im-sum").first).to_contain_text("新增 29")
    expect(page.get_by_text("找不到图片 x.png。")).to_be_visible()
    page.get_by_role("link", name="第 2 篇：怎样登录").click()
    picture = page.locator(".im-article img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 10
    page.get_by_role("link", name="回到这次导入").click()

    page.get_by_role("button", name="导入这 29 篇").click()
    expect(page.locator(".im-sum").first).to_contain_text("导入完毕")
    expect(page.locator(".im-sum").first).to_contain_text("已导入 29")
    page.goto("/knowledge?q=第 2 篇")
    page.get_by_role("link", name="第 2 篇：怎样登录").click()
    expect(page.locator("#preview img").first).to_be_visible()

    page.go_back()
    page.goto("/knowledge/imports")
    page.get_by_role("link", name="手册.zip").click()
    page.get_by_role("button", name="撤销这次导入").click()
    expect(page.locator(".im-sum").first).to_contain_text("已撤销 29")
    page.goto("/knowledge?list=all")
    expect(page.get_by_text("怎样登录")).to_have_count(0)


def test_a_name_without_a_break_pushes_nothing_off_the_screen(person: People, tmp_path: Path) -> None:
    table = laid(tmp_path, {"t.csv": f"Bug ID,Summary\n1,{'T' * 250}\n".encode()}) / "t.csv"
    page = person("expert")
    page.goto("/defects/imports")
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_role("button", name="上传并预览").click()
    edge = page.locator(".im-why").first.evaluate("cell => cell.getBoundingClientRect().right")
    assert edge <= 1440


def test_a_list_is_taken_out_as_a_file(person: People) -> None:
    page = person("editor")
    page.goto("/knowledge/imports")
    with page.expect_download() as got:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert got.value.suggested_filename.endswith(".csv")
