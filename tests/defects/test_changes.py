"""The history of a record: who changed what, with which reason; giving a field back; what is the middle's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import changes, library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect, DefectType
from defects.texts import DefectText, text_of
from defects.wording import says
from kb.flow import Refused

NINA, OMAR = 1, 2
BOTH = frozenset({DefectDuty.CURATE, DefectDuty.REPAIR})
BACK = frozenset({DefectDuty.REPAIR})
TEXT = DefectText(
    title="跨月抄表重复累计",
    system="mkt",
    symptoms=("电费多算，报 ORA-01017",),
    affected=("6.10", "6.9"),
    cause="阶梯缓存没有按月清",
    data_fix="update 表",
)
KEY = replace(TEXT, key=True, due_on=date(2026, 4, 1), owner_middle_id=NINA)


def test_each_saving_keeps_what_it_changed_and_a_field_goes_back(session: Session) -> None:
    defect = library.open_record(session, TEXT, by=NINA)
    assert list(defect.affected) == ["6.9", "6.10"], "sorted as versions"
    assert session.scalars(changes.changes_of(defect)).all() == []
    library.describe(session, defect, text_of(defect), by=OMAR)
    assert session.scalars(changes.changes_of(defect)).all() == [], "nothing was changed"
    said = replace(text_of(defect), cause="连接没有归还", type=DefectType.DATA, severity=2)
    library.describe(session, defect, said, by=OMAR, reason="复盘结论")
    (row,) = session.scalars(changes.changes_of(defect))
    assert (row.by_id, row.reason) == (OMAR, "复盘结论")
    assert row.fields == {
        "cause": ["阶梯缓存没有按月清", "连接没有归还"],
        "type": ["function", "data"],
        "severity": [3, 2],
    }
    library.restore(session, defect, row, "cause", by=NINA, duties=BOTH)
    library.restore(session, defect, row, "type", by=NINA, duties=BOTH)
    assert (defect.cause, defect.type, defect.severity) == ("阶梯缓存没有按月清", DefectType.FUNCTION, 2)
    with pytest.raises(Refused, match="现在就是"):
        library.restore(session, defect, row, "cause", by=NINA, duties=BOTH)
    with pytest.raises(Refused, match="没有这处改动"):
        library.restore(session, defect, row, "title", by=NINA, duties=BOTH)
    other = library.open_record(session, TEXT, by=NINA)
    with pytest.raises(Refused, match="没有这处改动"):
        library.restore(session, other, row, "cause", by=NINA, duties=BOTH)
    newest = session.scalars(changes.changes_of(defect)).first()
    assert newest is not None
    assert newest.restores_id == row.id
    moves.move(session, defect, DefectAction.CONFIRM, by=NINA, duties=BOTH)
    library.remark(session, defect, "等开发排期", by=OMAR)
    past = changes.history(session, defect, limit=10)
    assert len(past) == changes.length_of(session, defect) == 5
    assert changes.history(session, defect, limit=2, offset=1) == past[1:3]


def test_a_promise_is_changed_by_the_middle_and_with_a_reason(session: Session) -> None:
    with pytest.raises(Refused, match="中台负责人"):
        library.open_record(session, replace(KEY, owner_middle_id=None), by=NINA)
    defect = library.open_record(session, KEY, by=NINA)
    later = replace(text_of(defect), due_on=date(2026, 5, 1))
    for text, reason, duties, sentence in (
        (later, "", BOTH, "整改期限改了"),
        (later, "供应商延期", BACK, "由中台决定"),
        (replace(later, key=False), " ", BOTH, "不再作为重点问题"),
        (replace(later, key=False), "不痛了", BACK, "由中台决定"),
        (replace(later, due_on=None), "不知道", BOTH, "写明整改期限"),
    ):
        with pytest.raises(Refused, match=sentence):
            library.describe(session, defect, text, by=NINA, duties=duties, reason=reason)
    library.describe(session, defect, replace(text_of(defect), fix="加索引"), by=OMAR, duties=BACK)
    library.postpone(session, defect, date(2026, 5, 1), by=NINA, duties=BOTH, reason="供应商延期")
    (row, _fix) = session.scalars(changes.changes_of(defect))
    assert row.fields == {"due_on": ["2026-04-01", "2026-05-01"]}
    assert row.reason == "供应商延期"
    with pytest.raises(Refused, match="没有变"):
        library.postpone(session, defect, date(2026, 5, 1), by=NINA, duties=BOTH, reason="再说")
    library.restore(session, defect, row, "due_on", by=NINA, duties=BOTH, reason="供应商赶回来了")
    assert defect.due_on == date(2026, 4, 1)
    plain = library.open_record(session, TEXT, by=NINA)
    with pytest.raises(Refused, match="只有重点问题"):
        library.postpone(session, plain, date(2026, 5, 1), by=NINA, duties=BOTH, reason="x")


def test_versions_are_asked_of_people_and_not_of_what_was_there(session: Session) -> None:
    with pytest.raises(Refused, match="看不懂版本"):
        library.open_record(session, replace(TEXT, affected=("下个月那版",)), by=NINA)
    imported = library.begin(session, replace(TEXT, affected=("trunk",)), by=NINA, number="QX000900")
    session.flush()
    library.describe(session, imported, replace(text_of(imported), cause="新的"), by=NINA)
    with pytest.raises(Refused, match="看不懂版本"):
        library.describe(session, imported, replace(TEXT, affected=("trunk", "那版")), by=NINA)
    for action in (DefectAction.CONFIRM, DefectAction.START):
        moves.move(session, imported, action, by=NINA, duties=BOTH)
    with pytest.raises(Refused, match="一个版本号"):
        moves.move(session, imported, DefectAction.FIX, by=NINA, duties=BOTH, fixed_in="≥6.3")
    moves.move(session, imported, DefectAction.FIX, by=NINA, duties=BOTH, fixed_in="V6.3")
    newest = session.scalars(changes.changes_of(imported)).first()
    assert newest is not None
    assert newest.fields == {"fixed_in": [None, "V6.3"]}


def test_a_record_is_found_by_all_it_says_and_not_by_its_recipe(session: Session) -> None:
    defect = library.open_record(session, replace(TEXT, reproduce="先抄表 50%_折"), by=NINA)
    other = library.open_record(session, DefectText(title="用印卡住", system="oa"), by=NINA)

    def found(words: str) -> set[Defect]:
        return set(session.scalars(select(Defect).where(says(words))))

    for words in (
        *("电费", "電費", "ora 01017", "ORA01017", "重复 多算", "阶梯缓存", "6.10", defect.number.lower()),
        *("50%_折", "抄表"),
    ):
        assert found(words) == {defect}, words
    for words in ("update", "电费 用印", "50_", "\\"):
        assert found(words) == set(), words
    assert found("用印") == {other}
    library.adopt(session, defect, "  用印\n也慢 ", by=NINA)
    assert list(defect.symptoms) == ["电费多算，报 ORA-01017", "用印 也慢"]
    assert found("用印") == {defect, other}
    with pytest.raises(Refused, match="没有可以收进来"):
        library.adopt(session, defect, " \n", by=NINA)
