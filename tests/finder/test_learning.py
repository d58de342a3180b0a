"""Learning from people's judgements: nothing from too few, nothing worse, everything written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from defects.flow import DefectDuty
from defects.models import Defect
from defects.moves import merge
from indexer.document import Engine
from indexer.linking import Decision
from indexer.promotion import NAMES
from portal.finder import linking, serving, suggest
from portal.finder.judgements import Provenance, cases, counts, judgements
from portal.finder.learning import SUBJECT, Outcome, learn, rollback
from portal.finder.schooling import asked_again, library_of, school
from portal.people.models import AuditEntry
from portal.tickets.models import ArticleLink, DefectLink, LinkVerdict, Ticket
from tests.finder.conftest import Desk

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
THINGS = (
    ("发票二维码打印空白", "发票打出来二维码那里是空的"),
    ("附件上传进度停在一半", "传附件传到一半就不动了"),
    ("列表翻页之后顺序错乱", "翻到第二页顺序全乱了"),
    ("导出表格长号码末尾变零", "导出来的号码后面全是零"),
    ("审批意见换行之后丢失", "意见写了两行只剩第一行"),
)
TELLING = (
    "升级以后{}，大家都这样",
    "{}，重启了还是不行",
    "换了新版{}，每天都碰到",
    "又来了，{}",
    "{}，好几个人都遇到",
)
ASKING = (
    "请问{}的说明在哪里看",
    "想问一下{}怎么申请",
    "{}是我自己填错了，怎么改",
    "后来才知道{}是没申请权限",
)


def judge(
    desk: Desk, ticket: Ticket, defect: Defect, verdict: LinkVerdict, *, n: int, by: int | None
) -> None:
    at = START + timedelta(hours=n)
    desk.session.add(DefectLink(ticket=ticket, defect=defect, verdict=verdict, by_id=by, at=at))


@pytest.fixture
def judged_desk(desk_of: Desk) -> Desk:
    """Five records; people have linked what told of them and rejected what only asked about them."""
    expert = desk_of.world.people["expert"].id
    records = [desk_of.defect(title, symptoms=[said]) for title, said in THINGS]
    n = 0
    for round_ in range(5):
        for place, (title, said) in enumerate(THINGS):
            for pattern, verdict in (
                *((text, LinkVerdict.LINKED) for text in TELLING[round_ % 3 :]),
                *((text, LinkVerdict.REJECTED) for text in ASKING[round_ % 2 :]),
            ):
                words = said if verdict == LinkVerdict.LINKED else title[:4]
                ticket = desk_of.ticket(pattern.format(words) + "。" * round_)
                judge(desk_of, ticket, records[place], verdict, n=n, by=expert)
                n += 1
    desk_of.consume()
    return desk_of


def learned(desk: Desk, *, dry_run: bool = False) -> dict[str, Outcome]:
    found = learn(desk.maker, desk.index.promotions, embedder=None, dry_run=dry_run)
    return {one.name: one for one in found.outcomes}


def audited(desk: Desk) -> list[tuple[str, str]]:
    desk.session.commit()  # what others wrote since is seen by a new transaction only
    rows = desk.session.scalars(
        select(AuditEntry).where(AuditEntry.subject == SUBJECT).order_by(AuditEntry.id)
    )
    return [(row.action, row.subject_id) for row in rows]


def test_from_few_judgements_nothing_is_learned_and_no_percentage_shown(desk_of: Desk) -> None:
    record, ticket = desk_of.defect("发票二维码打印空白"), desk_of.ticket("二维码是空的")
    judge(desk_of, ticket, record, LinkVerdict.LINKED, n=1, by=desk_of.world.people["expert"].id)
    desk_of.consume()
    found = learn(desk_of.maker, desk_of.index.promotions, embedder=None)
    assert {one.promoted for one in found.outcomes} == {False}
    assert all("至少要 100 条" in one.sentence for one in found.outcomes)
    assert found.judged == {"linked": 1}
    assert not serving.of_search(desk_of.index).counted
    assert not serving.of_links(desk_of.index).counted
    seen = desk_of.found("expert", "二维码")
    assert seen.results
    assert not seen.counted
    assert not any(result.counted for result in seen.results)
    assert audited(desk_of) == []


def test_what_does_better_serves_is_written_down_and_can_be_taken_back(judged_desk: Desk) -> None:
    desk = judged_desk
    before = serving.of_links(desk.index)
    outcomes = learned(desk)
    links = outcomes["links_lexical"]
    assert links.promoted, links
    now_serving = serving.of_links(desk.index)
    assert now_serving.counted
    assert now_serving.pairs >= 75
    assert now_serving.version not in ("", before.version)
    assert ("promote", "links_lexical") in audited(desk)
    taken = rollback(desk.maker, desk.index.promotions, NAMES)
    assert "links_lexical" in taken
    assert serving.of_links(desk.index) == before
    assert ("rollback", "links_lexical") in audited(desk)
    assert rollback(desk.maker, desk.index.promotions, NAMES) == []


def test_some_questions_are_asked_as_if_their_answer_had_never_been_written(judged_desk: Desk) -> None:
    """What has no answer is seldom judged; a desk that learned from the rest alone would trust anything."""
    desk = judged_desk
    judged, known = judgements(desk.session), cases(desk.session)
    library = library_of(desk.session, known)
    found = []
    for _ in range(2):
        with school(library, embedder=None, serving=desk.index.promotions) as index:
            found.append(asked_again(index, library, judged, known, engine=Engine.LEXICAL)[0])
            assert index.status().documents == len(library.documents)
    rows, again = found
    assert rows == again
    without = [row for row in rows if row.is_asked_without]
    asked = {row.place for row in without}
    assert asked
    assert all(judged[place].right for place in asked)
    assert not any(row.judged.right for row in without)
    assert any(row.judged.features["first"] > 0 for row in without)
    assert any(row.judged.right for row in rows if row.place in asked), "asked as it is, too"


def test_the_workbench_decides_by_what_was_learned(judged_desk: Desk) -> None:
    desk, expert = judged_desk, judged_desk.world.people["expert"]
    assert learned(desk)["links_lexical"].promoted
    told = desk.ticket("升级以后传附件传到一半就不动了，大家都这样")
    asked = desk.ticket("请问发票二维码的说明在哪里看，怎么申请")
    desk.consume()
    likely = desk.finder.likely_defects(desk.session, expert, told)
    assert likely[0].title == THINGS[1][0]
    assert likely[0].counted
    assert linking.decision_on(likely) in (Decision.LINK, Decision.SUGGEST)
    other = desk.finder.likely_defects(desk.session, expert, asked)
    assert not other or other[0].probability < likely[0].probability
    assert linking.decision_on(other) is not Decision.LINK


def test_a_dry_run_changes_nothing(judged_desk: Desk) -> None:
    before = serving.of_links(judged_desk.index)
    outcome = learned(judged_desk, dry_run=True)["links_lexical"]
    assert not outcome.promoted
    assert outcome.version
    assert serving.of_links(judged_desk.index) == before
    assert audited(judged_desk) == []


def test_learning_the_same_again_promotes_nothing(judged_desk: Desk) -> None:
    learned(judged_desk)
    again = learned(judged_desk)
    assert not again["links_lexical"].promoted


# ------------------------------------------------------------------ what counts as a judgement


def test_only_standing_words_of_people_count(desk_of: Desk) -> None:
    expert = desk_of.world.people["expert"].id
    record = desk_of.defect("发票二维码打印空白")
    by_whom = ((LinkVerdict.LINKED, None), (LinkVerdict.UNDONE, expert), (LinkVerdict.REJECTED, expert))
    for n, (verdict, by) in enumerate(by_whom):
        judge(desk_of, desk_of.ticket(f"二维码空白第{n}次"), record, verdict, n=n, by=by)
    desk_of.session.flush()
    found = judgements(desk_of.session)
    assert [(one.provenance, one.right) for one in found] == [(Provenance.REJECTED, None)]
    assert [case.right for case in cases(desk_of.session)] == [None]


def test_solved_read_in_vain_answered_and_merged_are_told_apart(desk_of: Desk) -> None:
    session, people = desk_of.session, desk_of.world.people
    article = desk_of.article("发票二维码打印空白怎么办", audience="everyone")
    one, other = desk_of.defect("二维码空白"), desk_of.defect("二维码打印不出来", symptoms=["没有码"])
    desk_of.consume()
    found = desk_of.finder.suggest(session, people["wang"], "二维码打印空白")
    assert any(result.id == article.id for result in found.results)
    solved = suggest.begin(session, found, by=people["wang"], text="二维码打印空白")
    assert suggest.solved_by(session, solved.token, by=people["wang"], kind="article", id=article.id)
    assert solved.calibration == found.calibration != ""
    vain = suggest.begin(session, found, by=people["wang"], text="二维码还是空白")
    suggest.opened(session, vain.token, by=people["wang"], kind="article", id=article.id)
    ticket = desk_of.ticket("二维码还是空白")
    suggest.filed(session, vain.token, by=people["wang"], ticket=ticket)
    session.add(ArticleLink(ticket=ticket, article=article, by_id=people["expert"].id, at=START))
    merge(session, other, into=one, by=people["expert"].id, duties={DefectDuty.CURATE}, note="同一个")
    session.flush()
    assert counts(judgements(session)) == {"solved": 1, "in_vain": 1, "answered": 1, "merged": 1}
    vainly = next(row for row in judgements(session) if row.provenance == Provenance.IN_VAIN)
    assert vainly.wrong == {("article", str(article.id))}
    assert vainly.right is None


def test_judgements_come_oldest_first(judged_desk: Desk) -> None:
    moments = [one.at for one in judgements(judged_desk.session)]
    assert moments == sorted(moments)
    assert len(moments) >= 100
