"""Every fate a document can meet in a search is told, and its words only to those who may read it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from indexer.document import Key, Mode, StageName
from kb.audience import Audience
from kb.models import Article
from portal.cli.explaining import document, lines
from portal.finder.explanation import Account, Explanation, difference, explained, key_of
from portal.finder.fates import FATES, FEATURES, STAGES, Fate
from portal.finder.find import Finder
from tests.finder.conftest import Desk


def key(article: Article) -> Key:
    return ("article", str(article.id))


def told(
    desk: Desk, text: str, about: Sequence[Key] = (), *, by: str = "wang", **more: object
) -> Explanation:
    person = desk.world.people[by]
    return explained(desk.index, desk.session, person, text, about=about, **more)  # type: ignore[arg-type]


def account(desk: Desk, text: str, article: Article, **more: object) -> Account:
    return told(desk, text, [key(article)], **more).asked_about[0]


def test_every_fate_and_stage_has_a_name() -> None:
    assert FATES.keys() == set(Fate)
    assert STAGES.keys() == set(StageName)
    assert "bias" in FEATURES


def test_it_tells_the_very_order_that_a_search_shows(desk_of: Desk) -> None:
    for number in range(8):
        desk_of.article(f"打印机第{number}种故障", "打印机" * (number + 1))
    desk_of.consume()
    explanation = told(desk_of, "打印机故障", limit=5)
    results = Finder(desk_of.index).search(
        desk_of.session, desk_of.world.people["wang"], "打印机故障", limit=5
    )
    assert [(one.key[1], one.place) for one in explanation.shown] == [
        (str(result.id), place) for place, result in enumerate(results.results, 1)
    ]
    assert explanation.shown[0].probability == pytest.approx(results.results[0].probability)
    assert explanation.mode is Mode.LEXICAL
    assert {stage.name for stage in explanation.trace.stages} >= {StageName.CODES, StageName.WORDS}


def test_a_lower_one_is_told_with_its_rank_and_what_it_lacks(desk_of: Desk) -> None:
    best = desk_of.article("打印机脱机怎么办", "重启打印机")
    lower = desk_of.article("考勤机说明", "打印机另见别处")
    desk_of.consume()
    explanation = told(desk_of, "打印机脱机", [key(lower)], limit=1)
    (loser,) = explanation.asked_about
    assert (loser.fate, loser.place) == (Fate.LOWER, 2)
    assert loser.standing[StageName.WORDS][0] == 2
    assert explanation.shown[0].key == key(best)
    gaps = difference(loser, explanation.shown[0])
    assert gaps[0][1] < 0
    assert sum(gap for _, gap in gaps) == pytest.approx(
        sum(loser.contributions.values()) - sum(explanation.shown[0].contributions.values()), abs=0.05
    )


def test_each_way_to_be_missing(desk_of: Desk) -> None:
    desk_of.article("打印机脱机", system="mkt")
    silent = desk_of.article("食堂几点开门")
    draft = desk_of.article("打印机脱机草稿", publish=False)
    for_staff = desk_of.article("打印机脱机内部处置", audience=Audience.STAFF)
    desk_of.consume()
    late = desk_of.article("打印机脱机新写的")
    desk_of.session.commit()
    fates = {
        one.title or one.ref: account(desk_of, "打印机脱机", article).fate
        for article in (silent, draft, for_staff, late)
        for one in [account(desk_of, "打印机脱机", article)]
    }
    assert fates == {
        silent.title: Fate.SILENT,
        draft.number: Fate.UNSEARCHABLE,
        for_staff.number: Fate.HIDDEN,
        late.title: Fate.WAITING,
    }
    assert account(desk_of, "打印机脱机", silent, kinds=["defect"]).fate is Fate.FILTERED
    assert account(desk_of, "打印机脱机", silent, filters={"system": "mkt"}).fate is Fate.FILTERED
    assert account(desk_of, "打印机脱机", for_staff, by="editor").fate is Fate.SHOWN
    assert told(desk_of, "打印机脱机", [("article", "999")]).asked_about[0].fate is Fate.UNKNOWN


def test_a_hit_that_the_database_refuses_is_named_without_its_words(desk_of: Desk) -> None:
    article = desk_of.article("打印机脱机机密标题")
    desk_of.consume()
    article.audience = Audience.EXPERTS
    desk_of.session.commit()  # and the index does not know it yet
    explanation = told(desk_of, "打印机脱机", [key(article)])
    assert explanation.refused == (key(article),)
    assert explanation.asked_about[0].fate is Fate.HIDDEN
    assert explanation.shown == ()
    spoken = "\n".join(lines(explanation)) + json.dumps(document(explanation), ensure_ascii=False)
    assert "机密标题" not in spoken
    assert f"article/{article.id}" in spoken


def test_a_number_leads_to_its_document_and_a_wrong_one_nowhere(desk_of: Desk) -> None:
    article = desk_of.article("打印机脱机", publish=False)
    assert key_of(desk_of.session, f"{article.number.lower()}") == key(article)
    assert key_of(desk_of.session, "KB999999") is None
    assert key_of(desk_of.session, "打印机") is None


def test_lines_for_a_person_tell_every_stage_and_the_comparison(desk_of: Desk) -> None:
    desk_of.article("打印机脱机 ORA-01017", "重启打印机")
    loser = desk_of.article("考勤机说明", "打印机另见别处")
    desk_of.consume()
    spoken = "\n".join(lines(told(desk_of, "打印机脱机 ORA-01017", [key(loser)])))
    for words in (
        "编号和错误码：1 篇",
        "词语：2 篇",
        "合并",
        "最终次序",
        "数据库按权限复核",
        "起点",
        "对方第 1 名",
    ):
        assert words in spoken
    assert json.dumps(document(told(desk_of, "打印机脱机", [key(loser)])))


def test_without_an_index_the_explanation_is_empty_and_no_fault(desk_of: Desk) -> None:
    article = desk_of.article("打印机脱机")
    explanation = told(desk_of, "打印机脱机", [key(article)])
    assert explanation.mode is Mode.UNAVAILABLE
    assert explanation.shown == ()
    assert list(lines(explanation))
