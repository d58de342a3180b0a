"""The list of what the knowledge base does not answer, over HTTP: found, decided on, drafted, followed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from kb.models import Article
from portal.curation.drafts.models import DraftSource
from portal.curation.gaps.flow import GapState
from portal.curation.gaps.models import AskKind, Gap, GapAsk
from portal.curation.gaps.upkeep import keep_gaps
from portal.db import transaction
from portal.finder.models import Consultation, Outcome
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.words import Action, Category
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Writing
from tests.world import World, person

PRINTER = (
    "打印机刷卡之后没有任务怎么取件",
    "刷了工牌显示没任务，打印取件怎么弄",
    "刷卡机上取件没有任务",
    "漫游打印刷卡取件看不到任务",
)
ANSWER = (
    "只装“漫游打印”一个队列，发送后到任意一台刷卡机刷自己的工牌即可取。"
    "显示没任务是发到了旧的直连打印机，删掉它重发。"
)
Asked = Callable[..., None]
_TOKENS = count()


@pytest.fixture
def asked(maker: sessionmaker[Session], desk_world: World) -> Asked:
    """So many different people leave without an answer, so many days ago."""

    def ask(texts: tuple[str, ...] = PRINTER, *, ago: int = 5, system: str = "oa") -> None:
        at = datetime.now(UTC) - timedelta(days=ago)
        with transaction(maker) as session:
            unit = World.of(session).units["ld-cy"]
            for text in texts:
                name = f"p{next(_TOKENS)}"
                asker = person(name, unit, name=f"员工{name}")
                session.add(asker)
                session.flush()
                session.add(
                    Consultation(
                        token=name,
                        person_id=asker.id,
                        at=at,
                        text=text,
                        system=system,
                        outcome=Outcome.LEFT,
                        ended_at=at,
                    )
                )

    return ask


@pytest.fixture
def kept(maker: sessionmaker[Session], index: Index) -> Callable[[], int]:
    """What the worker does every few minutes."""
    return lambda: keep_gaps(maker, index)


@pytest.fixture
def gap(asked: Asked, kept: Callable[[], int], maker: sessionmaker[Session]) -> int:
    asked()
    kept()
    return the_gap(maker).id


def the_gap(maker: sessionmaker[Session]) -> Gap:
    with maker() as session:
        return session.scalars(select(Gap)).one()


def consulted(
    filed: Filing, moved: Moving, text: str, *, by: str = "wang", rating: int = 5, answer: str = ANSWER
) -> str:
    number = filed(text, by=by, category=Category.CONSULTATION, sub="how_to", system="oa")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note=answer)
    moved(number, Action.CONFIRM, by, rating=rating)
    return number


def keys(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="keep" value="')[1:]]


# ── who sees it ──────────────────────────────────────────────────────────────────────────────────


def test_editors_decide_managers_read_and_nobody_else_is_there(client: Clients, gap: int) -> None:
    for login in ("editor", "expert"):
        page = client(login).get(f"/knowledge/gaps/{gap}")
        assert "不需要写" in page.text
        assert "起草一篇" in client(login).get("/knowledge/gaps").text
    for login in ("manager", "analyst", "dispatcher"):
        page = client(login).get(f"/knowledge/gaps/{gap}")
        assert page.status_code == 200
        assert "不需要写" not in page.text
        answer = client(login).submit(f"/knowledge/gaps/{gap}/dismiss", {"reason": "不用"})
        assert answer.status_code == 404
    for login in ("wang", "agent", "supervisor", "engineer", "admin", "inspector"):
        assert client(login).get("/knowledge/gaps").status_code == 404
        assert client(login).get(f"/knowledge/gaps/{gap}").status_code == 404
        assert client(login).submit("/knowledge/gaps/export").status_code == 404


def test_the_tickets_behind_are_for_those_who_may_see_them(
    client: Clients, filed: Filing, moved: Moving, kept: Callable[[], int], maker: sessionmaker[Session]
) -> None:
    numbers = [consulted(filed, moved, PRINTER[0])]
    with transaction(maker) as session:
        world = World.of(session)
        session.add(person("li", world.units["ld-cy"], name="李四"))
    numbers.append(consulted(filed, moved, PRINTER[1], by="li"))
    kept()
    gap = the_gap(maker).id
    editor = client("editor").get(f"/knowledge/gaps/{gap}").text
    assert all(number in editor for number in numbers)
    expert = client("expert").get(f"/knowledge/gaps/{gap}").text  # of another system
    assert not any(number in expert for number in numbers)
    assert "另有 2 张工单不在您的权限范围内" in expert
    assert PRINTER[0] in expert or PRINTER[1] in expert
    draft = client("expert").get(f"/knowledge/drafts/new?gap={gap}").text
    assert not any(number in draft for number in numbers)
    assert client("expert").get(f"/knowledge/drafts/new?ticket={numbers[0]}").status_code == 404


def some_articles(published: Writing) -> None:
    """Enough of them for the words of one to say something."""
    for title in (
        "公文附件打不开怎么办",
        "会议怎么预约",
        "邮箱满了怎么清理",
        "印章申请流程",
        "出差补助标准",
        "考勤漏打卡补登",
    ):
        published(title, body=f"1. {title}，请按步骤操作。")


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def test_a_search_without_a_trustworthy_result_becomes_an_asking(
    client: Clients, maker: sessionmaker[Session], published: Writing, reindex: Callable[[], None]
) -> None:
    some_articles(published)
    reindex()
    wang = client("wang")
    wang.get("/search?q=刷卡取件没有任务，找王小雨")
    wang.get("/search?q=刷卡取件没有任务，找王小雨")
    wang.get("/search?q=GD202601010001")
    wang.get("/search?q=刷卡取件没有任务&kind=ticket")
    assert wang.get("/api/v1/search?q=刷卡取件没有任务，找王小雨").status_code == 200, "the API counts alike"
    with maker() as session:
        (ask,) = session.scalars(select(GapAsk))
    assert (ask.kind, ask.text, ask.placed_at) == (AskKind.SEARCH, "刷卡取件没有任务，找…", None)
    wang.get("/api/v1/search?q=会议室预订不了怎么办&kind=ticket")
    wang.get("/api/v1/search?q=会议室预订不了怎么办")
    wang.get("/api/v1/search?q=会议室预订不了怎么办")
    with maker() as session:
        assert [row.text for row in session.scalars(select(GapAsk))][1:] == ["会议室预订不了怎么办"]


def test_what_was_found_leaves_no_trace(
    client: Clients, maker: sessionmaker[Session], published: Writing, reindex: Callable[[], None]
) -> None:
    some_articles(published)
    reindex()
    page = client("wang").get("/search?q=公文附件打不开怎么办")
    assert "公文附件打不开怎么办" in page.text
    with maker() as session:
        assert session.scalars(select(GapAsk)).all() == []


def test_the_list_says_how_many_people_and_is_narrowed(client: Clients, gap: int) -> None:
    editor = client("editor")
    page = editor.get("/knowledge/gaps").text
    assert "<b>4</b>" in page
    assert "员工" not in page.split('id="main"')[-1].split("<footer")[0].replace("员工门户", "")
    assert "这里没有知识缺口" in editor.get("/knowledge/gaps?state=solved").text
    assert "这里没有知识缺口" in editor.get("/knowledge/gaps?q=完全不相干").text
    assert "这里没有知识缺口" in editor.get("/knowledge/gaps?mine=1").text
    for nonsense in ("state=x", "days=-1", "order=zzz", "days=99999999", "unit=nowhere", "page=0"):
        assert editor.get(f"/knowledge/gaps?{nonsense}").status_code == 200


def test_the_export_says_the_same_and_starts_no_formula(
    client: Clients, asked: Asked, kept: Callable[[], int]
) -> None:
    asked(("=HYPERLINK(1)打印机怎么刷卡取件", "=HYPERLINK(1) 打印机怎么刷卡取件呢"))
    kept()
    answer = client("manager").submit("/knowledge/gaps/export", {"state": "open"})
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["人数"] for row in rows] == ["2"]
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_more_gaps_take_no_more_statements(
    client: Clients, engine: Engine, asked: Asked, kept: Callable[[], int]
) -> None:
    asked()
    kept()
    editor = client("editor")
    assert "<b>4</b>" in editor.get("/knowledge/gaps").text
    before = statements(engine, lambda: editor.get("/knowledge/gaps"))
    for text in ("公文怎么转会签", "邮箱附件太大发不出去", "会议邀请外单位参加", "宏在信创电脑上不能用"):
        asked((f"{text}怎么办", f"请问{text}", f"{text}在哪里弄"))
    kept()
    assert "<b>3</b>" in editor.get("/knowledge/gaps").text
    assert statements(engine, lambda: editor.get("/knowledge/gaps")) == before


def statements(engine: Engine, deed: Callable[[], object]) -> int:
    with statements_sent(engine) as heard:
        deed()
    return len(heard)


# ── decided ──────────────────────────────────────────────────────────────────────────────────────


def test_dismissed_with_a_reason_and_reopened(
    client: Clients, gap: int, maker: sessionmaker[Session]
) -> None:
    editor = client("editor")
    refused = editor.submit(f"/knowledge/gaps/{gap}/dismiss", {"reason": " "})
    assert refused.status_code == 422
    assert "请写明原因" in refused.text
    editor.submit(f"/knowledge/gaps/{gap}/dismiss", {"reason": "只是一台机器坏了"})
    assert the_gap(maker).state == GapState.DISMISSED
    assert "只是一台机器坏了" in editor.get("/knowledge/gaps?state=dismissed").text
    editor.submit(f"/knowledge/gaps/{gap}/reopen")
    assert the_gap(maker).state == GapState.OPEN


def test_given_to_an_editor(client: Clients, gap: int, maker: sessionmaker[Session]) -> None:
    editor = client("editor")
    editor.submit(f"/knowledge/gaps/{gap}/assign", {"person": "editor"})
    assert the_gap(maker).assignee_id is not None
    assert "<b>4</b>" in editor.get("/knowledge/gaps?mine=1").text
    assert "交给您" not in editor.get("/notices").text, "nobody is told of their own deed"
    for _twice in range(2):
        editor.submit(f"/knowledge/gaps/{gap}/assign", {"person": "expert"})
    expert = client("expert")
    assert expert.get("/notices").text.count("把知识缺口交给您处理") == 1
    with maker() as session:
        number = session.scalars(select(Notice.id).where(Notice.event == Event.GAP_ASSIGNED)).one()
    assert expert.get(f"/notices/{number}").location == f"/knowledge/gaps/{gap}"
    editor.submit(f"/knowledge/gaps/{gap}/assign", {"person": "editor"})
    refused = editor.submit(f"/knowledge/gaps/{gap}/assign", {"person": "agent"})
    assert refused.status_code == 422
    assert editor.submit(f"/knowledge/gaps/{gap}/assign", {"person": "nobody"}).status_code == 404
    assert editor.submit(f"/knowledge/gaps/{gap}/nonsense").status_code == 404
    assert editor.submit("/knowledge/gaps/987654/dismiss", {"reason": "x"}).status_code == 404


def test_it_exists_but_is_not_found(
    client: Clients,
    gap: int,
    maker: sessionmaker[Session],
    published: Writing,
    reindex: Callable[[], None],
    kept: Callable[[], int],
    asked: Asked,
) -> None:
    number = published("漫游打印怎么用", body="1. 到刷卡机刷工牌取件。", system="oa")
    reindex()
    asked((PRINTER[0] + "呀", PRINTER[2] + "啊"))
    kept()
    editor = client("editor")
    page = editor.get(f"/knowledge/gaps/{gap}").text
    assert "漫游打印怎么用" in page
    done = editor.submit(
        f"/knowledge/gaps/{gap}/words", {"article": "KB000001", "wording": [PRINTER[0], PRINTER[2]]}
    )
    assert done.status_code == 302
    with maker() as session:
        article = session.get(Article, number)
        assert article is not None
        assert set(article.also) == {PRINTER[0], PRINTER[2]}
        assert len(article.revisions) == 2
        assert session.get(Gap, gap).state == GapState.SOLVED  # type: ignore[union-attr]
    assert "还太早" in editor.get(f"/knowledge/gaps/{gap}").text


# ── drafted ──────────────────────────────────────────────────────────────────────────────────────


def test_from_gap_to_draft_to_solved(
    client: Clients,
    filed: Filing,
    moved: Moving,
    kept: Callable[[], int],
    asked: Asked,
    maker: sessionmaker[Session],
) -> None:
    numbers = [consulted(filed, moved, text) for text in PRINTER[:2]]
    asked(PRINTER[2:])
    kept()
    gap = the_gap(maker).id
    editor = client("editor")
    page = editor.get(f"/knowledge/drafts/new?gap={gap}").text
    assert "只装“漫游打印”一个队列" in page
    assert "2 张工单这样说" in page
    form = {"gap": gap, "ticket": numbers, "title": "刷卡取件没有任务怎么办", "keep": keys(page)}
    answer = editor.submit("/knowledge/drafts", form)
    assert answer.location.endswith("/knowledge/KB000001/edit")
    written = editor.get(answer.location).text
    assert "句子的出处" in written
    assert all(number in written for number in numbers)
    assert "句子的出处" not in client("expert").get(answer.location).text
    assert the_gap(maker).state == GapState.ADOPTED
    published_by_two(client, maker)
    kept()
    solved = the_gap(maker)
    assert (solved.state, solved.article_id) == (GapState.SOLVED, 1)
    assert "真的少了吗" in editor.get(f"/knowledge/gaps/{gap}").text


def published_by_two(client: Clients, maker: sessionmaker[Session]) -> None:
    """Submitted by its writer, published by somebody else."""
    client("editor").submit("/knowledge/KB000001/moves/submit")
    with transaction(maker) as session:
        colleague = person("colleague", World.of(session).units["hq"])
        colleague.posts.append(PersonPost(post=Post.EDITOR))
        session.add(colleague)
    answer = client("colleague").submit("/knowledge/KB000001/moves/publish")
    assert answer.status_code == 302, answer.text


def test_a_draft_from_one_ticket_keeps_what_was_ticked(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number = consulted(filed, moved, PRINTER[0])
    editor = client("editor")
    assert "起草知识" in editor.get(f"/tickets/{number}").text
    page = editor.get(f"/knowledge/drafts/new?ticket={number}").text
    every = keys(page)
    editor.submit("/knowledge/drafts", {"ticket": number, "title": "取件", "keep": every[:-1]})
    with maker() as session:
        article = session.scalars(select(Article)).one()
        places = {row.place for row in session.scalars(select(DraftSource))}
    assert article.title == "取件"
    assert len(places) == len(every) - 1


def test_too_little_is_said_and_what_was_chosen_stays(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number = consulted(filed, moved, PRINTER[0], rating=1)
    editor = client("editor")
    page = editor.get(f"/knowledge/drafts/new?ticket={number}").text
    assert "还没有用户认可的答复" in page
    assert number in page
    assert "建只有问法的草稿" in page
    editor.submit("/knowledge/drafts", {"ticket": number, "title": "取件", "keep": keys(page)})
    with maker() as session:
        assert session.scalars(select(Article)).one().body.endswith("1.")


def test_an_empty_title_is_refused_and_nothing_is_lost(client: Clients, filed: Filing, moved: Moving) -> None:
    number = consulted(filed, moved, PRINTER[0])
    editor = client("editor")
    page = editor.get(f"/knowledge/drafts/new?ticket={number}").text
    every = keys(page)
    long = "长" * 400
    answer = editor.submit("/knowledge/drafts", {"ticket": number, "title": long, "keep": every})
    assert answer.status_code == 302  # cut to what a title may hold
    assert editor.submit("/knowledge/drafts", {"ticket": "GD0", "title": "x"}).status_code == 404
    assert editor.get("/knowledge/drafts/new").status_code == 302
    assert editor.get("/knowledge/drafts/new?gap=999").status_code == 404
    assert editor.get("/knowledge/drafts/new?gap=abc").status_code in (302, 404)


def test_questions_are_added_to_the_article_that_exists(
    client: Clients,
    filed: Filing,
    moved: Moving,
    maker: sessionmaker[Session],
    published: Writing,
    reindex: Callable[[], None],
) -> None:
    published("漫游打印刷卡取件没有任务怎么办", body="1. 删掉旧队列重发。", system="oa")
    reindex()
    number = consulted(filed, moved, PRINTER[1])
    editor = client("editor")
    page = editor.get(f"/knowledge/drafts/new?ticket={number}").text
    assert "可能已经有人写过" in page
    form = {"ticket": number, "article": "KB000001", "keep": keys(page)}
    assert editor.submit("/knowledge/drafts/words", form).status_code == 302
    with maker() as session:
        article = session.scalars(select(Article)).one()
        assert any("刷了工牌" in line for line in article.also)
    expert = client("expert").submit("/knowledge/drafts/words", {"article": "KB000001", "ticket": number})
    assert expert.status_code == 404  # not their ticket
    assert editor.submit("/knowledge/drafts/words", {**form, "article": "KB999999"}).status_code == 404


def test_only_writers_draft(client: Clients, filed: Filing, moved: Moving) -> None:
    number = consulted(filed, moved, PRINTER[0])
    for login in ("wang", "agent", "manager", "analyst"):
        assert client(login).get(f"/knowledge/drafts/new?ticket={number}").status_code == 404
        assert client(login).submit("/knowledge/drafts", {"ticket": number}).status_code == 404
    assert "起草知识" not in client("agent").get(f"/tickets/{number}").text


def test_what_people_typed_is_shown_as_text(
    client: Clients,
    filed: Filing,
    moved: Moving,
    kept: Callable[[], int],
    asked: Asked,
    maker: sessionmaker[Session],
) -> None:
    nasty = "<img src=x onerror=alert(1)>刷卡取件没有任务[点我](javascript:alert(1))"
    asked((nasty, f"{nasty}呢", f"请问{nasty}"))
    kept()
    gap = the_gap(maker).id
    number = consulted(filed, moved, nasty, answer=f"{nasty}，请删掉旧队列重发，再到刷卡机刷自己的工牌取件。")
    editor = client("editor")
    for path in (
        "/knowledge/gaps",
        f"/knowledge/gaps/{gap}",
        f"/knowledge/drafts/new?gap={gap}",
        f"/knowledge/drafts/new?ticket={number}",
    ):
        page = editor.get(path).text
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page
    page = editor.get(f"/knowledge/drafts/new?ticket={number}").text
    answer = editor.submit("/knowledge/drafts", {"ticket": number, "title": nasty, "keep": keys(page)})
    shown = editor.get(answer.location).text
    assert "<img src=x" not in shown
    assert 'href="javascript:' not in shown


# ── the API ──────────────────────────────────────────────────────────────────────────────────────


def test_the_api_tells_the_same_within_the_same_rights(
    client: Clients, gap: int, asked: Asked, kept: Callable[[], int]
) -> None:
    asked(("公文怎么转会签", "公文会签转给别的部门"), ago=2)
    kept()
    manager = client("manager")
    first = manager.get("/api/v1/insight/gaps?limit=1").get_json()
    assert [row["people"] for row in first["items"]] == [4]
    assert set(first["items"][0]["examples"]) <= set(PRINTER)
    second = manager.get(f"/api/v1/insight/gaps?limit=1&cursor={first['next_cursor']}").get_json()
    assert [row["people"] for row in second["items"]] == [2]
    assert second["next_cursor"] is None
    assert manager.get("/api/v1/insight/gaps?state=solved").get_json()["items"] == []
    assert manager.get("/api/v1/insight/gaps?days=7").status_code == 422
    for login in ("wang", "agent", "supervisor"):
        assert client(login).get("/api/v1/insight/gaps").status_code == 404


def test_an_article_that_one_may_not_read_is_not_named(
    client: Clients, gap: int, maker: sessionmaker[Session], published: Writing
) -> None:
    number = published("海陵专用的取件办法", units=("hl",))
    with transaction(maker) as session:
        row = session.get(Gap, gap)
        assert row is not None
        row.nearest_id, row.nearest_used = number, 3
    for address in ("/knowledge/gaps", f"/knowledge/gaps/{gap}", "/api/v1/insight/gaps"):
        told = client("editor").get(address).text
        hidden = client("manager").get(address).text
        assert "KB000001" in told
        assert "KB000001" not in hidden
        assert "海陵专用" not in hidden
    client("editor").submit(f"/knowledge/gaps/{gap}/adopt", {"article": "KB000001"})
    page = client("manager").get(f"/knowledge/gaps/{gap}").text
    assert "海陵专用" not in page
    assert "海陵专用" in client("editor").get(f"/knowledge/gaps/{gap}").text


def test_closed_tickets_ticked_in_a_list_become_a_draft(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    numbers = [consulted(filed, moved, text) for text in PRINTER[:2]]
    with maker() as session:
        rows = session.scalars(select(Ticket).where(Ticket.number.in_(numbers)))
        marks = [f"{row.id}:{row.version}" for row in rows]
    page = client("editor").submit("/knowledge/drafts/new", {"ticket": marks, "deed": ""})
    assert all(number in page.text for number in numbers)
    assert "2 张工单这样说" in page.text
    assert client("expert").submit("/knowledge/drafts/new", {"ticket": marks}).status_code == 404
    assert client("editor").submit("/knowledge/drafts/new", {"ticket": ["987654:1"]}).status_code == 404
