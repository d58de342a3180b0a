"""Evidence gathered from the desk's rows: each kind of it, only since somebody vouched, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.texts import DefectText
from kb import articles, care
from kb.articles import ArticleText
from kb.care import Hand
from kb.columns import CLOCK
from kb.flow import ArticleAction, ArticleState, Duty
from kb.models import Article, ArticleMove
from kb.translations import keeping
from portal import config
from portal.catalogue.models import Deployment
from portal.cli.curating import count_standings, look_for_decay
from portal.cli.upkeep import JOBS
from portal.curation.decay import looking
from portal.curation.decay.evidence import Gathered, gathered
from portal.curation.decay.grounds import grounds_of
from portal.curation.decay.models import Signal, SystemRelease
from portal.curation.decay.releases import note_releases
from portal.curation.decay.rules import Known, Sign
from portal.curation.quality import reuse, standing
from portal.curation.quality.models import ArticleStanding
from portal.db import transaction
from portal.finder.models import CONSOLE, Consultation, Outcome, Shown
from portal.tickets import desk
from portal.tickets.models import ArticleLink, Ticket
from portal.tickets.words import Category
from tests.engines import engine_on_each as engine
from tests.statements import statements_sent
from tests.world import MOMENT, World, build

__all__ = ["engine"]

EDITOR = frozenset(Duty) - {Duty.SYSTEM}
TEXT = ArticleText(title="电费核算转圈怎么办", body="1. 清缓存\n2. 重新登录", system="mkt", module="bill")
TODAY = date(2026, 3, 2)


@pytest.fixture
def settings(tmp_path: Any) -> config.Settings:
    return config.load({"TIERDESK_DATA_DIR": str(tmp_path / "data"), "TIERDESK_ENCODER": "none"})


@pytest.fixture
def world(session: Session) -> World:
    made = build(session)
    session.commit()
    session.info[CLOCK] = MOMENT - timedelta(days=40)
    return made


def shelved(session: Session, world: World, **changes: Any) -> Article:
    article = articles.write(session, replace(TEXT, **changes), by=world.people["editor"].id)
    for action, by in ((ArticleAction.SUBMIT, "editor"), (ArticleAction.PUBLISH, "manager")):
        articles.move(session, article, action, by=world.people[by].id, duties=EDITOR)
    return article


def seen(session: Session, *, at: datetime = MOMENT) -> Gathered:
    return gathered(session, today=at.date(), at=at)


def known(session: Session, article: Article) -> Known:
    return seen(session).known[article.id]


def vouched_now(session: Session, world: World, article: Article) -> None:
    session.info[CLOCK] = MOMENT
    by = world.people["manager"].id
    articles.move(session, article, ArticleAction.STILL_RIGHT, by=by, duties=EDITOR, note="试过")


def ticket(session: Session, world: World, *, by: str = "wang", reopens: int = 0) -> Ticket:
    person = world.people[by]
    request = desk.Request(
        text="还是转圈", category=Category.CONSULTATION, system=world.systems["mkt"], requester=person
    )
    row = desk.file(session, request, by=person)
    row.reopens = reopens
    return row


def asked(session: Session, world: World, article: Article, outcome: Outcome, **more: Any) -> Consultation:
    at = MOMENT - timedelta(days=5)
    values: dict[str, Any] = {"place": "ask", "ended_at": at, **more}
    row = Consultation(
        token=f"t{session.scalar(select(func.count()).select_from(Consultation))}",
        person_id=world.people["wang"].id,
        at=at,
        text="转圈",
        outcome=outcome,
        shown=[Shown(kind="article", subject_id=article.id, rank=1, opened_at=at)],
        **values,
    )
    session.add(row)
    session.flush()
    return row


def test_reading_and_filing_all_the_same(session: Session, world: World) -> None:
    article = shelved(session, world)
    filed = ticket(session, world)
    asked(session, world, article, Outcome.FILED, ticket_id=filed.id)
    asked(session, world, article, Outcome.SOLVED)
    asked(session, world, article, Outcome.SOLVED, returned_at=MOMENT, returned_ticket_id=filed.id)
    asked(session, world, article, Outcome.FILED, ticket_id=filed.id, place=CONSOLE)
    assert (known(session, article).opened, known(session, article).filed) == (3, 2)
    manager, other = world.people["manager"], world.people["zhao"]
    assert grounds_of(session, article, manager).filed.rows == [filed]
    hidden = grounds_of(session, article, other).filed
    assert (hidden.rows, hidden.unseen) == ([], 1)
    vouched_now(session, world, article)
    assert known(session, article).opened == 0


def test_answers_that_did_not_hold(session: Session, world: World) -> None:
    article = shelved(session, world)
    for reopens in (0, 1, 2):
        row = ticket(session, world, reopens=reopens)
        at = MOMENT - timedelta(days=2)
        session.add(ArticleLink(ticket=row, article=article, by_id=world.people["agent"].id, at=at))
    session.flush()
    assert (known(session, article).answered, known(session, article).reopened) == (3, 2)
    assert len(grounds_of(session, article, world.people["manager"]).reopened.rows) == 2
    vouched_now(session, world, article)
    assert known(session, article).answered == 0


def test_what_readers_say_and_when_it_counts(session: Session, world: World) -> None:
    article = shelved(session, world)
    session.info[CLOCK] = MOMENT - timedelta(days=6)
    articles.rate(session, article, by=901, solved=True)
    articles.rate(session, article, by=902, solved=False)
    flag = articles.flag(session, article, by=903, words="改名了")
    row = known(session, article)
    assert (row.solved, row.failed, row.flags, row.flagged_days) == (1, 1, 1, 6)
    articles.revise(session, article, replace(TEXT, body="1. 别的"), by=world.people["manager"].id)
    row = known(session, article)
    assert (row.solved, row.failed, row.flags) == (0, 0, 1), "other words, but the flag still waits"
    session.delete(flag)
    session.flush()
    assert known(session, article).flags == 0


def test_a_newer_version_since_somebody_vouched(session: Session, world: World) -> None:
    article = shelved(session, world)
    note_releases(session, MOMENT - timedelta(days=39))
    assert {row.since for row in session.scalars(select(SystemRelease))} == {None}
    assert known(session, article).version_now == "", "what was there at the first look is no news"
    session.add(
        Deployment(
            system=world.systems["mkt"], unit=world.units["ld"], version="6.10.0", since=date(2026, 2, 20)
        )
    )
    session.info[CLOCK] = MOMENT
    assert note_releases(session, MOMENT) == 1
    assert note_releases(session, MOMENT) == 0
    row = known(session, article)
    assert (row.version_then, row.version_now) == ("6.2.1", "6.10.0"), "versions are compared as versions"
    vouched_now(session, world, article)
    assert known(session, article).version_now == ""


def test_a_repaired_defect_by_the_units_of_its_readers(session: Session, world: World) -> None:
    everyone, hl = shelved(session, world), shelved(session, world, units=("hl",))
    curator = world.people["expert"].id
    text = DefectText(title="转圈", system="mkt", workaround="清缓存", cause="锁", fixed_in="6.2.0")
    record = library.open_record(session, text, by=curator)
    for article in (everyone, hl):
        library.tie(session, record, article)
    assert known(session, everyone).fixes == (), "it still hurts"
    session.info[CLOCK] = MOMENT - timedelta(days=9)
    for action in (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX, DefectAction.VERIFY):
        moves.move(session, record, action, by=curator, duties=set(DefectDuty), note="好了")
    (fix,) = known(session, everyone).fixes
    assert (fix.units, fix.reached) == (4, 3), "海陵 still runs 6.1.8"
    (fix,) = known(session, hl).fixes
    assert (fix.units, fix.reached) == (1, 0)
    assert grounds_of(session, everyone, world.people["manager"]).defects == [record]
    vouched_now(session, world, everyone)
    assert known(session, everyone).fixes == ()


def test_links_and_translations_that_fell_behind(session: Session, world: World) -> None:
    target = shelved(session, world, title="要下线的")
    linking = shelved(session, world, body=f"1. 见 [[{target.number}]]")
    english = shelved(session, world, title="It keeps spinning", language="en")
    english.translation_of_id = linking.id
    session.flush()
    session.refresh(english)
    keeping.follow(session, english, by=world.people["editor"].id)
    assert known(session, linking).lost_links == 0
    assert not known(session, english).behind
    session.info[CLOCK] = MOMENT - timedelta(days=4)
    by = world.people["manager"].id
    articles.move(session, target, ArticleAction.RETIRE, by=by, duties=EDITOR, note="不用了")
    assert known(session, linking).lost_links == 1
    assert len(grounds_of(session, linking, world.people["manager"]).links) == 1
    articles.revise(session, linking, replace(articles.text_of(linking), body="1. 新的做法"), by=by)
    assert known(session, english).behind
    assert known(session, linking).lost_links == 0
    vouched_now(session, world, english)
    assert not known(session, english).behind


def test_only_what_readers_can_find_is_looked_at(session: Session, world: World) -> None:
    draft = articles.write(session, TEXT, by=1)
    article = shelved(session, world)
    assert set(seen(session).known) == {article.id}
    assert draft.state == ArticleState.DRAFT


def test_a_look_takes_as_many_statements_for_many_articles_as_for_few(
    engine: Engine, session: Session, world: World
) -> None:
    counts = []
    for _ in range(2):
        for n in range(4):
            article = shelved(session, world, title=f"第 {n} 篇", units=("hl",) if n % 2 else ())
            asked(session, world, article, Outcome.SOLVED)
            articles.rate(session, article, by=800 + n, solved=False)
        session.commit()
        session.expire_all()
        counts.append(
            (_statements(engine, lambda: seen(session)), _statements(engine, lambda: _counted(session)))
        )
    assert counts[0] == counts[1]


def _counted(session: Session) -> object:
    return standing.counted(session, today=TODAY, at=MOMENT)


def _statements(engine: Engine, look: Any) -> int:
    with statements_sent(engine) as said:
        look()
    return len(said)


# ── the worker ───────────────────────────────────────────────────────────────────────────────────


def test_the_looks_are_jobs_of_the_worker() -> None:
    assert {"keep_time", "look_for_decay", "count_standings"} <= {
        getattr(job.run, "__name__", "") for job in JOBS
    }


def test_several_workers_look_at_once_and_each_article_is_marked_once(
    maker: sessionmaker[Session], settings: config.Settings
) -> None:
    with transaction(maker) as session:
        people = build(session)
        for n in range(3):
            row = shelved(session, people, title=f"过期的第 {n} 篇")
            row.review_on = date(2026, 1, 1)

    def work(_: int) -> None:
        look_for_decay(settings, maker)
        count_standings(settings, maker)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    with maker() as session:
        marked = select(func.count()).where(ArticleMove.action == ArticleAction.MARK_DUE)
        assert session.scalar(marked.select_from(ArticleMove)) == 3
        assert {row.sign for row in session.scalars(select(Signal))} == {Sign.REVIEW_DUE}
        assert len(session.scalars(select(ArticleStanding)).all()) == 3


def test_what_was_looked_at_meanwhile_is_not_marked(session: Session, world: World) -> None:
    article = shelved(session, world)
    article.review_on = date(2026, 1, 1)
    session.flush()
    before = seen(session, at=MOMENT)
    session.info[CLOCK] = MOMENT + timedelta(minutes=1)
    by = world.people["manager"].id
    articles.move(session, article, ArticleAction.STILL_RIGHT, by=by, duties=EDITOR, note="试过")
    assert looking.settle(session, before, today=TODAY, at=MOMENT) == []
    assert article.state == ArticleState.PUBLISHED


def test_what_was_put_off_is_left_alone_until_then(session: Session, world: World) -> None:
    article = shelved(session, world)
    article.review_on = date(2026, 1, 1)
    article.snoozed_until = date(2026, 3, 10)
    assert looking.look(session, today=TODAY, at=MOMENT) == []
    assert looking.look(session, today=date(2026, 3, 10), at=MOMENT + timedelta(days=8)) == [article]


def test_reuse_is_what_others_did(session: Session, world: World) -> None:
    article, unused = shelved(session, world), shelved(session, world, title="没人用")
    session.info[CLOCK] = MOMENT
    articles.rate(session, article, by=article.author_id, solved=True)
    for reader in range(6):
        articles.rate(session, article, by=900 + reader, solved=reader > 0)
    row = ticket(session, world)
    for by in ("agent", "editor"):
        session.add(ArticleLink(ticket=row, article=article, by_id=world.people[by].id, at=MOMENT))
    session.flush()
    (line,) = reuse.reuse(session, since=MOMENT - timedelta(days=1))
    assert (line.helped, line.answered, line.uses, line.readable) == (5, 1, 6, 2)
    assert line.success is not None
    assert line.success.n == 6
    assert line.per_article == 3.0
    assert [best.article for best in line.best] == [article]
    assert unused.number
    assert reuse.reuse(session, since=MOMENT + timedelta(days=1)) == []
    assert reuse.reuse(session, since=MOMENT - timedelta(days=1), only=world.people["expert"]) == []


def test_a_successor_answers_in_turn(session: Session, world: World) -> None:
    first, second, third = (shelved(session, world, title=title) for title in ("甲", "乙", "丙"))
    hand = Hand(world.people["manager"].id, EDITOR)
    care.merge(session, first, second, hand=hand)
    care.merge(session, second, third, hand=hand)
    assert care.successor(session, first) is third
    assert datetime.now(UTC) > MOMENT - timedelta(days=400)
