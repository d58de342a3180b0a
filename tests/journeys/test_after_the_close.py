"""After the close: the worker draws a ticket, its user is rung, its answer inspected, the score appealed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.cli.sampling import draw_samples
from portal.quality.inspections import altered_scores
from portal.quality.models import FollowUp, Inspection
from portal.tickets.models import Ticket
from portal.tickets.trail import broken_tickets
from portal.tickets.words import Action, Category, State
from tests.web.conftest import Clients, Filing, Moving

SHEET: dict[str, Any] = {
    "name": "通用评分表",
    "sections": "1",
    "section-0": "答复",
    "items-0": "2",
    "item-0-0": "答复正确",
    "weight-0-0": "100",
    "item-0-1": "泄露用户信息",
    "veto-0-1": "1",
    "grades": "2",
    "grade-0-name": "合格",
    "grade-0-from": "60",
    "grade-1-name": "不合格",
    "grade-1-from": "0",
    "comment_below": "3",
    "appeal_days": "3",
}


def rule(kind: str) -> dict[str, str]:
    return {"kind": kind, "name": f"{kind} 每张都看", "percentage": "100", "tries": "2", "per": "agent"}


def test_a_closed_ticket_is_looked_at_again(
    client: Clients,
    filed: Filing,
    moved: Moving,
    maker: sessionmaker[Session],
    settings: config.Settings,
) -> None:
    _laid_down(client)
    number = _answered_and_closed(filed, moved)
    draw_samples(settings, maker)
    draw_samples(settings, maker)
    _rung_and_reopened(client, number)
    _answered_again(client, number, moved)
    draw_samples(settings, maker)  # it was drawn once, and that is that
    with maker() as session:
        assert len(session.scalars(select(FollowUp)).all()) == 1
        assert len(session.scalars(select(Inspection)).all()) == 1
    _scored_and_appealed(client)
    _told(client)
    with maker() as session:
        assert broken_tickets(session) == []
        assert altered_scores(session) == []
        assert session.scalars(select(Ticket).where(Ticket.number == number)).one().state == State.CLOSED


def _laid_down(client: Clients) -> None:
    """The manager writes rules and a sheet."""
    manager = client("manager")
    for kind in ("follow_up", "inspection"):
        assert manager.submit("/quality/rules/new", rule(kind)).status_code == 302
    assert manager.submit("/quality/sheets/new", SHEET).status_code == 302


def _answered_and_closed(filed: Filing, moved: Moving) -> str:
    number = filed("发票打印出来是空白页", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="请换一个浏览器")
    moved(number, Action.CONFIRM, "wang", rating=4)
    return number


def _rung_and_reopened(client: Clients, number: str) -> None:
    """A colleague rings; it is not solved, and the ticket goes on with what the user said."""
    lead = client("supervisor")
    assert lead.submit("/quality/follow-ups/next").location == "/quality/follow-ups/1"
    heard = {"reached": "1", "solved": "0", "satisfaction": "2", "then": "reopen", "request": "换了也是空白"}
    assert lead.submit("/quality/follow-ups/1/calls", heard).status_code == 302
    assert "换了也是空白" in client("agent").get(f"/tickets/{number}").text


def _answered_again(client: Clients, number: str, moved: Moving) -> None:
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="打印插件已更新，请再试")
    assert client("wang").submit(f"/my/tickets/{number}/moves/confirm", {"rating": "5"}).status_code == 302


def _scored_and_appealed(client: Clients) -> None:
    inspector, agent, lead = (client(login) for login in ("inspector", "agent", "supervisor"))
    low = {"marks": "1", "version": "1", "score-0.0": "2", "veto-0.1": "0", "comment-0.0": "第一次没有查插件"}
    assert inspector.submit("/quality/inspections/1/score", low).status_code == 302
    assert "不合格" in agent.get("/quality/mine").text
    reason = {"reason": "第二次已经查到并解决"}
    assert agent.submit("/quality/inspections/1/appeal", reason).status_code == 302
    changed = {**low, "score-0.0": "4", "verdict": "changed", "answer": "最终解决了"}
    assert inspector.submit("/quality/inspections/1/decision", changed).status_code == 422
    assert lead.submit("/quality/inspections/1/decision", changed).status_code == 302


def _told(client: Clients) -> None:
    """The manager reads the result, the agent their own, nobody else's."""
    page = client("manager").get("/quality/results").text
    assert "<td>agent</td>" in page and "80.0" in page
    assert ">80<" in client("agent").get("/quality/inspections/1").text
    assert client("wang").get("/quality/inspections/1").status_code == 404
