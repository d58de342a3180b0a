"""The call console over HTTP: look-up, answers at typing speed, every ending of a call, each refusal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from portal.db import transaction
from portal.faults import board
from portal.faults.announcements import AnnouncementText
from portal.faults.flow import AnnouncementKind, FaultAction
from portal.faults.models import Announcement, FaultReport
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person
from portal.tickets import callers, calls
from portal.tickets.filing import may_file_for
from portal.tickets.models import Ticket, Urge
from portal.tickets.words import Action, Category, Channel, State, Tier
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Writing
from tests.world import World

Maker = sessionmaker[Session]
Reindex = Callable[[], None]


def call(maker: Maker, login: str = "wang", **more: object) -> dict[str, object]:
    """The form of a call from this person."""
    with maker() as session:
        caller = session.scalars(select(Person).where(Person.login == login)).one()
    return {
        "caller": caller.id,
        "notes": "电费核算的发行按钮在哪里",
        "system": "mkt",
        "category": "consultation",
        "impact": 3,
        "urgency": 2,
        "chosen": "system,category",
        **more,
    }


def only_ticket(session: Session) -> Ticket:
    return session.scalars(select(Ticket)).one()


def actions(ticket: Ticket) -> list[Action]:
    return [entry.action for entry in ticket.trail]


# ── who may, who is found ────────────────────────────────────────────────────────────────────────


def test_only_people_who_take_calls_have_the_console(client: Clients) -> None:
    assert client("agent").get("/console").status_code == 200
    assert client("local_support").get("/console").status_code == 200
    for login in ("wang", "expert", "engineer", "admin"):
        assert client(login).get("/console").status_code == 404, login


def test_a_caller_is_found_by_name_login_and_phone_within_the_units_served(
    client: Clients, maker: Maker
) -> None:
    with transaction(maker) as session:
        World.of(session).people["wang"].phone = "13900007777"
    agent = client("agent")
    for words in ("王小", "wang", "7777"):
        assert "王小雨" in agent.fragment(f"/console/callers?who={words}").text
    assert "赵海陵" not in agent.fragment("/console/callers?who=赵海陵").text


def test_a_caller_of_a_foreign_unit_is_not_there(client: Clients, desk_world: World) -> None:
    agent = client("agent")
    assert agent.get(f"/console/callers/{desk_world.people['wang'].id}").status_code == 200
    assert agent.get(f"/console/callers/{desk_world.people['zhao'].id}").status_code == 404


def test_the_two_shapes_of_whom_an_agent_serves_are_equal(session: Session, desk_world: World) -> None:
    everybody = list(desk_world.people.values())
    for by in everybody:
        served = set(session.scalars(callers.served_callers(by)))
        assert served == {person for person in everybody if may_file_for(by, person)}, by.login


def test_the_caller_shows_open_tickets_and_history(
    client: Clients, filed: Filing, moved: Moving, desk_world: World
) -> None:
    open_one, old_one = filed("报表导出空白"), filed("旧问题已经好了")
    moved(old_one, Action.CANCEL, "wang")
    shown = client("agent").fragment(f"/console/callers/{desk_world.people['wang'].id}").text
    assert open_one in shown
    assert "旧问题已经好了" in shown
    assert shown.index("报表导出空白") < shown.index("旧问题已经好了")


# ── answers while typing ─────────────────────────────────────────────────────────────────────────


def test_notes_bring_numbered_answers_and_proposals(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    published("电费核算怎样发行", "1. 打开核算。\n2. 点发行。", system="mkt", category="consultation")
    reindex()
    shown = client("agent").submit_fragment("/console/answers", {"notes": "电费核算怎么发行"}).text
    assert "电费核算怎样发行" in shown
    assert 'data-key="1"' in shown
    assert 'hx-swap-oob="outerHTML"' in shown
    assert re.search(r'<option value="mkt" selected', shown)
    with maker() as session:
        kept = session.scalars(select(Consultation)).one()
        assert (kept.place, kept.outcome) == ("console", Outcome.OPEN)


def test_what_the_agent_chose_is_not_proposed_over(
    client: Clients, published: Writing, reindex: Reindex
) -> None:
    published("电费核算怎样发行", "1. 打开核算。", system="mkt")
    reindex()
    fields = {"notes": "电费核算怎么发行", "system": "oa", "chosen": "system"}
    shown = client("agent").submit_fragment("/console/answers", fields).text
    assert re.search(r'<option value="oa" selected', shown)


def test_a_question_about_progress_is_answered_by_the_desk_itself(
    client: Clients, maker: Maker, filed: Filing
) -> None:
    number = filed("电费核算一直转圈")
    asked = (
        client("agent").submit_fragment("/console/answers", call(maker, notes="我那张单子办到哪里了")).text
    )
    assert "查进度" in asked
    assert number in asked
    other = client("agent").submit_fragment("/console/answers", call(maker, notes="打印机卡纸")).text
    assert "查进度" not in other


def test_an_answer_is_read_aloud_by_those_who_may_read_it(
    client: Clients, published: Writing, known: Writing
) -> None:
    article, hidden = published("怎样发行"), published("内部口径", audience=Audience.EXPERTS)
    agent = client("agent")
    assert "按步骤操作" in agent.submit_fragment(f"/console/read/article/{article}").text
    assert agent.submit_fragment(f"/console/read/article/{hidden}").status_code == 404
    assert "先用旧版页面打印" in agent.submit_fragment(f"/console/read/defect/{known('打印空白')}").text
    assert agent.submit_fragment("/console/read/ticket/1").status_code == 404


# ── endings ──────────────────────────────────────────────────────────────────────────────────────


def test_one_key_answers_a_consultation_with_the_article(
    client: Clients, maker: Maker, published: Writing, reindex: Reindex
) -> None:
    article = published("电费核算怎样发行", "1. 打开核算。\n2. 点**发行**。", system="mkt")
    reindex()
    agent = client("agent")
    agent.submit_fragment("/console/answers", call(maker))
    with maker() as session:
        token = session.scalars(select(Consultation.token)).one()
    done = agent.submit_fragment(f"/console/answered/{article}", call(maker, token=token))
    assert done.status_code == 200
    assert done.headers["HX-Trigger"] == "call-ended"
    with maker() as session:
        ticket = only_ticket(session)
        assert actions(ticket) == [Action.FILE, Action.TAKE, Action.ANSWER]
        assert (ticket.state, ticket.channel) == (State.CONFIRMING, Channel.HOTLINE)
        assert ticket.requester.login == "wang"
        assert "2. 点发行。" in ticket.outcome
        assert [link.article_id for link in ticket.article_links] == [article]
        kept = session.scalars(select(Consultation)).one()
        assert (kept.outcome, kept.solved_kind, kept.solved_id) == (Outcome.SOLVED, "article", article)


def test_an_article_that_answered_it_makes_it_a_consultation(
    client: Clients, maker: Maker, published: Writing
) -> None:
    answered = call(maker, category="defect")
    assert client("agent").submit_fragment(f"/console/answered/{published('x')}", answered).status_code == 200
    with maker() as session:
        assert only_ticket(session).category == Category.CONSULTATION


def test_the_words_of_a_staff_article_do_not_reach_the_caller(
    client: Clients, maker: Maker, published: Writing
) -> None:
    article = published("只给值班员", "密钥放在二号柜。", audience=Audience.STAFF, system="mkt")
    agent = client("agent")
    assert "仅内部" in agent.submit_fragment(f"/console/read/article/{article}", call(maker)).text
    assert agent.submit_fragment(f"/console/answered/{article}", call(maker)).status_code == 200
    with maker() as session:
        assert "二号柜" not in only_ticket(session).outcome


def test_attaching_files_links_tells_the_workaround_and_escalates(
    client: Clients, maker: Maker, known: Writing
) -> None:
    defect = known("发行按钮点了没反应")
    done = client("agent").submit_fragment(f"/console/attached/{defect}", call(maker, system="oa"))
    assert done.status_code == 200
    with maker() as session:
        ticket = only_ticket(session)
        assert actions(ticket) == [Action.FILE, Action.TAKE, Action.ESCALATE]
        assert (ticket.tier, ticket.category) == (Tier.MIDDLE, Category.DEFECT)
        assert ticket.defect is not None
        assert ticket.defect.id == defect
        assert ticket.system.code == "mkt"
        assert "旧版页面" in ticket.comments[0].text
        assert not ticket.comments[0].internal


def test_local_support_may_not_attach_and_nothing_stays(
    client: Clients, maker: Maker, known: Writing
) -> None:
    refused = client("local_support").submit_fragment(f"/console/attached/{known('x')}", call(maker))
    assert refused.status_code == 422
    assert "电费核算的发行按钮在哪里" in refused.text
    with maker() as session:
        assert session.scalars(select(Ticket)).all() == []


@pytest.mark.parametrize(
    ("ending", "category", "tier", "steps"),
    [
        ("file", "consultation", Tier.FRONT, [Action.FILE]),
        ("take", "consultation", Tier.FRONT, [Action.FILE, Action.TAKE]),
        ("answer", "consultation", Tier.USER, [Action.FILE, Action.TAKE, Action.ANSWER]),
        ("local", "account", Tier.LOCAL, [Action.FILE, Action.TAKE, Action.TO_LOCAL]),
        ("escalate", "defect", Tier.MIDDLE, [Action.FILE, Action.TAKE, Action.ESCALATE]),
    ],
)
def test_wrapping_up_sends_the_ticket_where_the_ending_says(
    client: Clients, maker: Maker, ending: str, category: str, tier: Tier, steps: list[Action]
) -> None:
    fields = call(maker, ending=ending, category=category, note="试过重启，仍然不行")
    assert client("agent").submit_fragment("/console/wrap-up", fields).status_code == 200
    with maker() as session:
        ticket = only_ticket(session)
        assert (actions(ticket), ticket.tier) == (steps, tier)
        assert ticket.text == "电费核算的发行按钮在哪里"


@pytest.mark.parametrize(
    ("change", "sentence", "wanted"),
    [
        ({"ending": "escalate", "note": " "}, "请写收尾说明", "note"),
        ({"ending": "answer", "category": "defect", "note": "好了"}, "前台不能直接答复", "notes"),
        ({"ending": "file", "caller": ""}, "请先查到来电者", "who"),
        ({"ending": "file", "system": ""}, "请选择是哪个系统", "chip-system"),
        ({"ending": "file", "category": ""}, "请选择请求类别", "chip-category"),
        ({"ending": "nonsense"}, "请选择怎样收尾", "notes"),
        ({"ending": "file", "notes": " "}, "请写一两句话", "notes"),
    ],
)
def test_a_refusal_keeps_everything_that_was_typed_and_names_the_field_it_asks_for(
    client: Clients, maker: Maker, change: dict[str, object], sentence: str, wanted: str
) -> None:
    agent = client("agent")
    fields = {**call(maker, note="写给下一位", notes="这里是说过的话"), **change}
    refused = agent.submit_fragment("/console/wrap-up", fields)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert f'data-wants="{wanted}"' in refused.text
    assert f'id="{wanted}"' in refused.text
    assert str(fields["notes"]) in refused.text
    assert str(fields["note"]) in refused.text
    with maker() as session:
        assert session.scalars(select(Ticket)).all() == []
    good = {**call(maker, note="写给下一位", notes="这里是说过的话"), "ending": "file"}
    assert agent.submit_fragment("/console/wrap-up", good).status_code == 200


def test_nobody_files_for_a_caller_they_do_not_serve(
    client: Clients, maker: Maker, published: Writing, known: Writing
) -> None:
    agent, foreign = client("agent"), call(maker, "zhao", ending="file")
    for path in ("wrap-up", f"answered/{published('x')}", f"attached/{known('y')}"):
        assert agent.submit_fragment(f"/console/{path}", foreign).status_code == 404, path
    with maker() as session:
        assert session.scalars(select(Ticket)).all() == []
    assert agent.submit_fragment("/console/wrap-up", call(maker, ending="file")).status_code == 200


def test_it_works_without_javascript(client: Clients, maker: Maker) -> None:
    agent = client("agent")
    looked = agent.submit("/console/answers", call(maker))
    assert "<!doctype html>" in looked.text
    assert "电费核算的发行按钮在哪里" in looked.text
    done = agent.submit("/console/wrap-up", call(maker, ending="take"))
    assert done.status_code == 302
    assert "已为王小雨提交工单" in agent.get("/console").text


def test_local_support_only_files(client: Clients, maker: Maker) -> None:
    with maker() as session:
        assert calls.endings_for(World.of(session).people["local_support"]) == (calls.Ending.FILE,)
    assert (
        client("local_support").submit_fragment("/console/wrap-up", call(maker, ending="file")).status_code
        == 200
    )


# ── beside the call ──────────────────────────────────────────────────────────────────────────────


def test_urging_and_commenting_for_the_caller(
    client: Clients, maker: Maker, filed: Filing, desk_world: World
) -> None:
    number, agent = filed(), client("agent")
    assert agent.submit_fragment(f"/console/tickets/{number}/urge").status_code == 200
    assert agent.submit_fragment(f"/console/tickets/{number}/urge").status_code == 422
    said = agent.submit_fragment(f"/console/tickets/{number}/comment", {"text": "今天又出现一次"})
    assert said.status_code == 200
    assert agent.submit_fragment(f"/console/tickets/{number}/comment", {"text": " "}).status_code == 422
    with maker() as session:
        urge = session.scalars(select(Urge)).one()
        assert urge.by_id == desk_world.people["wang"].id
        assert only_ticket(session).comments[0].text == "今天又出现一次"


def test_tickets_of_foreign_callers_are_not_there(client: Clients, filed: Filing) -> None:
    foreign, agent = filed(by="zhao"), client("agent")
    assert agent.submit_fragment(f"/console/tickets/{foreign}/urge").status_code == 404
    assert agent.submit_fragment(f"/console/tickets/{foreign}/comment", {"text": "x"}).status_code == 404


def test_a_caller_is_counted_into_an_announced_fault(
    client: Clients, maker: Maker, filed: Filing, moved: Moving
) -> None:
    number = filed("营销系统打不开", category=Category.FAULT)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="多人")
    moved(number, Action.RULE, "expert", category=Category.FAULT)
    with transaction(maker) as session:
        people = World.of(session).people
        fault = board.gather(session, [only_ticket(session)], title="打不开", by=people["expert"])
        board.move(session, fault, FaultAction.SUBMIT, by=people["expert"], note="请判定")
        board.move(session, fault, FaultAction.DECLARE, by=people["dispatcher"], note="是故障")
        text = AnnouncementText(AnnouncementKind.FAULT, "营销系统故障", "请稍候。", ("mkt",), ("ld",))
        live = board.write_announcement(session, text, by=people["expert"], fault=fault)
        board.publish(session, live, by=people["expert"])
    with maker() as session:
        live_id = session.scalars(select(Announcement.id)).one()
    agent = client("agent")
    assert "营销系统故障" in agent.submit_fragment("/console/answers", call(maker, "agent")).text
    assert agent.submit_fragment(f"/console/joined/{live_id}", call(maker, "zhao")).status_code == 404
    assert agent.submit_fragment(f"/console/joined/{live_id}", call(maker, "agent")).status_code == 200
    with maker() as session:
        hit = {
            session.get_one(Person, report.person_id).login for report in session.scalars(select(FaultReport))
        }
        assert hit == {"wang", "agent"}


def test_the_strip_counts_what_nobody_holds(client: Clients, filed: Filing, moved: Moving) -> None:
    filed("甲"), filed("乙", by="zhao")
    taken = filed("丙")
    moved(taken, Action.TAKE, "agent")
    assert "1 张工单等受理" in client("agent").fragment("/console/waiting").text


def test_queries_do_not_grow_with_the_caller_s_tickets(
    client: Clients, maker: Maker, filed: Filing, desk_world: World
) -> None:
    agent = client("agent")

    def counted() -> int:
        with statements_sent(maker) as seen:
            agent.get(f"/console?caller={desk_world.people['wang'].id}")
        return len(seen)

    filed("第一件")
    few = counted()
    for n in range(5):
        filed(f"还有第 {n} 件")
    assert counted() <= few


def test_local_support_sees_its_own_queue(client: Clients, filed: Filing, moved: Moving) -> None:
    number = filed(category=Category.ACCOUNT)
    assert "队列已清空" in client("local_support").fragment("/console/waiting").text
    moved(number, Action.TAKE, "agent")
    moved(number, Action.TO_LOCAL, "agent", note="请到现场")
    assert "1 张工单等受理" in client("local_support").fragment("/console/waiting").text
