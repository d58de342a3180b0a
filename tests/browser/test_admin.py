"""The administrator makes an account with a post; its owner signs in and works."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import People


def test_a_new_person_with_a_post_signs_in(person: People, visitor: People) -> None:
    admin = person("admin")
    admin.goto("/admin")
    admin.get_by_role("link", name="新建账号").click()
    admin.get_by_label("账号", exact=True).fill("qin")
    admin.get_by_label("姓名", exact=True).fill("秦新来")
    admin.get_by_label("单位", exact=True).select_option("ld-cy")
    admin.get_by_role("button", name="创建并生成初始密码").click()
    password = admin.locator(".admin-password code").inner_text()

    admin.goto("/admin/people/qin")
    admin.get_by_label("服务受理岗").first.check()
    admin.get_by_label("服务受理岗服务的单位").select_option("ld")
    admin.get_by_role("button", name="保存岗位").click()
    expect(admin.get_by_label("服务受理岗").first).to_be_checked()

    newcomer = person("qin", password)
    expect(newcomer.get_by_role("link", name="来电受理")).to_be_visible()
    newcomer.goto("/queues")
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("工单队列")

    # closed again: no page is left to them
    admin.goto("/admin/people/qin")
    admin.locator("summary", has_text="停用账号").click()
    admin.locator(".admin-confirm[open]").get_by_role("button", name="停用账号").click()
    newcomer.goto("/queues")
    expect(newcomer).to_have_url(re.compile("/sign-in"))
