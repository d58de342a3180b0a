"""Information forms over HTTP: made by administrators, filled in wherever a ticket is filed or worked on."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.forms import editing, sheets
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import Kind, Need
from portal.tickets.forms.models import InfoForm
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.web.conftest import Clients, Filing, Moving, Visitor, png_of
from tests.world import World

Maker = sessionmaker[Session]
FIELDS = (
    FieldText(Kind.TEXT, "做到哪一步", "Which step", "照屏幕上的菜单写", "As on the screen", Need.FILING),
    FieldText(Kind.CODE, "错误代码", "Error code", need=Need.ESCALATION),
    FieldText(Kind.CHOICE, "浏览器", "Browser", choices="谷歌 | Chrome\n火狐 | Firefox"),
)


@pytest.fixture
def names(maker: Maker, desk_world: World) -> dict[str, str]:
    """A published form of the marketing system's defects; field → name of its input."""
    return publish(maker, Category.DEFECT, *FIELDS)


def publish(maker: Maker, category: Category, *texts: FieldText, **scope: Any) -> dict[str, str]:
    with transaction(maker) as session:
        world = World.of(session)
        admin = world.people["admin"]
        form = editing.start(session, Scope(world.systems["mkt"], category, **scope), by=admin)
        for text in texts:
            editing.put_field(session, form, text, by=admin)
        editing.publish(session, form, by=admin)
        return {field.name: f"answer-{form.id}-{field.key}" for field in editing.draft_of(form)}


def said_on(maker: Maker, number: str) -> str:
    with maker() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        return sheets.answer_texts(session, [ticket.id]).get(ticket.id, "")


def filing(**more: object) -> dict[str, object]:
    return {"text": "保存报错", "system": "mkt", "category": "defect", "step": "file", **more}


# ── asking for help ──────────────────────────────────────────────────────────────────────────────


def test_fields_appear_with_the_choice_and_keep_what_was_typed(
    client: Clients, names: dict[str, str], maker: Maker
) -> None:
    other = publish(maker, Category.DATA, FieldText(Kind.NUMBER, "多少条"))
    wang = client("wang")
    page = wang.get("/ask?system=mkt&category=defect").text
    assert "照屏幕上的菜单写" in page
    assert names["浏览器"] in page
    assert names["浏览器"] not in wang.get("/ask?system=oa&category=defect").text
    typed = {names["做到哪一步"]: "点“保存”<b>", "system": "mkt", "category": "data"}
    answer = wang.submit_fragment("/ask/fields", typed)
    assert other["多少条"] in answer.text
    assert f'type="hidden" name="{names["做到哪一步"]}" value="点“保存”&lt;b&gt;"' in answer.text
    again = wang.submit_fragment("/ask/fields", {**typed, "category": "defect"})
    assert 'value="点“保存”&lt;b&gt;"' in again.text
    shown = re.search(r'name="sheet" value="(\d+)"', again.text)
    assert shown
    same = wang.submit_fragment("/ask/fields", {**typed, "category": "defect", "sheet": shown[1]})
    assert same.status_code == 204  # nothing is drawn over what is being typed
    assert wang.submit_fragment("/ask/fields", {"system": "oa", "category": "defect"}).status_code == 204
    gone = wang.submit_fragment("/ask/fields", {"system": "oa", "category": "defect", "sheet": shown[1]})
    assert "hidden" in gone.text


def test_filing_asks_for_what_is_demanded_and_loses_nothing(
    client: Clients, names: dict[str, str], maker: Maker
) -> None:
    wang = client("wang")
    refused = wang.submit("/ask", filing(**{names["错误代码"]: "ORA－01017"}))
    assert refused.status_code == 422
    assert "还差这些信息，请填好再提交：做到哪一步" in refused.text
    assert 'value="ORA－01017"' in refused.text
    assert "保存报错" in refused.text
    done = wang.submit("/ask", filing(**{names["错误代码"]: "ORA－01017", names["做到哪一步"]: "保存"}))
    number = done.location.rsplit("/", 1)[1]
    assert said_on(maker, number) == "做到哪一步：保存\n错误代码：ORA-01017"
    assert "ORA-01017" in wang.get(f"/my/tickets/{number}").text


def test_english_readers_are_asked_in_english(client: Clients, names: dict[str, str]) -> None:
    wang = client("wang")
    wang.submit("/language/en")
    page = wang.get("/ask?system=mkt&category=defect").text
    assert "Which step" in page
    assert "As on the screen" in page
    assert "Firefox" in page
    refused = wang.submit("/ask", filing())
    assert "Which step" in refused.text


def test_a_screenshot_is_a_picture_among_the_files(client: Clients, maker: Maker, desk_world: World) -> None:
    publish(maker, Category.DEFECT, FieldText(Kind.SCREENSHOT, "出错的画面", need=Need.FILING))
    wang = client("wang")
    text = {"files": (io.BytesIO(b"just words"), "a.txt")}
    assert "出错的画面" in wang.submit("/ask", filing(**text), content_type="multipart/form-data").text
    picture = {"files": (io.BytesIO(png_of(5, 5)), "a.png")}
    assert wang.submit("/ask", filing(**picture), content_type="multipart/form-data").status_code == 302


def test_a_module_with_a_form_of_its_own_is_asked_for(
    client: Clients, maker: Maker, desk_world: World
) -> None:
    names = publish(
        maker, Category.DEFECT, FieldText(Kind.TEXT, "表计资产号", need=Need.FILING), module="meter"
    )
    wang = client("wang")
    page = wang.get("/ask?system=mkt&category=defect").text
    assert "哪个模块？" in page
    assert "表计资产号" not in page
    shown = wang.submit_fragment("/ask/fields", {"system": "mkt", "category": "defect", "module": "meter"})
    assert names["表计资产号"] in shown.text
    assert "表计资产号" in wang.submit("/ask", filing(module="meter")).text
    filed = wang.submit("/ask", filing(module=""))
    assert filed.status_code == 302
    stale = wang.submit("/ask", filing(text="另一件事", module="mail", sub="how_to"))
    assert stale.status_code == 302  # chosen for another system a moment ago: dropped, not refused


# ── at work on a ticket ──────────────────────────────────────────────────────────────────────────


def test_the_front_fills_the_gaps_before_it_escalates(
    client: Clients, names: dict[str, str], filed: Filing, moved: Moving, maker: Maker
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    agent = client("agent")
    page = agent.get(f"/tickets/{number}").text
    assert "升级前还要问清：做到哪一步、错误代码" in page
    assert "还没有填" in page
    refused = agent.submit(f"/tickets/{number}/moves/escalate", {"note": "请专家看"})
    assert refused.status_code == 422
    assert "请专家看" in refused.text
    wrong = {names["做到哪一步"]: "保存", names["浏览器"]: "欧朋"}
    answer = agent.submit(f"/tickets/{number}/information", wrong)
    assert answer.status_code == 422
    assert "“浏览器”请从给出的选项里选一个" in answer.text
    assert 'value="保存"' in answer.text
    assert said_on(maker, number) == ""
    right = {names["做到哪一步"]: "保存", names["错误代码"]: "E-7", names["浏览器"]: "火狐"}
    assert agent.submit(f"/tickets/{number}/information", right).status_code == 302
    assert agent.submit(f"/tickets/{number}/moves/escalate", {"note": "请专家看"}).status_code == 302
    page = client("expert").get(f"/tickets/{number}").text
    assert "E-7" in page
    assert "做到哪一步：保存；错误代码：E-7；浏览器：火狐" in page  # the trail says it, too


def test_two_who_fill_it_in_at_once_notice(client: Clients, names: dict[str, str], filed: Filing) -> None:
    number, agent = filed(), client("agent")
    first = {names["做到哪一步"]: "保存", "seen": "1"}
    assert agent.submit(f"/tickets/{number}/information", first).status_code == 302
    late = client("supervisor").submit(
        f"/tickets/{number}/information", {names["做到哪一步"]: "打开", "seen": "1"}
    )
    assert late.status_code == 409
    assert 'value="打开"' in late.text


def test_the_user_completes_their_own_ticket(
    client: Clients, names: dict[str, str], filed: Filing, moved: Moving, maker: Maker
) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="请补一下错误代码")
    wang = client("wang")
    assert names["错误代码"] in wang.get(f"/my/tickets/{number}").text
    assert wang.submit(f"/my/tickets/{number}/information", {names["错误代码"]: "E-9"}).status_code == 302
    assert said_on(maker, number) == "错误代码：E-9"
    long = wang.submit(f"/my/tickets/{number}/information", {names["错误代码"]: "E" * 81})
    assert long.status_code == 422
    assert "太长" in long.text
    moved(number, Action.SUPPLY, "wang", note="填好了")
    assert client("zhao").submit(f"/my/tickets/{number}/information", {}).status_code == 404
    assert client("expert").submit(f"/tickets/{number}/information", {}).status_code == 422


# ── on the phone ─────────────────────────────────────────────────────────────────────────────────


def test_a_call_collects_what_the_system_wants(client: Clients, names: dict[str, str], maker: Maker) -> None:
    agent = client("agent")
    with maker() as session:
        caller = World.of(session).people["wang"].id
    call: dict[str, Any] = {
        "caller": caller,
        "notes": "保存报错，客户很急",
        "system": "mkt",
        "category": "defect",
        "chosen": "system,category",
        "ending": "escalate",
        "note": "前台看不出原因",
    }
    heard = agent.submit_fragment("/console/answers", call)
    assert names["做到哪一步"] in heard.text
    shown = re.search(r'name="sheet" value="(\d+)"', heard.text)
    assert shown
    again = agent.submit_fragment("/console/answers", {**call, "sheet": shown[1]})
    assert 'id="call-fields"' not in again.text  # what is being typed there stays
    refused = agent.submit_fragment("/console/wrap-up", {**call, names["错误代码"]: "E-5"})
    assert refused.status_code == 422
    assert "做到哪一步" in refused.text
    assert 'value="E-5"' in refused.text
    spoken = {names["做到哪一步"]: "保存", names["错误代码"]: "E-5"}
    assert agent.submit_fragment("/console/wrap-up", {**call, **spoken}).status_code == 200
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert sheets.answer_texts(session, [ticket.id])[ticket.id] == "做到哪一步：保存\n错误代码：E-5"


# ── administration ───────────────────────────────────────────────────────────────────────────────


def keys_on(page: str) -> list[str]:
    return re.findall(r'data-field="(f\d+)"', page)


def field(**more: str) -> dict[str, str]:
    return {"deed": "put", "kind": "text", "need": "optional", "name": "做到哪一步", **more}


def started(admin: Visitor) -> str:
    made = admin.submit("/admin/forms", {"system": "mkt", "category": "defect:", "like": "0"})
    assert made.status_code == 302
    return made.location


def test_a_form_from_the_first_field_to_retirement(client: Clients, maker: Maker) -> None:
    admin, wang = client("admin"), client("wang")
    place = started(admin)
    assert admin.submit(place, {"deed": "publish"}).status_code == 422
    assert admin.submit(place, field()).status_code == 302
    choices = field(name="浏览器", kind="choice", choices="谷歌 | Chrome\n火狐", need="filing")
    assert admin.submit(place, choices).status_code == 302
    page = admin.get(place).text
    first, second = keys_on(page)
    assert "做到哪一步" not in wang.get("/ask?system=mkt&category=defect").text
    admin.submit(place, {"deed": "publish"})
    assert "做到哪一步" in wang.get("/ask?system=mkt&category=defect").text
    admin.submit(place, {"deed": "up", "key": second})
    assert keys_on(admin.get(place).text) == [second, first]
    admin.submit(place, {"deed": "order", "keys": f"{first},{second}"})
    assert keys_on(admin.get(place).text) == [first, second]
    page = admin.get(place).text
    shown = re.search(rf'id="choices-{second}".*?<textarea[^>]*>(.*?)</textarea>', page, re.S)
    assert shown
    assert shown[1].split("\n") == ["谷歌 | Chrome", "火狐", ""]  # what stands there can be saved again
    admin.submit(place, field(key=first, name="哪一步出的错"))
    assert "有未发布的修改" in admin.get(place).text
    assert "Chrome" in admin.get(f"{place}/preview?language=en").text
    admin.submit(place, {"deed": "drop", "key": second})
    admin.submit(place, {"deed": "publish"})
    assert "第 2 版" in admin.get(place).text
    admin.submit(place, {"deed": "retire"})
    assert "哪一步出的错" not in wang.get("/ask?system=mkt&category=defect").text
    admin.submit(place, {"deed": "revive"})
    assert "哪一步出的错" in wang.get("/ask?system=mkt&category=defect").text
    audit = admin.get("/admin/audit?subject=form").text
    assert "mkt/defect" in audit
    with maker() as session:
        assert [version.number for version in session.scalars(select(InfoForm)).one().versions] == [1, 2]


def test_a_refused_field_brings_back_what_was_typed(client: Clients) -> None:
    admin = client("admin")
    place = started(admin)
    admin.submit(place, field())
    typed = field(name="浏览器<i>", kind="choice", choices="只有一个", hint="看右上角")
    answer = admin.submit(place, typed)
    assert answer.status_code == 422
    for words in ("2 到 30 个", "浏览器&lt;i&gt;", "只有一个", "看右上角"):
        assert words in answer.text
    assert admin.submit(place, field()).status_code == 422  # there is one of that name
    assert admin.submit(place, field(key="f77", name="不存在")).status_code == 422
    assert admin.submit(place, field(kind="colour")).status_code == 400
    assert admin.submit(place, {"deed": "explode"}).status_code == 400
    again = admin.submit("/admin/forms", {"system": "mkt", "category": "defect:"})
    assert (again.status_code, "已经有一张" in again.text) == (422, True)
    assert admin.submit("/admin/forms", {"system": "mkt", "category": "weather:"}).status_code == 422


@pytest.mark.parametrize("login", ["wang", "agent", "supervisor", "expert", "manager"])
def test_nobody_else_writes_forms(client: Clients, names: dict[str, str], login: str) -> None:
    visitor = client(login)
    assert visitor.get("/admin/forms").status_code == 404
    assert visitor.get("/admin/forms/1").status_code == 404
    assert visitor.submit("/admin/forms/1", {"deed": "retire"}).status_code == 404
    assert client("admin").get("/admin/forms/1").status_code == 200
    assert client("admin").get("/admin/forms/99").status_code == 404
