"""Lessons: held-out judgements told, mistakes struck out, each learning as a row, what closing teaches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from indexer.promotion import NAMES
from kb.columns import CLOCK
from kb.estimates import rate
from kb.flow import Refused
from portal.finder.judgements import Provenance, cases, counts, how_many_cases, judgements
from portal.finder.learning import Learning, learn, rollback, take_back
from portal.finder.learnt import of_articles, of_defects
from portal.finder.lessons import runs, striking
from portal.finder.lessons.held_out import EVERY, LEAST, Foretold, figures_of
from portal.finder.lessons.models import LearningRun, RunKind, RunState, Source
from portal.finder.lessons.outcomes import Outcome, Verdict
from portal.finder.models import OutboxRow
from portal.people.models import AuditEntry
from portal.tickets import linking
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket
from portal.tickets.words import State
from tests.finder.conftest import Desk
from tests.finder.test_learning import judged_desk

__all__ = ["judged_desk"]
MOMENT = datetime(2026, 5, 4, 3, tzinfo=UTC)

foretold = st.builds(
    Foretold,
    st.floats(0, 1),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "defect", "data"]),
    decides=st.booleans(),
    possible=st.booleans(),
)


# ------------------------------------------------------------------ how it came true


@settings(deadline=None, max_examples=60)
@given(st.lists(foretold, max_size=90))
def test_every_case_is_told_once_and_every_share_with_its_interval(held: list[Foretold]) -> None:
    told = figures_of(held)
    for about, figures in told.items():
        mine = [case for case in held if about in (EVERY, case.about)]
        assert figures["cases"] == len(mine)
        if len(mine) < LEAST:
            assert "bins" not in figures
            assert "curve" not in figures
            continue
        assert sum(one["cases"] for one in figures["bins"]) == len(mine)
        assert sum(one["right"] for one in figures["bins"]) == sum(case.right for case in mine)
        for one in [*figures["bins"], *figures["curve"]]:
            expected = rate(one["right"], one["cases"])
            assert expected is not None
            assert (one["low"], one["high"]) == (round(expected.low, 4), round(expected.high, 4))
            assert one["low"] <= one["share"] <= one["high"]
        covered = [one["coverage"] for one in figures["curve"] if one["coverage"] is not None]
        assert covered == sorted(covered)
        assert len(figures["curve"]) <= 25


def test_the_curve_ends_where_everything_is_shown() -> None:
    held = [Foretold(n / 40, n % 3 != 0, n > 30, possible=n % 2 == 0) for n in range(40)]
    figures = figures_of(held)[EVERY]
    assert figures["curve"][-1]["cases"] == 40
    assert figures["curve"][-1]["coverage"] == 1.0
    assert figures["now"] == {
        "cases": 9, "right": 6, "share": 0.6667, "low": figures["now"]["low"],
        "high": figures["now"]["high"], "possible": 20, "coverage": 0.2,
    }  # fmt: skip


# ------------------------------------------------------------------ striking out


def judged_link(desk: Desk, text: str = "二维码是空的", *, by: str = "expert") -> DefectLink:
    record, ticket = desk.defect("发票二维码打印空白", symptoms=["没有码"]), desk.ticket(text)
    return linking.link(desk.session, ticket, record, by=desk.world.people[by])


def test_a_struck_judgement_teaches_nothing_until_it_is_restored(desk_of: Desk) -> None:
    session, analyst = desk_of.session, desk_of.world.people["analyst"]
    link = judged_link(desk_of)
    assert counts(judgements(session)) == {"linked": 1}
    assert of_defects(session, [link.defect_id])[link.defect_id]
    striking.strike(session, Source.LINK, link.id, reason="点错了一行", by=analyst)
    session.flush()
    assert judgements(session) == []
    assert cases(session) == []
    assert how_many_cases(session) == 0
    assert of_defects(session, [link.defect_id])[link.defect_id] == []
    assert link.verdict == LinkVerdict.LINKED  # the ticket stays linked
    striking.restore(session, Source.LINK, link.id, by=analyst)
    session.flush()
    assert counts(judgements(session)) == {"linked": 1}
    told = [
        (row.action, row.subject_id)
        for row in session.scalars(select(AuditEntry).where(AuditEntry.subject == striking.SUBJECT))
    ]
    assert told == [("strike", f"link:{link.id}"), ("restore", f"link:{link.id}")]


def test_striking_twice_is_once_and_needs_a_reason_and_the_right(desk_of: Desk) -> None:
    session, people = desk_of.session, desk_of.world.people
    link = judged_link(desk_of)
    with pytest.raises(Refused, match="为什么"):
        striking.strike(session, Source.LINK, link.id, reason="  ", by=people["analyst"])
    with pytest.raises(Refused, match="岗位"):
        striking.strike(session, Source.LINK, link.id, reason="错", by=people["expert"])
    with pytest.raises(Refused, match="没有这条判断"):
        striking.strike(session, Source.ANSWER, 9_999, reason="错", by=people["analyst"])
    with pytest.raises(Refused, match="不用恢复"):
        striking.restore(session, Source.LINK, link.id, by=people["analyst"])
    first = striking.strike(session, Source.LINK, link.id, reason="错", by=people["analyst"])
    session.flush()
    assert striking.strike(session, Source.LINK, link.id, reason="再来", by=people["manager"]) is first


def test_none_of_these_is_one_judgement_and_struck_as_one(desk_of: Desk) -> None:
    session, people = desk_of.session, desk_of.world.people
    one, other = desk_of.defect("发票二维码打印空白"), desk_of.defect("附件上传停住")
    rows = linking.none_of_these(session, desk_of.ticket("请问在哪里申请"), [one, other], by=people["expert"])
    found = judgements(session)
    assert [judgement.provenance for judgement in found] == [Provenance.NONE]
    assert len(found[0].wrong) == 2
    striking.strike(session, Source.LINK, rows[0].id, reason="其实是", by=people["analyst"])
    session.flush()
    assert judgements(session) == []


def test_what_only_the_system_linked_is_not_what_people_said(desk_of: Desk) -> None:
    """A person told it apart from one record, the system linked it to another: nobody said what it is."""
    session, people = desk_of.session, desk_of.world.people
    one, other = desk_of.defect("发票二维码打印空白"), desk_of.defect("附件上传停住")
    ticket = desk_of.ticket("传附件停住了")
    linking.reject(session, ticket, one, by=people["expert"])
    assert [case.right for case in cases(session)] == [None]
    linking.link(session, ticket, other, by=None, probability=0.97)
    session.flush()
    assert cases(session) == []
    assert how_many_cases(session) == 0


def test_cases_are_counted_as_they_are_read(judged_desk: Desk) -> None:
    session = judged_desk.session
    for text in ("密码忘了", "想申请一台电脑", "怎么改绑定手机"):
        ticket = judged_desk.ticket(text, category="consultation")
        ticket.state = State.CLOSED
    session.flush()
    assert how_many_cases(session) == len(cases(session)) > 100


# ------------------------------------------------------------------ each learning


def test_one_is_asked_for_at_a_time_begun_told_and_ended(desk_of: Desk) -> None:
    session, manager = desk_of.session, desk_of.world.people["manager"]
    run = runs.ask(session, by=manager)
    with pytest.raises(Refused, match="已经有一次学习"):
        runs.ask(session, by=manager)
    with pytest.raises(Refused, match="岗位"):
        runs.ask(session, by=desk_of.world.people["expert"])
    assert runs.begin(session) is run
    assert run.begun_at is not None
    runs.beat(session, run.id, "lexical", done=3, total=9)
    assert runs.pending(session) is run
    figures = {EVERY: {"cases": 30}}
    outcome = Outcome(
        "links_lexical", 120, Verdict.BETTER, version="links-90-x", held_out={"links-90-x": figures}
    )
    runs.finish(session, run.id, Learning({"linked": 120}, (outcome,)))
    session.flush()
    assert runs.pending(session) is None
    assert run.outcomes[0]["promoted"] is True
    assert "held_out" not in run.outcomes[0]
    kept = runs.figures_of(session, "links_lexical", "links-90-x")
    assert kept is not None
    assert kept.figures == figures
    assert runs.figures_of(session, "links_lexical", "another") is None
    runs.fail(session, run.id, runs.CUT_OFF)
    assert run.state == RunState.DONE  # what has ended stays as it is


def test_what_was_cut_off_holds_nobody_up(desk_of: Desk) -> None:
    session, manager = desk_of.session, desk_of.world.people["manager"]
    session.info[CLOCK] = MOMENT
    lost = runs.begin(session)
    session.info[CLOCK] = MOMENT + runs.LOST + timedelta(minutes=1)
    assert runs.pending(session) is None
    asked = runs.ask(session, by=manager)
    assert runs.begin(session) is asked
    assert (lost.state, lost.fault) == (RunState.FAILED, runs.CUT_OFF)


def test_a_learning_leaves_its_figures_and_a_step_back_its_row(judged_desk: Desk) -> None:
    desk, manager = judged_desk, judged_desk.world.people["manager"]
    session, promotions = desk.session, desk.index.promotions
    number = runs.begin(session).id
    session.commit()
    found = learn(desk.maker, promotions, embedder=None, keep=lambda s, told: runs.finish(s, number, told))
    session.expire_all()
    run = session.get(LearningRun, number)
    assert run is not None
    assert run.state == RunState.DONE
    assert run.judged == found.judged
    links = next(one for one in found.outcomes if one.name == "links_lexical")
    assert links.promoted
    kept = runs.figures_of(session, "links_lexical", promotions.links("links_lexical").version)
    assert kept is not None
    assert kept.figures[EVERY]["cases"] == links.figures["new"]["pairs"]
    assert kept.figures["defect"]["cases"] == kept.figures[EVERY]["cases"]
    assert runs.figures_of(session, "links_lexical", links.served) is not None
    with pytest.raises(Refused):
        take_back(session, promotions, NAMES, by=desk.world.people["expert"])
    assert "links_lexical" in take_back(session, promotions, NAMES, by=manager)
    session.commit()
    back = session.scalars(runs.listed()).first()
    assert back is not None
    assert (back.kind, back.by_id) == (RunKind.ROLLBACK, manager.id)
    assert rollback(desk.maker, promotions, NAMES) == []


# ------------------------------------------------------------------ what closing teaches


def announced(desk: Desk) -> set[tuple[str, str]]:
    """What the flushes since the last commit have put into the outbox, which is then emptied."""
    desk.session.flush()
    rows = {(row.kind, row.subject_id) for row in desk.session.scalars(select(OutboxRow))}
    desk.session.query(OutboxRow).delete()
    return rows


def test_a_closed_ticket_reaches_the_learnt_words_at_once(desk_of: Desk) -> None:
    session, agent = desk_of.session, desk_of.world.people["agent"]
    article = desk_of.article("发票二维码打印空白怎么办", audience="everyone")
    record = desk_of.defect("发票二维码空白")
    ticket = desk_of.ticket("打出来的票上扫不出东西")
    linking.link(session, ticket, record, by=desk_of.world.people["expert"])
    session.add(ArticleLink(ticket=ticket, article=article, by_id=agent.id, at=MOMENT))
    desk_of.consume()
    assert of_articles(session, [article.id])[article.id] == []
    announced(desk_of)
    ticket.state = State.CLOSED
    told = announced(desk_of)
    assert {("article", str(article.id)), ("defect", str(record.id)), ("ticket", str(ticket.id))} <= told
    assert of_articles(session, [article.id])[article.id]
    session.commit()
    ticket.rating = 1  # it did not help after all
    assert ("article", str(article.id)) in announced(desk_of)
    ticket.title = "票上扫不出东西"
    assert announced(desk_of) == {("ticket", str(ticket.id))}


def test_in_other_words_it_is_found_without_a_comparison(desk_of: Desk) -> None:
    """The way of a user whose ticket was closed with an article: the next one who says it so finds it."""
    session, agent = desk_of.session, desk_of.world.people["agent"]
    article = desk_of.article("发票二维码打印空白怎么办", audience="everyone")
    ticket = desk_of.ticket("小方格那块扫描不了")
    session.add(ArticleLink(ticket=ticket, article=article, by_id=agent.id, at=MOMENT))
    desk_of.consume()
    assert article.title not in desk_of.titles("wang", "小方格扫描", kinds=["article"])
    closed = session.get(Ticket, ticket.id)
    assert closed is not None
    closed.state = State.CLOSED
    desk_of.consume()
    assert article.title in desk_of.titles("wang", "小方格扫描", kinds=["article"])


def test_striking_reaches_the_index_too(desk_of: Desk) -> None:
    link = judged_link(desk_of)
    desk_of.consume()
    announced(desk_of)
    striking.strike(desk_of.session, Source.LINK, link.id, reason="点错", by=desk_of.world.people["analyst"])
    assert ("defect", str(link.defect_id)) in announced(desk_of)
