"""What articles point at is noted with their words; what a number leads to depends on who looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library, moves
from defects.cross_links import targets_for
from defects.flow import DefectAction, DefectDuty
from defects.texts import DefectText
from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience, Viewer
from kb.flow import ArticleAction, Duty
from kb.links.models import ArticleLink, LinkKind
from kb.links.reading import lost, numbers_pointing, pointing_to
from kb.links.references import Target
from kb.models import Article
from tests.statements import statements_sent

NINA, OTTO = 1, 2
BOTH = frozenset(Duty)
EMPLOYEE = Viewer(person_id=9, units=frozenset({"hq"}))
STAFF = Viewer(person_id=8, levels=frozenset({Audience.EVERYONE, Audience.STAFF}), units=frozenset({"hq"}))


def written(session: Session, title: str, body: str = "正文", **more: Any) -> Article:
    return articles.write(session, replace(ArticleText(title=title, body=body), **more), by=NINA)


def published(session: Session, title: str, body: str = "正文", **more: Any) -> Article:
    article = written(session, title, body, **more)
    articles.move(session, article, ArticleAction.SUBMIT, by=NINA, duties=BOTH)
    articles.move(session, article, ArticleAction.PUBLISH, by=OTTO, duties=BOTH)
    return article


def retire(session: Session, article: Article) -> None:
    articles.move(session, article, ArticleAction.RETIRE, by=OTTO, duties=BOTH, note="过时了")


def noted(session: Session, article: Article) -> set[tuple[LinkKind, str]]:
    rows = session.execute(
        select(ArticleLink.kind, ArticleLink.target).where(ArticleLink.article_id == article.id)
    )
    return {(kind, target) for kind, target in rows}


# ── noting ───────────────────────────────────────────────────────────────────────────────────────


def test_links_are_noted_with_the_words_that_hold_them(session: Session) -> None:
    body = (
        "[[KB000077]] [[KB77|又一次]] [[QX000001#s-a]] [甲](/kb/KB000078#s-b) [乙](/files/12)\n\n"
        "![丙](/files/13)\n\n"
        "[丁](#s-第一步) https://example.com [戊](/announcements) [己](mailto:a@b.cn)\n\n"
        "`[[KB000099]]` [^1]\n\n[^1]: 注"
    )
    article = written(session, "甲", body)
    assert noted(session, article) == {
        (LinkKind.ARTICLE, "KB000077"),
        (LinkKind.ARTICLE, "KB000078"),
        (LinkKind.DEFECT, "QX000001"),
        (LinkKind.FILE, "12"),
        (LinkKind.FILE, "13"),
        (LinkKind.PART, "#s-第一步"),
        (LinkKind.ADDRESS, "https://example.com"),
        (LinkKind.PAGE, "/announcements"),
    }


def test_other_words_have_other_links_and_one_version(session: Session) -> None:
    article = written(session, "甲", "[[KB000077]] [[KB000078]]")
    before = article.version
    articles.revise(session, article, ArticleText(title="甲", body="[[KB000078]] [[KB000079]]"), by=NINA)
    assert noted(session, article) == {(LinkKind.ARTICLE, "KB000078"), (LinkKind.ARTICLE, "KB000079")}
    assert article.version == before + 1
    articles.restore(session, article, 1, by=NINA)
    assert noted(session, article) == {(LinkKind.ARTICLE, "KB000077"), (LinkKind.ARTICLE, "KB000078")}


def test_many_are_begun_before_any_is_written(session: Session) -> None:
    for number in range(3):
        articles.begin(
            session, ArticleText(title="甲", body="[[KB000001]]"), by=NINA, number=f"KB{number:06d}"
        )
    session.flush()
    assert len(session.scalars(pointing_to("KB000001")).all()) == 3


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_who_points_here_and_what_is_lost(session: Session) -> None:
    target, gone = published(session, "目标"), published(session, "旧的")
    source = published(session, "来源", f"[[{target.number}]] [[{gone.number}]] [[KB999999]]")
    draft = written(session, "草稿", f"[[{target.number}]] [[KB888888]]")
    retire(session, gone)
    assert set(session.scalars(pointing_to(target.number))) == {source, draft}
    found = [(link.target, article, other) for link, article, other in session.execute(lost())]
    assert found == [(gone.number, source, gone), ("KB999999", source, None)]
    assert numbers_pointing(session, [target.number, gone.number, draft.number]) == {
        target.number: 1,
        gone.number: 1,
    }


def test_titles_follow_renaming(session: Session) -> None:
    target = published(session, "旧标题")
    text = f"[[{target.number}]]"
    articles.revise(session, target, ArticleText(title="新标题", body="正文"), by=OTTO)
    assert targets_for(session, [text], EMPLOYEE)[target.number] == Target("新标题", f"/kb/{target.number}")


def test_what_may_not_be_seen_is_as_if_it_were_not_there(session: Session) -> None:
    own = published(session, "给所有人")
    staff = published(session, "给服务台", audience=Audience.STAFF)
    elsewhere = published(session, "给别的省", units=("hl",))
    draft, gone = written(session, "草稿"), published(session, "下线的")
    retire(session, gone)
    hidden = library.open_record(session, DefectText(title="没有规避方案", system="mkt"), by=NINA)
    known = library.open_record(session, DefectText(title="有", system="mkt", workaround="先这样"), by=NINA)
    duties = {DefectDuty.CURATE}
    moves.move(session, known, DefectAction.CONFIRM, by=NINA, duties=duties, note="复现了")
    rows = (own, staff, elsewhere, draft, gone, hidden, known)
    text = " ".join(f"[[{row.number}]]" for row in rows) + " [[KB777777]] [[QX777777]]"
    assert set(targets_for(session, [text], EMPLOYEE)) == {own.number, known.number}
    assert set(targets_for(session, [text], STAFF)) == {own.number, staff.number, known.number, hidden.number}
    editing = targets_for(session, [text], STAFF, editing=True)
    assert {number: target.mark for number, target in editing.items() if target.mark} == {
        draft.number: "草稿",
        gone.number: "已下线",
        "KB777777": "没有这个编号",
        "QX777777": "没有这个编号",
    }
    assert not editing["KB777777"].address


def test_one_query_for_each_kind_however_many(session: Session) -> None:
    text = " ".join(f"[[{published(session, str(n)).number}]] [[QX{n}]]" for n in range(1, 12))
    with statements_sent(session) as asked:
        assert len(targets_for(session, [text, text], EMPLOYEE)) == 11
    assert len(asked) == 2
