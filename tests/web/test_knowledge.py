"""The editors' desk over HTTP: lists, writing, preview, pictures, moves, history, what readers said."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import library
from defects.models import DefectArticle
from defects.texts import DefectText
from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, ArticleState, Duty
from kb.models import Article, Feedback
from portal.db import transaction
from portal.tickets.models import Attachment
from tests.web.conftest import Clients, Filing, somebody

TEXT = ArticleText(title="密码过期怎么改", body="1. 打开门户\n2. 点修改", system="oa")
FORM = {
    "title": "公文打不开",
    "body": "1. 清缓存\n2. 重开",
    "kind": "howto",
    "language": "zh",
    "system": "oa",
    "module": "mail",
    "category": "consultation",
    "audience": "everyone",
    "also": "公文白屏\n\n打不开公文",
    "keywords": "公文，OA-500, 白屏",
}
Drafting = Callable[..., str]


@pytest.fixture
def drafted(maker: sessionmaker[Session], desk_world: object) -> Drafting:
    """Write an article as somebody and lead it to a state; gives its number."""

    def draft(state: ArticleState = ArticleState.DRAFT, *, by: str = "editor", **changes: Any) -> str:
        with transaction(maker) as session:
            article = articles.write(session, replace(TEXT, **changes), by=somebody(session, by).id)
            if state != ArticleState.DRAFT:
                articles.move(session, article, ArticleAction.SUBMIT, by=article.author_id, duties=set(Duty))
            if state not in (ArticleState.DRAFT, ArticleState.IN_REVIEW):
                articles.move(session, article, ArticleAction.PUBLISH, by=0, duties=set(Duty))
            return article.number

    return draft


def _article(session: Session, number: str = "KB000001") -> Article:
    return session.scalars(select(Article).where(Article.number == number)).one()


def _picture() -> io.BytesIO:
    made = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(made, "PNG")
    made.seek(0)
    return made


# ── who works here ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("login", ["wang", "agent", "engineer", "analyst", "admin"])
def test_only_those_who_work_on_articles_come_in(client: Clients, drafted: Drafting, login: str) -> None:
    number = drafted()
    visitor = client(login)
    for path in ("", "/new", f"/{number}/edit", f"/{number}/history", "/alike?title=密码过期"):
        assert visitor.get(f"/knowledge{path}").status_code == 404, path
    for path in (
        "/new",
        f"/{number}/edit",
        "/preview",
        "/files",
        f"/{number}/moves/submit",
        f"/{number}/restore/1",
    ):
        assert visitor.submit(f"/knowledge{path}", FORM).status_code == 404, path
    assert visitor.submit("/knowledge/feedback/1/handled").status_code == 404


def test_an_expert_writes_and_does_not_publish(
    client: Clients, drafted: Drafting, maker: sessionmaker[Session]
) -> None:
    number = drafted(ArticleState.IN_REVIEW)
    expert = client("expert")
    assert expert.get("/knowledge").status_code == 200
    assert "moves/publish" not in expert.get(f"/knowledge/{number}/history").text
    assert expert.submit(f"/knowledge/{number}/moves/publish").status_code == 422
    public = drafted(ArticleState.PUBLISHED)
    assert expert.get(f"/knowledge/{public}/edit").location == f"/knowledge/{public}/history"
    answer = expert.submit(f"/knowledge/{public}/edit", FORM)
    assert answer.status_code == 422
    assert "清缓存" in answer.text, "what was typed stays"
    with maker() as session:
        assert _article(session, public).body == TEXT.body


# ── from draft to readers ────────────────────────────────────────────────────────────────────────


def test_an_article_is_written_reviewed_by_another_and_found(
    client: Clients, second_editor: str, maker: sessionmaker[Session]
) -> None:
    author, reviewer = client("editor"), client(second_editor)
    answer = author.submit("/knowledge/new", {**FORM, "units": ["ld", "nowhere"], "then": "submit"})
    assert answer.status_code == 302
    with maker() as session:
        article = _article(session)
        assert (article.state, article.units) == (ArticleState.IN_REVIEW, ("ld",))
        assert article.keywords == ["公文", "OA-500", "白屏"]
        assert article.also == ["公文白屏", "打不开公文"]
    assert "公文打不开" in reviewer.get("/knowledge?list=in_review").text
    assert "moves/publish" not in author.get("/knowledge/KB000001/history").text
    assert author.submit("/knowledge/KB000001/moves/publish").status_code == 422
    assert client("wang").get("/kb/KB000001").status_code == 404
    assert reviewer.submit("/knowledge/KB000001/moves/publish").status_code == 302
    assert client("wang").get("/kb/KB000001").status_code == 200
    assert client("zhao").get("/kb/KB000001").status_code == 404


def test_what_changed_under_the_reviewer_is_not_published_unseen(
    client: Clients, drafted: Drafting, second_editor: str, maker: sessionmaker[Session]
) -> None:
    number = drafted(ArticleState.IN_REVIEW)
    with maker() as session:
        seen = str(_article(session, number).version)
    assert client("editor").submit(f"/knowledge/{number}/edit", {**FORM, "seen": seen}).status_code == 302
    reviewer = client(second_editor)
    assert reviewer.submit(f"/knowledge/{number}/moves/publish", {"seen": seen}).status_code == 422
    with maker() as session:
        seen = str(_article(session, number).version)
    assert reviewer.submit(f"/knowledge/{number}/moves/publish", {"seen": seen}).status_code == 302


def test_moves_need_their_reason_and_unknown_ones_are_not_there(
    client: Clients, drafted: Drafting, second_editor: str
) -> None:
    number = drafted(ArticleState.IN_REVIEW)
    reviewer = client(second_editor)
    assert reviewer.submit(f"/knowledge/{number}/moves/send_back").status_code == 422
    assert reviewer.submit(f"/knowledge/{number}/moves/fly", {"note": "x"}).status_code == 404
    assert reviewer.submit(f"/knowledge/{number}/moves/send_back", {"note": "缺截图"}).status_code == 302
    assert "缺截图" in reviewer.get(f"/knowledge/{number}/history").text


# ── nothing typed is lost ────────────────────────────────────────────────────────────────────────


def test_what_is_refused_keeps_what_was_typed(client: Clients) -> None:
    editor = client("editor")
    for wrong in ({"title": ""}, {"body": " "}, {"kind": "novel"}, {"title": "长" * 301}):
        answer = editor.submit("/knowledge/new", {**FORM, **wrong})
        assert answer.status_code == 422, wrong
        assert "打不开公文" in answer.text
        assert "OA-500" in answer.text


def test_a_colleagues_newer_version_stands_beside_mine(
    client: Clients, drafted: Drafting, maker: sessionmaker[Session]
) -> None:
    number = drafted()
    with maker() as session:
        seen = str(_article(session, number).version)
    expert, editor = client("expert"), client("editor")
    mine, theirs = {**FORM, "body": "我的写法", "seen": seen}, {**FORM, "body": "同事的写法", "seen": seen}
    assert expert.submit(f"/knowledge/{number}/edit", theirs).status_code == 302
    answer = editor.submit(f"/knowledge/{number}/edit", mine)
    assert answer.status_code == 422
    assert "<del>同事</del>" in answer.text
    assert "我的写法" in answer.text
    with maker() as session:
        assert _article(session, number).body == "同事的写法"
        now = str(_article(session, number).version)
    assert f'value="{now}"' in answer.text
    assert editor.submit(f"/knowledge/{number}/edit", {**mine, "seen": now}).status_code == 302


# ── preview, alike, pictures ─────────────────────────────────────────────────────────────────────


def test_the_preview_is_what_readers_see(client: Clients) -> None:
    part = client("editor").submit_fragment(
        "/knowledge/preview",
        {"title": "<b>题</b>", "body": "1. 甲\n\n<script>alert(1)</script>[x](javascript:1)"},
    )
    assert "<li>甲</li>" in part.text
    assert "&lt;b&gt;题" in part.text
    assert "<script" not in part.text
    assert "javascript:" not in part.text


def test_alike_articles_are_named_while_the_title_is_typed(
    client: Clients, drafted: Drafting, reindex: Callable[[], None]
) -> None:
    number = drafted(ArticleState.PUBLISHED)
    reindex()
    editor = client("editor")
    assert number in editor.fragment("/knowledge/alike?title=密码过期了怎么改").text
    assert number not in editor.fragment(f"/knowledge/alike?title=密码过期了怎么改&number={number}").text
    assert editor.fragment("/knowledge/alike?title=密").text.strip() == ""


def test_pictures_become_the_articles_own_on_saving(client: Clients, maker: sessionmaker[Session]) -> None:
    editor, expert = client("editor"), client("expert")
    told = editor.submit("/knowledge/files", {"files": (_picture(), "截]图.png")})
    assert told.status_code == 200
    line = told.json["markdown"][0]
    assert line.startswith("![截图.png](/files/")
    address = line[line.index("(") + 1 : -1]
    assert editor.get(address).status_code == 200
    assert expert.get(address).status_code == 404
    other = expert.submit("/knowledge/files", {"files": (_picture(), "b.png")}).json["markdown"][0]
    editor.submit("/knowledge/new", {**FORM, "body": f"{line}\n\n{other}"})
    with maker() as session:
        owned = session.scalars(select(Attachment.article_id).order_by(Attachment.id)).all()
        assert owned == [_article(session).id, None], "somebody else's loose picture is not taken"
    assert f'src="{address}"' in editor.get("/kb/KB000001").text


@pytest.mark.parametrize(("name", "content"), [("x.exe", b"MZ\x00\x01"), ("empty.png", b"")])
def test_a_file_the_desk_does_not_take_is_refused_in_words(
    client: Clients, name: str, content: bytes, maker: sessionmaker[Session]
) -> None:
    answer = client("editor").submit("/knowledge/files", {"files": (io.BytesIO(content), name)})
    assert answer.status_code == 422
    assert answer.json["problem"]
    with maker() as session:
        assert not session.scalars(select(Attachment)).all()


# ── history ──────────────────────────────────────────────────────────────────────────────────────


def test_history_compares_escapes_and_restores(
    client: Clients, drafted: Drafting, maker: sessionmaker[Session]
) -> None:
    number = drafted()
    editor = client("editor")
    hostile = "1. 打开门户\n2. 点 <img src=x onerror=alert(1)>"
    assert (
        editor.submit(f"/knowledge/{number}/edit", {**FORM, "body": hostile, "note": "改第二步"}).status_code
        == 302
    )
    page = editor.get(f"/knowledge/{number}/history").text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert "<ins>" in page
    assert "改第二步" in page
    assert "<ins>" not in editor.get(f"/knowledge/{number}/history?a=1&b=1").text
    assert editor.get(f"/knowledge/{number}/history?a=1&b=99").status_code == 404
    assert editor.get(f"/knowledge/{number}/history?a=x&b=y").status_code == 200
    assert editor.submit(f"/knowledge/{number}/restore/9").status_code == 422
    assert editor.submit(f"/knowledge/{number}/restore/1").status_code == 302
    with maker() as session:
        assert _article(session, number).body == TEXT.body
        assert len(_article(session, number).revisions) == 3


# ── where an article starts from ─────────────────────────────────────────────────────────────────


def test_a_draft_from_a_ticket_a_defect_and_an_original(
    client: Clients, drafted: Drafting, filed: Filing, maker: sessionmaker[Session]
) -> None:
    ticket, foreign = filed("电费核算转圈"), filed("公文的事", system="oa")
    original = drafted(ArticleState.PUBLISHED, by="wang")
    with transaction(maker) as session:
        text = DefectText(
            title="阶梯重复", system="mkt", symptoms=("多算了",), workaround="先挂起", cause="缓存"
        )
        defect = library.open_record(session, text, by=1).number
    expert = client("expert")
    assert "电费核算转圈" in expert.get(f"/knowledge/new?ticket={ticket}").text
    assert expert.get(f"/knowledge/new?ticket={foreign}").status_code == 404
    page = expert.get(f"/knowledge/new?defect={defect}").text
    assert "先挂起" in page
    assert "缓存" not in page, "the root cause is no reader's business"
    assert expert.get("/knowledge/new?defect=QX999999").status_code == 404
    assert expert.submit("/knowledge/new", {**FORM, "defect": defect}).status_code == 302
    translated = {**FORM, "language": "en", "translation_of": original}
    assert expert.submit("/knowledge/new", translated).status_code == 302
    assert expert.submit("/knowledge/new", {**FORM, "translation_of": "KB999999"}).status_code == 404
    with maker() as session:
        assert session.scalars(select(DefectArticle)).one()
        english = session.scalars(select(Article).where(Article.language == "en")).one()
        assert english.translation_of_id == _article(session, original).id


# ── lists and feedback ───────────────────────────────────────────────────────────────────────────


def test_each_list_holds_its_own(client: Clients, drafted: Drafting) -> None:
    mine = drafted(title="我的草稿")
    theirs = drafted(by="expert", title="别人的草稿")
    waiting = drafted(ArticleState.IN_REVIEW, by="expert", title="等审核的")
    editor = client("editor")
    for path, present, absent in (
        ("", mine, theirs),
        ("?list=in_review", waiting, mine),
        ("?list=due", "这里没有要处理的知识", mine),
        ("?list=all&q=别人", theirs, mine),
        ("?list=all&state=in_review", waiting, mine),
        ("?list=nonsense&state=x&kind=y&page=z", mine, theirs),
    ):
        page = editor.get(f"/knowledge{path}").text
        assert present in page, path
        assert absent not in page, path


def test_feedback_is_handled_once(client: Clients, drafted: Drafting, maker: sessionmaker[Session]) -> None:
    number = drafted(ArticleState.PUBLISHED)
    client("wang").submit(f"/kb/{number}/verdict", {"solved": "no", "words": "第二步没有"})
    editor = client("editor")
    assert "第二步没有" in editor.get("/knowledge?list=feedback").text
    with maker() as session:
        waiting = session.scalars(select(Feedback.id)).one()
    assert editor.submit(f"/knowledge/feedback/{waiting}/handled").status_code == 302
    assert "第二步没有" not in editor.get("/knowledge?list=feedback").text
    assert editor.submit(f"/knowledge/feedback/{waiting}/handled").status_code == 422
    assert editor.submit("/knowledge/feedback/999/handled").status_code == 404
