"""A record told to users: written with one click, kept in step, off line when its repair runs everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.flow import DefectState
from defects.models import Defect, DefectArticle
from defects.texts import DefectText, text_of
from kb import articles
from kb.audience import Audience
from kb.columns import CLOCK
from kb.flow import ArticleAction, ArticleState, Duty, Refused
from kb.models import Article, ArticleKind, Feedback
from kb.proposals.models import Proposal
from kb.steps import cards_of
from portal.catalogue.models import Deployment
from portal.catalogue.outgrown import outgrown
from portal.causes.known import publishing, retiring
from portal.causes.known.models import KnownArticle
from portal.causes.known.standing import AT_ONCE, BY_REVIEW, Known, known_of
from portal.causes.known.wording import article_text, part_of, steps, what_was_hidden
from portal.people.queries import viewer_of
from portal.tickets.models import Notice
from tests.world import MOMENT, World

TEXT = DefectText(
    title="算费线程池耗尽导致计算失败",
    system="mkt",
    module="bill",
    symptoms=("点计算就报 MKT-3021，联系人：王小雨", "短", "一直转圈出不来结果"),
    codes=("MKT-3021",),
    workaround="先关掉别的页面；再点“重新计算”；密码是 Abc@123 的账号先改密码。",
    cause="线程池没有回收",
    fixed_in="6.2.2",
)


@pytest.fixture
def defect(session: Session, desk_world: World) -> Defect:
    session.info[CLOCK] = MOMENT
    return recorded(session, desk_world)


def recorded(session: Session, world: World, text: DefectText = TEXT) -> Defect:
    row = library.open_record(session, text, by=world.people["expert"].id)
    row.state = DefectState.CONFIRMED
    session.flush()
    return row


def published(session: Session, world: World, defect: Defect) -> Article:
    return publishing.publish(session, defect, by=world.people["editor"]).article


def known(session: Session, world: World, defect: Defect, login: str) -> Known:
    person = world.people[login]
    return known_of(session, defect, by=person, viewer=viewer_of(person))


def run_everywhere(session: Session, version: str) -> None:
    for row in session.scalars(select(Deployment)):
        row.version, row.next_on = version, None
    session.flush()


# ── what it says ─────────────────────────────────────────────────────────────────────────────────


def test_the_article_speaks_as_users_do_and_names_nobody(defect: Defect) -> None:
    text = article_text(defect, names=["王小雨"])
    assert text.title.startswith("点计算就报 MKT-3021")
    assert "算费线程池耗尽导致计算失败" in text.also
    assert text.kind == ArticleKind.KNOWN_ERROR
    assert (text.system, text.module, text.keywords) == ("mkt", "bill", ("MKT-3021",))
    everything = "\n".join((text.title, text.body, *text.also))
    assert "王小雨" not in everything
    assert "Abc@123" not in everything
    assert "线程池没有回收" not in text.body
    assert f"[[{defect.number}|" in text.body
    told = [card for card in cards_of(part_of(text.body)) if card.number]
    assert [card.text for card in told][:2] == ["先关掉别的页面；", "再点“重新计算”；"]
    assert what_was_hidden(defect, names=["王小雨"]) >= 2
    assert text.audience == Audience.EVERYONE
    defect.shown_to_users = False
    assert article_text(defect).audience == Audience.STAFF


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1、关闭\n2）重开", "1. 关闭\n2. 重开"),
        ("① 关闭\n② 重开", "1. 关闭\n2. 重开"),
        ("第一步：关闭\n第二步：重开", "1. 关闭\n2. 重开"),
        ("请这样做：\n关闭\n重开", "请这样做：\n\n1. 关闭\n2. 重开"),
        ("放大到 1.5 倍再打印", "1. 放大到 1.5 倍再打印"),
        ("1.5 倍以上不要用\n换一台", "1. 1.5 倍以上不要用\n2. 换一台"),
        ("- 甲\n- 乙", "- 甲\n- 乙"),
        ("## 先\n\n文字", "## 先\n\n文字"),
        ("| a | b |\n|---|---|", "| a | b |\n|---|---|"),
        ("关闭。重开。", "1. 关闭。\n2. 重开。"),
    ],
)
def test_a_workaround_becomes_steps(written: str, said: str) -> None:
    assert steps(written) == said


def test_marks_in_symptoms_are_text_and_addresses_keep_their_path(
    session: Session, desk_world: World
) -> None:
    row = recorded(
        session,
        desk_world,
        replace(
            TEXT,
            symptoms=("[点这里](http://evil.example/x) <b>粗</b> `码`",),
            workaround="打开 http://portal.example/help/reset?token=abcdef 再试",
        ),
    )
    body = article_text(row).body
    assert "<b>" not in body
    assert "[点这里](" not in body
    assert "http://portal.example/help/reset 再试" in body


# ── one click ────────────────────────────────────────────────────────────────────────────────────


def test_an_editor_publishes_what_an_expert_wrote(
    session: Session, desk_world: World, defect: Defect
) -> None:
    people = desk_world.people
    assert known(session, desk_world, defect, "editor").offer == AT_ONCE
    told = publishing.publish(session, defect, by=people["editor"])
    assert told.published
    assert told.article.state == ArticleState.PUBLISHED
    assert told.article.author_id == people["expert"].id
    assert session.get(DefectArticle, (defect.id, told.article.id)) is not None
    with pytest.raises(Refused, match="已经在讲"):
        publishing.publish(session, defect, by=people["editor"])
    assert known(session, desk_world, defect, "editor").offer == ""


def test_whoever_wrote_the_record_hands_it_in_for_review(
    session: Session, desk_world: World, defect: Defect
) -> None:
    people = desk_world.people
    assert known(session, desk_world, defect, "expert").offer == BY_REVIEW
    told = publishing.publish(session, defect, by=people["expert"])
    assert (told.published, told.article.state) == (False, ArticleState.IN_REVIEW)
    articles.move(session, told.article, ArticleAction.PUBLISH, by=people["editor"].id, duties={Duty.PUBLISH})
    assert told.article.state == ArticleState.PUBLISHED


def test_an_editor_who_wrote_the_record_needs_other_eyes(session: Session, desk_world: World) -> None:
    session.info[CLOCK] = MOMENT
    editor = desk_world.people["editor"]
    row = library.open_record(session, TEXT, by=editor.id)
    row.state = DefectState.CONFIRMED
    told = publishing.publish(session, row, by=editor)
    assert (told.published, told.article.state) == (False, ArticleState.IN_REVIEW)


@pytest.mark.parametrize(
    ("login", "state", "workaround", "why"),
    [
        ("agent", DefectState.CONFIRMED, "做", "岗位"),
        ("editor", DefectState.SUSPECTED, "做", "疑似"),
        ("editor", DefectState.CLOSED, "做", "已关闭"),
        ("editor", DefectState.NOT_A_DEFECT, "做", "不是缺陷"),
        ("editor", DefectState.CONFIRMED, " \n", "还没有规避方案"),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_sentence(
    session: Session, desk_world: World, login: str, state: DefectState, workaround: str, why: str
) -> None:
    row = recorded(session, desk_world, replace(TEXT, workaround=workaround))
    row.state = state
    session.flush()
    with pytest.raises(Refused) as refused:
        publishing.publish(session, row, by=desk_world.people[login])
    assert why in str(refused.value)
    assert session.scalars(select(Article)).all() == []
    shown = known(session, desk_world, row, login)
    assert shown.offer == ""
    assert (shown.why_not is None) is (login == "agent")


# ── kept in step ─────────────────────────────────────────────────────────────────────────────────


def test_a_new_workaround_makes_the_article_older_until_it_is_renewed(
    session: Session, desk_world: World, defect: Defect
) -> None:
    editor = desk_world.people["editor"]
    article = published(session, desk_world, defect)
    assert not known(session, desk_world, defect, "editor").rows[0].is_behind
    defect.symptoms = [*defect.symptoms, "又一种说法"]
    session.flush()
    assert not known(session, desk_world, defect, "editor").rows[0].is_behind
    mine = articles.text_of(article)
    body = mine.body.replace("## 现象", "## 常见的样子\n\n编辑补的一句。\n\n## 现象")
    articles.revise(session, article, replace(mine, body=body), by=editor.id)
    defect.workaround = "改用旧版页面"
    session.flush()
    assert known(session, desk_world, defect, "editor").rows[0].is_behind
    before = article.version
    assert publishing.renew(session, defect, article, by=editor, seen=before)
    assert part_of(article.body) == "1. 改用旧版页面"
    assert "编辑补的一句。" in article.body
    assert defect.number in article.revisions[-1].note
    assert not known(session, desk_world, defect, "editor").rows[0].is_behind
    with pytest.raises(Refused, match="同事改过"):
        publishing.renew(session, defect, article, by=editor, seen=before)
    other = recorded(session, desk_world)
    with pytest.raises(Refused, match="没有在讲"):
        publishing.renew(session, other, article, by=editor)


def test_who_may_not_change_what_readers_see_asks_an_editor(
    session: Session, desk_world: World, defect: Defect
) -> None:
    article = published(session, desk_world, defect)
    defect.workaround = "改用旧版页面"
    session.flush()
    assert publishing.renew(session, defect, article, by=desk_world.people["expert"]) is False
    assert "改用旧版页面" not in article.body
    assert session.scalars(select(Feedback)).one().flagged
    assert session.scalars(select(Proposal)).one().wording == "1. 改用旧版页面"


# ── off line, and back ───────────────────────────────────────────────────────────────────────────


def test_unit_by_unit_then_everywhere_then_back(session: Session, desk_world: World, defect: Defect) -> None:
    article = published(session, desk_world, defect)
    mkt, hl = desk_world.systems["mkt"], desk_world.units["hl"]
    defect.state, mkt.version = DefectState.VERIFIED, "6.2.2"
    session.flush()
    row = known(session, desk_world, defect, "editor").rows[0]
    assert (row.over, row.units) == (3, 4)
    assert set(outgrown(session, desk_world.units["ld-cy"])) == {article.id}
    assert not outgrown(session, hl)
    assert retiring.settle(session) == retiring.Round()
    run_everywhere(session, "6.2.2")
    assert retiring.settle(session).retired == [article]
    assert article.state == ArticleState.RETIRED
    assert "6.2.2" in article.moves[-1].note
    told = session.scalars(select(Notice)).one()
    assert (told.person_id, told.event) == (article.owner_id, "article_over")
    assert known(session, desk_world, defect, "editor").rows[0].retired_for == f"{defect.number} 6.2.2"
    assert retiring.settle(session) == retiring.Round()
    defect.state = DefectState.CONFIRMED
    session.flush()
    assert retiring.settle(session).returned == [article]
    assert article.state == ArticleState.PUBLISHED
    assert session.scalars(select(Notice.event).order_by(Notice.id)).all()[-1] == "article_back"


def test_what_a_person_put_back_stays_until_another_version_is_the_repair(
    session: Session, desk_world: World, defect: Defect
) -> None:
    article = published(session, desk_world, defect)
    defect.state, desk_world.systems["mkt"].version = DefectState.VERIFIED, "6.3.0"
    run_everywhere(session, "6.3.0")
    retiring.settle(session)
    people = desk_world.people
    with pytest.raises(Refused, match="负责人"):
        retiring.put_back(session, article, by=people["agent"])
    retiring.put_back(session, article, by=people["editor"])
    assert article.state == ArticleState.PUBLISHED
    assert retiring.settle(session) == retiring.Round()
    defect.fixed_in = "6.2.9"
    session.flush()
    assert retiring.settle(session).retired == [article]


def test_what_people_took_off_line_stays_there(session: Session, desk_world: World, defect: Defect) -> None:
    article = published(session, desk_world, defect)
    defect.state, desk_world.systems["mkt"].version = DefectState.VERIFIED, "6.3.0"
    run_everywhere(session, "6.3.0")
    retiring.settle(session)
    editor = desk_world.people["editor"]
    duties = {Duty.PUBLISH, Duty.WRITE}
    articles.move(session, article, ArticleAction.REVIVE, by=editor.id, duties=duties)
    defect.state = DefectState.CONFIRMED
    session.flush()
    assert retiring.settle(session) == retiring.Round()
    with pytest.raises(Refused, match="恢复为草稿"):
        retiring.put_back(session, article, by=editor)


def test_readers_of_some_units_only_need_those_units(
    session: Session, desk_world: World, defect: Defect
) -> None:
    article = published(session, desk_world, defect)
    text = replace(articles.text_of(article), units=["ld"])
    articles.revise(session, article, text, by=desk_world.people["editor"].id)
    defect.state, desk_world.systems["mkt"].version = DefectState.CLOSED, "6.2.2"
    session.flush()
    assert retiring.settle(session).retired == [article]


def test_an_article_that_a_person_wrote_and_tied_goes_the_same_way(
    session: Session, desk_world: World, defect: Defect
) -> None:
    text = replace(article_text(defect), body="自己写的")
    article = articles.write(session, text, by=desk_world.people["editor"].id)
    article.state = ArticleState.DUE
    library.tie(session, defect, article)
    defect.state, desk_world.systems["mkt"].version = DefectState.VERIFIED, "6.2.2"
    run_everywhere(session, "6.2.2")
    assert retiring.settle(session).retired == [article]
    assert session.get_one(KnownArticle, article.id).said == {}
    assert text_of(defect).workaround == TEXT.workaround
