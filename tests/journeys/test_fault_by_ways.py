"""An outage as it really goes: five reporters, a ticket moved by hand, one never ruled, one that comes late.

And the other end: what was declared a fault turns out to be none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.faults.durations import stretches_of
from portal.faults.flow import AnnouncementState, FaultAction, FaultState
from portal.faults.models import Announcement, FaultEvent, FaultReport
from portal.faults.promises import warn_of_late_updates
from portal.faults.trail import broken_faults
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.trail import broken_tickets
from portal.tickets.words import Action, Category, State, Tier
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Visitor
from tests.world import World, person

#: login → unit: five units of two provinces.
REPORTERS = {"r1": "ld-cy", "r2": "ld", "r3": "hl", "r4": "hq", "r5": "ld-cy"}
BYSTANDER, LATE = "by", "late"
WORDS = "营销系统打不开，一直转圈报 502"


@pytest.fixture(autouse=True)
def hired(maker: sessionmaker[Session], desk_world: World) -> None:
    """The reporters, and an agent who serves every unit."""
    with transaction(maker) as session:
        units = World.of(session).units
        session.add_all(person(login, units[code]) for login, code in REPORTERS.items())
        session.add_all((person(BYSTANDER, units["ld-cy"]), person(LATE, units["ld"])))
        desk = person("hotline", units["hq"])
        desk.posts.append(PersonPost(post=Post.AGENT, unit=units["hq"], systems=[]))
        session.add(desk)


class Outage:
    """One outage over HTTP."""

    def __init__(self, client: Clients, maker: sessionmaker[Session]) -> None:
        self.client, self.maker, self.event = client, maker, ""

    def does(self, login: str, action: FaultAction, note: str = "写明依据") -> int:
        fields = {"action": action.value, "note": note}
        return self.by(login).submit(f"{self.event}/moves", fields).status_code

    def by(self, login: str) -> Visitor:
        return self.client(login)

    def place(self, number: str) -> tuple[State, Tier]:
        with self.maker() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
            return ticket.state, ticket.tier

    def fault(self, session: Session) -> FaultEvent:
        return session.scalars(select(FaultEvent).where(FaultEvent.number == self.event[-8:])).one()

    def told(self, event: Event) -> list[str]:
        with self.maker() as session:
            names = {row.id: row.login for row in World.of(session).people.values()}
            return sorted(
                names[row.person_id] for row in session.scalars(select(Notice).filter_by(event=event))
            )


@pytest.fixture
def outage(client: Clients, maker: sessionmaker[Session]) -> Outage:
    return Outage(client, maker)


def to_middle(filed: Filing, moved: Moving, by: str, *, ruled: bool = True) -> str:
    number = filed(WORDS, by=by, category=Category.FAULT if ruled else Category.DEFECT)
    moved(number, Action.TAKE, "hotline")
    moved(number, Action.ESCALATE, "hotline", note="多个单位反映")
    if ruled:
        moved(number, Action.RULE, "expert", category=Category.FAULT)
    return number


def announce(outage: Outage, title: str = "营销系统打不开") -> str:
    text = {"kind": "fault", "title": title, "body": "**现在怎么办**：先用备用入口", "systems": ["mkt"]}
    address = f"/announcements/new?fault={outage.event[-8:]}"
    answer = outage.by("expert").submit(address, {**text, "publish": "1"})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def test_five_units_one_outage(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    expert = client("expert")
    numbers = {login: to_middle(filed, moved, login, ruled=login != "r2") for login in REPORTERS}
    # nobody has ruled r2's ticket; the page proposes it all the same, because its words are alike
    board = expert.get("/faults").text
    assert "说法相近的新报障" in board and numbers["r2"] in board
    made = expert.submit("/faults", {"tickets": list(numbers.values()), "title": "营销系统打不开"})
    outage.event = made.location
    page = expert.get(outage.event).text
    assert all(number in page for number in numbers.values())

    # gathering was r2's ruling; r3's ticket is sent back by hand
    assert outage.does("expert", FaultAction.SUBMIT) == 302
    assert {outage.place(number) for number in numbers.values()} == {(State.OPEN, Tier.DISPATCH)}
    moved(numbers["r3"], Action.NOT_A_FAULT, "dispatcher", note="这一单好像是别的问题")
    assert outage.does("dispatcher", FaultAction.DECLARE, "核实属实，请后台立即抢修") == 302
    assert outage.place(numbers["r3"]) == (State.OPEN, Tier.MIDDLE)
    page = expert.get(outage.event).text
    assert "没有跟上的工单" in page and "落在后面，可以跟上" in page
    assert expert.submit(f"{outage.event}/catch-up").status_code == 302
    assert outage.place(numbers["r3"]) == (State.OPEN, Tier.BACK)
    assert "没有跟上的工单" not in expert.get(outage.event).text

    # announced to everybody; the bystander joins, units are counted
    told = announce(outage)
    assert "营销系统打不开" in client(BYSTANDER).get("/").text
    assert client(BYSTANDER).submit(f"{outage.event}/me-too", {"next": "/"}).status_code == 302
    with maker() as session:
        assert len(session.scalars(select(FaultReport)).all()) == len(REPORTERS) + 1

    # how it goes on; a promise that is not kept is told to its author, once
    words = {"words": "已定位到**认证服务**，正在切换", "until": ""}
    assert client("wang").submit(f"{told}/updates", words).status_code == 404
    assert expert.submit(f"{told}/updates", {"words": " "}).status_code == 422
    assert expert.submit(f"{told}/updates", {**words, "until": "2020-01-01T10:00"}).status_code == 422
    assert expert.submit(f"{told}/updates", words).status_code == 302
    assert "<strong>认证服务</strong>" in client(BYSTANDER).get(told).text
    promise = datetime.now(UTC) + timedelta(hours=1)
    with transaction(maker) as session:
        row = session.scalars(select(Announcement)).one()
        row.next_update_at = promise
    for _ in range(2):
        with transaction(maker) as session:
            warn_of_late_updates(session, promise + timedelta(minutes=1))
    assert outage.told(Event.UPDATE_DUE) == ["expert"]

    # the engineer who holds one of the tickets stops nobody
    moved(numbers["r1"], Action.TAKE, "engineer")
    assert outage.does("engineer", FaultAction.RECOVER, "已重启认证服务") == 302
    moved(numbers["r4"], Action.TAKE, "expert")
    assert outage.does("expert", FaultAction.FAIL, "海陵仍打不开") == 302
    assert outage.place(numbers["r4"]) == (State.OPEN, Tier.BACK)
    assert outage.does("engineer", FaultAction.RECOVER, "已扩容") == 302
    assert outage.does("expert", FaultAction.VERIFY, "抽查五个单位均已恢复") == 302
    assert {outage.place(number) for number in numbers.values()} == {(State.FEEDBACK, Tier.FRONT)}

    # a report that comes after the recovery is gathered and told with the others
    late = to_middle(filed, moved, LATE)
    assert late in expert.get(outage.event).text
    fields = {"tickets": [late], "fault": outage.event[-8:]}
    assert expert.submit("/faults", fields).status_code == 302
    assert outage.place(late) == (State.FEEDBACK, Tier.FRONT)
    answer = client("hotline").submit(f"{outage.event}/tell", {"words": "已恢复，请重新登录"})
    assert answer.status_code == 302
    everyone = {*numbers.values(), late}
    assert {outage.place(number) for number in everyone} == {(State.CONFIRMING, Tier.USER)}
    assert outage.told(Event.TOLD) == sorted([*REPORTERS, LATE])
    assert expert.submit(f"{told}/recover", {"words": "已恢复"}).status_code == 302
    assert outage.told(Event.RECOVERED) == [BYSTANDER]

    with maker() as session:
        fault = outage.fault(session)
        assert fault.told_at is not None and fault.detected_at is not None
        assert all(row.minutes is not None for row in stretches_of(fault))
        assert broken_tickets(session) == [] and broken_faults(session) == []
        deeds = [row.action for row in fault.moves]
    assert deeds == [
        FaultAction.GATHER,
        FaultAction.SUBMIT,
        FaultAction.DECLARE,
        FaultAction.CATCH_UP,
        FaultAction.ANNOUNCE,
        FaultAction.UPDATE,
        FaultAction.RECOVER,
        FaultAction.FAIL,
        FaultAction.RECOVER,
        FaultAction.VERIFY,
        FaultAction.ADD,
        FaultAction.TELL,
        FaultAction.RECOVERY,
    ]
    for number, login in [*zip(numbers.values(), numbers, strict=True), (late, LATE)]:
        moved(number, Action.CONFIRM, login, rating=5)


def test_whoever_nobody_tells_through_a_ticket_hears_by_notice(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    stays, leaves = to_middle(filed, moved, "r1"), to_middle(filed, moved, "r2")
    outage.event = client("expert").submit("/faults", {"tickets": [stays, leaves]}).location
    with transaction(maker) as session:  # as a merge or a withdrawal ends it
        row = session.scalars(select(Ticket).where(Ticket.number == leaves)).one()
        row.state, row.tier, row.closed_at = State.CANCELLED, Tier.USER, datetime.now(UTC)
    for login, action in (
        ("expert", FaultAction.SUBMIT),
        ("dispatcher", FaultAction.DECLARE),
        ("engineer", FaultAction.RECOVER),
        ("expert", FaultAction.VERIFY),
    ):
        assert outage.does(login, action) == 302
        if action == FaultAction.DECLARE:
            told = announce(outage)
    assert leaves not in _behind(client("expert").get(outage.event).text)
    assert client("expert").submit(f"{told}/recover", {"words": "已恢复"}).status_code == 302
    assert outage.told(Event.RECOVERED) == ["r2"]


def _behind(page: str) -> str:
    return page.split("没有跟上的工单")[1].split("</section>")[0] if "没有跟上的工单" in page else ""


@pytest.mark.parametrize("after", [FaultAction.DECLARE, FaultAction.RECOVER])
def test_a_wrong_ruling_is_taken_back_with_its_announcement(
    outage: Outage,
    client: Clients,
    filed: Filing,
    moved: Moving,
    maker: sessionmaker[Session],
    after: FaultAction,
) -> None:
    numbers = [to_middle(filed, moved, login) for login in ("r1", "r2")]
    outage.event = client("expert").submit("/faults", {"tickets": numbers}).location
    assert outage.does("dispatcher", FaultAction.REVOKE) == 422
    assert outage.does("expert", FaultAction.SUBMIT) == 302
    assert outage.does("dispatcher", FaultAction.DECLARE) == 302
    told = announce(outage)
    client(BYSTANDER).submit(f"{outage.event}/me-too", {"next": "/"})
    if after == FaultAction.RECOVER:
        assert outage.does("engineer", FaultAction.RECOVER) == 302
    for login in ("expert", "engineer"):
        assert outage.does(login, FaultAction.REVOKE, "不是故障") == 422, login
    assert outage.does("dispatcher", FaultAction.REVOKE, "只是两台电脑的插件问题") == 302
    assert {outage.place(number) for number in numbers} == {(State.OPEN, Tier.MIDDLE)}
    with maker() as session:
        assert outage.fault(session).state == FaultState.DISMISSED
        assert session.scalars(select(Announcement)).one().state == AnnouncementState.WITHDRAWN
        assert broken_faults(session) == [] and broken_tickets(session) == []
    assert 'class="announcement kind' not in client("r1").get("/account").text
    assert client(BYSTANDER).get(told).status_code == 404
    assert outage.told(Event.NO_FAULT) == [BYSTANDER]
    assert "只是两台电脑的插件问题" in client("expert").get(outage.event).text
    # back at the middle's ruling
    moved(numbers[0], Action.RULE, "expert", category=Category.DEFECT)


def test_a_ticket_gathered_wrongly_leaves(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    stays, leaves = to_middle(filed, moved, "r1"), to_middle(filed, moved, "r2")
    expert = client("expert")
    outage.event = expert.submit("/faults", {"tickets": [stays, leaves]}).location
    address = f"{outage.event}/tickets/{leaves}/leave"
    assert expert.submit(address, {"note": " "}).status_code == 422
    assert client("dispatcher").submit(address, {"note": "不是"}).status_code == 404
    assert expert.submit(f"{outage.event}/tickets/GD1/leave", {"note": "不是"}).status_code == 404
    assert expert.submit(address, {"note": "是打印机的问题"}).status_code == 302
    assert expert.submit(address, {"note": "再一次"}).status_code == 422
    assert outage.does("expert", FaultAction.SUBMIT) == 302
    assert outage.place(stays) == (State.OPEN, Tier.DISPATCH)
    assert outage.place(leaves) == (State.OPEN, Tier.MIDDLE)
    with maker() as session:
        assert broken_faults(session) == []
    again = expert.submit("/faults", {"tickets": [leaves], "title": "另一次"})
    assert again.status_code == 302 and again.location != outage.event


def test_an_edited_trail_is_noticed(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    outage.event = client("expert").submit("/faults", {"tickets": [to_middle(filed, moved, "r1")]}).location
    assert outage.does("expert", FaultAction.SUBMIT, "三个单位打不开") == 302
    with transaction(maker) as session:
        fault = outage.fault(session)
        assert broken_faults(session) == []
        fault.moves[-1].note = "一个单位打不开"
    with maker() as session:
        assert [number for number, _why in broken_faults(session)] == [outage.event[-8:]]


def test_the_api_tells_only_what_its_caller_serves(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    outage.event = client("expert").submit("/faults", {"tickets": [to_middle(filed, moved, "r1")]}).location
    number = outage.event[-8:]
    assert client("expert").get(f"/api/v1/faults/{number}").json["moves"][0]["action"] == "gather"
    with transaction(maker) as session:
        session.scalars(select(PersonPost).where(PersonPost.post == Post.EXPERT)).one().systems = ["oa"]
    assert client("expert").get(f"/api/v1/faults/{number}").status_code == 404
    assert client("expert").get("/api/v1/faults").json["items"] == []
    assert client("wang").get(f"/api/v1/faults/{number}").status_code == 404
    assert client("manager").get("/api/v1/faults").json["items"][0]["number"] == number


@pytest.mark.parametrize("path", ["/", "/ask", "/search?q=营销系统打不开", "/kb", "/my/tickets"])
def test_a_live_announcement_stands_first_everywhere(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, path: str
) -> None:
    outage.event = client("expert").submit("/faults", {"tickets": [to_middle(filed, moved, "r1")]}).location
    assert outage.does("expert", FaultAction.SUBMIT) == 302
    assert outage.does("dispatcher", FaultAction.DECLARE) == 302
    announce(outage, "营销系统全网打不开")
    page = client(BYSTANDER).get(path).text
    assert "营销系统全网打不开" in page
    assert page.index("营销系统全网打不开") < page.index("<h1")
    assert client(BYSTANDER).get("/api/v1/announcements").json[0]["title"] == "营销系统全网打不开"


def test_it_stands_first_in_suggestions_and_at_the_console(
    outage: Outage, client: Clients, filed: Filing, moved: Moving
) -> None:
    outage.event = client("expert").submit("/faults", {"tickets": [to_middle(filed, moved, "r1")]}).location
    assert outage.does("expert", FaultAction.SUBMIT) == 302
    assert outage.does("dispatcher", FaultAction.DECLARE) == 302
    announce(outage, "营销系统全网打不开")
    asked = {"text": "营销系统打不开了", "system": "mkt"}
    browser = client(BYSTANDER)
    headers = {"X-CSRFToken": browser.token()}
    answer = browser.post("/api/v1/suggestions", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json["announcements"][0]["title"] == "营销系统全网打不开"
    heard = client("hotline").submit_fragment(
        "/console/answers", {"notes": "营销系统打不开了", "system": "mkt"}
    )
    assert "营销系统全网打不开" in heard.text
    # me-too through the API: counted once, and only while it is announced
    for _ in range(2):
        joined = browser.post(f"/api/v1/faults/{outage.event[-8:]}/me-too", headers=headers)
        assert joined.status_code == 204
    assert browser.post("/api/v1/faults/GZ999999/me-too", headers=headers).status_code == 404


def test_the_events_page_asks_no_more_for_more_reports(
    outage: Outage, client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    expert = client("expert")
    outage.event = expert.submit("/faults", {"tickets": [to_middle(filed, moved, "r1")]}).location
    assert outage.does("expert", FaultAction.SUBMIT) == 302

    def cost(path: str) -> int:
        expert.get(path)
        with statements_sent(maker) as asked:
            assert expert.get(path).status_code == 200
        return len(asked)

    few = cost(outage.event), cost("/faults")
    more = [to_middle(filed, moved, login) for login in ("r2", "r3", "r4", "r5")]
    expert.submit("/faults", {"tickets": more, "fault": outage.event[-8:]})
    for number in more:
        moved(number, Action.TAKE, "dispatcher")
    assert (cost(outage.event), cost("/faults")) <= (few[0] + 1, few[1])


def test_a_ticket_says_which_outage_it_belongs_to_or_may_belong_to(
    outage: Outage, client: Clients, filed: Filing, moved: Moving
) -> None:
    inside, near = to_middle(filed, moved, "r1"), to_middle(filed, moved, "r2", ruled=False)
    elsewhere = filed("公文打不开", by="r3", category=Category.DEFECT, system="oa")
    outage.event = client("expert").submit("/faults", {"tickets": [inside]}).location
    assert "属于故障事件" in client("expert").get(f"/tickets/{inside}").text
    page = client("expert").get(f"/tickets/{near}").text
    assert "同一系统正有故障" in page and 'name="fault"' in page
    assert 'name="fault"' not in client("hotline").get(f"/tickets/{near}").text  # the middle gathers
    assert "同一系统正有故障" not in client("hotline").get(f"/tickets/{elsewhere}").text
    fields = {"tickets": [near], "fault": outage.event[-8:]}
    assert client("expert").submit("/faults", fields).status_code == 302
    assert "属于故障事件" in client("expert").get(f"/tickets/{near}").text
