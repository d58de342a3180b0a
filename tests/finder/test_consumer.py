"""What was committed reaches the index: once, in the end, whatever happens in between."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Document
from indexer.generation import Broken
from indexer.index import Index
from kb import articles
from kb.flow import ArticleAction
from portal.db import transaction
from portal.finder import consumer, sources, upkeep
from portal.finder.models import Lease, OutboxRow
from portal.tickets import linking
from tests.finder.conftest import DUTIES, Desk

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def waiting(maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def retire(desk: Desk, article: articles.Article) -> None:
    articles.move(desk.session, article, ArticleAction.RETIRE, by=None, duties=DUTIES, note="系统已下线")


def spoil(desk: Desk, number: int) -> None:
    """A value that no version of the models knows: loading this row fails."""
    desk.session.commit()
    desk.session.execute(text("UPDATE article SET kind = 'nonsense' WHERE id = :id"), {"id": number})
    desk.session.add(OutboxRow(kind="article", subject_id=str(number), at=NOW))
    desk.session.commit()


def test_a_published_article_is_found_after_one_consume(desk_of: Desk) -> None:
    desk_of.article("移动办公VPN连不上怎么办", "先检查网络，再重新登录。")
    assert desk_of.consume() > 0
    assert desk_of.titles("wang", "VPN连不上") == ["移动办公VPN连不上怎么办"]
    assert waiting(desk_of.maker) == 0


def test_a_retired_article_is_gone_after_one_consume(desk_of: Desk) -> None:
    article = desk_of.article("移动办公VPN连不上怎么办")
    desk_of.consume()
    retire(desk_of, article)
    desk_of.consume()
    assert desk_of.index.versions() == {}


def test_a_draft_never_reaches_the_index(desk_of: Desk) -> None:
    desk_of.article("还没写完", publish=False)
    desk_of.consume()
    assert desk_of.index.versions() == {}


def test_consuming_twice_ends_in_the_same_index(desk_of: Desk) -> None:
    article = desk_of.article("移动办公VPN连不上怎么办")
    desk_of.consume()
    held = desk_of.index.versions()
    desk_of.session.add(OutboxRow(kind="article", subject_id=str(article.id), at=NOW))
    assert desk_of.consume() == 1
    assert desk_of.index.versions() == held


def test_a_death_between_index_and_outbox_loses_nothing(
    desk_of: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_of.article("移动办公VPN连不上怎么办")
    desk_of.session.commit()

    def die(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(consumer, "_settle", die)
        consumer.consume(desk_of.maker, desk_of.index, holder="dead", now=NOW)
    assert waiting(desk_of.maker) > 0
    assert consumer.consume(desk_of.maker, desk_of.index, holder="next", now=NOW) == 0
    later = NOW + consumer.LEASE_LASTS + timedelta(seconds=1)
    assert consumer.consume(desk_of.maker, desk_of.index, holder="next", now=later) > 0
    assert waiting(desk_of.maker) == 0


def test_a_death_before_the_index_loses_nothing(desk_of: Desk) -> None:
    desk_of.article("移动办公VPN连不上怎么办")
    desk_of.session.commit()  # … and the process is killed here
    reopened = Index.open(Path(desk_of.index._folder), embedder=None)
    assert consumer.consume(desk_of.maker, reopened, holder="next", now=NOW) > 0
    assert len(reopened.versions()) == 1


def test_only_the_holder_of_the_lease_consumes(desk_of: Desk) -> None:
    desk_of.article("一篇")
    desk_of.session.commit()
    with transaction(desk_of.maker) as session:
        session.add(Lease(name=consumer.LEASE, holder="other", until=NOW + timedelta(seconds=5)))
    assert consumer.consume(desk_of.maker, desk_of.index, holder="me", now=NOW) == 0
    assert consumer.consume(desk_of.maker, desk_of.index, holder="other", now=NOW) > 0


def test_who_was_overtaken_deletes_nothing_and_asks_again(
    desk_of: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = desk_of.article("一篇")
    desk_of.session.commit()
    honest = consumer._bring_up_to_date

    def overtaken(*args: object) -> object:
        with transaction(desk_of.maker) as session:
            session.get_one(Lease, consumer.LEASE).holder = "other"
        return honest(*args)  # type: ignore[arg-type]

    before = waiting(desk_of.maker)
    monkeypatch.setattr(consumer, "_bring_up_to_date", overtaken)
    assert consumer.consume(desk_of.maker, desk_of.index, holder="me", now=NOW) == 0
    assert waiting(desk_of.maker) == before + 1
    assert ("article", str(article.id)) in desk_of.index.versions()


def test_a_poison_row_is_set_aside_after_five_tries_and_holds_nobody_up(desk_of: Desk) -> None:
    bad, good = desk_of.article("坏行"), desk_of.article("好行")
    spoil(desk_of, bad.id)
    for _ in range(consumer.TRIES):
        desk_of.consume()
    assert ("article", str(good.id)) in desk_of.index.versions()
    with desk_of.maker() as session:
        lag = consumer.lag(session)
        row = session.scalars(select(OutboxRow)).first()
    assert (lag.waiting, bool(lag.set_aside)) == (0, True)
    assert row is not None
    assert "LookupError" in row.fault


def test_a_row_set_aside_gets_a_new_chance_with_the_next_change(desk_of: Desk) -> None:
    bad, _ = desk_of.article("坏行"), desk_of.article("好行")
    spoil(desk_of, bad.id)
    for _ in range(consumer.TRIES):
        desk_of.consume()
    desk_of.session.execute(text("UPDATE article SET kind = 'faq' WHERE id = :id"), {"id": bad.id})
    desk_of.session.add(OutboxRow(kind="article", subject_id=str(bad.id), at=NOW))
    desk_of.consume()
    assert waiting(desk_of.maker) == 0
    assert ("article", str(bad.id)) in desk_of.index.versions()


class Away(Index):
    """An index whose files can't be written."""

    def update(self, documents: object) -> int:
        raise Broken("磁盘已满")


def test_an_index_that_cannot_be_written_blames_no_row(desk_of: Desk, tmp_path: Path) -> None:
    desk_of.article("一篇")
    desk_of.session.commit()
    away = Away(tmp_path / "elsewhere", embedder=None)
    for _ in range(consumer.TRIES + 1):
        assert consumer.consume(desk_of.maker, away, holder="me", now=NOW) == 0
    with desk_of.maker() as session:
        assert {row.tries for row in session.scalars(select(OutboxRow))} == {0}
    assert desk_of.consume() > 0


def test_more_than_a_batch_is_done_in_one_pass(desk_of: Desk) -> None:
    for number in range(consumer.BATCH + 20):
        desk_of.session.add(OutboxRow(kind="article", subject_id=str(10_000 + number), at=NOW))
    assert desk_of.consume() == consumer.BATCH + 20


def test_lag_tells_what_waits_and_when_somebody_consumed(desk_of: Desk) -> None:
    desk_of.article("一篇")
    desk_of.session.commit()
    with desk_of.maker() as session:
        before = consumer.lag(session)
    assert before.waiting > 0
    assert before.oldest is not None
    assert before.oldest.tzinfo is not None
    assert before.beat_at is None
    desk_of.consume()
    with desk_of.maker() as session:
        after = consumer.lag(session)
    assert (after.waiting, after.oldest) == (0, None)
    assert after.beat_at is not None


def test_a_rebuild_brings_everything_searchable_and_nothing_else(desk_of: Desk) -> None:
    desk_of.article("一篇")
    desk_of.article("草稿", publish=False)
    desk_of.defect("一条")
    desk_of.ticket("一张")
    desk_of.announcement("一则", systems=["mkt"])
    desk_of.announcement("草稿", live=False, systems=["mkt"])
    desk_of.session.commit()
    seen: list[int] = []
    upkeep.rebuild_all(desk_of.maker, desk_of.index, seen.append)
    kinds = sorted(kind for kind, _ in desk_of.index.versions())
    assert kinds == ["announcement", "article", "defect", "ticket"]
    assert seen[-1] == 4
    assert not upkeep.compare(desk_of.maker, desk_of.index)


def test_a_change_during_a_rebuild_is_in_it(desk_of: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    article = desk_of.article("旧标题")
    desk_of.session.commit()
    honest = sources.every_document

    def changed_meanwhile(session: Session) -> object:
        yield from honest(session)
        with desk_of.maker() as other:
            row = other.get_one(articles.Article, article.id)
            row.title = "新标题"
            other.commit()

    monkeypatch.setattr(upkeep, "every_document", changed_meanwhile)
    upkeep.rebuild_all(desk_of.maker, desk_of.index)
    assert not upkeep.compare(desk_of.maker, desk_of.index)
    desk_of.session.expire_all()
    assert desk_of.titles("wang", "新标题") == ["新标题"]


def test_while_a_new_index_is_built_the_old_one_is_searched_and_written(
    desk_of: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, _ = desk_of.article("旧的一篇"), desk_of.article("一直在的")
    desk_of.consume()
    honest = sources.every_document
    seen: list[list[str]] = []

    def busy_meanwhile(session: Session) -> object:
        yield from honest(session)
        desk_of.article("刚发布的新知识")
        retire(desk_of, gone)
        desk_of.consume()
        seen.append(desk_of.titles("wang", "刚发布的新知识"))

    monkeypatch.setattr(upkeep, "every_document", busy_meanwhile)
    upkeep.rebuild_all(desk_of.maker, desk_of.index)
    assert seen[0][0] == "刚发布的新知识"
    assert waiting(desk_of.maker) == 0
    assert not upkeep.compare(desk_of.maker, desk_of.index)
    assert sorted(desk_of.titles("wang", "一直在的 刚发布的新知识")) == ["一直在的", "刚发布的新知识"]


def test_two_who_heal_rebuild_once(desk_of: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk_of.article("一篇")
    desk_of.session.commit()
    folder = Path(desk_of.index._folder)
    honest = sources.every_document
    others: list[bool] = []

    def overtaken(session: Session) -> object:
        other = Index.open(folder, embedder=None)
        others.append(upkeep.heal(desk_of.maker, other))
        other.close()
        yield from honest(session)

    monkeypatch.setattr(upkeep, "every_document", overtaken)
    assert upkeep.heal(desk_of.maker, desk_of.index) is True
    assert others == [False]
    late = Index.open(folder, embedder=None)
    assert upkeep._rebuild(desk_of.maker, late, None, if_needed=True) is False
    late.close()


def test_healing_finishes_what_a_killed_writer_left(desk_of: Desk) -> None:
    desk_of.article("移动办公VPN连不上怎么办")
    desk_of.consume()
    store = desk_of.index.generations.follow().store  # type: ignore[union-attr]
    [number] = store.live_numbers()
    document = store.documents([number])[number]
    with store.writing():  # killed between the store's commit and the words'
        store.mark_gone(document.key, store.next_tick())
        store.add(document, 10)
    assert desk_of.titles("wang", "VPN连不上") == []
    assert upkeep.heal(desk_of.maker, desk_of.index) is False
    assert desk_of.titles("wang", "VPN连不上") == ["移动办公VPN连不上怎么办"]


def test_a_rebuild_leaves_out_what_cannot_be_read(desk_of: Desk) -> None:
    bad, good = desk_of.article("坏行"), desk_of.article("好行")
    spoil(desk_of, bad.id)
    upkeep.rebuild_all(desk_of.maker, desk_of.index)
    assert list(desk_of.index.versions()) == [("article", str(good.id))]


def test_comparing_names_what_is_missing_stale_and_surplus_and_repairing_ends_it(desk_of: Desk) -> None:
    missing, stale = desk_of.article("缺"), desk_of.article("旧")
    desk_of.consume()
    desk_of.index.remove([("article", str(missing.id))])
    desk_of.index.update(
        [
            Document("article", str(stale.id), "更旧", version="0"),
            Document("article", "9999", "没有这一行"),
        ]
    )
    differences = upkeep.compare(desk_of.maker, desk_of.index)
    assert differences.missing == {("article", str(missing.id))}
    assert differences.stale == {("article", str(stale.id))}
    assert differences.surplus == {("article", "9999")}
    assert upkeep.repair(desk_of.maker, desk_of.index, differences) == 3
    assert not upkeep.compare(desk_of.maker, desk_of.index)


def test_a_moved_unit_makes_its_tickets_stale(desk_of: Desk) -> None:
    ticket = desk_of.ticket("一张")
    desk_of.consume()
    desk_of.world.units["ld-cy"].path = "/hq/hl/ld-cy/"
    desk_of.session.commit()
    assert upkeep.compare(desk_of.maker, desk_of.index).stale == {("ticket", str(ticket.id))}


def test_an_index_that_was_deleted_heals(desk_of: Desk) -> None:
    desk_of.article("移动办公VPN连不上怎么办")
    desk_of.consume()
    assert upkeep.heal(desk_of.maker, desk_of.index) is False
    shutil.rmtree(Path(desk_of.index._folder))
    reopened = Index.open(Path(desk_of.index._folder), embedder=None)
    assert upkeep.heal(desk_of.maker, reopened) is True
    assert len(reopened.versions()) == 1


def test_versions_name_exactly_the_documents(desk_of: Desk) -> None:
    for title, publish in (("发布的", True), ("草稿", False)):
        desk_of.article(title, publish=publish, units=["ld"])
    desk_of.defect("一条")
    linked = desk_of.defect("两条")
    linking.link(desk_of.session, desk_of.ticket("一张"), linked, by=desk_of.world.people["expert"])
    desk_of.announcement("一则", systems=["oa", "mkt"], units=["hl"])
    desk_of.session.commit()
    documents = {document.key: document.version for document in sources.every_document(desk_of.session)}
    assert documents == sources.every_version(desk_of.session)
