"""Looking after articles over HTTP: the list and its reasons, planned articles, duplicates, scores, reuse."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, ArticleState, Confidence, Duty
from kb.links.noting import note_links
from kb.models import Article, Feedback, Reason
from portal import config
from portal.cli.curating import count_standings, find_pairs, keep_time, look_for_decay
from portal.curation.decay.models import Signal
from portal.curation.quality.models import AlikePair, NotTheSame
from portal.db import transaction
from portal.people.roles import PERMISSIONS, Permission, Post
from portal.tickets.models import Notice
from tests.statements import statements_sent
from tests.web.conftest import Clients, somebody

A = ArticleAction
BODY = "1. 打开门户\n2. 点“修改密码”\n3. 退出后重新登录，旧密码立即失效。"
Shelving = Callable[..., str]


@pytest.fixture
def shelved(maker: sessionmaker[Session], desk_world: object) -> Shelving:
    """Publish an article of the editor's, by an expert; gives its number."""

    def shelve(title: str = "密码过期怎么改", *, by: str = "editor", **more: Any) -> str:
        with transaction(maker) as session:
            text = ArticleText(**{"title": title, "body": BODY, "system": "oa", **more})
            article = articles.write(session, text, by=somebody(session, by).id)
            for action, whose in ((A.SUBMIT, by), (A.PUBLISH, "manager")):
                articles.move(
                    session, article, action, by=somebody(session, whose).id, duties=set(Duty), note="核对过"
                )
            return article.number

    return shelve


def _article(session: Session, number: str) -> Article:
    return session.scalars(select(Article).where(Article.number == number)).one()


def _disappointed(maker: sessionmaker[Session], number: str, count: int, **more: Any) -> None:
    with transaction(maker) as session:
        article = _article(session, number)
        for reader in range(count):
            session.add(
                Feedback(
                    article_id=article.id,
                    person_id=1000 + reader,
                    solved=False,
                    at=datetime.now(UTC),
                    words="第二步没有" if reader == 0 else "",
                    **more,
                )
            )


def _pleased(maker: sessionmaker[Session], number: str, count: int) -> None:
    with transaction(maker) as session:
        article = _article(session, number)
        now = datetime.now(UTC)
        session.add_all(
            Feedback(article_id=article.id, person_id=2000 + reader, solved=True, at=now)
            for reader in range(count)
        )


# ── who may ──────────────────────────────────────────────────────────────────────────────────────

LISTS = ("recheck", "quality", "duplicates", "links", "dead-ends", "authors")


@pytest.mark.parametrize("login", ["wang", *Post])
def test_the_rooms_open_to_those_who_work_there_and_some_to_those_who_lead(
    client: Clients, shelved: Shelving, login: str
) -> None:
    number, other = shelved(), shelved("口令到期怎么办")
    held = PERMISSIONS[Post(login)] if login in set(Post) else frozenset()
    works = bool(held & {Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES})
    leads = Permission.READ_ARTICLE_QUALITY in held
    visitor = client(login)
    for path in LISTS:
        wanted = works or (leads and path in ("quality", "dead-ends", "authors"))
        assert (visitor.get(f"/knowledge/{path}").status_code == 200) == wanted, path
    for path in (f"/knowledge/{number}/evidence", f"/knowledge/duplicates/{number}/{other}"):
        assert visitor.get(path).status_code == (200 if works else 404), path
    may_export = Permission.PUBLISH_ARTICLES in held or leads
    assert visitor.get("/knowledge/quality.csv").status_code == (200 if may_export else 404)
    if not works:
        for path in ("care", f"{number}/care/owner", f"duplicates/{number}/{other}/merge"):
            assert visitor.submit(f"/knowledge/{path}", {"keep": number}).status_code == 404, path


def test_who_only_leads_is_shown_no_title_that_they_may_not_read(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], settings: config.Settings
) -> None:
    seen, hidden = shelved("人人可读的一篇"), shelved("只给海陵看的一篇", units=("hl",))
    for number in (seen, hidden):
        _pleased(maker, number, 6)
    count_standings(settings, maker)
    for path in ("quality", "quality.csv", "authors", "quality?order=used"):
        page = client("manager").get(f"/knowledge/{path}").text
        assert "人人可读" in page, path
        assert "只给海陵看" not in page, path
        assert "只给海陵看" in client("editor").get(f"/knowledge/{path}").text, path


# ── the list and its reasons ─────────────────────────────────────────────────────────────────────


def test_failing_more_often_than_others_puts_an_article_on_the_list_until_somebody_vouches(
    client: Clients,
    shelved: Shelving,
    maker: sessionmaker[Session],
    settings: config.Settings,
    second_editor: str,
) -> None:
    poor, good = shelved(), shelved("打印机脱机怎么办")
    _disappointed(maker, poor, 8)
    _pleased(maker, good, 30)
    look_for_decay(settings, maker)
    editor = client("editor")
    page = editor.get("/knowledge/recheck").text
    assert poor in page
    assert good not in page
    assert "8 次评价里 8 次没解决" in page
    assert poor in editor.get("/knowledge/recheck?sign=failed").text
    assert poor not in editor.get("/knowledge/recheck?sign=behind").text
    assert poor not in editor.get("/knowledge/recheck?system=mkt&owner=mine&sign=nonsense&page=x").text
    evidence = editor.get(f"/knowledge/{poor}/evidence").text
    assert "第二步没有" in evidence
    assert 'id="failed"' in evidence
    other = client(second_editor)
    assert other.submit(f"/knowledge/{poor}/moves/still_right").status_code == 422, "a reason is asked for"
    moved = other.submit(f"/knowledge/{poor}/moves/still_right", {"note": "逐步试过"})
    assert moved.status_code == 302
    assert poor not in editor.get("/knowledge/recheck").text, "at once"
    look_for_decay(settings, maker)
    assert poor not in editor.get("/knowledge/recheck").text, "what was before doesn't count"
    assert "逐步试过" in editor.get(f"/knowledge/{poor}/history").text


def test_enough_evidence_marks_it_tells_its_owner_and_readers_and_changes_nothing_twice(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], settings: config.Settings
) -> None:
    poor, good = shelved(), shelved("打印机脱机怎么办")
    _disappointed(maker, poor, 8, reason=Reason.OUTDATED)
    _pleased(maker, good, 30)
    for _ in range(3):
        look_for_decay(settings, maker)
    with maker() as session:
        article = _article(session, poor)
        assert article.state == ArticleState.DUE
        assert [move.action for move in article.moves].count(A.MARK_DUE) == 1
        assert article.moves[-1].by_id is None
        told = session.scalars(select(Notice).where(Notice.event == "article_due")).all()
        assert [row.person_id for row in told] == [article.owner_id]
        assert len(session.scalars(select(Signal)).all()) == 2
    assert "正在复核" in client("wang").get(f"/kb/{poor}").text
    assert poor in client("editor").get("/notices").text


def test_put_off_it_comes_back(
    client: Clients,
    shelved: Shelving,
    maker: sessionmaker[Session],
    settings: config.Settings,
    second_editor: str,
) -> None:
    poor = shelved()
    with transaction(maker) as session:
        _article(session, poor).review_on = (datetime.now(UTC) + timedelta(days=3)).date()
    look_for_decay(settings, maker)
    other = client(second_editor)
    assert poor in other.get("/knowledge/recheck?sign=review_due").text
    later = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    put = {"note": "等新版", "until": later}
    assert other.submit(f"/knowledge/{poor}/moves/snooze", {**put, "until": "x"}).status_code == 422
    assert other.submit(f"/knowledge/{poor}/moves/snooze", put).status_code == 302
    assert poor not in other.get("/knowledge/recheck").text
    assert poor in other.get("/knowledge/recheck?snoozed=1").text
    with transaction(maker) as session:
        _article(session, poor).snoozed_until = datetime.now(UTC).date() - timedelta(days=1)
    assert poor in other.get("/knowledge/recheck").text


def test_an_expert_vouches_for_their_own_systems_only(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    mine, foreign = shelved(system="mkt"), shelved(system="oa")
    with transaction(maker) as session:
        for number in (mine, foreign):
            _article(session, number).confidence = Confidence.UNVERIFIED
    expert = client("expert")
    assert "moves/verify" in expert.get(f"/knowledge/{mine}/history").text
    assert "moves/verify" not in expert.get(f"/knowledge/{foreign}/history").text
    assert expert.submit(f"/knowledge/{mine}/moves/verify").status_code == 302
    assert expert.submit(f"/knowledge/{foreign}/moves/verify").status_code == 422
    with maker() as session:
        assert _article(session, mine).confidence == Confidence.VERIFIED


# ── in time ──────────────────────────────────────────────────────────────────────────────────────


def test_approved_now_read_and_found_from_then_on(
    client: Clients, maker: sessionmaker[Session], settings: config.Settings, second_editor: str
) -> None:
    with transaction(maker) as session:
        article = articles.write(
            session, ArticleText(title="新版上线说明", body=BODY), by=somebody(session, "editor").id
        )
        articles.move(session, article, A.SUBMIT, by=article.author_id, duties=set(Duty))
        number = article.number
    reviewer = client(second_editor)
    path = f"/knowledge/{number}/moves/schedule"
    assert reviewer.submit(path).status_code == 422
    assert reviewer.submit(path, {"publish_at": "2020-01-01T08:00"}).status_code == 422
    assert reviewer.submit(path, {"publish_at": "soon"}).status_code == 422
    soon = (datetime.now(settings.zone) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    assert client("editor").submit(path, {"publish_at": soon}).status_code == 422, "four eyes"
    ends = (datetime.now(settings.zone) + timedelta(days=40)).date().isoformat()
    given = {"publish_at": soon, "expires_on": ends, "at_expiry": "retire"}
    assert reviewer.submit(path, given).status_code == 302
    keep_time(settings, maker)
    assert client("wang").get(f"/kb/{number}").status_code == 404
    page = reviewer.get(f"/knowledge/{number}/history").text
    assert "待发布" in page
    with transaction(maker) as session:
        planned = _article(session, number)
        assert planned.publish_at is not None
        assert planned.publish_at.astimezone(settings.zone).strftime("%Y-%m-%dT%H:%M") == soon
        planned.publish_at = datetime.now(UTC) - timedelta(seconds=1)
    keep_time(settings, maker)
    assert client("wang").get(f"/kb/{number}").status_code == 200
    with transaction(maker) as session:
        _article(session, number).expires_on = datetime.now(settings.zone).date() + timedelta(days=5)
    keep_time(settings, maker)
    keep_time(settings, maker)
    with maker() as session:
        assert len(session.scalars(select(Notice).where(Notice.event == "article_ends")).all()) == 1


# ── looking after several ────────────────────────────────────────────────────────────────────────


def test_several_are_entrusted_after_a_confirmation(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], second_editor: str
) -> None:
    chosen = [shelved(), shelved("第二篇")]
    editor = client("editor")
    form = {"article": chosen, "deed": "owner", "owner": second_editor}
    asked = editor.submit("/knowledge/care", form)
    assert asked.status_code == 200
    assert all(number in asked.text for number in chosen)
    with maker() as session:
        assert _article(session, chosen[0]).owner_id != somebody(session, second_editor).id
    assert editor.submit("/knowledge/care", {**form, "confirmed": "1"}).status_code == 302
    with maker() as session:
        owner = somebody(session, second_editor)
        assert {_article(session, number).owner_id for number in chosen} == {owner.id}
        told = session.scalars(select(Notice).where(Notice.event == "article_entrusted")).all()
        assert {row.person_id for row in told} == {owner.id}
    for wrong in (
        {"deed": "owner", "owner": second_editor},
        {**form, "owner": "wang", "confirmed": "1"},
        {**form, "owner": ""},
        {**form, "deed": "review", "review_on": ""},
        {**form, "deed": "review", "review_on": "2001-01-01", "confirmed": "1"},
        {**form, "article": [f"KB{n:06d}" for n in range(300)]},
    ):
        assert editor.submit("/knowledge/care", wrong).status_code == 422, wrong
    assert editor.submit("/knowledge/care", {**form, "deed": "delete"}).status_code == 404
    expert = client("expert")
    assert expert.submit("/knowledge/care", {**form, "owner": "expert", "confirmed": "1"}).status_code == 422


def test_one_article_is_arranged_beside_its_history(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], second_editor: str
) -> None:
    number = shelved()
    editor = client("editor")
    later = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    for deed, given in (
        ("owner", {"owner": second_editor}),
        ("review", {"review_on": later}),
        ("expiry", {"expires_on": later, "at_expiry": "retire"}),
    ):
        assert editor.submit(f"/knowledge/{number}/care/{deed}", given).status_code == 302, deed
    assert editor.submit(f"/knowledge/{number}/care/nonsense").status_code == 404
    assert editor.submit("/knowledge/KB999999/care/owner").status_code == 404
    with maker() as session:
        article = _article(session, number)
        assert article.owner_id == somebody(session, second_editor).id
        assert {str(article.review_on), str(article.expires_on)} == {later}
    page = editor.get(f"/knowledge/{number}/history").text
    assert "换负责人" in page
    assert "第二位编辑" in page


# ── quality ──────────────────────────────────────────────────────────────────────────────────────


def test_scores_say_what_to_do_and_leave_as_a_file(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], settings: config.Settings
) -> None:
    thin = shelved("=cmd|'/c calc'!A1 打不开", body="重启即可。", system=None)
    full = shelved(
        also=("登不上", "密码不对"), keywords=("OA-500",), category="account", module="mail", system="oa"
    )
    _pleased(maker, full, 9)
    count_standings(settings, maker)
    editor = client("editor")
    page = editor.get("/knowledge/quality").text
    assert page.index(thin) < page.index(full), "what needs work comes first"
    assert f"/knowledge/{thin}/edit#also" in page
    used = editor.get("/knowledge/quality?order=used").text
    assert used.index(full) < used.index(thin)
    assert full not in editor.get("/knowledge/quality?lacks=also").text
    assert thin in editor.get("/knowledge/quality?lacks=also").text
    assert thin not in editor.get("/knowledge/quality?owner=nobody").text
    answer = editor.get("/knowledge/quality.csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())
    assert "负责人" in editor.get(f"/knowledge/{thin}/history").text


def test_good_use_speaks_for_verifying_an_article(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], settings: config.Settings
) -> None:
    proved, unproved = shelved(), shelved("还没有人用的")
    _pleased(maker, proved, 12)
    with transaction(maker) as session:
        for number in (proved, unproved):
            _article(session, number).confidence = Confidence.UNVERIFIED
    count_standings(settings, maker)
    editor = client("editor")
    page = editor.get("/knowledge/quality?held=proposed").text
    assert proved in page
    assert "建议核实" in page
    assert unproved not in page
    assert unproved in editor.get("/knowledge/quality?held=unverified").text


def test_articles_of_people_who_left_are_ownerless(
    client: Clients,
    shelved: Shelving,
    maker: sessionmaker[Session],
    settings: config.Settings,
    second_editor: str,
) -> None:
    number = shelved(by=second_editor)
    with transaction(maker) as session:
        somebody(session, second_editor).active = False
    count_standings(settings, maker)
    page = client("editor").get("/knowledge/quality?owner=nobody").text
    assert number in page
    assert "已离岗" in page
    assert number in client("editor").get("/knowledge/quality?lacks=owner").text


def test_reuse_is_counted_for_the_author_and_shown_to_those_who_may(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    by_editor, by_expert = shelved(), shelved("营销的一篇", by="expert", system="mkt")
    unused = shelved("没人看的")
    _pleased(maker, by_editor, 6)
    _pleased(maker, by_expert, 2)
    with transaction(maker) as session:
        article = _article(session, by_expert)
        now = datetime.now(UTC)
        session.add_all(
            Feedback(article_id=article.id, person_id=article.author_id, solved=True, at=now)
            for _ in range(50)
        )
    page = client("editor").get("/knowledge/authors").text
    assert page.index("密码过期怎么改") < page.index("营销的一篇"), "one's own clicks count for nothing"
    assert unused not in page
    own = client("expert").get("/knowledge/authors?days=30").text
    assert "营销的一篇" in own
    assert "密码过期怎么改" not in own
    assert client("manager").get("/knowledge/authors?days=x").status_code == 200


# ── links and duplicates ─────────────────────────────────────────────────────────────────────────


def test_links_that_readers_cannot_follow_are_listed(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    target = shelved("要下线的一篇")
    number = shelved(
        "引用别人的一篇",
        body=f"{BODY}\n\n见 [[{target}]] 和 [[KB999999]]，或 [外网](https://example.com/a)。",
    )
    with transaction(maker) as session:
        note_links(session, _article(session, number))
    editor = client("editor")
    page = editor.get("/knowledge/links").text
    assert "KB999999" in page
    assert f'<code class="care-target">{target}' not in page
    with transaction(maker) as session:
        articles.move(session, _article(session, target), A.RETIRE, by=1, duties=set(Duty), note="不用了")
    assert f'<code class="care-target">{target}' in editor.get("/knowledge/links").text
    outside = editor.get("/knowledge/links?show=outside&system=oa").text
    assert "https://example.com/a" in outside
    assert "KB999999" not in outside


def test_two_that_say_the_same_are_compared_kept_apart_or_merged(
    client: Clients,
    shelved: Shelving,
    maker: sessionmaker[Session],
    index: Index,
    reindex: Callable[[], None],
) -> None:
    one = shelved("协同办公密码过期怎么修改")
    same = shelved("协同办公密码过期了怎样修改", by="expert")
    shelved("打印机脱机怎么恢复联机", body="1. 重启打印服务\n2. 重新添加打印机")
    foreign = shelved("协同办公密码过期怎么修改呢", system="mkt")
    reindex()
    find_pairs(maker, index)
    editor = client("editor")
    page = editor.get("/knowledge/duplicates").text
    assert f"/knowledge/duplicates/{one}/{same}" in page
    assert foreign not in page, "another system is another matter"
    assert "打印机" not in page
    assert editor.get(f"/knowledge/duplicates/{one}/{one}").status_code == 404
    assert editor.get(f"/knowledge/duplicates/{one}/KB999999").status_code == 404
    side = editor.get(f"/knowledge/duplicates/{same}/{one}").text
    assert side.count("修改密码") >= 2
    path = f"/knowledge/duplicates/{one}/{same}"
    assert editor.submit(f"{path}/apart", {"why": "一个是手机端"}).status_code == 302
    find_pairs(maker, index)
    assert path not in editor.get("/knowledge/duplicates").text, "judged once"
    assert "一个是手机端" in editor.get(path).text
    assert editor.submit(f"{path}/reconsider").status_code == 302
    find_pairs(maker, index)
    assert path in editor.get("/knowledge/duplicates").text
    assert client("expert").submit(f"{path}/merge", {"keep": one}).status_code == 422
    assert editor.submit(f"{path}/merge", {"keep": foreign}).status_code == 422
    assert editor.submit(f"{path}/merge", {"keep": one}).status_code == 302
    with maker() as session:
        gone, kept = _article(session, same), _article(session, one)
        assert (gone.state, gone.replaced_by_id) == (ArticleState.RETIRED, kept.id)
        assert gone.title in kept.also
        assert session.scalars(select(NotTheSame)).all() == []
    find_pairs(maker, index)
    with maker() as session:
        assert session.scalars(select(AlikePair)).all() == []
    assert client("wang").get(f"/kb/{same}").location == f"/kb/{one}", "the old number leads there"


def test_a_merged_article_leads_nowhere_for_those_who_could_not_read_it(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    for hidden, shown in ((("hl",), ()), ((), ("hl",))):
        gone, kept = shelved("要合并的", units=hidden), shelved("保留的", units=shown)
        merged = {"keep": kept}
        assert (
            client("editor").submit(f"/knowledge/duplicates/{gone}/{kept}/merge", merged).status_code == 302
        )
        assert client("wang").get(f"/kb/{gone}").status_code == 404
        assert client("zhao").get(f"/kb/{gone}").location == f"/kb/{kept}"


# ── however many there are ───────────────────────────────────────────────────────────────────────


def test_no_list_asks_more_often_because_there_is_more(
    client: Clients,
    shelved: Shelving,
    maker: sessionmaker[Session],
    settings: config.Settings,
    engine: Engine,
) -> None:
    editor = client("editor")
    counts: list[dict[str, int]] = []
    for round_ in range(2):
        for n in range(3):
            number = shelved(f"第 {round_}-{n} 篇怎么办", by="expert", body=f"{BODY}\n\n见 [[KB99{n:04d}]]")
            _disappointed(maker, number, 3 + n, reason=Reason.OUTDATED)
            with transaction(maker) as session:
                note_links(session, _article(session, number))
        look_for_decay(settings, maker)
        count_standings(settings, maker)
        with transaction(maker) as session:
            ids = session.scalars(select(Article.id).order_by(Article.id)).all()
            known = {(row.one_id, row.other_id) for row in session.scalars(select(AlikePair))}
            session.add_all(
                AlikePair(one_id=a, other_id=b, likeness=0.7, words=["密码"])
                for a, b in itertools.pairwise(ids)
                if (a, b) not in known
            )
        counts.append(
            {path: _statements(engine, lambda path=path: editor.get(f"/knowledge/{path}")) for path in LISTS}
        )
    assert counts[0] == counts[1]


def _statements(engine: Engine, ask: Callable[[], Any]) -> int:
    ask()
    with statements_sent(engine) as seen:
        assert ask().status_code == 200
    return len(seen)
