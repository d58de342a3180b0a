"""The panel 关联 over HTTP: merging, asking for help, see-also, watchers; the unseen is not there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Ticket, Watcher
from portal.tickets.words import Action, State, Tier
from tests.web.conftest import Clients, Filing, Moving

NOT_THERE = "没有这个编号的工单，或者它不在您的权限范围内"


def stands(maker: sessionmaker[Session], number: str) -> Ticket:
    with maker() as session:
        found = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        assert found.survivor is None or found.survivor.number
        return found


def test_a_duplicate_is_merged_and_taken_back(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    kept, twin = filed(), filed(by="wang")
    agent = client("agent")
    answer = agent.submit(f"/tickets/{twin}/merge", {"other": kept, "note": "同一个问题"})
    assert answer.status_code == 302, answer.text
    assert stands(maker, twin).state == State.MERGED
    assert twin in agent.get(f"/tickets/{kept}").text
    page = agent.get(f"/tickets/{twin}").text
    assert "撤销并单" in page
    assert kept in page
    refused = agent.submit(f"/tickets/{twin}/unmerge", {"note": ""})
    assert refused.status_code == 422
    assert agent.submit(f"/tickets/{twin}/unmerge", {"note": "不是一回事"}).status_code == 302
    assert (stands(maker, twin).state, stands(maker, twin).tier) == (State.OPEN, Tier.FRONT)


def test_a_merge_into_what_one_may_not_see_is_not_there(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    mine, foreign = filed(), filed(by="zhao", system="oa")
    agent = client("agent")
    for number in (foreign, "GD209901010001"):
        for deed in ("merge", "related", "help"):
            answer = agent.submit(f"/tickets/{mine}/{deed}", {"other": number, "note": "一样的"})
            assert answer.status_code in (404, 422), deed
            assert NOT_THERE in answer.text or deed == "help"
            assert "赵海陵" not in answer.text
    assert stands(maker, mine).state == State.NEW
    assert agent.submit(f"/tickets/{mine}/merge", {"other": filed(), "note": ""}).status_code == 302


def test_what_was_typed_for_a_refused_merge_stays(client: Clients, filed: Filing) -> None:
    mine = filed()
    answer = client("agent").submit(f"/tickets/{mine}/merge", {"other": mine, "note": "同一个"})
    assert answer.status_code == 422
    assert "不能把工单并入它自己" in answer.text
    assert 'value="同一个"' in answer.text


def test_another_system_is_asked_for_help(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    parent = filed()
    moved(parent, Action.TAKE, "agent")
    agent = client("agent")
    assert "请其他系统协同" in agent.get(f"/tickets/{parent}/help").text
    empty = agent.submit(f"/tickets/{parent}/help", {"system": "oa", "text": ""})
    assert empty.status_code == 422
    asked = agent.submit(f"/tickets/{parent}/help", {"system": "oa", "text": "公文推送收不到，请查"})
    assert asked.status_code == 302, asked.text
    with maker() as session:
        child = session.scalars(select(Ticket).where(Ticket.parent_id.is_not(None))).one()
        assert (child.system.code, child.parent.number if child.parent else "") == ("oa", parent)
        number = child.number
    page = agent.get(f"/tickets/{parent}").text
    assert number in page
    assert f"协同工单 {number} 还没有结束" not in agent.get(f"/tickets/{number}").text
    assert agent.submit(f"/tickets/{parent}/children/{number}/detach", {"note": "不用了"}).status_code == 302
    assert stands(maker, number).parent_id is None


def test_see_also_is_tied_and_untied(client: Clients, filed: Filing) -> None:
    first, second = filed(), filed("打印不出来", by="wang")
    agent = client("agent")
    assert agent.submit(f"/tickets/{first}/related", {"other": second}).status_code == 302
    assert agent.submit(f"/tickets/{first}/related", {"other": second}).status_code == 302  # once is enough
    assert second in agent.get(f"/tickets/{first}").text
    assert first in agent.get(f"/tickets/{second}").text
    assert agent.submit(f"/tickets/{second}/related/{first}/undo").status_code == 302
    assert f"/tickets/{second}/related/{first}/undo" not in agent.get(f"/tickets/{second}").text


def test_a_colleague_is_let_in_and_out(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    number = filed()
    agent, zhao = client("agent"), client("zhao")
    assert zhao.get(f"/my/tickets/{number}").status_code == 404
    assert agent.submit(f"/tickets/{number}/watchers", {"login": "nobody"}).status_code == 422
    assert agent.submit(f"/tickets/{number}/watchers", {"login": "zhao"}).status_code == 302
    assert zhao.get(f"/my/tickets/{number}").status_code == 200
    assert zhao.submit(f"/tickets/{number}/watchers", {"login": "engineer"}).status_code == 404
    assert agent.submit(f"/tickets/{number}/watchers/zhao/remove").status_code == 302
    assert zhao.get(f"/my/tickets/{number}").status_code == 404
    assert agent.submit(f"/tickets/{number}/watch", {"on": "1"}).status_code == 302
    with maker() as session:
        assert len(session.scalars(select(Watcher)).all()) == 1


def test_nobody_ties_tickets_that_they_do_not_serve(client: Clients, filed: Filing) -> None:
    mine, other = filed(system="oa"), filed()
    for login in ("zhao", "engineer", "expert"):
        browser = client(login)
        for deed in ("merge", "unmerge", "help", "related", "watch", "watchers"):
            answer = browser.submit(f"/tickets/{mine}/{deed}", {"other": other, "login": "wang"})
            assert answer.status_code == 404, f"{login} {deed}"
