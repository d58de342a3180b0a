"""An information form at the browser, and the next ticket by one key."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.forms import editing, sheets
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import Kind, Need
from portal.tickets.models import Ticket
from portal.tickets.words import Category
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing
from tests.world import World

Maker = sessionmaker[Session]


def publish(maker: Maker, category: Category, *texts: FieldText) -> None:
    with transaction(maker) as session:
        world = World.of(session)
        admin = world.people["admin"]
        form = editing.start(session, Scope(world.systems["mkt"], category), by=admin)
        for text in texts:
            editing.put_field(session, form, text, by=admin)
        editing.publish(session, form, by=admin)


STEP = FieldText(Kind.TEXT, "做到哪一步", need=Need.FILING)
BROWSER = FieldText(Kind.CHOICE, "浏览器", choices="谷歌\n火狐")


def test_fields_come_with_the_choice_and_what_was_typed_stays(person: People, maker: Maker) -> None:
    publish(maker, Category.DEFECT, STEP, BROWSER)
    publish(maker, Category.DATA, FieldText(Kind.NUMBER, "多少条"))
    page = person("wang", viewport=PHONE)
    page.goto("/ask")
    page.get_by_label("遇到了什么问题？").fill("保存以后没有反应")
    page.locator("#system-chooser summary").click()
    page.get_by_label("营销业务应用系统").check()
    page.get_by_label("系统出错、不好使").check()
    page.get_by_label("做到哪一步").fill("点“保存”")
    page.get_by_label("火狐").check()
    page.get_by_label("改数据、要数据").check()
    page.get_by_label("多少条").fill("12")
    expect(page.get_by_label("做到哪一步")).to_have_count(0)
    page.get_by_label("系统出错、不好使").check()
    expect(page.get_by_label("做到哪一步")).to_have_value("点“保存”")
    expect(page.get_by_label("火狐")).to_be_checked()
    expect(page.get_by_label("遇到了什么问题？")).to_have_value("保存以后没有反应")

    page.get_by_label("做到哪一步").fill("")
    page.get_by_role("button", name="都不是，提交工单").click()
    expect(page.get_by_label("做到哪一步")).to_be_focused()  # the browser itself says what is missing
    page.get_by_label("做到哪一步").fill("点“提交”")
    page.get_by_role("button", name="都不是，提交工单").click()
    expect(page.locator("#information")).to_contain_text("点“提交”")
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert sheets.answer_texts(session, [ticket.id]) == {ticket.id: "做到哪一步：点“提交”\n浏览器：火狐"}


def test_one_key_takes_the_next_ticket(person: People, filed: Filing) -> None:
    filed("早上提的", impact=3, urgency=3)
    pressing = filed("全停了", impact=1, urgency=1)
    page = person("agent")
    page.goto("/queues")
    page.keyboard.press("t")
    page.wait_for_url(f"**/tickets/{pressing}")
    expect(page.locator(".tk-holder")).to_contain_text("agent")


def test_the_front_fills_in_the_form_from_the_keyboard(person: People, maker: Maker, filed: Filing) -> None:
    publish(maker, Category.DEFECT, STEP)
    number = filed()
    page = person("agent")
    page.goto(f"/tickets/{number}")
    page.keyboard.press("t")
    expect(page.locator(".tk-closed")).to_contain_text("升级前还要问清：做到哪一步")
    page.keyboard.press("q")
    page.get_by_label("做到哪一步").fill("登录之后")
    page.keyboard.press("Enter")
    expect(page.locator(".tk-info .info-value")).to_have_text("登录之后")
    expect(page.locator('[data-key="e"]')).to_be_visible()


def test_fields_are_ordered_by_keyboard_and_mouse(person: People, maker: Maker) -> None:
    publish(maker, Category.DEFECT, STEP, BROWSER, FieldText(Kind.CODE, "错误代码"))
    page = person("admin")
    page.goto("/admin/forms/1")
    names = page.locator(".form-row-name")
    page.locator("#field-f1 summary").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(names).to_contain_text(["浏览器", "做到哪一步", "错误代码"])
    expect(page.locator("#field-f1 summary")).to_be_focused()
    grip = page.locator("#field-f3 .form-grip")
    with page.expect_response(lambda answer: answer.request.method == "POST"):  # kept, not only shown
        grip.drag_to(page.locator("#field-f2 summary"), target_position={"x": 40, "y": 4})
    expect(names).to_contain_text(["错误代码", "浏览器", "做到哪一步"])
    expect(page.get_by_text("有未发布的修改")).to_be_visible()
    page.reload()
    expect(names).to_contain_text(["错误代码", "浏览器", "做到哪一步"])
    page.get_by_role("link", name="English").click()
    expect(page.locator("#preview")).to_contain_text("Not known")
