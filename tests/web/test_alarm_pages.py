"""Alarms, curves and the view across provinces over HTTP: journeys, what is kept, who may, how many asks."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from defects import moves
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from portal.db import transaction
from portal.tickets import linking
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import AlarmState, RecurrenceAlarm
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Writing
from tests.world import World

REPAIR = (DefectAction.START, DefectAction.FIX, DefectAction.VERIFY)
Repaired = Callable[..., str]


@pytest.fixture
def repaired(maker: sessionmaker[Session], known: Writing) -> Repaired:
    """A verified record, repaired in 6.2.0; returns its number."""

    def repair(title: str = "阶梯电费重复累计", **more: object) -> str:
        told: dict[str, object] = {"cause": "缓存没有清", "fixed_in": "6.2.0", "codes": ("0x80070005",)}
        number = known(title, **{**told, **more})
        with transaction(maker) as session:
            expert = World.of(session).people["expert"]
            defect = session.get_one(Defect, number)
            for action in REPAIR:
                moves.move(session, defect, action, by=expert.id, duties=set(DefectDuty))
            return defect.number

    return repair


@pytest.fixture
def linked(maker: sessionmaker[Session]) -> Callable[..., None]:
    def link(ticket: str, defect: str, *, by: str | None = None) -> None:
        with transaction(maker) as session:
            row = session.scalars(select(Ticket).where(Ticket.number == ticket)).one()
            record = session.scalars(select(Defect).where(Defect.number == defect)).one()
            person = World.of(session).people[by] if by else None
            linking.link(session, row, record, by=person, probability=None if by else 0.97)

    return link


def alarm_of(maker: sessionmaker[Session], defect: str) -> tuple[int, AlarmState, DefectState, int]:
    with maker() as session:
        wanted = select(RecurrenceAlarm).join(Defect).where(Defect.number == defect)
        alarm = session.scalars(wanted.order_by(RecurrenceAlarm.id.desc())).first()
        assert alarm is not None
        return alarm.id, alarm.state, alarm.defect.state, alarm.version


def test_an_expert_judges_alarms(
    client: Clients,
    maker: sessionmaker[Session],
    repaired: Repaired,
    filed: Filing,
    linked: Callable[..., None],
) -> None:
    defect, ticket = repaired(), filed("阶梯电费又重复累计了，报错 0x80070005")
    linked(ticket, defect)
    expert = client("expert")
    assert "复发报警" in expert.get("/workbench").text
    page = expert.get("/defects/alarms").text
    assert defect in page
    assert ticket in page
    assert "把握 97%" in page
    assert "误报率" in page, "too few decided: no share is shown"
    number, _state, _record, version = alarm_of(maker, defect)

    refused = expert.submit(
        f"/defects/alarms/{number}/dismiss", {"reason": "", "seen": version, "state": "open"}
    )
    assert refused.status_code == 422
    assert "为什么不是复发" in refused.text
    stale = expert.submit(
        f"/defects/alarms/{number}/dismiss", {"reason": "是<别的>菜单", "seen": version + 7, "state": "open"}
    )
    assert stale.status_code == 409
    assert "是&lt;别的&gt;菜单" in stale.text, "what was typed comes back"

    fields = {"reason": "是别的菜单", "seen": version, "state": "open"}
    assert expert.submit(f"/defects/alarms/{number}/dismiss", fields).status_code == 302
    assert alarm_of(maker, defect)[1:3] == (AlarmState.DISMISSED, DefectState.VERIFIED)
    dismissed = expert.get("/defects/alarms?state=dismissed").text
    assert "是别的菜单" in dismissed
    version = alarm_of(maker, defect)[3]
    assert expert.submit(f"/defects/alarms/{number}/undo", {"seen": version}).status_code == 302
    assert alarm_of(maker, defect)[1:3] == (AlarmState.OPEN, DefectState.CONFIRMED)

    version = alarm_of(maker, defect)[3]
    with maker() as session:
        ticket_id = session.scalars(select(Ticket.id).where(Ticket.number == ticket)).one()
    shown = {"seen": version, "shown": ticket_id}
    none_ticked = expert.submit(f"/defects/alarms/{number}/confirm", shown)
    assert none_ticked.status_code == 422
    away = {**shown, "ticket": ticket_id, "next": f"/defects/{defect}"}
    confirmed = expert.submit(f"/defects/alarms/{number}/confirm", away)
    assert confirmed.location == f"/defects/{defect}"
    assert alarm_of(maker, defect)[1:3] == (AlarmState.CONFIRMED, DefectState.CONFIRMED)
    off = expert.submit(f"/defects/alarms/{number}/undo", {"next": "https://elsewhere.example/"})
    assert "elsewhere" not in off.location


def test_what_takes_a_decision_back_lies_where_the_alarm_stood(
    client: Clients,
    maker: sessionmaker[Session],
    repaired: Repaired,
    filed: Filing,
    linked: Callable[..., None],
) -> None:
    defects = [repaired(title) for title in ("阶梯电费重复累计", "余额显示成负数", "账单少了一页")]
    for defect in defects:
        linked(filed("又出现了，报错 0x80070005"), defect)
    oldest, middle, newest = (alarm_of(maker, defect)[0] for defect in defects)
    expert, place = client("expert"), "?state=open&system=mkt"
    page = expert.get(f"/defects/alarms{place}").text
    forms = [page.index(f"/defects/alarms/{number}/dismiss") for number in (newest, middle, oldest)]
    assert forms == sorted(forms)
    assert f'name="beside" value="{oldest}"' in page

    given = {"reason": "是别的菜单", "beside": oldest}
    answer = expert.submit(f"/defects/alarms/{middle}/dismiss{place}", given)
    assert answer.location == f"/defects/alarms{place}&done={middle}&at={oldest}#done"
    there = expert.get(answer.location).text
    newest_at, done_at, oldest_at = (
        there.index(mark) for mark in (f"alarm-{newest}", 'id="done"', f"alarm-{oldest}")
    )
    assert newest_at < done_at < oldest_at
    assert f"已记为误报，{defects[1]} 恢复原状" in there
    assert there.count('data-key="u"') == 1
    assert there.index('data-key="y"') > oldest_at, "keys go on where it was"
    assert 'id="done"' not in client("manager").get(answer.location).text
    assert 'id="done"' not in expert.get(f"/defects/alarms{place}&done={newest}&at={oldest}").text

    back = expert.submit(f"/defects/alarms/{middle}/undo{place}", {})
    assert back.location == f"/defects/alarms{place}&at={middle}#alarm-{middle}"
    again = expert.get(back.location).text
    assert "报警重新等待判断" in again
    assert again.index('data-key="y"') > again.index(f"alarm-{middle}")
    last = expert.submit(f"/defects/alarms/{oldest}/dismiss{place}", {"reason": "是别的菜单"})
    ended = expert.get(last.location).text
    assert ended.index('id="done"') > ended.index(f"alarm-{middle}"), "the last of the list: at its end"
    expert.submit("/language/en")
    assert re.search(r'id="done".*</i>Undo <kbd>u</kbd>', expert.get(last.location).text)


def test_the_record_shows_its_alarm_its_curves_and_what_was_done(
    client: Clients, repaired: Repaired, filed: Filing, linked: Callable[..., None]
) -> None:
    defect = repaired()
    linked(filed("又多算了", by="zhao"), defect)
    linked(filed("又多算了"), defect, by="expert")
    page = client("expert").get(f"/defects/{defect}").text
    chart = json.loads(re.search(r'id="curves-data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert {row["name"]: sum(row["data"]) for row in chart["units"]} == {"岭东省公司": 1, "海陵省公司": 1}
    assert {row["name"]: sum(row["data"]) for row in chart["versions"]} == {"6.1.8": 1, "6.2.1": 1}
    assert [row["kind"] for row in chart["marks"]] == ["fixed", "verified", "recurred"]
    assert "验证通过 1 次，其后复发 1 次" in page
    assert "确认复发" in page


def test_records_across_provinces(
    client: Clients, engine: Engine, repaired: Repaired, filed: Filing, linked: Callable[..., None]
) -> None:
    wide, narrow = repaired("=HYPERLINK(1)两省都有"), repaired("一省才有")
    for by in ("wang", "zhao"):
        linked(filed("一样的", by=by), wide)
    for _ in range(3):
        linked(filed("另一样", by="zhao"), narrow)
    analyst = client("analyst")
    page = analyst.get("/defects/across").text
    assert page.index(wide) < page.index(narrow), "what hurts several provinces comes first"
    assert "岭东省公司" in page
    most = analyst.get("/defects/across?order=tickets").text
    assert most.index(narrow) < most.index(wide)
    assert narrow not in analyst.get("/defects/across?system=oa").text
    assert analyst.get("/defects/across?days=x&order=y&system=%00&page=99").status_code == 200
    file = analyst.submit("/defects/across.csv", {"days": "90"})
    lines = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert [(row["编号"], row["期内工单"], row["海陵省公司"]) for row in lines] == [
        (wide, "2", "1"),
        (narrow, "3", "3"),
    ]
    assert lines[0]["缺陷"].startswith("'="), "no formula in a cell"
    with statements_sent(engine) as few:
        analyst.get("/defects/across")
    for n in range(4):
        other = repaired(f"还有一条{n}")
        linked(filed("再一样"), other)
    with statements_sent(engine) as many:
        analyst.get("/defects/across")
    assert len(many) == len(few)
    assert client("manager").submit("/defects/across.csv").status_code == 200
    assert client("expert").submit("/defects/across.csv").status_code == 404
    assert client("wang").get("/defects/across").status_code == 404


def test_the_list_of_alarms_asks_as_much_for_many_as_for_few(
    client: Clients, engine: Engine, repaired: Repaired, filed: Filing, linked: Callable[..., None]
) -> None:
    expert, counts = client("expert"), []
    expert.get("/defects/alarms")
    for wave in (1, 4):
        for n in range(wave):
            defect = repaired(f"缺陷{wave}-{n}")
            for _ in range(wave):
                linked(filed("又来了 0x80070005"), defect)
        with statements_sent(engine) as seen:
            assert expert.get("/defects/alarms").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_what_the_versions_say_is_told_where_it_is_needed(
    client: Clients, repaired: Repaired, filed: Filing, linked: Callable[..., None]
) -> None:
    defect, old = repaired(), filed("又多算了", by="zhao")
    user = client("zhao")
    linked(old, defect)
    assert "版本修复" not in user.get(f"/my/tickets/{old}").text, (
        "what only the system thinks is not told to users"
    )
    linked(old, defect, by="expert")
    assert "这个问题已在 6.2.0 版本修复，您单位的升级日期还没有定" in user.get(f"/my/tickets/{old}").text
    told = "已在 6.2.0 修复；该单位运行 6.1.8，还没有升级计划"
    assert told in client("analyst").get(f"/tickets/{old}").text
    hidden, other = repaired("不给用户看的", shown_to_users=False), filed("别的", by="zhao")
    linked(other, hidden, by="expert")
    assert "版本修复" not in user.get(f"/my/tickets/{other}").text


def test_the_notice_leads_to_the_record(
    client: Clients,
    maker: sessionmaker[Session],
    repaired: Repaired,
    filed: Filing,
    linked: Callable[..., None],
) -> None:
    with maker() as session:
        owner = World.of(session).people["expert"].id
    defect, ticket = repaired(owner_middle_id=owner), filed()
    linked(ticket, defect)
    page = client("expert").get("/notices").text
    assert f"缺陷 {defect} 复发（工单 {ticket}）" in page
    assert f"/defects/{defect}" in page


@pytest.mark.parametrize("deed", ["confirm", "dismiss", "undo"])
def test_deciding_is_for_those_who_curate(
    client: Clients,
    maker: sessionmaker[Session],
    repaired: Repaired,
    filed: Filing,
    linked: Callable[..., None],
    deed: str,
) -> None:
    defect = repaired()
    linked(filed(), defect)
    number, state, record, _version = alarm_of(maker, defect)
    for login in ("wang", "agent", "engineer", "manager"):
        answer = client(login).submit(f"/defects/alarms/{number}/{deed}", {"reason": "不是"})
        assert answer.status_code == 404, login
    assert alarm_of(maker, defect)[1:3] == (state, record)
    assert client("expert").submit(f"/defects/alarms/99999/{deed}", {"reason": "不是"}).status_code == 404
    huge = client("expert").submit(f"/defects/alarms/{10**30}/{deed}", {"reason": "不是"})
    assert huge.status_code == 404


def test_what_waits_for_others_is_said_so_counted_for_nobody_else_and_comes_last(
    client: Clients,
    maker: sessionmaker[Session],
    repaired: Repaired,
    filed: Filing,
    linked: Callable[..., None],
) -> None:
    mine, foreign = repaired(), repaired("公文打不开的老毛病", system="oa", fixed_in="3.4.0")
    for text, defect, more in (
        ("阶梯电费又重复累计了，报错 0x80070005", mine, {}),
        ("公文又打不开了，报错 0x80070005", foreign, {"system": "oa"}),
    ):
        linked(filed(text, **more), defect)
    expert = client("expert")  # answers for the marketing system alone
    page = expert.get("/defects/alarms?state=open").text
    assert page.index(mine) < page.index(foreign)  # the other is newer
    assert "等您确认" in page
    theirs = page[page.index(foreign) :]
    assert "等该系统的专家确认" in theirs
    assert "等您" not in theirs
    assert "1 张工单，不在您负责的范围内" in theirs
    assert "复发报警 <b>1</b>" in re.sub(r"<i[^>]*></i>", "", expert.get("/workbench").text)
    assert "复发报警 <b>" not in re.sub(r"<i[^>]*></i>", "", client("agent").get("/defects").text)
