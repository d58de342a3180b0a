"""The wall, records told twice and bursts over HTTP: each deed, each refusal, and 404 for the unseen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectState
from defects.models import Defect
from indexer.index import Index
from kb.columns import now
from portal.causes.bursts.models import Burst, Series
from portal.causes.wall.models import NotTwins, TwinPair, WallGroup
from portal.causes.wall.upkeep import keep_twins, keep_wall
from portal.db import transaction
from portal.faults.models import FaultEvent
from portal.tickets.models import Ticket
from portal.tickets.words import Action
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing
from tests.world import World

Maker = sessionmaker[Session]

ONE, TWO, THREE = "抄表数据导入后电量翻倍", "导入抄表数据之后电量翻倍了", "抄表导入完电量翻倍"
BOARD = "/workbench/board"


@pytest.fixture
def escalated(filed: Filing, moved: Moving) -> Filing:
    """A ticket on the middle's table."""

    def make(text: str, *, by: str = "wang", **more: object) -> str:
        number = filed(text, by=by, **more)
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ESCALATE, "agent", note="前台问清了，重启无效")
        return number

    return make


@pytest.fixture
def kept(maker: Maker, index: Index) -> Callable[[], None]:
    return lambda: void(keep_wall(maker, index))


def void(_value: object) -> None:
    """What the worker's step returns is not asked for."""


def group_ids(maker: Maker) -> list[int]:
    with maker() as session:
        return list(session.scalars(select(WallGroup.id).order_by(WallGroup.id)))


def ticket_of(session: Session, number: str) -> Ticket:
    return session.scalars(select(Ticket).where(Ticket.number == number)).one()


def counted(maker: Maker, visitor: Visitor, path: str) -> int:
    with statements_sent(maker) as seen:
        assert visitor.get(path).status_code == 200
    return len(seen)


# ── the wall ─────────────────────────────────────────────────────────────────────────────────────


def test_alike_tickets_become_one_record_with_all_of_them_linked(
    client: Clients, escalated: Filing, maker: Maker, kept: Callable[[], None]
) -> None:
    one, two = escalated(ONE, module="meter"), escalated(TWO, module="meter")
    alone = escalated("打印票据时页脚缺了一行", module="bill")
    kept()
    expert, (group,) = client("expert"), group_ids(maker)
    wall = expert.get(BOARD).text
    assert one in wall
    assert two in wall
    assert alone not in wall
    assert "近 14 天共 2 张" in wall
    fields = {"ticket": [one, two], "title": "导入后电量翻倍", "group": group}
    assert expert.submit(BOARD, fields).status_code == 302
    with maker() as session:
        defect = session.scalars(select(Defect)).one()
        assert (defect.title, defect.system, defect.module) == ("导入后电量翻倍", "mkt", "meter")
        assert ticket_of(session, one).defect is defect
        assert ticket_of(session, two).defect is defect
        assert session.get_one(WallGroup, group).defect_id == defect.id
    assert one not in expert.get(BOARD).text


def test_the_wall_refuses_what_cannot_be_one_record(client: Clients, escalated: Filing, maker: Maker) -> None:
    mine, foreign = escalated(ONE), escalated("公文打不开", system="oa")
    expert = client("expert")
    assert expert.submit(BOARD, {"ticket": [mine, foreign]}).status_code == 404
    assert expert.submit(BOARD, {"ticket": ["GD000"]}).status_code == 404
    nothing = expert.submit(BOARD, {"title": "没有工单"})
    assert nothing.status_code == 422
    assert "至少勾选一张" in nothing.text
    with maker() as session:
        assert session.scalars(select(Defect)).all() == []
    assert expert.submit(BOARD, {"ticket": [mine]}).status_code == 302
    assert expert.submit(BOARD, {"ticket": [mine]}).status_code == 422


def test_all_of_a_group_to_a_known_record_and_back(
    client: Clients,
    escalated: Filing,
    known: Writing,
    maker: Maker,
    kept: Callable[[], None],
    reindex: Callable[[], None],
) -> None:
    record = known("抄表数据导入后电量翻倍", symptoms=["导入抄表数据之后电量翻倍"])
    numbers = [escalated(text, module="meter") for text in (ONE, TWO, THREE)]
    reindex()
    kept()
    expert, (group,) = client("expert"), group_ids(maker)
    with maker() as session:
        qx = session.get_one(Defect, record).number
        assert session.get_one(WallGroup, group).nearest_id == record
    assert f'value="{qx}"' in expert.get(BOARD).text
    path = f"{BOARD}/{group}/link"
    assert expert.submit(path, {"ticket": numbers, "defect": "QX999999"}).status_code == 404
    done = expert.submit(path, {"ticket": numbers[:2], "defect": qx}, follow_redirects=True)
    assert "已把 2 张工单关联到" in done.text
    with maker() as session:
        assert [ticket_of(session, number).defect is not None for number in numbers] == [True, True, False]
    assert expert.submit(f"{BOARD}/undo").status_code == 302
    with maker() as session:
        assert all(ticket_of(session, number).defect is None for number in numbers)
    assert all(number in expert.get(BOARD).text for number in numbers)
    assert expert.submit(f"{BOARD}/undo").status_code == 422


def test_set_aside_with_a_reason_and_put_back(
    client: Clients, escalated: Filing, maker: Maker, kept: Callable[[], None]
) -> None:
    one, two = escalated(ONE), escalated(TWO)
    kept()
    expert, (group,) = client("expert"), group_ids(maker)
    path = f"{BOARD}/{group}"
    refused = expert.submit(f"{path}/dismiss", {"reason": "", "title": "写了一半的标题", "ticket": [one]})
    assert refused.status_code == 422
    assert "请写明为什么" in refused.text
    assert "写了一半的标题" in refused.text
    assert expert.submit(f"{path}/dismiss", {"reason": "培训环境的数据"}).status_code == 302
    assert one not in expert.get(BOARD).text
    aside = expert.get(f"{BOARD}?state=aside").text
    assert "培训环境的数据" in aside
    assert two in aside
    assert "搁置之后又来了至少 3 张" in aside
    assert expert.submit(f"{path}/take-back").status_code == 302
    assert one in expert.get(BOARD).text
    assert expert.submit(f"{path}/take-back").status_code == 422


def test_a_group_becomes_a_fault_event(
    client: Clients, escalated: Filing, maker: Maker, kept: Callable[[], None]
) -> None:
    numbers = [escalated(ONE), escalated(TWO)]
    kept()
    (group,) = group_ids(maker)
    path = f"{BOARD}/{group}/fault"
    assert client("analyst").submit(path, {"ticket": numbers}).status_code == 404
    assert client("expert").submit(path, {"ticket": numbers, "title": "电量翻倍"}).status_code == 302
    with maker() as session:
        fault = session.scalars(select(FaultEvent)).one()
        assert (fault.title, len(fault.reports)) == ("电量翻倍", 2)


def test_an_article_is_drafted_from_a_group(
    client: Clients, escalated: Filing, kept: Callable[[], None]
) -> None:
    numbers = [escalated(ONE), escalated(TWO)]
    kept()
    expert = client("expert")
    assert "/knowledge/drafts/new" in expert.get(BOARD).text
    assert expert.submit("/knowledge/drafts/new", {"ticket": numbers, "title": "电量"}).status_code == 200


def test_nobody_reaches_a_group_of_other_systems(
    client: Clients, escalated: Filing, maker: Maker, kept: Callable[[], None]
) -> None:
    numbers = [escalated(ONE, system="oa"), escalated(TWO, system="oa")]
    kept()
    (group,) = group_ids(maker)
    expert, analyst = client("expert"), client("analyst")
    assert not any(text in expert.get(BOARD).text for text in (*numbers, ONE, "翻倍"))
    for deed in ("dismiss", "take-back", "link", "fault"):
        answer = expert.submit(f"{BOARD}/{group}/{deed}", {"ticket": numbers, "reason": "x", "defect": "QX1"})
        assert answer.status_code == 404, deed
    assert ONE in analyst.get(BOARD).text
    assert analyst.submit(f"{BOARD}/{group}/dismiss", {"reason": "不建"}).status_code == 302
    for login in ("wang", "agent", "engineer", "editor", "manager", "admin"):
        assert client(login).get(BOARD).status_code == 404, login


def test_queries_do_not_grow_with_the_wall(
    client: Clients, maker: Maker, escalated: Filing, kept: Callable[[], None]
) -> None:
    expert = client("expert")
    escalated(ONE, module="meter"), escalated(TWO, module="meter")
    kept()
    few = counted(maker, expert, BOARD)
    for text in ("打印票据空白，报错 PRT-1042", "登录验证码收不到 LGN-3007", "核算页面转圈 BIL-5208"):
        for _ in range(3):
            escalated(text)
    kept()
    assert len(group_ids(maker)) > 2
    assert counted(maker, expert, BOARD) <= few


# ── records told twice ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def twins(known: Writing, maker: Maker, index: Index, reindex: Callable[[], None]) -> tuple[str, str]:
    ids = [
        known("抄表数据导入后电量翻倍", symptoms=["导入抄表数据之后电量翻倍"], codes=["MTR-2201"]),
        known("导入抄表数据电量翻倍", symptoms=["抄表数据导入后电量翻倍了"], codes=["MTR-2201"]),
        known("票据打印空白", symptoms=["打印出来一片空白"]),
    ]
    reindex()
    keep_twins(maker, index)
    with maker() as session:
        one, other, _alone = (session.get_one(Defect, number).number for number in ids)
    return one, other


def test_two_records_that_say_the_same_are_merged(
    client: Clients, twins: tuple[str, str], maker: Maker
) -> None:
    one, other = twins
    expert = client("expert")
    page = expert.get("/defects/duplicates").text
    assert one in page
    assert other in page
    assert "票据打印空白" not in page
    assert re.search(r"<mark>[^<]*电量", page)
    path = f"/defects/duplicates/{other}/{one}/merge"
    assert expert.submit("/defects/duplicates/QX999999/QX000001/merge").status_code == 404
    assert expert.submit(path, {"why": "同一个导入程序"}).status_code == 302
    with maker() as session:
        gone = session.scalars(select(Defect).where(Defect.number == other)).one()
        assert gone.state == DefectState.DUPLICATE
    expert.get("/defects/duplicates")  # the flash is read
    assert other not in expert.get("/defects/duplicates").text
    assert expert.submit(path).status_code == 422


def test_two_records_are_told_apart_for_good_and_reconsidered(
    client: Clients, twins: tuple[str, str], maker: Maker, index: Index
) -> None:
    one, other = twins
    expert = client("expert")
    assert expert.submit(f"/defects/duplicates/{one}/{other}/apart", {"why": "一个是旧表"}).status_code == 302
    keep_twins(maker, index)
    with maker() as session:
        assert session.scalars(select(NotTwins)).one().why == "一个是旧表"
        assert session.scalars(select(TwinPair)).all() == []
    assert "您最近判断为不是同一个的" in expert.get("/defects/duplicates").text
    undo = f"/defects/duplicates/{other}/{one}/reconsider"
    assert expert.submit(undo).status_code == 302
    assert expert.submit(undo).status_code == 422
    keep_twins(maker, index)
    assert one in expert.get("/defects/duplicates").text
    for login in ("wang", "agent", "engineer", "manager", "admin"):
        assert client(login).get("/defects/duplicates").status_code == 404, login


# ── bursts ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def burst(maker: Maker, escalated: Filing) -> int:
    """Six tickets in the last hour, as the worker would have found them."""
    for text in (ONE, TWO, THREE, ONE, TWO, THREE):
        escalated(text)
    with transaction(maker) as session:
        moment = now(session)
        row = Burst(
            series=Series.SYSTEM,
            system_id=World.of(session).systems["mkt"].id,
            since=moment - timedelta(hours=1),
            found_at=moment,
            last_at=moment + timedelta(minutes=1),
            count=6,
            usual=0.5,
            before=[0, 1, 0, 1],
            chance=1e-7,
        )
        session.add(row)
        session.flush()
        return row.id


def test_a_burst_is_shown_to_those_it_concerns(client: Clients, burst: int, maker: Maker) -> None:
    for login in ("expert", "dispatcher", "manager", "analyst"):
        page = client(login).get("/bursts").text
        assert "一小时 6 张，平时这个时段约：0.5" in page, login
    part = client("supervisor").get("/bursts").text
    assert ONE in part
    for login in ("wang", "agent", "engineer", "admin"):
        assert client(login).get("/bursts").status_code == 404, login
    with transaction(maker) as session:
        World.of(session).people["expert"].posts[0].systems = ["oa"]
    assert ONE not in client("expert").get("/bursts").text
    assert client("expert").submit(f"/bursts/{burst}/dismiss", {"reason": "x"}).status_code == 404


def test_a_burst_becomes_a_record(client: Clients, burst: int, maker: Maker) -> None:
    assert client("dispatcher").submit(f"/bursts/{burst}/defect").status_code == 404
    assert client("expert").submit(f"/bursts/{burst}/defect").status_code == 302
    with maker() as session:
        defect = session.scalars(select(Defect)).one()
        assert session.get_one(Burst, burst).became_number == defect.number
    assert client("expert").submit(f"/bursts/{burst}/defect").status_code == 422


def test_a_burst_becomes_a_fault_event(client: Clients, burst: int, maker: Maker) -> None:
    assert client("manager").submit(f"/bursts/{burst}/fault").status_code == 404
    assert client("expert").submit(f"/bursts/{burst}/fault").status_code == 302
    with maker() as session:
        assert len(session.scalars(select(FaultEvent)).one().reports) == 6


def test_a_burst_becomes_an_article(client: Clients, burst: int) -> None:
    answer = client("expert").submit(f"/bursts/{burst}/article")
    assert answer.status_code == 302
    assert "/knowledge/drafts/new?ticket=" in answer.location


def test_a_burst_is_dismissed_put_off_and_taken_back(client: Clients, burst: int, maker: Maker) -> None:
    dispatcher, path = client("dispatcher"), f"/bursts/{burst}"
    refused = dispatcher.submit(f"{path}/dismiss", {"reason": " "})
    assert refused.status_code == 422
    assert "请写明为什么" in refused.text
    assert dispatcher.submit(f"{path}/tomorrow").status_code == 302
    assert "明天再说的" in dispatcher.get("/bursts").text
    assert dispatcher.submit(f"{path}/take-back").status_code == 302
    assert dispatcher.submit(f"{path}/dismiss", {"reason": "系统上线演练"}).status_code == 302
    assert "系统上线演练" in dispatcher.get("/bursts").text
    assert dispatcher.submit("/bursts/99999/dismiss", {"reason": "x"}).status_code == 404
    with maker() as session:
        assert session.get_one(Burst, burst).dismissed_why == "系统上线演练"


def test_who_is_refused_is_drawn_no_button(client: Clients, burst: int, maker: Maker, filed: Filing) -> None:
    filed(ONE, by="zhao")  # of another province: the supervisor sees a part
    settling = {"dismiss", "tomorrow"}
    drawn = {
        "expert": settling | {"fault", "defect", "article"},
        "analyst": settling | {"defect"},
        "dispatcher": settling,
        "manager": settling,
        "editor": {"article"},
        "supervisor": set(),
        "inspector": set(),
    }
    for login, deeds in drawn.items():
        visitor = client(login)
        assert set(re.findall(rf"/bursts/{burst}/([a-z-]+)", visitor.get("/bursts").text)) == deeds, login
        for deed in sorted(settling):
            answer = visitor.submit(f"/bursts/{burst}/{deed}", {"reason": "系统上线演练"})
            assert answer.status_code == (302 if deed in deeds else 422), f"{login} {deed}"
            with transaction(maker) as session:
                row = session.get_one(Burst, burst)
                row.dismissed_at = row.snoozed_until = None


def test_queries_do_not_grow_with_bursts(client: Clients, burst: int, maker: Maker) -> None:
    expert = client("expert")
    few = counted(maker, expert, "/bursts")
    with transaction(maker) as session:
        moment = now(session)
        session.add_all(
            Burst(
                series=Series.SYSTEM,
                system_id=World.of(session).systems["mkt"].id,
                since=moment - timedelta(hours=1),
                found_at=moment,
                last_at=moment + timedelta(minutes=n),
                count=6,
                usual=0.5,
                chance=1e-7,
            )
            for n in range(1, 6)
        )
    assert counted(maker, expert, "/bursts") <= few
