"""Outages and announcements over HTTP: each refusal beside its positive control."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.faults import board
from portal.faults.flow import AnnouncementKind, AnnouncementState, FaultAction, FaultState
from portal.faults.models import Announcement, FaultEvent, FaultReport
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World

Outage = Callable[..., str]


@pytest.fixture
def ruled(filed: Filing, moved: Moving) -> Callable[..., str]:
    """A report that the middle has ruled a fault."""

    def make(text: str = "营销系统打不开", *, by: str = "wang", system: str = "mkt") -> str:
        number = filed(text, by=by, category=Category.FAULT, system=system)
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ESCALATE, "agent", note="多人反映")
        moved(number, Action.RULE, "expert", category=Category.FAULT)
        return number

    return make


@pytest.fixture
def outage(maker: sessionmaker[Session], ruled: Callable[..., str]) -> Outage:
    """An outage of the marketing system in 岭东, taken to a state by the verbs; returns its number."""

    def make(upto: FaultState = FaultState.DECLARED) -> str:
        number = ruled()
        with transaction(maker) as session:
            people = World.of(session).people
            ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
            fault = board.gather(session, [ticket], title="营销系统打不开", by=people["expert"])
            for action, by in (
                (FaultAction.SUBMIT, "expert"),
                (FaultAction.DECLARE, "dispatcher"),
                (FaultAction.RECOVER, "engineer"),
                (FaultAction.VERIFY, "expert"),
            ):
                if fault.state != upto:
                    board.move(session, fault, action, by=people[by], note="写明依据")
            return fault.number

    return make


@pytest.fixture
def announced(maker: sessionmaker[Session], outage: Outage) -> tuple[str, int]:
    """An outage with a live announcement: (number, announcement)."""
    number = outage()
    with transaction(maker) as session:
        fault = session.scalars(select(FaultEvent).where(FaultEvent.number == number)).one()
        expert = World.of(session).people["expert"]
        text = board.AnnouncementText(
            AnnouncementKind.FAULT, "营销系统登录不上", "请先用备用入口", ["mkt"], ["ld"]
        )
        row = board.write_announcement(session, text, by=expert, fault=fault)
        board.publish(session, row, by=expert)
        return number, row.id


def state_of(maker: sessionmaker[Session], number: str) -> FaultState:
    with maker() as session:
        return session.scalars(select(FaultEvent).where(FaultEvent.number == number)).one().state


def test_reports_become_one_event(
    client: Clients, ruled: Callable[..., str], maker: sessionmaker[Session]
) -> None:
    numbers = [ruled(), ruled("营销登录报 502")]
    expert = client("expert")
    page = expert.get("/faults").text
    assert all(number in page for number in numbers)
    answer = expert.submit("/faults", {"tickets": numbers, "title": "营销系统全省打不开"})
    assert answer.status_code == 302 and answer.location.startswith("/faults/GZ")
    shown = expert.get(answer.location).text
    assert "营销系统全省打不开" in shown and all(number in shown for number in numbers)
    # gathered once: not offered again, and refused when sent again
    again = expert.submit("/faults", {"tickets": numbers})
    assert again.status_code == 422 and "已经归集到故障" in again.text


def place_of(maker: sessionmaker[Session], number: str) -> tuple[State, Tier]:
    with maker() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        return ticket.state, ticket.tier


def test_a_late_report_joins(
    client: Clients, ruled: Callable[..., str], outage: Outage, maker: sessionmaker[Session]
) -> None:
    number, late = outage(), ruled("又一个打不开")
    expert = client("expert")
    assert late in expert.get(f"/faults/{number}").text
    expert.submit("/faults", {"tickets": [late], "fault": number})
    page = expert.get(f"/faults/{number}").text
    assert late in page and "没有跟上的工单" not in page  # the ruling on the event is a ruling on its reports
    assert place_of(maker, late) == (State.OPEN, Tier.BACK)


def test_foreign_tickets_are_not_there(client: Clients, ruled: Callable[..., str]) -> None:
    """An expert of the marketing system gathers nothing of the office system."""
    own = ruled()
    expert = client("expert")
    assert expert.submit("/faults", {"tickets": [own, "GD209901010001"]}).status_code == 404
    assert expert.submit("/faults", {"tickets": []}).status_code == 422
    assert client("dispatcher").submit("/faults", {"tickets": [own]}).status_code == 404
    assert expert.submit("/faults", {"tickets": [own]}).status_code == 302


@pytest.mark.parametrize("login", ["wang", "admin"])
def test_the_board_is_not_for_everybody(client: Clients, outage: Outage, login: str) -> None:
    number = outage()
    assert client(login).get("/faults").status_code == 404
    assert client(login).get(f"/faults/{number}").status_code == 404
    for staff in ("expert", "dispatcher", "engineer", "manager", "supervisor", "agent"):
        assert client(staff).get(f"/faults/{number}").status_code == 200, staff


def test_an_expert_of_another_system_neither_sees_nor_moves_it(
    client: Clients, outage: Outage, maker: sessionmaker[Session], desk_world: World
) -> None:
    number = outage(FaultState.GATHERING)
    with transaction(maker) as session:
        post = session.scalars(select(PersonPost).where(PersonPost.post == Post.EXPERT)).one()
        post.systems = ["oa"]
    other = client("expert")
    assert other.get(f"/faults/{number}").status_code == 404
    assert number not in other.get("/faults").text
    deed = {"action": "submit", "note": "请判定"}
    assert other.submit(f"/faults/{number}/moves", deed).status_code == 404
    assert other.get(f"/announcements/new?fault={number}").status_code == 404
    with transaction(maker) as session:
        session.scalars(select(PersonPost).where(PersonPost.post == Post.EXPERT)).one().systems = ["mkt"]
    assert other.submit(f"/faults/{number}/moves", deed).status_code == 302
    assert state_of(maker, number) == FaultState.SUBMITTED


def test_the_dispatcher_has_two_clear_buttons(
    client: Clients, outage: Outage, maker: sessionmaker[Session]
) -> None:
    number = outage(FaultState.SUBMITTED)
    page = client("dispatcher").get(f"/faults/{number}").text
    assert 'value="declare"' in page and 'value="dismiss"' in page
    assert 'value="declare"' not in client("expert").get(f"/faults/{number}").text
    deed = {"action": "declare", "note": "核实属实"}
    refused = client("expert").submit(f"/faults/{number}/moves", deed)
    assert refused.status_code == 422 and "您的岗位不能" in refused.text and "核实属实" in refused.text
    assert client("manager").submit(f"/faults/{number}/moves", deed).status_code == 404
    assert state_of(maker, number) == FaultState.SUBMITTED
    assert client("dispatcher").submit(f"/faults/{number}/moves", deed).status_code == 302
    assert state_of(maker, number) == FaultState.DECLARED


def test_a_move_without_reason_or_of_no_kind(client: Clients, outage: Outage) -> None:
    number = outage(FaultState.SUBMITTED)
    dispatcher = client("dispatcher")
    assert dispatcher.submit(f"/faults/{number}/moves", {"action": "declare", "note": " "}).status_code == 422
    assert dispatcher.submit(f"/faults/{number}/moves", {"action": "drop", "note": "x"}).status_code == 400


def test_only_those_affected_see_the_bar(client: Clients, announced: tuple[str, int]) -> None:
    _, row = announced
    wang, zhao = client("wang"), client("zhao")
    assert "营销系统登录不上" in wang.get("/account").text
    assert "我也遇到了" not in wang.get("/account").text  # wang reported it already
    assert "营销系统登录不上" not in zhao.get("/account").text
    assert wang.get(f"/announcements/{row}").status_code == 200
    assert zhao.get(f"/announcements/{row}").status_code == 404
    assert client("manager").get(f"/announcements/{row}").status_code == 200  # staff read all
    assert "营销系统登录不上" in wang.get("/announcements").text
    assert "营销系统登录不上" not in zhao.get("/announcements").text


def test_folded_to_a_pill_and_never_away(
    client: Clients, announced: tuple[str, int], maker: sessionmaker[Session]
) -> None:
    wang = client("wang")
    wang.submit("/announcements/fold", {"fold": "1", "next": "/account"})
    page = wang.get("/account").text
    assert "营销系统登录不上" not in page and "1 条公告生效中" in page
    with transaction(maker) as session:  # an update of what is told unfolds it
        session.get(Announcement, announced[1]).title = "营销系统登录不上（第二次更新）"  # type: ignore[union-attr]
    assert "第二次更新" in wang.get("/account").text
    wang.submit("/announcements/fold", {"fold": "0", "next": "/account"})
    assert "第二次更新" in wang.get("/account").text


def test_an_update_that_is_overdue_is_not_promised_for_the_past(
    client: Clients, announced: tuple[str, int], maker: sessionmaker[Session]
) -> None:
    def bar_with(promise: datetime) -> str:
        with transaction(maker) as session:
            session.execute(update(Announcement).values(next_update_at=promise))
        return client("wang").get("/account").text

    assert "下次更新" in bar_with(datetime(2990, 1, 1, tzinfo=UTC))
    late = bar_with(datetime(2026, 1, 1, 4, tzinfo=UTC))
    assert "稍有延迟" in late
    assert "下次更新" not in late


def test_folding_leads_nowhere_else(client: Clients, announced: tuple[str, int]) -> None:
    away = client("wang").submit("/announcements/fold", {"fold": "1", "next": "//evil.example"})
    assert away.status_code == 302 and "evil" not in away.location


def test_me_too_is_counted_once_and_hears_of_the_recovery(
    client: Clients, announced: tuple[str, int], maker: sessionmaker[Session], desk_world: World
) -> None:
    number, _ = announced
    supervisor = client("supervisor")  # sits in 沧源, below 岭东
    assert "我也遇到了" in supervisor.get("/account").text
    for _ in range(2):
        assert supervisor.submit(f"/faults/{number}/me-too", {"next": "/account"}).status_code == 302
    assert "已记下" in supervisor.get("/account").text
    with maker() as session:
        assert len(session.scalars(select(FaultReport)).all()) == 2  # wang's ticket, the supervisor
    assert client("zhao").submit(f"/faults/{number}/me-too").status_code == 404
    assert client("zhao").submit("/faults/GZ999999/me-too").status_code == 404


def test_the_bar_costs_one_query(
    client: Clients, announced: tuple[str, int], maker: sessionmaker[Session]
) -> None:
    with statements_sent(maker) as seen:
        client("wang").get("/account")
    assert sum("FROM announcement" in statement for statement in seen) <= 2  # sign-in's page and this one


def test_an_announcement_is_written_updated_and_withdrawn(
    client: Clients, outage: Outage, maker: sessionmaker[Session]
) -> None:
    number = outage()
    expert = client("expert")
    form = {"kind": "fault", "title": "登录不上", "body": "**先别急**", "systems": ["mkt"], "units": ["ld"]}
    answer = expert.submit(f"/announcements/new?fault={number}", {**form, "publish": "1"})
    assert answer.status_code == 302
    page = client("wang").get(answer.location).text
    assert "<strong>先别急</strong>" in page
    expert.submit(f"{answer.location}/edit", {**form, "body": "请用备用入口"})
    assert "请用备用入口" in client("wang").get(answer.location).text
    assert client("agent").submit(f"{answer.location}/withdraw").status_code == 404
    assert expert.submit(f"{answer.location}/withdraw").status_code == 302
    assert client("wang").get(answer.location).status_code == 404
    assert expert.submit(f"{answer.location}/edit", form).status_code == 422


def test_what_was_typed_is_kept(client: Clients, outage: Outage) -> None:
    number = outage(FaultState.SUBMITTED)
    form = {"kind": "fault", "title": "太早了", "body": "还没有判定", "systems": ["mkt"], "publish": "1"}
    answer = client("expert").submit(f"/announcements/new?fault={number}", form)
    assert answer.status_code == 422 and "判定为故障之后" in answer.text and "还没有判定" in answer.text
    missing = client("expert").submit("/announcements/new", {**form, "systems": []})
    assert missing.status_code == 422 and "受影响的系统" in missing.text


def test_drafts_are_their_authors(client: Clients, maker: sessionmaker[Session], desk_world: World) -> None:
    form = {"kind": "notice", "title": "周末停机", "body": "周六晚上"}
    place = client("expert").submit("/announcements/new", form).location
    assert client("expert").get(place).status_code == 200
    assert client("manager").get(place).status_code == client("wang").get(place).status_code == 404
    client("expert").submit(f"{place}/publish")
    assert client("wang").get(place).status_code == 200
    with maker() as session:
        assert session.scalars(select(Announcement)).one().state == AnnouncementState.LIVE


def test_nothing_written_becomes_a_script(client: Clients, desk_world: World) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))"
    form = {"kind": "notice", "title": evil[:100], "body": evil, "publish": "1"}
    place = client("expert").submit("/announcements/new", form).location
    for page in (client("wang").get(place).text, client("wang").get("/account").text):
        assert (
            "<script>alert" not in page
            and "onerror=alert(1)>" not in page
            and 'href="javascript:' not in page
        )


def test_the_front_tells_all_reporters_at_once(
    client: Clients, outage: Outage, maker: sessionmaker[Session]
) -> None:
    early = outage(FaultState.RECOVERED)
    words = {"words": "系统已恢复，请重新登录"}
    agent = client("agent")
    assert agent.submit(f"/faults/{early}/tell", words).status_code == 422
    deed = {"action": "verify", "note": "抽查恢复"}
    assert client("expert").submit(f"/faults/{early}/moves", deed).status_code == 302
    assert "告知全部报障人" in agent.get(f"/faults/{early}").text
    assert "告知全部报障人" not in client("expert").get(f"/faults/{early}").text
    assert agent.submit(f"/faults/{early}/tell", {"words": " "}).status_code == 422
    assert client("engineer").submit(f"/faults/{early}/tell", words).status_code == 404
    assert agent.submit(f"/faults/{early}/tell", words).status_code == 302
    with maker() as session:
        assert {ticket.state for ticket in session.scalars(select(Ticket))} == {"confirming"}


def test_the_bystanders_notice_leads_to_the_announcement(
    client: Clients, announced: tuple[str, int], maker: sessionmaker[Session]
) -> None:
    number, row = announced
    supervisor, expert = client("supervisor"), client("expert")
    supervisor.submit(f"/faults/{number}/me-too")
    for login, action in (("engineer", "recover"), ("expert", "verify")):
        deed = {"action": action, "note": "已恢复"}
        assert client(login).submit(f"/faults/{number}/moves", deed).status_code == 302
    assert expert.submit(f"/announcements/{row}/recover", {"words": "可以用了"}).status_code == 302
    page = supervisor.get("/notices").text
    assert "您反映也遇到的故障已恢复" in page and f"/announcements/{row}" in page


def test_searching_by_number_finds_only_ones_own_outages(
    client: Clients, outage: Outage, maker: sessionmaker[Session]
) -> None:
    number = outage()
    assert number in client("manager").get(f"/search?q={number}").text
    with transaction(maker) as session:
        post = session.scalars(select(PersonPost).where(PersonPost.post == Post.EXPERT)).one()
        post.systems = ["oa"]
    assert "营销系统打不开" not in client("expert").get(f"/search?q={number}").text
